//! The build script of the retail boards: each links by its own memory.x, with the strings of its
//! log left out.

fn main() -> Result<(), std::env::VarError> {
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rustc-link-search={}", std::env::var("CARGO_MANIFEST_DIR")?);
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    Ok(())
}

//! On the device the program is linked by its own memory.x.

fn main() -> Result<(), std::env::VarError> {
    println!("cargo::rerun-if-changed=memory.x");
    if std::env::var("CARGO_CFG_TARGET_OS")? == "none" {
        println!("cargo::rustc-link-search={}", std::env::var("CARGO_MANIFEST_DIR")?);
        println!("cargo::rustc-link-arg-bins=-Tlink.x");
    }
    Ok(())
}

//! Imports the model, and tells the linker what the board has.

use rolling_ball_import::Import;
use std::env;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let import = Import::new("{{model}}").name("model");
{{import}}    import.build()?;

    println!("cargo::rerun-if-changed=memory.x");
    println!(
        "cargo::rustc-link-search={}",
        env::var("CARGO_MANIFEST_DIR")?
    );
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
{{defmt}}    Ok(())
}

//! Makes `weights.bin` from simulated gestures, the same on every machine:
//! `cargo run --release --example pretrain`.

#[path = "../tests/support/gestures.rs"]
mod gestures;
#[path = "../tests/support/pretrain.rs"]
mod pretrain;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let weights = pretrain::weights()?;
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/weights.bin"), &weights)?;
    println!("{} bytes of weights", weights.len());
    Ok(())
}

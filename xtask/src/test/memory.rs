//! The RAM that a network needs is proved when it is compiled. The message is part of the product.

use super::TestArgs;
use super::part::Part;
use anyhow::{Context, Result, ensure};
use workbench::workspace::{cargo, root};

pub fn part(args: &TestArgs) -> Part {
    let sentence = "a_network_that_does_not_fit_fails_to_compile_and_says_how_many_bytes_it_needs";
    Part::new("memory", args).test(sentence, too_large_network)
}

fn too_large_network() -> Result<()> {
    let manifest = root().join("tests/too_large/Cargo.toml");
    let output = cargo()
        .args(["check", "--locked", "--target-dir", "target/too_large", "--manifest-path"])
        .arg(manifest)
        .output()
        .context("cannot start cargo check")?;
    ensure!(!output.status.success(), "a network that needs more RAM than the board has compiled");
    let message = String::from_utf8_lossy(&output.stderr);
    let expected = "the network does not fit the board: training it needs 772160 bytes of RAM \
                    (theta, 2 vectors of the optimizer, scratch), and the board has 65536;";
    ensure!(
        message.contains(expected),
        "the network that is too large failed to compile, but not with \"{expected}\":\n{message}"
    );
    Ok(())
}

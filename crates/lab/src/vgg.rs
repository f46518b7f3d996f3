//! A small VGG on burn: the ball, SAM and Adam at equal gradient evaluations.

use super::report::{Part, Section};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use std::path::PathBuf;
use std::process::Stdio;
use workbench::workspace::{BURN, cargo, root, too_old_for};

/// A small VGG on burn, one epoch of MNIST or Fashion-MNIST: the ball, SAM and Adam at equal
/// gradient evaluations
#[derive(Args, Clone, Debug)]
pub struct VggArgs {
    /// The directory with the four IDX files, packed or not
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Images of a gradient
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Training images, from the first
    #[arg(
        long,
        default_value_t = 60_000,
        value_parser = clap::value_parser!(u32).range(100..=60_000)
    )]
    images: u32,
}

/// Runs the experiment: a program of its own, which alone needs burn.
pub fn run(args: &VggArgs) -> Result<Section> {
    let data = args.data.canonicalize().with_context(|| {
        format!("--data names {}, which is not there; pass a directory", args.data.display())
    })?;
    if let Some(reason) = too_old_for(BURN)? {
        bail!("{reason}");
    }
    eprintln!("building bindings/burn, which takes minutes the first time");
    let mut program = cargo();
    program
        .args(["run", "--release", "--locked", "--example", "vgg", "--", "--data"])
        .arg(data)
        .args(["--batch", &args.batch.to_string(), "--images", &args.images.to_string()])
        .current_dir(root().join(BURN))
        .stderr(Stdio::inherit());
    let output = program.output().context("cannot start cargo for bindings/burn")?;
    ensure!(output.status.success(), "the training on burn failed ({})", output.status);
    let said =
        String::from_utf8(output.stdout).context("the training on burn does not say text")?;
    let mut lines = said.lines().map(|line| line.split(',').map(str::to_owned).collect());
    let header = lines.next().context("the training on burn says nothing")?;
    Ok(Section {
        name: "vgg",
        title: "A small VGG on burn",
        parts: vec![
            Part::Text(format!(
                "Four convolutions and two dense layers (burn, on the processor), {} images in \
                 batches of {}: accuracy on the test images in per cent when the optimizer has \
                 spent as many gradient evaluations as there are batches. Rates and radii shrink \
                 to nothing on half a cosine. One training each: differences of a few tenths are \
                 chance.",
                args.images, args.batch
            )),
            Part::Table { header, rows: lines.collect() },
        ],
    })
}

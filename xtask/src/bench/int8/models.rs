//! Whole networks, from the user's TFLite files.

use super::figures::{Inference, Network};
use super::microflow;
use crate::bench::told::{Told, cycles_of, field};
use crate::device::Build;
use crate::device::qemu::{Emulation, MPS2_AN386, MPS3_AN547};
use anyhow::{Context, Result, ensure};
use rolling_ball_import::Import;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use workbench::progress;
use workbench::workspace::{capture, cargo, root};

/// The board's package, and its program.
const PACKAGE: &str = "own_model";
const PROGRAM: &str = "inference";
/// What is trained of each, and so in `f32`.
const TRAIN: &str = "last:1";
const LIMIT: Duration = Duration::from_secs(600);

/// Counts an inference of every model in a folder that has an int8 form.
pub fn count(folder: &Path) -> Result<Vec<Network>> {
    let files = int8_files(folder)?;
    ensure!(
        !files.is_empty(),
        "{} has no TFLite file in int8: --models names a folder of them",
        folder.display()
    );
    let bar = progress::bar("counting whole networks", "inferences");
    bar.set_length(2 * files.len() as u64);
    let mut networks = Vec::new();
    for (file, multiply_adds) in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let variables = variables(&file);
        let expected = on_the_desktop(&variables, &[])?;
        for machine in [&MPS2_AN386, &MPS3_AN547] {
            bar.tick();
            let firmware = Build::firmware(PACKAGE, machine, PROGRAM);
            let build = Build { package: PACKAGE, variables: &variables, ..firmware };
            let elf = build.run()?;
            let Told { lines, measured } =
                Told::by(&Emulation::new(machine, &elf, LIMIT), "inference ")?;
            let line = lines.first().with_context(|| {
                format!("{name} on the {}: the firmware said nothing", machine.core)
            })?;
            let (instructions, hash): (_, String) =
                (field(line, "instructions")?, field(line, "hash")?);
            ensure!(
                expected == format!("inference hash {hash}"),
                "{name}: the outputs of the {} are not the desktop's",
                machine.core
            );
            let measurement = measured.and_then(|all| all.first().copied());
            let cycles = cycles_of(measurement, line, instructions)?.map(|cycles| cycles.middle);
            let core = machine.core.to_owned();
            let model = name.clone();
            let ours = Inference { model, core, instructions, cycles, multiply_adds };
            networks.push(Network { ours, microflow: microflow::count(machine, &file)? });
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(networks)
}

/// What the build of the inference of a file reads.
pub fn variables(file: &Path) -> [(&'static str, String); 2] {
    [("OWN_MODEL", file.display().to_string()), ("OWN_MODEL_TRAIN", TRAIN.to_owned())]
}

/// The files that have an int8 form, by name, with the products of an inference.
pub fn int8_files(folder: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "tflite") {
            continue;
        }
        let path = fs::canonicalize(path)?;
        let inspection = Import::new(&path).inspect()?;
        let cut = inspection.cuts.iter().find(|cut| cut.train == TRAIN && cut.int8.is_some());
        if let Some(cut) = cut {
            files.push((path, cut.multiply_adds.forward));
        }
    }
    files.sort();
    Ok(files)
}

/// What the inference says here.
pub fn on_the_desktop(variables: &[(&str, String)], arguments: &[&str]) -> Result<String> {
    let mut command = cargo();
    command.current_dir(root().join("boards"));
    command.args(["run", "--quiet", "--release", "--locked", "--package", PACKAGE]);
    command.args(["--bin", PROGRAM, "--"]).args(arguments);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    Ok(capture(&mut command, "an inference on the desktop")?.trim().to_owned())
}

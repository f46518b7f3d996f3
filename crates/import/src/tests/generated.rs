//! Compiles what import writes, as a user's crate does, and compares what it computes, and the
//! memory that it says it takes, with the desktop's own evaluation.

use super::{models, shared};
use crate::evaluate::Evaluator;
use crate::int8::reference;
use crate::{Import, Imported, sizes};
use anyhow::{Context, Result, ensure};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Inputs of each network.
const INPUTS: usize = 2;

/// A network in the crate, and what it should say.
struct Case {
    imported: Imported,
    inputs: Vec<Vec<f32>>,
}

impl Case {
    fn new(imported: Imported) -> Self {
        let mut random = oorandom::Rand32::new(7);
        let graph = &imported.graph;
        let number = |_| 2.0 * random.rand_float() - 1.0;
        let values: Vec<f32> =
            (0..INPUTS * crate::graph::length(graph.input)).map(number).collect();
        let inputs =
            values.chunks_exact(crate::graph::length(graph.input)).map(<[f32]>::to_vec).collect();
        Self { imported, inputs }
    }

    /// The lines that the crate should print: sizes, and the bits of the outputs.
    fn expected(&self) -> Result<String> {
        let Imported { graph, parameters, int8, .. } = &self.imported;
        let scratch = sizes::scratch(graph, int8.as_ref());
        let theta = sizes::split(graph, parameters).theta.len();
        let mut text = format!("{} {scratch} {}\n", graph.name, sizes::ram_bytes(theta, scratch));
        let (whole, backbone) = (Evaluator::new(graph, parameters), graph.backbone());
        for input in &self.inputs {
            let outputs = match int8 {
                Some(int8) => whole.after_backbone(&reference::features(&backbone, int8, input)),
                None => whole.logits(input),
            };
            for output in outputs {
                write!(text, " {:08x}", output.to_bits())?;
            }
            text.push('\n');
        }
        Ok(text)
    }
}

/// The networks: every operator's, with everything trained, with nothing trained, and with an int8
/// backbone where it can have one; and ResNet-8.
fn cases() -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    let mut add = |import: Import| -> Result<()> {
        let name = format!("net_{}", cases.len());
        if let Ok(imported) = import.name(name).read() {
            cases.push(Case::new(imported));
        }
        Ok(())
    };
    let mut files: Vec<PathBuf> = fs::read_dir(models().join("operators"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    for file in files {
        let extension = file.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("onnx" | "tflite")) {
            continue;
        }
        add(Import::new(&file).train(["all"]))?;
        add(Import::new(&file).train(["none"]))?;
        add(Import::new(&file).train(["last:2:..2"]))?;
        add(Import::new(&file).train(["last:2:rank2"]))?;
        // Behind the first layer, those of a file in int8 stay so.
        let layers = Import::new(&file).inspect().map(|inspection| inspection.layers);
        let first = layers.ok().and_then(|layers| layers.first()?.names.first().cloned());
        if let Some(first) = first.filter(|_| extension == Some("tflite")) {
            add(Import::new(&file).train([first]))?;
        }
        if file.to_string_lossy().ends_with("_f32.tflite") {
            add(Import::new(&file).train(["biases"]))?;
        }
        if extension == Some("onnx") {
            let calibration = file.with_extension("expected.safetensors");
            add(Import::new(&file).train(["none"]).int8(calibration))?;
        }
    }
    if let Some(shared) = shared() {
        let resnet = shared.join("models/mlperf_tiny/pretrainedResnet_quant.tflite");
        add(Import::new(&resnet))?;
        // Beside the last convolution its residual has others.
        add(Import::new(&resnet).train(["last:2"]))?;
        let spotter = shared.join("models/mlperf_tiny/kws_ref_model.tflite");
        for train in ["last:2", "last:2:0..8", "last:2:rank4", "all"] {
            add(Import::new(&spotter).train([train]))?;
        }
        let person = shared.join("models/mlperf_tiny/vww_96_int8.tflite");
        add(Import::new(&person).train(["last:2:3..32"]))?;
        add(Import::new(shared.join("models/torch/resnet8.onnx")).train(["last:3"]))?;
        add(Import::new(shared.join("models/torch/resnet8.onnx")).train(["biases"]))?;
        add(Import::new(shared.join("models/torch/ae.onnx")).train(["biases"]))?;
    }
    Ok(cases)
}

/// Writes the crate, and returns its manifest.
fn write(folder: &Path, cases: &[Case]) -> Result<PathBuf> {
    let core = models().join("..").canonicalize()?;
    fs::create_dir_all(folder.join("src"))?;
    let manifest = folder.join("Cargo.toml");
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"imported\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             rolling-ball = {{ path = {core:?} }}\n\n[profile.dev]\nopt-level = 1\ndebug = 0\n"
        ),
    )?;
    let mut main = String::from("#![allow(dead_code)]\n");
    let mut calls = String::new();
    for case in cases {
        let name = case.imported.name();
        for file in case.imported.files() {
            fs::write(folder.join("src").join(&file.name), &file.content)?;
        }
        let inputs: Vec<u8> =
            case.inputs.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(folder.join("src").join(format!("{name}.inputs.bin")), inputs)?;
        writeln!(main, "mod {name};")?;
        writeln!(
            calls,
            "    say(\"{name}\", &{name}::network()?, &{name}::THETA, \
             include_bytes!(\"{name}.inputs.bin\"))?;"
        )?;
    }
    main.push_str(
        "
use rolling_ball::{Error, nn};

fn say<L: nn::Layer, B: nn::Backbone>(
    name: &str,
    network: &nn::Network<'_, L, B>,
    theta: &[f32],
    inputs: &[u8],
) -> Result<(), Error> {
    let (scratch, ram) = (nn::Network::<L, B>::SCRATCH, nn::Network::<L, B>::RAM_BYTES);
    println!(\"{name} {scratch} {ram}\");
    let mut scratch = vec![0.0; scratch];
    let values: Vec<f32> =
        inputs.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    for input in values.chunks_exact(nn::Network::<L, B>::INPUTS) {
        for output in network.predict(theta, &input, &mut scratch)? {
            print!(\" {:08x}\", output.to_bits());
        }
        println!();
    }
    Ok(())
}

fn main() -> Result<(), Error> {
",
    );
    main.push_str(&calls);
    main.push_str("    Ok(())\n}\n");
    fs::write(folder.join("src/main.rs"), main)?;
    Ok(manifest)
}

#[test]
fn what_import_writes_compiles_and_computes_the_bits_of_the_desktops_evaluation() -> Result<()> {
    let cases = cases()?;
    ensure!(cases.len() > 80, "only {} networks", cases.len());
    let in_int8 = |case: &&Case| case.imported.graph.every().iter().any(|node| node.int8.is_some());
    let among_floats = cases.iter().filter(in_int8).count();
    ensure!(among_floats >= 5, "only {among_floats} networks with int8 layers among others");
    let folder = tempfile::tempdir()?;
    let manifest = write(folder.path(), &cases)?;
    let target = models().join("../target/imported");
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--manifest-path"])
        .arg(manifest)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .context("cannot run cargo")?;
    let found = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = found.lines().collect();
    let mut wrong = Vec::new();
    for (case, found) in cases.iter().zip(lines.chunks(1 + INPUTS)) {
        let expected = case.expected()?;
        let expected: Vec<&str> = expected.lines().collect();
        let what = case.imported.differences().iter().map(|layer| layer.layer.as_str());
        let what = what.collect::<Vec<_>>().join(", ");
        if found[0] != expected[0] {
            wrong.push(format!("{} ({what}), expected {}", found[0], expected[0]));
        }
        if found[1..] != expected[1..] {
            wrong.push(format!("{} ({what}): other bits", case.imported.name()));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(lines.len() == cases.len() * (1 + INPUTS), "{} lines", lines.len());
    Ok(())
}

//! The commands `rolling-ball inspect` and `rolling-ball export`, run as a user runs them.
#![allow(clippy::unwrap_used)]

use rolling_ball::{Checkpoints, Flash, FlashSizes};
use serde_json::Value;
use std::cell::RefCell;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::rc::Rc;

fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
}

fn run(command: &str, model: &Path, more: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rolling-ball"));
    program.arg(command).arg(model).args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn json_is_all_that_is_printed_and_has_what_the_tables_have() {
    let file = model("operators/residual.onnx");
    let printed = run("inspect", &file, &["--json"]);
    assert!(printed.status.success());
    let all: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let tables = text(&run("inspect", &file, &[]).stdout);
    let layers = all["layers"].as_array().unwrap();
    assert!(layers.iter().any(|layer| layer["becomes"] == "Residual"), "{all}");
    for layer in layers {
        assert!(tables.contains(layer["operator"].as_str().unwrap()), "{tables}");
    }
    for cut in all["cuts"].as_array().unwrap() {
        let train = cut["train"].as_str().unwrap();
        let row = tables.lines().find(|line| line.starts_with(&format!("| {train} "))).unwrap();
        for figure in ["parameters", "ram_bytes", "flash_bytes"] {
            assert!(row.contains(&cut[figure].to_string()), "{row}");
        }
        assert_eq!(cut["instructions"][0]["core"], "Cortex-M4F");
    }
}

#[test]
fn a_model_that_cannot_be_imported_is_told_and_the_status_is_1() {
    for more in [&[][..], &["--json"]] {
        let printed = run("inspect", &model("operators/selu.onnx"), more);
        assert_eq!(printed.status.code(), Some(1));
        assert!(text(&printed.stdout).contains("/Selu"), "{printed:?}");
        let said = text(&printed.stderr);
        assert!(said.contains("node /Selu (Selu): this operator has no layer here"), "{said}");
    }
}

/// A flash that can be looked at while checkpoints have it.
#[derive(Clone)]
struct InMemory(Rc<RefCell<Vec<u8>>>);

impl Flash for InMemory {
    type Error = Infallible;

    fn sizes(&self) -> FlashSizes {
        FlashSizes { read: 1, write: 4, erase: 4096, capacity: self.0.borrow().len() }
    }

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0.borrow()[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        self.0.borrow_mut()[offset as usize..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        self.0.borrow_mut()[from as usize..to as usize].fill(0xff);
        Ok(())
    }
}

#[test]
fn what_is_exported_is_imported_with_the_same_theta() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let network = model("image_layers.toml");
    let network = ["--network", network.to_str().unwrap()];
    let import = |file: &Path, out: &str| {
        let printed = run("import", file, &[&network[..], &["--out", out]].concat());
        assert!(printed.status.success(), "{printed:?}");
        fs::read(Path::new(out).join("image_layers.theta.bin")).unwrap()
    };
    let file = model("image_layers.safetensors");
    let mut theta = import(&file, &at("before"));
    // Twice the number, or half of it.
    theta.chunks_exact_mut(4).for_each(|number| number[2] ^= 0x80);
    fs::write(at("theta"), &theta).unwrap();
    let (theta_file, out) = (at("theta"), at("after.safetensors"));
    let arguments = [&network[..], &["--theta", &theta_file, "--out", &out]].concat();
    let printed = run("export", &file, &arguments);
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(import(Path::new(&out), &at("after")), theta);

    // The same from a dump of the flash, whose newest checkpoint counts.
    let numbers = theta.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let numbers: Vec<f32> = numbers.collect();
    let flash = InMemory(Rc::new(RefCell::new(vec![0xff; 0x8000])));
    let mut checkpoints = Checkpoints::new(flash.clone(), 0..0x8000).unwrap();
    checkpoints.save_theta(&vec![0.0; numbers.len()]).unwrap();
    checkpoints.save_theta(&numbers).unwrap();
    fs::write(at("flash.bin"), flash.0.borrow().as_slice()).unwrap();
    let (dump, out) = (at("flash.bin"), at("from_flash.safetensors"));
    let flash = ["--checkpoints", &dump, "--erase-bytes", "4096", "--out", &out];
    let printed = run("export", &file, &[&network[..], &flash].concat());
    assert!(printed.status.success(), "{printed:?}");
    assert_eq!(import(Path::new(&out), &at("from_flash")), theta);
    fs::write(&dump, vec![0xff; 0x8000]).unwrap();
    let erased = run("export", &file, &[&network[..], &flash, &["--force"]].concat());
    assert!(text(&erased.stderr).contains("no checkpoint was found"), "{erased:?}");

    let again = run("export", &file, &arguments);
    assert!(text(&again.stderr).contains("is there already"), "{again:?}");
    fs::write(at("theta"), &theta[1..]).unwrap();
    let wrong = run("export", &file, &[&arguments[..], &["--force"]].concat());
    assert!(text(&wrong.stderr).contains("expected theta as little-endian f32"), "{wrong:?}");
}

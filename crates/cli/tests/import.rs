//! The command `rolling-ball import`, run as a user runs it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

fn import(model: &Path, network: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolling-ball"));
    command.arg("import").arg(model).arg("--network").arg(network).arg("--out").arg(out).args(more);
    command.output().unwrap()
}

/// Imports the committed perceptron.
fn digits(out: &Path, more: &[&str]) -> Output {
    import(&models().join("digits_mlp.safetensors"), &models().join("digits_mlp.toml"), out, more)
}

/// What a command that failed said.
fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "it succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap())
    };
    fs::read_dir(folder).unwrap().map(entry).collect()
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn files_that_are_there_stay_without_force_and_are_replaced_with_it() {
    let folder = temporary();
    let out = folder.path().join("new/folder");
    assert!(digits(&out, &[]).status.success());
    let written = contents(&out);
    assert_eq!(written.len(), 3);

    fs::write(out.join("digits_mlp.frozen.bin"), "mine").unwrap();
    fs::remove_file(out.join("digits_mlp.theta.bin")).unwrap();
    let before = contents(&out);
    let said = complaint(&digits(&out, &[]));
    assert!(said.contains("digits_mlp.rs is there already") && said.contains("--force"), "{said}");
    assert_eq!(contents(&out), before);

    assert!(digits(&out, &["--force"]).status.success());
    assert_eq!(contents(&out), written);
}

#[cfg(unix)]
#[test]
fn a_link_is_never_followed_and_with_force_replaced_itself() {
    use std::os::unix::fs::symlink;
    let folder = temporary();
    let (precious, out) = (folder.path().join("precious"), folder.path().join("out"));
    fs::write(&precious, "precious").unwrap();
    fs::create_dir(&out).unwrap();
    symlink(&precious, out.join("digits_mlp.theta.bin")).unwrap();
    let said = complaint(&digits(&out, &[]));
    assert!(said.contains("digits_mlp.theta.bin is a symbolic link"), "{said}");
    assert_eq!(contents(&out).len(), 1);

    assert!(digits(&out, &["--force"]).status.success());
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert!(fs::symlink_metadata(out.join("digits_mlp.theta.bin")).unwrap().is_file());

    let link = folder.path().join("link");
    symlink(&out, &link).unwrap();
    for more in [&[][..], &["--force"]] {
        let said = complaint(&digits(&link, more));
        assert!(said.contains("link is a symbolic link, which is not followed"), "{said}");
    }
}

#[test]
fn an_import_that_fails_leaves_no_file_and_no_directory() {
    let folder = temporary();
    let out = folder.path().join("out");
    let model = models().join("digits_cnn.safetensors");
    complaint(&import(&model, &models().join("digits_mlp.toml"), &out, &[]));
    assert!(!out.exists());

    fs::create_dir_all(out.join("digits_mlp.rs")).unwrap();
    let said = complaint(&digits(&out, &["--force"]));
    assert!(said.contains("digits_mlp.rs is a directory"), "{said}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = temporary();
    let out = folder.path().join("out");
    let network = models().join("digits_mlp.toml");
    for (model, expected) in [
        (Path::new("/dev/zero"), "/dev/zero: expected a file, found a device or a pipe"),
        (folder.path(), "expected a file, found a directory"),
        (Path::new("no/such/file"), "cannot read no/such/file"),
    ] {
        let said = complaint(&import(model, &network, &out, &[]));
        assert!(said.contains(expected), "{said}");
        let said = complaint(&import(&models().join("digits_mlp.safetensors"), model, &out, &[]));
        assert!(said.contains(expected), "{said}");
    }
}

/// A safetensors file of the perceptron, and a tensor more, of this name.
fn with_tensor(name: &str) -> Vec<u8> {
    let model = fs::read(models().join("digits_mlp.safetensors")).unwrap();
    let (length, rest) = model.split_first_chunk().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let header = String::from_utf8(header.to_vec()).unwrap();
    let end = data.len();
    let tensor =
        format!(r#","{name}":{{"dtype":"F32","shape":[0],"data_offsets":[{end},{end}]}}}}"#);
    let header = header.trim_end().strip_suffix('}').unwrap().to_owned() + &tensor;
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn no_terminal_acts_on_a_name() {
    let folder = temporary();
    let out = folder.path().join("out");
    let model = folder.path().join("model");
    fs::write(&model, with_tensor(r"\u001b[2Junused\u202e\nimported")).unwrap();
    let imported = import(&model, &models().join("digits_mlp.toml"), &out, &[]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let said = String::from_utf8(imported.stdout).unwrap();
    assert!(said.contains(r"not used: \u{1b}[2Junused\u{202e}\nimported"), "{said:?}");
    assert!(!said.contains('\u{1b}'), "{said:?}");

    let network = folder.path().join("network");
    fs::write(&network, "name = \"a\"\ninput = [4]\nlayers = [{ type = \"\\u001b]0;x\\u0007\" }]")
        .unwrap();
    let said = complaint(&import(&model, &network, &out, &[]));
    assert!(said.contains(r"unknown variant `\u{1b}]0;x\u{7}`"), "{said:?}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn a_name_that_is_a_keyword_is_refused_with_what_a_name_may_be() {
    let folder = temporary();
    let network = folder.path().join("network");
    for (name, expected) in [
        ("gen", "is a word of Rust"),
        ("int", "is a word of C"),
        ("../../evil", "expected lower-case letters, digits and underscores after a letter"),
    ] {
        let text = fs::read_to_string(models().join("digits_mlp.toml")).unwrap();
        fs::write(&network, text.replace("digits_mlp", name)).unwrap();
        let model = models().join("digits_mlp.safetensors");
        let said = complaint(&import(&model, &network, &folder.path().join("out"), &[]));
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn a_library_for_c_is_refused_at_once_where_rust_has_not_its_target() {
    let folder = temporary();
    let out = folder.path().join("out");
    for (target, expected) in [
        ("sparc-unknown-none-elf", "rustup target add sparc-unknown-none-elf"),
        ("cortex-m4", "cortex-m4"),
    ] {
        let said = complaint(&digits(&out, &["--c-library", target]));
        assert!(said.contains(expected), "{said}");
    }
    let said = complaint(&digits(&out, &["--c-library", "host", "--source", "no/such/folder"]));
    assert!(said.contains("expected a version"), "{said}");
    assert!(!out.exists());
}

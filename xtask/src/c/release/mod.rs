//! `cargo xtask c --release`: the library compiled for many cores, in the packages that C programs
//! are built with.

mod cores;
pub mod tail;

use super::library::check_names;
use super::{build_folder, folder};
use anyhow::{Context, Result, ensure};
use cores::{CORES, Core};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rolling_ball_import::single_object;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::progress;
use workbench::setup;
use workbench::workspace::{capture, cargo, root};

/// Where the archives are, and the folder that they hold.
fn releases() -> PathBuf {
    folder().join("target/archives")
}

/// The version of the C interface.
fn version() -> Result<String> {
    let manifest = fs::read_to_string(folder().join("Cargo.toml"))?;
    let manifest: toml::Table = toml::from_str(&manifest)?;
    let version = manifest["package"]["version"].as_str().context("bindings/c has no version")?;
    Ok(version.to_owned())
}

/// What a library is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    Speed,
    Size,
}

/// How much is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every core, for speed and for size.
    Whole,
    /// A core of each kind, for speed: what takes minutes. The archive for Arduino has no library.
    Part,
}

/// A core of each kind.
const PART: [&str; 3] = ["cortex-m4-hard", "riscv32imac", "x86_64-linux"];

impl Extent {
    fn aims(self) -> &'static [Aim] {
        match self {
            Self::Whole => &[Aim::Speed, Aim::Size],
            Self::Part => &[Aim::Speed],
        }
    }

    fn cores(self) -> Vec<&'static Core> {
        CORES.iter().filter(|core| self == Self::Whole || PART.contains(&core.name)).collect()
    }
}

/// Makes the archives, and returns the folder that the first of them holds.
pub fn release(extent: Extent) -> Result<PathBuf> {
    let (cores, aims) = (extent.cores(), extent.aims());
    let targets: Vec<_> = cores.iter().map(|core| core.target).collect();
    setup::rust_targets(&targets)?;
    let version = version()?;
    let name = format!("rolling_ball-c-{version}");
    let (whole, arduino) = (releases().join(&name), releases().join("arduino/rolling_ball"));
    for folder in [&whole, &arduino] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    let bar = progress::bar("compiling the library", "compiled");
    bar.set_length((aims.len() * cores.len()) as u64);
    // Several at a time, since the linker takes one thread, and has most of the work.
    cores.par_iter().with_max_len(1).try_for_each(|core| -> Result<()> {
        for aim in aims {
            let library = build(core, *aim)?;
            let below = if *aim == Aim::Speed { "" } else { "small" };
            let path = whole.join("lib").join(core.name).join(below);
            write(&path.join("librolling_ball.a"), &library)?;
            check_names(&path.join("librolling_ball.a"), &["rb_"])?;
            for board in core.arduino.iter().filter(|_| *aim == Aim::Size) {
                write(&arduino.join("src").join(board).join("librolling_ball.a"), &library)?;
            }
            bar.inc(1);
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    write_texts(&whole, &arduino, &version)?;
    for folder in [&whole, &arduino] {
        write_sums(folder)?;
    }
    let archive = format!("{name}.tar.gz");
    pack(&releases(), &archive, &name)?;
    let arduino_archive = format!("rolling_ball-arduino-{version}.tar.gz");
    pack(&releases().join("arduino"), &format!("../{arduino_archive}"), "rolling_ball")?;
    for archive in [archive, arduino_archive] {
        let path = releases().join(archive);
        println!("{:>9} bytes  {}", fs::metadata(&path)?.len(), path.display());
    }
    Ok(whole)
}

/// The library for a core, as one object.
fn build(core: &Core, aim: Aim) -> Result<Vec<u8>> {
    let level = if aim == Aim::Size { "z" } else { "3" };
    // Flags are not part of the path of what cargo makes.
    let folder = folder().join("target/cores").join(core.name);
    let mut command = cargo();
    command.current_dir(super::folder()).args(["build", "--release", "--locked", "--target"]);
    command.arg(core.target).arg("--target-dir").arg(&folder).env("RUSTFLAGS", core.flags);
    command.env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
    capture(&mut command, &format!("building the C library for {}", core.name))?;
    let archive = folder.join(core.target).join("release/librolling_ball.a");
    single_object(&archive, "rb_version", &["rb_"])
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}

/// Writes all that is not compiled.
fn write_texts(whole: &Path, arduino: &Path, version: &str) -> Result<()> {
    let (c, package) = (folder(), folder().join("package"));
    let mut numbers = version.split('.');
    let (major, minor) = (numbers.next().unwrap_or("0"), numbers.next().unwrap_or("0"));
    let lines = |line: &dyn Fn(&Core) -> Option<String>| {
        CORES.iter().filter_map(line).collect::<Vec<_>>().join("\n")
    };
    let cores = lines(&|core| Some(format!("| `{}` | {} |", core.name, core.what)));
    let conditions = lines(&|core| {
        let Core { name, pack, .. } = core;
        Some(format!(
            "    <condition id=\"{name}\"><require condition=\"GCC or Clang\"/><require {}/>\
             </condition>",
            (*pack)?
        ))
    });
    let libraries = lines(&|core| {
        core.pack?;
        let name = core.name;
        Some(format!(
            "        <file category=\"library\" condition=\"{name}\" \
             name=\"lib/{name}/librolling_ball.a\"/>"
        ))
    });
    let filled = |name: &str| -> Result<String> {
        let path = package.join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let words = [
            ("@VERSION@", version),
            ("@MAJOR@", major),
            ("@MINOR@", minor),
            ("@CORES@", &cores),
            ("@CONDITIONS@", &conditions),
            ("@LIBRARIES@", &libraries),
        ];
        Ok(words.iter().fold(text, |text, (key, word)| text.replace(key, word)))
    };
    for (name, below) in [
        ("README.md", ""),
        ("CMakeLists.txt", ""),
        ("idf_component.yml", ""),
        ("library.json", ""),
        ("platformio.py", ""),
        ("rolling-ball.rolling_ball.pdsc", ""),
        ("rolling_ball-config.cmake", "lib/cmake/rolling_ball"),
        ("rolling_ball-config-version.cmake", "lib/cmake/rolling_ball"),
        ("rolling_ball.pc", "lib/pkgconfig"),
        ("zephyr/CMakeLists.txt", ""),
        ("zephyr/Kconfig", ""),
        ("zephyr/module.yml", ""),
    ] {
        write(&whole.join(below).join(name), filled(name)?)?;
    }
    write(&arduino.join("library.properties"), filled("library.properties")?)?;
    let mut copies = vec![
        (c.join("include/rolling_ball.h"), whole.join("include/rolling_ball.h")),
        (c.join("include/rolling_ball.hpp"), whole.join("include/rolling_ball.hpp")),
        (c.join("include/rolling_ball.h"), arduino.join("src/rolling_ball.h")),
        (c.join("include/rolling_ball.hpp"), arduino.join("src/rolling_ball.hpp")),
        (c.join("cmake/core.cmake"), whole.join("lib/cmake/rolling_ball/core.cmake")),
    ];
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copies.extend([whole, arduino].map(|to| (root().join(licence), to.join(licence))));
    }
    for entry in fs::read_dir(c.join("examples/tail"))? {
        let entry = entry?;
        copies.push((entry.path(), whole.join("examples/tail").join(entry.file_name())));
    }
    for (from, to) in copies {
        let content = fs::read(&from).with_context(|| format!("{}", from.display()))?;
        write(&to, content)?;
    }
    Ok(())
}

/// All files below a folder, in order, relative to it.
fn files(folder: &Path, below: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder.join(below))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            files(folder, &path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}

/// Writes the checksums of all files.
fn write_sums(folder: &Path) -> Result<()> {
    let mut paths = Vec::new();
    files(folder, Path::new(""), &mut paths)?;
    let mut command = Command::new("sha256sum");
    let sums = capture(command.args(&paths).current_dir(folder), "sha256sum")?;
    write(&folder.join("SHA256SUMS"), sums)
}

/// Packs a folder so that the same content is the same archive.
fn pack(at: &Path, archive: &str, folder: &str) -> Result<()> {
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "-c"]);
    tar.args(["--use-compress-program=gzip -n", "-f", archive, folder]).current_dir(at);
    capture(&mut tar, "tar")?;
    Ok(())
}

/// Fails where a checksum is wrong, or a text has a word that was not filled in.
pub fn check(whole: &Path) -> Result<()> {
    let mut sums = Command::new("sha256sum");
    capture(sums.args(["--quiet", "-c", "SHA256SUMS"]).current_dir(whole), "sha256sum -c")?;
    let mut paths = Vec::new();
    files(whole, Path::new(""), &mut paths)?;
    for path in paths.iter().filter(|path| path.extension().is_none_or(|end| end != "a")) {
        let text = fs::read_to_string(whole.join(path))?;
        let left = text.split('@').nth(1).filter(|word| {
            word.chars().all(|letter| letter.is_ascii_uppercase()) && !word.is_empty()
        });
        ensure!(left.is_none(), "{} still has {left:?}", path.display());
        let name = path.to_string_lossy();
        let bare = ["LICENSE", "SHA256SUMS", "README.md", "library.json"];
        let marked = text.contains("SPDX-License-Identifier: MIT OR Apache-2.0");
        ensure!(
            marked || bare.iter().any(|bare| name.starts_with(bare)),
            "{name} has no SPDX line"
        );
    }
    Ok(())
}

/// Builds a program of its own with what pkg-config says.
pub fn check_pkg_config(whole: &Path) -> Result<()> {
    let path = whole.join("lib/pkgconfig");
    let mut command = Command::new("pkg-config");
    command.args(["--cflags", "--libs", "rolling_ball"]).env("PKG_CONFIG_PATH", path);
    let flags = capture(&mut command, "pkg-config")?;
    let program = build_folder()?.join("by_pkg_config");
    let mut compiler = Command::new("cc");
    compiler.arg("-std=c99").arg(folder().join("examples/quadratic.c"));
    compiler.args(flags.split_whitespace()).arg("-o").arg(&program);
    capture(&mut compiler, "compiling with pkg-config's flags")?;
    capture(&mut Command::new(program), "a program built with pkg-config")?;
    Ok(())
}

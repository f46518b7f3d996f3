//! What cargo makes of the library for others: its package, its dependencies, its documentation.

use super::features;
use super::licences::Found;
use super::part::{Part, report, skipped, tell};
use super::watch::watch;
use super::{TestArgs, licences, nightly};
use anyhow::{Context, Result, ensure};
use libtest_mimic::Completion;
use serde::Deserialize;
use std::fs;
use std::path::PathBuf;
use std::process::{self, Command};
use workbench::document::PACKAGE;
use workbench::workspace::{cargo, promised_rust, root};

/// The crates that others can use, each after those that it needs.
const CRATES: [&str; 5] = [
    "rolling-ball",
    "rolling-ball-import",
    "rolling-ball-fleet",
    "rolling-ball-rehearsal",
    "rolling-ball-cli",
];

/// The library packed, in bytes. Its sources and cargo's lock file are almost that large; data or
/// models would make it larger.
const LARGEST: u64 = 320 * 1024;

/// All features of the library but `gpu`, whose dependencies take minutes.
const FEATURES: &str = "simd,threads,checkpoints,heapless,micromath,defmt";

pub fn part(args: &TestArgs) -> Part {
    let write = args.write;
    Part::new("package", args)
        .test("the_library_compiles_from_a_package_that_is_small", || {
            tell(package()?);
            Ok(())
        })
        .test_or_skip("dependencies_have_allowed_licences_and_sources", || {
            licences::check().map(completion)
        })
        .test_or_skip("no_dependency_has_a_known_vulnerability", || {
            licences::advisories().map(completion)
        })
        .test("the_library_compiles_with_the_oldest_dependencies_that_it_allows", || {
            oldest_dependencies(FEATURES)
        })
        .long_test("everything_that_is_published_compiles_as_others_will_compile_it", move || {
            let mut text = String::from(
                "`cargo xtask test package --long`; the normal tests check all but the sets, the \
                 other crates, `gpu` and docs.rs.\n\n",
            );
            let sets = features::compile_every_set()?;
            text += &format!("- All {sets} sets of the features but `gpu` pass clippy.\n");
            text += &format!("- {}\n", package()?);
            pack_together()?;
            text += &format!("- The packages of {} compile together.\n", CRATES.join(", "));
            oldest_dependencies(&format!("{FEATURES},gpu"))?;
            let rust = promised_rust(&root())?;
            text += &format!(
                "- With all features it compiles with the oldest versions of its dependencies \
                 that its manifest allows; `cargo xtask test msrv` compiles it with Rust {rust}.\n"
            );
            for found in [documentation()?, licences::check()?, licences::advisories()?] {
                text += &match found {
                    Ok(found) => format!("- {found}\n"),
                    Err(reason) => format!("- SKIPPED: {reason}\n"),
                };
            }
            report(write, PACKAGE, &text)
        })
}

fn completion(found: Found) -> Completion {
    found.map_or_else(skipped, |_| Completion::Completed)
}

/// Packs the library, compiles the package, and says how large it is.
fn package() -> Result<String> {
    let output = pack(&CRATES[..1])?;
    let line = output.lines().find_map(|line| line.trim().strip_prefix("Packaged "));
    let line =
        line.with_context(|| format!("cargo package does not say what is in it: {output}"))?;
    let size = fs::metadata(packages().join(format!("{}.crate", versioned()?)))?.len();
    ensure!(size <= LARGEST, "the package has {size} bytes; expected at most {LARGEST}");
    Ok(format!("The library's package compiles by itself: {}.", line.trim()))
}

/// Packs crates, and compiles the packages instead of the sources in the repository.
fn pack(crates: &[&str]) -> Result<String> {
    watch(packing(crates))
}

/// Packs all crates, and compiles each with the packages of the others, in a folder of its own: in
/// one where they were packed before, cargo takes what it knows of a version for what is in it now.
fn pack_together() -> Result<()> {
    let folder = root().join(format!("target/packed-{}", process::id()));
    let packed = watch({
        let mut command = packing(&CRATES);
        command.arg("--target-dir").arg(&folder);
        command
    });
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    packed.map(drop)
}

fn packing(crates: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["package", "--locked", "--allow-dirty"]);
    command.args(crates.iter().flat_map(|name| ["--package", name]));
    command
}

/// Compiles the packed library with the lowest version of each of its dependencies.
fn oldest_dependencies(features: &str) -> Result<()> {
    pack(&CRATES[..1])?;
    let folder = root().join("target/oldest-dependencies");
    fs::create_dir_all(&folder)?;
    let packed = packages().join(versioned()?);
    let manifest = fs::read_to_string(packed.join("Cargo.toml"))?;
    let mut manifest: toml::Table = toml::from_str(&manifest)?;
    // Others do not build these, and those of them name versions too old for each other.
    manifest.remove("dev-dependencies");
    // A workspace of its own, or cargo takes it for a forgotten member of this one.
    manifest.insert("workspace".to_owned(), toml::Table::new().into());
    let packed_file = |path: &str| toml::Value::from(packed.join(path).display().to_string());
    let library = manifest.get_mut("lib").and_then(toml::Value::as_table_mut);
    let library = library.context("the packed manifest has no [lib]")?;
    library.insert("path".to_owned(), packed_file("src/lib.rs"));
    let package = manifest.get_mut("package").and_then(toml::Value::as_table_mut);
    let package = package.context("the packed manifest has no [package]")?;
    package.insert("build".to_owned(), packed_file("build.rs"));
    fs::write(folder.join("Cargo.toml"), toml::to_string(&manifest)?)?;
    let mut update = cargo();
    update.args(["update", "-Zdirect-minimal-versions"]).current_dir(&folder);
    // That is an option of nightly; this lets a stable cargo have it.
    update.env("RUSTC_BOOTSTRAP", "1");
    watch(update)?;
    let mut check = cargo();
    check.args(["check", "--lib", "--locked", "--features", features]).current_dir(&folder);
    watch(check)?;
    Ok(())
}

/// Builds the documentation as the manifest tells docs.rs to.
fn documentation() -> Result<Found> {
    if let Err(reason) = nightly::components(&[]) {
        return Ok(Err(format!("{reason:#}")));
    }
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml"))?)?;
    let metadata = manifest["package"]["metadata"]["docs"]["rs"].clone();
    let DocsRs { features, targets } = metadata.try_into()?;
    let mut command = nightly::cargo();
    command.args(["doc", "--lib", "--no-deps", "--locked", "--package", CRATES[0]]);
    command.args(["--features", &features.join(",")]);
    command.args(targets.iter().flat_map(|target| ["--target", target]));
    command.env("RUSTDOCFLAGS", "--cfg docsrs -D warnings");
    watch(command)?;
    Ok(Ok("The documentation builds without a warning as docs.rs builds it.".to_owned()))
}

/// What the manifest tells docs.rs.
#[derive(Deserialize)]
struct DocsRs {
    features: Vec<String>,
    targets: Vec<String>,
}

/// `rolling-ball-0.1.0`
fn versioned() -> Result<String> {
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml"))?)?;
    let version = manifest["workspace"]["package"]["version"].as_str();
    Ok(format!("{}-{}", CRATES[0], version.context("the workspace has no version")?))
}

/// Where cargo leaves packages.
fn packages() -> PathBuf {
    root().join("target/package")
}

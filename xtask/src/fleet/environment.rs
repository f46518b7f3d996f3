//! A Python of its own for the fleet: Flower, and the wheel of this repository.

use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::progress;
use workbench::workspace::{capture, in_repository, root};

/// Everything that the fleet makes.
const FOLDER: &str = "target/fleet";
/// The oldest Python that Flower 1.42 has the simulation engine for.
const OLDEST: (u32, u32) = (3, 11);

/// Where Python is, with everything in it that the app needs.
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it where it is missing or of other versions, and builds the wheel anew.
    pub fn prepare() -> Result<Self> {
        let environment = Self::install()?;
        environment.wheel()?;
        Ok(environment)
    }

    /// Everything that the fleet makes is in here.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The app.
    pub fn app() -> PathBuf {
        root().join("fleet")
    }

    /// A program of the environment, in the folder of the app.
    pub fn program(&self, name: impl AsRef<Path>) -> Command {
        let programs = self.folder.join("venv/bin");
        let mut command = in_repository(programs.join(name));
        let mut path = vec![programs];
        if let Some(others) = std::env::var_os("PATH") {
            path.extend(std::env::split_paths(&others));
        }
        if let Ok(path) = std::env::join_paths(path) {
            command.env("PATH", path);
        }
        command
            .current_dir(Self::app())
            .env("FLWR_HOME", self.folder.join("flower"))
            // Nobody is told of what is run here.
            .env("FLWR_TELEMETRY_ENABLED", "0")
            .env("FLWR_DISABLE_UPDATE_CHECK", "1")
            .env("RAY_USAGE_STATS_ENABLED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// What a Python program prints.
    pub fn python(&self, arguments: &[impl AsRef<OsStr>], what: &str) -> Result<String> {
        capture(self.program("python").args(arguments), what)
    }

    /// Makes it where it is missing or of other versions, without the wheel: an error where there
    /// is no Python, or PyPI cannot be reached.
    pub fn install() -> Result<Self> {
        let environment = Self { folder: root().join(FOLDER) };
        let folder = &environment.folder;
        let wanted = Self::app().join("requirements.txt");
        let installed = folder.join("venv/requirements.txt");
        let versions = fs::read(&wanted).context("cannot read fleet/requirements.txt")?;
        if fs::read(&installed).is_ok_and(|before| before == versions) {
            return Ok(environment);
        }
        fs::create_dir_all(folder).context("cannot make target/fleet")?;
        let python = python()?;
        let message = "installing Flower (some 600 MB, once)";
        progress::during(message, || -> Result<()> {
            let mut venv = Command::new(&python);
            venv.args(["-m", "venv", "--clear"]).arg(folder.join("venv"));
            capture(&mut venv, "making a Python environment")
                .context("on Debian it needs: apt-get install python3-venv")?;
            let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
            let mut pip = environment.program("python");
            capture(pip.args(install).arg(&wanted), "installing Flower")?;
            Ok(())
        })?;
        fs::write(&installed, versions).context("cannot write into target/fleet")?;
        Ok(environment)
    }

    /// Builds the wheel, which is quick where nothing has changed, and installs it.
    pub fn wheel(&self) -> Result<()> {
        let wheels = self.folder.join("wheels");
        progress::during("building the wheel", || -> Result<()> {
            if wheels.exists() {
                fs::remove_dir_all(&wheels).context("cannot empty target/fleet/wheels")?;
            }
            let mut maturin = self.program("maturin");
            maturin.args(["build", "--quiet", "--release", "--locked", "--interpreter"]);
            maturin.arg(self.folder.join("venv/bin/python")).arg("--out").arg(&wheels);
            maturin.current_dir(root().join("crates/python"));
            capture(&mut maturin, "building the wheel")?;
            let wheel = fs::read_dir(&wheels)?.next().context("maturin has made no wheel")??.path();
            let mut pip = self.program("python");
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
            pip.args(["--force-reinstall", "--no-deps"]).arg(wheel);
            capture(&mut pip, "installing the wheel")?;
            Ok(())
        })
    }
}

/// The system's Python, where it is new enough.
fn python() -> Result<PathBuf> {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let program = "import sys; print(*sys.version_info[:2])";
    let text = capture(Command::new(&python).args(["-c", program]), "python3").context(
        "the fleet needs Python; install it, or name one with the variable PYTHON (nothing else \
         of this repository needs it)",
    )?;
    let mut numbers = text.split_whitespace().map(|word| word.parse().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let ((major, minor), (is_major, is_minor)) = (OLDEST, version);
    ensure!(
        version >= OLDEST,
        "Flower's simulation engine needs Python {major}.{minor}, and python3 is \
         {is_major}.{is_minor}: name another one with the variable PYTHON"
    );
    Ok(python.into())
}

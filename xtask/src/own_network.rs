//! boards/own_network: a network that nothing here knows by name, rehearsed and run on the device.

use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::device::{self, Build};
use anyhow::{Result, ensure};
use rolling_ball_rehearsal::desktop::{History, events, first_difference};
use workbench::workspace::{capture, cargo, root};

const NAME: &str = "own_network";

/// The same program, built for the desktop and for a Cortex-M4F, tells the same hashes.
pub fn check() -> Result<()> {
    let mut desktop = cargo();
    desktop.current_dir(root().join("boards"));
    desktop.args(["run", "--quiet", "--release", "--locked", "--package", NAME]);
    let rehearsed = events(&capture(&mut desktop, "the rehearsal of boards/own_network")?)?;

    let build = Build { package: NAME, ..Build::firmware("test", &MPS2_AN386, NAME) };
    let firmware = build.run()?;
    let run = device::run(&Emulation::new(&MPS2_AN386, &firmware, device::LIMIT), |_| {})?;

    let (desktop, device) = (History::new(&rehearsed)?, History::new(&run.events)?);
    ensure!(desktop.steps.len() > 1, "the rehearsal of boards/own_network made no steps");
    let difference = first_difference(&desktop, &device);
    ensure!(
        difference.is_none(),
        "boards/own_network: desktop and device differ from step {difference:?} on"
    );
    ensure!(
        (desktop.before, desktop.after) == (device.before, device.after),
        "boards/own_network: the parameters are the desktop's, but not the classes that it sees"
    );
    Ok(())
}

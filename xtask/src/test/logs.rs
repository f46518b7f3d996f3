//! What a device says by defmt arrives: reports and errors, with the names of their fields.

use super::TestArgs;
use super::part::{Part, QEMU};
use crate::device::qemu::{Emulation, MPS2_AN386};
use crate::device::{Build, log};
use anyhow::{Result, ensure};
use std::time::Duration;

pub fn part(args: &TestArgs) -> Part {
    Part::new("logs", args)
        .needs(&[QEMU])
        .builds_for(&[MPS2_AN386.target])
        .test("a_log_by_defmt_tells_settings_reports_and_errors", check)
}

fn check() -> Result<()> {
    let build = Build::firmware("test", &MPS2_AN386, "logged");
    let firmware = Build { features: &["defmt"], ..build }.run()?;
    let bytes = Emulation::new(&MPS2_AN386, &firmware, Duration::from_secs(60)).bytes()?;
    let lines = log::decode(&firmware, &bytes)?;
    for expected in [
        "INFO RollingBallConfig { radius: Cosine {",
        "INFO StepReport { step: 0, refused: 0, loss_before: 0.693147",
        "INFO StepReport { step: 2, ",
        "ERROR Length { what: \"theta\", expected: 6, actual: 5 }",
    ] {
        ensure!(
            lines.iter().any(|line| line.contains(expected)),
            "expected {expected:?} in the log: {lines:#?}"
        );
    }
    Ok(())
}

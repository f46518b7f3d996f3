//! The crate microflow, which compiles a TFLite file into an inference in Rust: benches/peers.

use crate::device::Build;
use crate::device::qemu::{Emulation, Machine};
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;
use workbench::workspace::MICROFLOW;

const NAME: &str = "microflow-inference";
const LIMIT: Duration = Duration::from_secs(600);

/// The instructions of an inference of a file, or why microflow refuses it.
pub fn count(machine: &Machine, file: &Path) -> Result<Result<u64, String>> {
    let variables = [("MICROFLOW_MODEL", file.display().to_string())];
    let firmware = Build::firmware("bench", machine, NAME);
    let build = Build { workspace: MICROFLOW, package: NAME, variables: &variables, ..firmware };
    let elf = match build.run() {
        Ok(elf) => elf,
        Err(error) => return refusal(&format!("{error:#}")).map(Err).ok_or(error),
    };
    let mut said = String::new();
    Emulation::new(machine, &elf, LIMIT).lines(|line| said.push_str(line))?;
    let instructions = said.strip_prefix("inference instructions ");
    let instructions = instructions.and_then(|count| count.parse().ok()).with_context(|| {
        format!("microflow on the {}: the firmware said {said:?}", machine.core)
    })?;
    Ok(Ok(instructions))
}

/// What its macro says of an operator that it does not have.
fn refusal(error: &str) -> Option<String> {
    let operator = error.lines().find_map(|line| line.split_once("unsupported operator: "))?.1;
    Some(format!("has no {}", operator.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_that_microflow_lacks_is_told_and_any_other_error_is_one() {
        let error = "building failed:\nerror: unsupported operator: ADD\n --> model.rs:1:1";
        assert_eq!(refusal(error), Some("has no ADD".to_owned()));
        assert_eq!(refusal("error: linker `cc` not found"), None);
    }
}

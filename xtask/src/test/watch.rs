//! Commands whose output is shown only where they fail.

use anyhow::{Context, Result, bail, ensure};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use workbench::progress;

/// Runs a command and shows the last line that it printed meanwhile. Returns all that it printed,
/// or fails with it.
pub fn watch(mut command: Command) -> Result<String> {
    let typed = typed(&command);
    let failed = || format!("cannot run `{typed}`");
    let (reader, writer) = io::pipe().with_context(failed)?;
    let errors = writer.try_clone().with_context(failed)?;
    command.stdin(Stdio::null()).stdout(writer).stderr(errors);
    let mut child = command.spawn().with_context(failed)?;
    // It holds the ends that are written to: the output would never end.
    drop(command);
    let spinner = progress::spinner(&typed);
    let mut output = String::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.with_context(failed)?;
        let line = String::from_utf8_lossy(&line);
        spinner.set_message(line.trim().to_owned());
        output.push_str(&line);
        output.push('\n');
    }
    let status = child.wait().with_context(failed)?;
    spinner.finish_and_clear();
    if !status.success() {
        bail!("`{typed}` failed ({status}):\n{output}");
    }
    Ok(output)
}

/// Runs `cargo test`, which must find a test.
pub fn cargo_test(command: Command) -> Result<()> {
    let typed = typed(&command);
    let output = watch(command)?;
    ensure!(passed(&output) > 0, "`{typed}` found no test:\n{output}");
    Ok(())
}

/// How many tests passed, by the summaries of all test programs.
pub fn passed(output: &str) -> u32 {
    let results = output.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    results.filter_map(|result| result.split(' ').next()?.parse::<u32>().ok()).sum()
}

/// A command as one would type it.
fn typed(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = [program].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_added_up_over_programs() {
        let output = "test result: ok. 4 passed; 0 failed; 0 ignored\n\
                      test a_test ... ok\n\
                      test result: ok. 38 passed; 0 failed; 0 ignored\n";
        assert_eq!(passed(output), 42);
        assert_eq!(passed("test result: ok. 0 passed; 0 failed"), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_fails_tells_what_was_typed_and_both_streams() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; exit 3"]);
        let message = watch(command).unwrap_err().to_string();
        assert!(message.contains("`sh -c echo one; echo two >&2; exit 3` failed"), "{message}");
        assert!(message.ends_with("exit status: 3):\none\ntwo\n"), "{message}");
    }
}

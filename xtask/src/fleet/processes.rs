//! A process and all that it has started, whatever sessions they are in.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How long a killed process may take to be gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process and its descendants; where the system does not tell of those, itself alone.
pub fn tree(root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some((_, parent)) = state(process) {
            children.entry(parent).or_default().push(process);
        }
    }
    let (mut tree, mut next) = (vec![root], 0);
    while let Some(process) = tree.get(next) {
        tree.extend(children.remove(process).unwrap_or_default());
        next += 1;
    }
    tree
}

/// Kills a process with its descendants at once, and waits until none of them is left.
pub fn kill_tree(root: u32) -> Result<()> {
    // Who is stopped starts nobody, so that the list is whole when nobody new is found.
    let mut known = Vec::new();
    loop {
        let found = tree(root);
        if found == known {
            break;
        }
        signal("-STOP", &found)?;
        known = found;
    }
    signal("-KILL", &known)?;
    let begun = Instant::now();
    // The root is a child of this program, which waits for it itself.
    while known.iter().any(|process| *process != root && is_alive(*process)) {
        ensure!(begun.elapsed() < PATIENCE, "some of the processes {known:?} cannot be killed");
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn signal(signal: &str, processes: &[u32]) -> Result<()> {
    let mut kill = Command::new("kill");
    kill.arg(signal).args(processes.iter().map(u32::to_string));
    // It complains of those that have ended meanwhile.
    kill.output().context("cannot start `kill`")?;
    Ok(())
}

/// A process that has ended, and of which nobody has asked how, does not count.
fn is_alive(process: u32) -> bool {
    state(process).is_some_and(|(state, _)| state != "Z")
}

/// The state of a process, as the system has it, and its parent.
fn state(process: u32) -> Option<(String, u32)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, which is in brackets, may hold anything.
    let mut words = text.rsplit_once(')')?.1.split_whitespace();
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    #[test]
    fn a_grandchild_in_a_session_of_its_own_is_killed_too() -> Result<()> {
        if cfg!(not(target_os = "linux")) {
            return Ok(());
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", "setsid sh -c 'echo $$; sleep 600' & wait"]).stdout(Stdio::piped());
        let mut child = shell.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let grandchild: u32 = line.trim().parse()?;
        assert!(tree(child.id()).contains(&grandchild) && is_alive(grandchild));
        kill_tree(child.id())?;
        assert!(!is_alive(grandchild));
        child.wait()?;
        Ok(())
    }
}

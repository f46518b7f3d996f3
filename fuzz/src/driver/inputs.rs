//! Makes inputs: random ones, and changes of those that are committed.

use crate::Target;
use anyhow::{Context, Result};
use oorandom::Rand64;
use std::path::{Path, PathBuf};

/// The folder of this crate.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The committed inputs of a target, in the order of their names.
pub fn seeds(target: &Target) -> Result<Vec<Vec<u8>>> {
    let folder = folder().join("seeds").join(target.name);
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    let read = |path: &PathBuf| std::fs::read(path).with_context(|| display(path));
    paths.iter().map(read).collect()
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// A source of inputs.
pub struct Inputs<'a> {
    random: Rand64,
    seeds: &'a [Vec<u8>],
    longest: usize,
}

impl<'a> Inputs<'a> {
    pub fn new(seed: u128, seeds: &'a [Vec<u8>], longest: usize) -> Self {
        Self { random: Rand64::new(seed), seeds, longest }
    }

    /// Writes the next input.
    pub fn next(&mut self, input: &mut Vec<u8>) {
        input.clear();
        if self.seeds.is_empty() || self.below(2) == 0 {
            let most = self.longest;
            let length = 1 + self.below(most);
            self.append(input, length);
        } else {
            input.extend_from_slice(&self.seeds[self.below(self.seeds.len())]);
            for _ in 0..=self.below(4) {
                self.change(input);
            }
            input.truncate(self.longest);
        }
    }

    fn below(&mut self, count: usize) -> usize {
        self.random.rand_range(0..count.max(1) as u64) as usize
    }

    fn append(&mut self, input: &mut Vec<u8>, length: usize) {
        let end = input.len() + length;
        while input.len() < end {
            input.extend_from_slice(&self.random.rand_u64().to_le_bytes());
        }
        input.truncate(end);
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(8)).min(input.len());
        match self.below(8) {
            // A bit, a byte, and numbers at the edges of their types.
            0 => input[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << (end % 8)),
            1 | 2 => {
                let value = self.below(256) as u8;
                input[at..end].iter_mut().take(1).for_each(|byte| *byte = value);
            }
            3 => {
                let value = [0, 1, 0x7f, 0x80, 0xff][self.below(5)];
                input[at..end].fill(value);
            }
            // Bytes are put in, taken out, moved, or come from another input.
            4 => {
                let length = 1 + self.below(8);
                let mut rest = input.split_off(at);
                self.append(input, length);
                input.append(&mut rest);
            }
            5 => drop(input.drain(at..end)),
            6 => {
                let from = self.below(input.len() + 1);
                let part = input[from.min(at)..from.max(at)].to_vec();
                input.splice(at..at, part);
            }
            _ => {
                let other = &self.seeds[self.below(self.seeds.len())];
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
}

//! Which instructions were executed, from the blocks that QEMU tells.

use super::instruction::Instruction;
use super::listing::Listing;
use anyhow::{Context, Result};

/// An instruction that was executed.
#[derive(Clone, Copy, Debug)]
pub struct Executed<'a> {
    pub instruction: &'a Instruction,
    /// Whether the one after it is not the next in memory.
    pub jumps: bool,
}

/// Follows QEMU's log of blocks. A line tells only where a block begins; where it ends is known
/// when the next line comes.
pub struct Blocks<'a> {
    listing: &'a Listing,
    /// Where the block begins whose end is not known yet.
    begun: Option<u32>,
}

impl<'a> Blocks<'a> {
    pub fn new(listing: &'a Listing) -> Self {
        Self { listing, begun: None }
    }

    /// Takes a line of the log, and hands on what was executed before it; `false` where the line is
    /// of something else.
    pub fn told(&mut self, line: &str, tell: impl FnMut(Executed<'a>)) -> Result<bool> {
        if line.starts_with("Trace ") {
            let begin = begin_of(line).with_context(|| format!("QEMU said {line:?}"))?;
            if let Some(start) = self.begun.replace(begin) {
                block(self.listing.from(start)?, start, begin, tell);
            }
        } else if line.starts_with("Stopped execution of TB chain before") {
            // The block of the line before was not executed; it is told again.
            self.begun = None;
        } else if let Some(end) = line.strip_prefix("cpu_io_recompile: rewound execution of TB to ")
        {
            // The block of the line before ends early, at an access of the hardware.
            let end = u32::from_str_radix(end.trim(), 16)
                .with_context(|| format!("QEMU said {line:?}"))?;
            if let Some(start) = self.begun.take().filter(|start| *start != end) {
                block(self.listing.from(start)?, start, end, tell);
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

/// Where the block of such a line begins:
/// `Trace 0: 0x7f2868000100 [00800408/00000400/00000110/ff020201] Reset`.
fn begin_of(line: &str) -> Option<u32> {
    let (_, fields) = line.split_once('[')?;
    u32::from_str_radix(fields.split('/').nth(1)?, 16).ok()
}

/// Hands on the instructions of a block, after which another begins at `next`: up to the first
/// branch, or to `next` where that comes earlier. A loop may lead into the middle of its first
/// round's block, so a branch that goes to `next` is believed first.
fn block<'a>(from: &'a [Instruction], start: u32, next: u32, mut tell: impl FnMut(Executed<'a>)) {
    let last = from.iter().position(Instruction::ends_block).unwrap_or(from.len());
    let whole = from.get(..=last).unwrap_or(from);
    let leads_on = whole.last().is_some_and(|last| last.target == Some(next));
    let inside = start < next && whole.iter().any(|own| own.address == next);
    for instruction in whole {
        if inside && !leads_on && instruction.address == next {
            return;
        }
        let jumps = instruction.ends_block() && instruction.end() != next;
        tell(Executed { instruction, jumps });
    }
}

#[cfg(test)]
mod tests {
    use super::super::instruction::parse_line;
    use super::*;

    /// A loop of three instructions behind one, and one after it.
    fn code() -> Vec<Instruction> {
        let lines = [
            "10: 2000 \tmovs\tr0, #0x0",
            "12: 3001 \tadds\tr0, #0x1",
            "14: 280a \tcmp\tr0, #0xa",
            "16: d1fc \tbne\t0x12",
            "18: 4770 \tbx\tlr",
        ];
        lines.iter().map(|line| parse_line(line).unwrap().unwrap()).collect()
    }

    fn executed(next: u32) -> Vec<(u32, bool)> {
        let (code, mut all) = (code(), Vec::new());
        block(&code, 0x10, next, |own| all.push((own.instruction.address, own.jumps)));
        all
    }

    #[test]
    fn a_block_goes_to_its_branch_which_jumps_or_not() {
        assert_eq!(executed(0x12), [(0x10, false), (0x12, false), (0x14, false), (0x16, true)]);
        assert_eq!(executed(0x18).last(), Some(&(0x16, false)));
        assert_eq!(executed(0x400).last(), Some(&(0x16, true)));
    }

    #[test]
    fn a_block_ends_early_where_the_next_begins_inside_of_it() {
        assert_eq!(executed(0x14), [(0x10, false), (0x12, false)]);
    }

    #[test]
    fn the_begin_is_the_second_field() {
        let line = "Trace 0: 0x7f2868000100 [00800408/00000400/00000110/ff020201] Reset";
        assert_eq!(begin_of(line), Some(0x400));
    }
}

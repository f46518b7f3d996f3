//! The languages that a project can be in.

use super::board::{BOARDS, Board, C};
use anyhow::{Context, Result};
use clap::ValueEnum;

/// As `--language` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust
    Rust,
    /// C, with the network as a static library
    C,
}

impl Language {
    /// What a project in C has to know of a board, and nothing for one in Rust; an error where the
    /// board has no project in C.
    pub fn on(self, board: &'static Board) -> Result<Option<&'static C>> {
        if self == Self::Rust {
            return Ok(None);
        }
        let has = BOARDS.iter().filter(|board| board.c.is_some()).map(|board| board.name);
        let c = board.c.as_ref().with_context(|| {
            format!(
                "the {} has no project in C: --language c is there for {}. Take one \
                 of those boards, or leave --language away for a project in Rust",
                board.what,
                Vec::from_iter(has).join(" and "),
            )
        })?;
        Ok(Some(c))
    }
}

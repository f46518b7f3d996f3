//! `cargo xtask boards`: builds the firmware of the retail boards, and prints what it takes of
//! each.

use crate::device::elf::{self, Sizes};
use anyhow::Result;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use std::path::PathBuf;
use workbench::setup;
use workbench::workspace::{capture, cargo, root};

/// A board that one can buy; its folder below `boards`, a workspace of its own, has the same name.
pub struct Board {
    /// The name that its maker gives it.
    pub name: &'static str,
    core: &'static str,
    /// The Rust target of its core.
    pub target: &'static str,
}

/// All of them.
pub const BOARDS: [Board; 4] = [
    Board { name: "nrf52840-dk", core: "Cortex-M4F", target: "thumbv7em-none-eabihf" },
    Board { name: "nucleo-f446re", core: "Cortex-M4F", target: "thumbv7em-none-eabihf" },
    Board { name: "nucleo-h743zi", core: "Cortex-M7F", target: "thumbv7em-none-eabihf" },
    Board { name: "pico2", core: "Cortex-M33F", target: "thumbv8m.main-none-eabihf" },
];

impl Board {
    /// Where its workspace is.
    pub fn folder(&self) -> PathBuf {
        root().join("boards").join(self.name)
    }

    /// Builds its firmware, as `cargo run --release` in its folder would, and measures it.
    pub fn build(&self) -> Result<Sizes> {
        let target_directory = root().join("boards/target");
        let mut command = cargo();
        command.current_dir(self.folder()).args(["build", "--release", "--locked"]);
        command.args(["--target", self.target, "--target-dir"]).arg(&target_directory);
        capture(&mut command, &format!("building the firmware of the {}", self.name))?;
        elf::sizes(&target_directory.join(self.target).join("release").join(self.name))
    }
}

/// Runs the command.
pub fn boards() -> Result<()> {
    setup::rust_targets(&BOARDS.map(|board| board.target))?;
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(["board", "core", "flash", "static RAM"]);
    for board in BOARDS {
        let Sizes { flash_bytes, static_ram_bytes } = board.build()?;
        let kilobytes = |bytes| format!("{:.1} KB", bytes as f64 / 1024.0);
        let sizes = [kilobytes(flash_bytes), kilobytes(static_ram_bytes)];
        table.add_row([board.name, board.core].map(str::to_owned).into_iter().chain(sizes));
    }
    println!("{table}");
    Ok(())
}

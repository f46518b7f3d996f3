//! The boards that a project can be for: what they have, and the templates of what differs.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

const KIB: usize = 1024;

/// A board.
#[derive(Debug)]
pub struct Board {
    /// What `--board` calls it.
    pub name: &'static str,
    /// What it is, in words.
    pub what: &'static str,
    /// The Rust target of its core.
    pub target: &'static str,
    /// Where its flash begins.
    pub flash_start: usize,
    /// Bytes of flash that a program and its checkpoints may take.
    pub flash_bytes: usize,
    /// Bytes of RAM that a program may take.
    pub ram_bytes: usize,
    /// Bytes that its flash erases at once, as its driver has it.
    pub erase_bytes: usize,
    /// Whether QEMU models it: samples and checkpoints are files of the host then.
    pub emulated: bool,
    /// Its part of the project.
    pub templates: Templates,
    /// What a project in C has to know, where there is one.
    pub c: Option<C>,
}

/// A board for C, which QEMU models.
#[derive(Debug)]
pub struct C {
    /// What tells the compiler of its core.
    pub core: &'static str,
    /// QEMU's name for it.
    pub machine: &'static str,
}

/// What differs from board to board.
#[derive(Debug)]
pub struct Templates {
    /// The lines of its crates in Cargo.toml.
    pub dependencies: &'static str,
    /// `src/board.rs`, but for what boards of a kind share.
    pub board: &'static str,
    /// `memory.x`.
    pub memory: &'static str,
    /// `.cargo/config.toml`.
    pub config: &'static str,
}

macro_rules! templates {
    ($folder:literal, $kind:literal) => {
        Templates {
            dependencies: include_str!(concat!("templates/", $kind, "/dependencies.toml")),
            board: include_str!(concat!("templates/", $kind, "/board.rs")),
            memory: include_str!(concat!("templates/", $folder, "/memory.x")),
            config: include_str!(concat!("templates/", $folder, "/config.toml")),
        }
    };
}

/// All of them.
pub static BOARDS: [Board; 6] = [
    Board {
        name: "qemu-m4f",
        what: "Cortex-M4F that QEMU emulates (MPS2, AN386)",
        target: "thumbv7em-none-eabihf",
        flash_start: 0,
        flash_bytes: 4096 * KIB,
        ram_bytes: 4096 * KIB,
        erase_bytes: 4 * KIB,
        emulated: true,
        templates: templates!("qemu-m4f", "emulated"),
        c: Some(C { core: "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16", machine: "mps2-an386" }),
    },
    Board {
        name: "qemu-m55",
        what: "Cortex-M55 that QEMU emulates (MPS3, AN547)",
        target: "thumbv8m.main-none-eabihf",
        flash_start: 0,
        flash_bytes: 512 * KIB,
        ram_bytes: 256 * KIB,
        erase_bytes: 4 * KIB,
        emulated: true,
        templates: templates!("qemu-m55", "emulated"),
        c: Some(C { core: "-mcpu=cortex-m55", machine: "mps3-an547" }),
    },
    Board {
        name: "nrf52840-dk",
        what: "nRF52840 DK",
        target: "thumbv7em-none-eabihf",
        flash_start: 0,
        flash_bytes: 1024 * KIB,
        ram_bytes: 256 * KIB,
        erase_bytes: 4 * KIB,
        emulated: false,
        templates: templates!("nrf52840-dk", "nrf52840-dk"),
        c: None,
    },
    Board {
        name: "nucleo-f446re",
        what: "Nucleo-F446RE",
        target: "thumbv7em-none-eabihf",
        flash_start: 0x0800_0000,
        flash_bytes: 512 * KIB,
        ram_bytes: 128 * KIB,
        erase_bytes: 128 * KIB,
        emulated: false,
        templates: templates!("nucleo-f446re", "nucleo-f446re"),
        c: None,
    },
    Board {
        name: "nucleo-h743zi",
        what: "Nucleo-H743ZI",
        target: "thumbv7em-none-eabihf",
        flash_start: 0x0800_0000,
        flash_bytes: 2048 * KIB,
        ram_bytes: 128 * KIB,
        erase_bytes: 128 * KIB,
        emulated: false,
        templates: templates!("nucleo-h743zi", "nucleo-h743zi"),
        c: None,
    },
    Board {
        name: "pico2",
        what: "Raspberry Pi Pico 2",
        target: "thumbv8m.main-none-eabihf",
        flash_start: 0x1000_0000,
        flash_bytes: 4096 * KIB,
        ram_bytes: 512 * KIB,
        erase_bytes: 4 * KIB,
        emulated: false,
        templates: templates!("pico2", "pico2"),
        c: None,
    },
];

/// Finds a board by its name; an unknown name is answered with those that there are.
pub fn parser() -> impl TypedValueParser<Value = &'static Board> {
    let names = BOARDS.iter().map(|board| PossibleValue::new(board.name).help(board.what));
    PossibleValuesParser::new(names).try_map(|name| {
        BOARDS.iter().find(|board| board.name == name).ok_or("there is no such board")
    })
}

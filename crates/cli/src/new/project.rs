//! The files of a project, from the templates.

use super::board::{Board, C};
use super::room::Room;
use crate::dependency::Source;
use std::path::PathBuf;

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("templates/", $path))
    };
}

/// The files of a project in C.
const C_FILES: [(&str, &str); 16] = [
    (".gitignore", template!("c/gitignore")),
    ("CMakeLists.txt", template!("c/CMakeLists.txt")),
    ("README.md", template!("c/README.md")),
    ("board.ld", template!("c/board.ld")),
    ("toolchain.cmake", template!("c/toolchain.cmake")),
    ("src/board.c", template!("c/src/board.c")),
    ("src/board.h", template!("c/src/board.h")),
    ("src/learner.c", template!("c/src/learner.c")),
    ("src/learner.h", template!("c/src/learner.h")),
    ("src/main.c", template!("c/src/main.c")),
    ("src/memory.c", template!("c/src/memory.c")),
    ("src/semihosting.c", template!("c/src/semihosting.c")),
    ("src/semihosting.h", template!("c/src/semihosting.h")),
    ("src/sensor.c", template!("c/src/sensor.c")),
    ("src/sensor.h", template!("c/src/sensor.h")),
    ("src/start.c", template!("c/src/start.c")),
];

/// A project, as it was asked for.
#[derive(Debug)]
pub struct Project<'a> {
    pub name: &'a str,
    pub board: &'static Board,
    /// What the board is to C, where the project is in C.
    pub c: Option<&'static C>,
    pub source: &'a Source,
    pub room: Room,
    /// The name of the model's file in the project, and what else says how it is imported: lines of
    /// build.rs, or for C a command.
    pub model: &'a str,
    pub import: &'a str,
    /// Whether the frozen layers are in int8.
    pub int8: bool,
    /// What a byte of a reading stands for: a factor, and an offset.
    pub byte: (f32, f32),
    /// Where the readings come from, in words.
    pub samples: &'a str,
}

impl Project<'_> {
    /// The files in text, with their places in the project.
    pub fn files(&self) -> Vec<(PathBuf, String)> {
        let values = self.values();
        let fill = |(path, text): (&str, &str)| (PathBuf::from(path), filled(text, &values));
        match self.c {
            Some(_) => C_FILES.map(fill).into(),
            None => self.files_in_rust(fill),
        }
    }

    fn files_in_rust(
        &self,
        fill: impl FnMut((&str, &str)) -> (PathBuf, String),
    ) -> Vec<(PathBuf, String)> {
        let templates = &self.board.templates;
        let emulated = self.board.emulated;
        let (sensor, ignored, end) = match emulated {
            true => (template!("emulated/sensor.rs"), template!("emulated/gitignore"), ""),
            false => (
                template!("retail/sensor.rs"),
                template!("retail/gitignore"),
                template!("retail/end.rs"),
            ),
        };
        let board = format!("{}{end}", templates.board);
        let files = [
            (".cargo/config.toml", templates.config),
            (".gitignore", ignored),
            ("Cargo.toml", template!("common/Cargo.toml.in")),
            ("README.md", template!("common/README.md")),
            ("build.rs", template!("common/build.rs")),
            ("memory.x", templates.memory),
            ("src/board.rs", &board),
            ("src/learner.rs", template!("common/src/learner.rs")),
            ("src/main.rs", template!("common/src/main.rs")),
            ("src/model.rs", template!("common/src/model.rs")),
            ("src/sensor.rs", sensor),
        ];
        files.map(fill).into()
    }

    /// What takes the places in the templates.
    fn values(&self) -> Vec<(&'static str, String)> {
        let Self { board, room: Room { labels, checkpoint_bytes, .. }, source, .. } = self;
        let (scale, offset) = self.byte;
        let start = board.flash_bytes - checkpoint_bytes;
        let (features, defmt) = match board.emulated {
            true => ("\"checkpoints\", \"heapless\"", template!("emulated/build_defmt.rs")),
            false => {
                ("\"checkpoints\", \"defmt\", \"heapless\"", template!("retail/build_defmt.rs"))
            }
        };
        let own_features = if board.emulated { template!("emulated/features.toml") } else { "" };
        let (run, notes, sensor) = match board.emulated {
            true => (
                template!("emulated/run.txt"),
                template!("emulated/notes.md"),
                "stands in for a sensor with the readings of `samples.bin`",
            ),
            false => (
                template!("retail/run.txt"),
                template!("retail/notes.md"),
                "stands in for a sensor with readings in flash",
            ),
        };
        let (core, machine) = self.c.map_or(("", ""), |c| (c.core, c.machine));
        vec![
            ("name", self.name.to_owned()),
            ("what", board.what.to_owned()),
            ("target", board.target.to_owned()),
            ("labels", labels.to_string()),
            ("zero", if self.int8 { "0" } else { "0.0" }.to_owned()),
            ("scale", format!("{scale:?}")),
            ("offset", format!("{offset:?}")),
            ("model", self.model.to_owned()),
            ("import", self.import.to_owned()),
            ("samples", self.samples.to_owned()),
            ("sensor", sensor.to_owned()),
            ("run", run.trim_end().to_owned()),
            ("notes", notes.trim_end().to_owned()),
            ("defmt", defmt.to_owned()),
            ("features", own_features.to_owned()),
            ("dependencies", board.templates.dependencies.to_owned()),
            ("rolling-ball", source.of("")),
            ("rolling-ball-features", features.to_owned()),
            ("rolling-ball-import", source.of("crates/import")),
            ("core", core.to_owned()),
            ("machine", machine.to_owned()),
            ("flash_kib", (board.flash_bytes / 1024).to_string()),
            ("ram_kib", (board.ram_bytes / 1024).to_string()),
            ("erase_bytes", board.erase_bytes.to_string()),
            ("checkpoint_bytes", hexadecimal(*checkpoint_bytes)),
            ("checkpoint_kib", (checkpoint_bytes / 1024).to_string()),
            ("checkpoint_start", hexadecimal(start)),
            ("checkpoint_end", hexadecimal(board.flash_bytes)),
            ("checkpoint_address", hexadecimal(board.flash_start + start)),
        ]
    }
}

fn hexadecimal(number: usize) -> String {
    let mut digits = format!("{number:x}");
    if digits.len() > 4 {
        digits.insert(digits.len() - 4, '_');
    }
    format!("0x{digits}")
}

/// The text with each `{{name}}` replaced by its value. Values may hold names that come before
/// their own.
fn filled(text: &str, values: &[(&str, String)]) -> String {
    let fill = |text: String, (name, value): &(&str, String)| {
        text.replace(&format!("{{{{{name}}}}}"), value)
    };
    values.iter().rev().fold(text.to_owned(), fill)
}

#[cfg(test)]
mod tests {
    use super::super::board::BOARDS;
    use super::*;
    use anyhow::Result;

    #[test]
    fn a_project_in_c_has_no_place_that_was_not_filled() -> Result<()> {
        let source = "0.1".parse()?;
        for board in BOARDS.iter().filter(|board| board.c.is_some()) {
            let room = Room { labels: 7, labels_in_ram: 7, checkpoint_bytes: 8192, ram_bytes: 9 };
            let project = Project {
                name: "name",
                board,
                c: board.c.as_ref(),
                source: &source,
                room,
                model: "model.tflite",
                import: "rolling-ball import",
                int8: true,
                byte: (1.0, -0.5),
                samples: "none",
            };
            for (path, text) in project.files() {
                assert!(!text.contains("{{"), "{}: {text}", path.display());
            }
        }
        Ok(())
    }
}

//! The firmware of retail boards. It is built, not run: the hardware is not here.

use super::TestArgs;
use super::part::Part;
use crate::boards::BOARDS;
use workbench::progress::during;

/// One board of each vendor.
const ALWAYS: [&str; 3] = ["nrf52840-dk", "nucleo-f446re", "pico2"];

pub fn part(args: &TestArgs) -> Part {
    let targets = BOARDS.map(|board| board.target);
    let mut part = Part::new("boards", args).builds_for(&targets);
    for board in BOARDS {
        let name = board.name.replace('-', "_");
        let always = ALWAYS.contains(&board.name);
        let sentence = format!("the_firmware_of_the_{name}_builds");
        let check =
            move || during(&format!("building for the {}", board.name), || board.build()).map(drop);
        // New projects are built for all of them every time.
        part = match always {
            true => part.test(sentence, check),
            false => part.long_test(sentence, check),
        };
    }
    part
}

//! The firmware of retail boards. It is built, not run: the hardware is not here.

use super::TestArgs;
use super::part::Part;
use crate::boards::BOARDS;
use workbench::progress::during;

pub fn part(args: &TestArgs) -> Part {
    let targets = BOARDS.map(|board| board.target);
    let mut part = Part::new("boards", args).builds_for(&targets);
    for board in BOARDS {
        let name = board.name.replace('-', "_");
        part = part.test(format!("the_firmware_of_the_{name}_builds"), move || {
            during(&format!("building for the {}", board.name), || board.build()).map(drop)
        });
    }
    part
}

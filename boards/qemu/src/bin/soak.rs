//! Makes as many steps of every optimizer as its command line says, on the landscape that it names,
//! as in `1000:cliff`; for `cargo xtask soak`.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::command_line::command_line;
use qemu_board::{exit, firmware, print_line};
use scenario::soak::{Cell, Landscape};

#[entry]
fn main() -> ! {
    firmware::prepare();
    let mut buffer = [0; 32];
    let said = str::from_utf8(command_line(&mut buffer)).unwrap_or_default();
    let Some((steps, landscape)) = parse(said) else {
        print_line!("expected steps and a landscape, as in 1000:cliff, got {said:?}");
        exit::failure()
    };
    for cell in Cell::all(false).filter(|cell| cell.landscape == landscape) {
        match cell.run(steps, |_| {}) {
            Ok(tally) => print_line!("{cell}: {tally}"),
            Err(broken) => print_line!("{cell}: {broken}"),
        }
    }
    exit::success()
}

fn parse(said: &str) -> Option<(u32, Landscape)> {
    let (steps, name) = said.split_once(':')?;
    let landscape = Landscape::ALL.into_iter().find(|landscape| landscape.name() == name)?;
    Some((steps.parse().ok()?, landscape))
}

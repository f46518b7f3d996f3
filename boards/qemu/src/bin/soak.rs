//! Makes as many steps as its command line says, of every optimizer on every landscape of the soak,
//! for `cargo xtask soak`.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use qemu_board::command_line::command_line;
use qemu_board::{exit, firmware, print_line};
use scenario::soak::Cell;

#[entry]
fn main() -> ! {
    firmware::prepare();
    let mut buffer = [0; 16];
    let said = str::from_utf8(command_line(&mut buffer)).unwrap_or_default();
    let Ok(steps) = said.trim().parse() else {
        print_line!("expected a number of steps as the command line, got {said:?}");
        exit::failure()
    };
    for cell in Cell::all() {
        match cell.run(steps, |_| {}) {
            Ok(tally) => print_line!("{cell}: {tally}"),
            Err(broken) => print_line!("{cell}: {broken}"),
        }
    }
    exit::success()
}

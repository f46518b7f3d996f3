//! No panic and no allocator: read from the symbols of a binary that calls every entry point.

use super::part::Part;
use super::{FORBIDDEN, TestArgs};
use crate::device::qemu::MPS2_AN386;
use crate::device::{Build, elf};
use anyhow::{Result, ensure};

pub fn part(args: &TestArgs) -> Part {
    Part::new("panics", args)
        .builds_for(&[MPS2_AN386.target])
        .test("no_entry_point_of_the_core_can_panic_or_allocate", check)
}

fn check() -> Result<()> {
    let build = Build::firmware("test", &MPS2_AN386, "panic_check");
    let binary = Build { package: "panic_check", ..build }.run()?;
    let mut found = elf::symbols_matching(&binary, &FORBIDDEN)?;
    // The package's own name is in the names of all its functions.
    found.retain(|name| {
        let name = name.replace("panic_check", "");
        FORBIDDEN.iter().any(|forbidden| name.contains(forbidden))
    });
    ensure!(found.is_empty(), "the binary of every entry point of the core contains {found:?}");
    // An empty list proves something only where the core is in there.
    let core = elf::symbols_matching(&binary, &["rolling_ball::"])?;
    ensure!(
        !core.is_empty(),
        "the binary of every entry point does not contain the core: was it linked away?"
    );
    Ok(())
}

//! Gives each firmware binary its own memory budget at link time, on the machine that is built for,
//! and finds the flash images.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

const KIB: u32 = 1024;

/// A board that QEMU models: where its memories lie, and what SysTick counts.
struct Machine {
    name: &'static str,
    flash: (u32, u32),
    ram: (u32, u32),
    systick_hz: u32,
}

/// The maps are those of QEMU 7.2; a wrong clock is found at start (`src/instructions.rs`).
const MACHINES: [Machine; 6] = [
    Machine {
        name: "microbit",
        flash: (0x0000_0000, 256 * KIB),
        ram: (0x2000_0000, 16 * KIB),
        systick_hz: 16_000_000,
    },
    mps2("mps2-an385"),
    mps2("mps2-an386"),
    mps2("mps2-an500"),
    Machine {
        name: "mps2-an505",
        flash: (0x1000_0000, 4096 * KIB),
        ram: (0x3800_0000, 2048 * KIB),
        systick_hz: 20_000_000,
    },
    Machine {
        name: "mps3-an547",
        flash: (0x0000_0000, 512 * KIB),
        ram: (0x2000_0000, 256 * KIB),
        systick_hz: 32_000_000,
    },
];

const fn mps2(name: &'static str) -> Machine {
    let megabytes = 4096 * KIB;
    Machine {
        name,
        flash: (0x0000_0000, megabytes),
        ram: (0x2000_0000, megabytes),
        systick_hz: 25_000_000,
    }
}

/// What a binary may take, in bytes. A binary that does not fit fails to link.
struct Budget {
    flash: u32,
    ram: u32,
    /// The part of the RAM that is the stack.
    stack: u32,
}

const DIGITS: Budget = Budget { flash: 128 * KIB, ram: 64 * KIB, stack: 8 * KIB };
const SPEAKERS: Budget = Budget { flash: 512 * KIB, ram: 256 * KIB, stack: 8 * KIB };
const SPEAKERS_CNN: Budget = Budget { flash: 512 * KIB, ram: 128 * KIB, stack: 8 * KIB };
const TRIALS: Budget = Budget { flash: 512 * KIB, ram: 64 * KIB, stack: 32 * KIB };
const SMALL: Budget = Budget { flash: 256 * KIB, ram: 16 * KIB, stack: 4 * KIB };

const BUDGETS: &[(&str, Budget)] = &[
    ("last_layer", Budget { stack: 3 * KIB, ..SMALL }),
    ("losses_only", Budget { ram: 10 * KIB, stack: 5 * KIB / 2, ..SMALL }),
    ("calibration", Budget { flash: 32 * KIB, ram: 4 * KIB, stack: 2 * KIB }),
    ("digits", DIGITS),
    ("speakers", SPEAKERS),
    ("speakers_cnn", SPEAKERS_CNN),
    ("transaction", SPEAKERS),
    ("fleet", SPEAKERS),
    ("alone", SPEAKERS),
    ("superloop", DIGITS),
    ("interrupt", DIGITS),
    ("power_failures", DIGITS),
    ("logged", DIGITS),
    ("faults", SMALL),
    ("soak", TRIALS),
    ("flips", TRIALS),
    ("subnormals", SMALL),
    ("lanes", SPEAKERS),
    ("byte_products", SMALL),
    ("passes", SMALL),
    ("slice", SMALL),
    ("bench_step", SMALL),
    ("bench_int8", SMALL),
    ("bench_passes", SPEAKERS),
    ("size", DIGITS),
    ("stack", Budget { flash: 256 * KIB, ram: 16 * KIB, stack: 6 * KIB }),
];

/// The variable that names the board; `cargo xtask` sets it.
const MACHINE: &str = "ROLLING_BALL_MACHINE";
const DEFAULT_MACHINE: &str = "mps2-an386";

/// The variable that names the folder of the images, with weights, samples and settings as
/// `rolling_ball_rehearsal::Image` reads them.
const IMAGES: &str = "ROLLING_BALL_IMAGES";

/// The scenarios with images: `DIGITS_IMAGE` is the path of `digits.image`, and so on.
const SCENARIOS: [&str; 5] = ["last_layer", "losses_only", "digits", "speakers", "speakers_cnn"];

fn main() -> Result<(), Box<dyn Error>> {
    let output = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={IMAGES}");
    println!("cargo:rerun-if-env-changed={MACHINE}");
    images(&output)?;
    architecture()?;
    let machine = machine()?;
    println!("cargo:rustc-env=SYSTICK_HZ={}", machine.systick_hz);

    // This is for all binaries, so that one without a budget fails because it has no memory.x.
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    for (name, budget) in BUDGETS {
        let directory = output.join(name);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("memory.x"), memory_script(&machine, budget))?;
        fs::write(directory.join("budget.x"), budget_script(name, &machine, budget))?;
        let directory = directory.display();
        println!("cargo:rustc-link-arg-bin={name}=-L{directory}");
        println!("cargo:rustc-link-arg-bin={name}=-T{directory}/budget.x");
    }
    // These are the strings of the log, which stay on the host.
    println!("cargo:rustc-link-arg-bin=logged=-Tdefmt.x");
    Ok(())
}

fn machine() -> Result<Machine, Box<dyn Error>> {
    let wanted = env::var(MACHINE).unwrap_or_else(|_| DEFAULT_MACHINE.to_owned());
    let names = MACHINES.map(|machine| machine.name).join(", ");
    MACHINES
        .into_iter()
        .find(|machine| machine.name == wanted)
        .ok_or_else(|| format!("{MACHINE}: no machine {wanted:?}; expected one of {names}").into())
}

/// Passes on whether this is `armv6m`, `armv7m` or `armv8m`, since what guards the stack differs.
fn architecture() -> Result<(), Box<dyn Error>> {
    println!("cargo:rustc-check-cfg=cfg(armv6m, armv7m, armv8m)");
    let target = env::var("TARGET")?;
    for (prefix, architecture) in
        [("thumbv6m", "armv6m"), ("thumbv7", "armv7m"), ("thumbv8m.main", "armv8m")]
    {
        if target.starts_with(prefix) {
            println!("cargo:rustc-cfg={architecture}");
        }
    }
    Ok(())
}

/// Passes on where the images are. Without its image a firmware still builds, and says at run time
/// what is missing.
fn images(output: &Path) -> Result<(), Box<dyn Error>> {
    let folder = env::var_os(IMAGES).map(PathBuf::from);
    if folder.is_none() {
        println!(
            "cargo:warning={IMAGES} is not set: the firmware has no image (cargo xtask makes them)"
        );
    }
    let empty = output.join("empty.image");
    fs::write(&empty, [])?;
    for scenario in SCENARIOS {
        let path = folder.as_ref().map(|folder| folder.join(scenario).with_extension("image"));
        let path = match path {
            // The compiler watches the content of the file.
            Some(path) if path.is_file() => fs::canonicalize(path)?,
            Some(path) => {
                println!("cargo:rerun-if-changed={}", path.display());
                empty.clone()
            }
            None => empty.clone(),
        };
        println!("cargo:rustc-env={}_IMAGE={}", scenario.to_uppercase(), path.display());
    }
    Ok(())
}

/// The flash, the stack at the bottom of the RAM, and the RAM above it. Where the budget is larger
/// than the machine, the machine's size counts, and what does not fit there fails to link there.
fn regions(machine: &Machine, budget: &Budget) -> [(u32, u32); 3] {
    let (ram, length) = machine.ram;
    let data = budget.ram.min(length) - budget.stack;
    [
        (machine.flash.0, budget.flash.min(machine.flash.1)),
        (ram, budget.stack),
        (ram + budget.stack, data),
    ]
}

/// The regions, which link.x of cortex-m-rt includes. The stack grows away from the static data, so
/// a stack that overflows leaves the RAM.
fn memory_script(machine: &Machine, budget: &Budget) -> String {
    let [flash, stack, ram] = regions(machine, budget);
    format!(
        "MEMORY
{{
  FLASH : ORIGIN = {:#010x}, LENGTH = {}
  STACK : ORIGIN = {:#010x}, LENGTH = {}
  RAM : ORIGIN = {:#010x}, LENGTH = {}
}}
_stack_end = ORIGIN(STACK);
_stack_start = ORIGIN(STACK) + LENGTH(STACK);
",
        flash.0, flash.1, stack.0, stack.1, ram.0, ram.1
    )
}

/// This is read after link.x, and fails the link when link.x has found some other memory.x. The
/// linker first looks in its working directory and in the search paths of the dependencies.
fn budget_script(name: &str, machine: &Machine, budget: &Budget) -> String {
    let [flash, _, ram] = regions(machine, budget);
    format!(
        "ASSERT(ORIGIN(RAM) == {:#010x} && LENGTH(RAM) == {},
  \"the RAM of {name} is not the one of build.rs: another memory.x was found first\");
ASSERT(ORIGIN(FLASH) == {:#010x} && LENGTH(FLASH) == {},
  \"the flash of {name} is not the one of build.rs: another memory.x was found first\");
",
        ram.0, ram.1, flash.0, flash.1
    )
}

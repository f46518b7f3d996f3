//! The cores and float ABIs that there is a compiled library for.

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Core {
    /// The name of its folder, as bindings/c/cmake/core.cmake gives it.
    pub name: &'static str,
    /// What it is for.
    pub what: &'static str,
    /// The target of Rust, and the flags for it beyond.
    pub target: &'static str,
    pub flags: &'static str,
    /// What Arduino's boards call the core, with the unit and the ABI where there is a choice.
    pub arduino: &'static [&'static str],
    /// What a CMSIS pack calls it.
    pub pack: Option<&'static str>,
}

const fn core(
    name: &'static str,
    what: &'static str,
    target: &'static str,
    flags: &'static str,
    arduino: &'static [&'static str],
    pack: Option<&'static str>,
) -> Core {
    Core { name, what, target, flags, arduino, pack }
}

pub static CORES: [Core; 12] = [
    core(
        "cortex-m0",
        "Cortex-M0, M0+ and M1",
        "thumbv6m-none-eabi",
        "",
        &["cortex-m0", "cortex-m0plus"],
        Some("Dcore=\"Cortex-M0\""),
    ),
    core(
        "cortex-m3",
        "Cortex-M3; M4 and M7 with `-mfloat-abi=soft`",
        "thumbv7m-none-eabi",
        "",
        &["cortex-m3"],
        Some("Dcore=\"Cortex-M3\""),
    ),
    core(
        "cortex-m4-hard",
        "Cortex-M4F, and M7 with a unit for floats only, `-mfloat-abi=hard`",
        "thumbv7em-none-eabihf",
        "",
        &["cortex-m4/fpv4-sp-d16-hard"],
        Some("Dcore=\"Cortex-M4\" Dfpu=\"SP_FPU\""),
    ),
    core(
        "cortex-m4-softfp",
        "the same with `-mfloat-abi=softfp`: the unit is used",
        "thumbv7em-none-eabi",
        "-Ctarget-cpu=cortex-m4",
        &["cortex-m4/fpv4-sp-d16-softfp"],
        None,
    ),
    core(
        "cortex-m7-hard",
        "Cortex-M7 with a unit for doubles, `-mfloat-abi=hard`",
        "thumbv7em-none-eabihf",
        "-Ctarget-cpu=cortex-m7",
        &["cortex-m7/fpv5-d16-hard"],
        Some("Dcore=\"Cortex-M7\" Dfpu=\"DP_FPU\""),
    ),
    core(
        "cortex-m33-hard",
        "Cortex-M33, `-mfloat-abi=hard`",
        "thumbv8m.main-none-eabihf",
        "-Ctarget-cpu=cortex-m33",
        &["cortex-m33/fpv5-sp-d16-hard"],
        Some("Dcore=\"Cortex-M33\" Dfpu=\"SP_FPU\""),
    ),
    core(
        "cortex-m55-hard",
        "Cortex-M55 with Helium, `-mfloat-abi=hard`",
        "thumbv8m.main-none-eabihf",
        "-Ctarget-cpu=cortex-m55",
        &[],
        Some("Dcore=\"Cortex-M55\""),
    ),
    core(
        "riscv32imc",
        "`-march=rv32imc -mabi=ilp32`: ESP32-C2, C3",
        "riscv32imc-unknown-none-elf",
        "",
        &["esp32c3"],
        None,
    ),
    core(
        "riscv32imac",
        "`-march=rv32imac -mabi=ilp32`: ESP32-C6, H2, GD32V",
        "riscv32imac-unknown-none-elf",
        "",
        &["esp32c6", "esp32h2"],
        None,
    ),
    core(
        "riscv32imafc",
        "`-march=rv32imafc -mabi=ilp32f`: ESP32-P4",
        "riscv32imafc-unknown-none-elf",
        "",
        &["esp32p4"],
        None,
    ),
    core("x86_64-linux", "Linux on x86-64", "x86_64-unknown-linux-gnu", "", &[], None),
    core("aarch64-linux", "Linux on 64-bit Arm", "aarch64-unknown-linux-gnu", "", &[], None),
];

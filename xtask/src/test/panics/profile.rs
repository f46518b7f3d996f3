//! The profiles that users build firmware with, as settings over the boards' release profile.

/// Settings for `cargo build --config`.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// As the table has it.
    pub name: &'static str,
    opt_level: &'static str,
    lto: &'static str,
    codegen_units: &'static str,
    pub overflow_checks: Checks,
}

/// Where arithmetic is checked for overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    Nowhere,
    /// In this library, and not in what [`TRUSTED`] names.
    InThisLibrary,
    Everywhere,
}

/// Dependencies whose own arithmetic keeps its checks, though none can fail.
pub const TRUSTED: [&str; 3] = ["libm", "micromath", "crc"];

const CARGO_RELEASE: Profile = Profile {
    name: "cargo's release",
    opt_level: "3",
    lto: "false",
    codegen_units: "16",
    overflow_checks: Checks::Nowhere,
};

/// What cargo gives to whoever sets nothing.
pub const RELEASE: Profile = CARGO_RELEASE;
pub const SMALL: Profile = Profile { name: "opt-level \"s\"", opt_level: "\"s\"", ..RELEASE };
const SMALLEST: Profile = Profile { name: "opt-level \"z\"", opt_level: "\"z\"", ..RELEASE };
pub const LITTLE: Profile = Profile { name: "opt-level 1", opt_level: "1", ..RELEASE };
pub const THIN: Profile = Profile { name: "thin LTO", lto: "\"thin\"", ..RELEASE };
/// That of the firmware in `boards`.
pub const FIRMWARE: Profile = Profile {
    name: "the firmware's: fat LTO, one unit",
    lto: "\"fat\"",
    codegen_units: "1",
    ..RELEASE
};
pub const CHECKED: Profile =
    Profile { name: "release, overflow checks", overflow_checks: Checks::InThisLibrary, ..RELEASE };
const CHECKED_SMALL: Profile =
    Profile { name: "\"s\", overflow checks", opt_level: "\"s\"", ..CHECKED };
pub const CHECKED_SMALLEST: Profile =
    Profile { name: "\"z\", overflow checks", opt_level: "\"z\"", ..CHECKED };
const CHECKED_LITTLE: Profile = Profile { name: "1, overflow checks", opt_level: "1", ..CHECKED };
/// Not in the table: what remains is listed under it.
pub const CHECKED_EVERYWHERE: Profile = Profile {
    name: "release, overflow checks in dependencies too",
    overflow_checks: Checks::Everywhere,
    ..RELEASE
};

/// The rows of the table.
pub const PROFILES: [Profile; 10] = [
    RELEASE,
    SMALL,
    SMALLEST,
    LITTLE,
    THIN,
    FIRMWARE,
    CHECKED,
    CHECKED_SMALL,
    CHECKED_SMALLEST,
    CHECKED_LITTLE,
];

impl Profile {
    /// The arguments of `cargo build`.
    pub fn arguments(&self) -> Vec<String> {
        let Self { opt_level, lto, codegen_units, overflow_checks, .. } = *self;
        let mut settings = vec![
            format!("opt-level={opt_level}"),
            format!("lto={lto}"),
            format!("codegen-units={codegen_units}"),
            format!("overflow-checks={}", overflow_checks != Checks::Nowhere),
            "debug=false".to_owned(),
        ];
        if overflow_checks == Checks::InThisLibrary {
            let off = |name| format!("package.{name}.overflow-checks=false");
            settings.extend(TRUSTED.map(off));
        }
        let config = |setting| ["--config".to_owned(), format!("profile.release.{setting}")];
        settings.into_iter().flat_map(config).collect()
    }
}

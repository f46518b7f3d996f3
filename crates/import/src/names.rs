//! What a network may be called. Its name becomes a Rust module, a prefix of C identifiers and the
//! names of files; it is the only text of a description that does.

use anyhow::{Result, ensure};

/// The most letters of a name.
const LONGEST: usize = 64;

/// Words that Rust keeps for itself, up to edition 2024.
const RUST: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Words that C keeps for itself and Rust does not, up to C23.
const C: [&str; 30] = [
    "alignas",
    "alignof",
    "auto",
    "bool",
    "case",
    "char",
    "constexpr",
    "default",
    "double",
    "float",
    "goto",
    "inline",
    "int",
    "long",
    "nullptr",
    "register",
    "restrict",
    "short",
    "signed",
    "sizeof",
    "static_assert",
    "switch",
    "thread_local",
    "typedef",
    "typeof_unqual",
    "unsigned",
    "void",
    "volatile",
    "union",
    "asm",
];

/// A module of this name hides the crate, or takes the place of a crate's own file.
const CRATES_AND_FILES: [&str; 9] =
    ["alloc", "build", "core", "lib", "main", "proc_macro", "rolling_ball", "std", "test"];

/// NAME.h would hide a header of the C library, such as the one that NAME.h itself includes.
const HEADERS: [&str; 30] = [
    "assert",
    "complex",
    "ctype",
    "errno",
    "fenv",
    "inttypes",
    "iso646",
    "limits",
    "locale",
    "math",
    "setjmp",
    "signal",
    "stdalign",
    "stdarg",
    "stdatomic",
    "stdbit",
    "stdbool",
    "stdckdint",
    "stddef",
    "stdint",
    "stdio",
    "stdlib",
    "stdnoreturn",
    "string",
    "tgmath",
    "threads",
    "time",
    "uchar",
    "wchar",
    "wctype",
];

/// Windows has no files of these names; those with a digit end in any of 0 to 9.
const DEVICES: [&str; 6] = ["aux", "com", "con", "lpt", "nul", "prn"];

/// Checks the name of a network.
pub fn check(name: &str) -> Result<()> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    ensure!(
        name.chars().all(letters)
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.len() <= LONGEST,
        "name = {name:?}: expected lower-case letters, digits and underscores after a letter, at \
         most {LONGEST} in all, as for a Rust module"
    );
    let device = name.strip_suffix(|c: char| c.is_ascii_digit()).unwrap_or(name);
    for (taken, why) in [
        (RUST.contains(&name), "is a word of Rust"),
        (C.contains(&name), "is a word of C"),
        (CRATES_AND_FILES.contains(&name), "is a crate, or a file of every crate"),
        (HEADERS.contains(&name), "is a header of the C library"),
        (DEVICES.contains(&device), "is a device on Windows"),
    ] {
        ensure!(
            !taken,
            "name = {name:?}: {why}, so no module and no file can be called that; expected another \
             name, such as \"{name}_net\""
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(name: &str) -> String {
        check(name).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_word_of_rust_or_c_is_refused_and_one_that_contains_it_is_not() {
        for name in RUST.iter().chain(&C) {
            assert!(complaint(name).contains("is a word of"), "{name}");
            assert_eq!(complaint(&format!("{name}_net")), "");
        }
        for name in ["gestures", "digits_cnn", "a", "gen2", "r2d2", "selfie", "raw"] {
            assert_eq!(complaint(name), "", "{name}");
        }
    }

    #[test]
    fn a_name_that_hides_a_crate_a_header_or_a_device_is_refused() {
        for (name, why) in [
            ("rolling_ball", "is a crate"),
            ("core", "is a crate"),
            ("main", "a file of every crate"),
            ("stdint", "is a header of the C library"),
            ("nul", "is a device on Windows"),
            ("com1", "is a device on Windows"),
        ] {
            assert!(complaint(name).contains(why), "{name}: {}", complaint(name));
        }
    }

    #[test]
    fn what_is_no_identifier_is_refused_and_shown_escaped() {
        for name in [
            "",
            "_",
            "_a",
            "2d",
            "Digits",
            "a b",
            "a-b",
            "../a",
            "a/b",
            "a.rs",
            "a\0",
            "a\n",
            "a\"",
            "a*/",
            "r#fn",
            "naïve",
            "\u{1b}[31m",
            "a\u{202e}",
        ] {
            let said = complaint(name);
            assert!(said.contains("expected lower-case letters"), "{name:?}: {said}");
            assert!(!said.contains(char::is_control), "{said:?}");
        }
        assert!(complaint(&"a".repeat(65)).contains("at most 64"));
        assert_eq!(complaint(&"a".repeat(64)), "");
    }
}

//! The length of lines, in all sources and documents that git knows.

use super::part::skipped;
use anyhow::{Context, Result, bail};
use libtest_mimic::Completion;
use std::fs;
use std::process::Command;
use workbench::workspace::{capture, root};

/// Whether a line that is too long is a failure; else they are only counted.
const ENFORCED: bool = true;

/// The columns that a line may have.
const COLUMNS: usize = 100;

/// The files that are looked at.
const KINDS: [&str; 10] = [
    "*.rs",
    "*.md",
    "*.toml",
    "*.c",
    "*.h",
    "*.hpp",
    "*.cpp",
    "*.cmake",
    "*CMakeLists.txt",
    "*.wgsl",
];

/// What programs wrote.
const GENERATED: [&str; 1] = ["models/generated/"];

/// Fails with a list of the lines that are too long.
pub fn check() -> Result<Completion> {
    let mut listing = Command::new("git");
    listing.arg("ls-files").args(KINDS).current_dir(root());
    let Ok(files) = capture(&mut listing, "git ls-files") else {
        return Ok(skipped("this is not a git repository, which knows what belongs to it"));
    };
    let mut found = Vec::new();
    for file in files.lines().filter(|file| !GENERATED.iter().any(|head| file.starts_with(head))) {
        let path = root().join(file);
        // Deleted, and not yet committed.
        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
        let lines = too_long(&text, file.ends_with(".md"));
        found.extend(lines.into_iter().map(|(line, columns)| format!("{file}:{line}: {columns}")));
    }
    if found.is_empty() {
        return Ok(Completion::Completed);
    }
    let count = found.len();
    if ENFORCED {
        bail!("{count} lines are longer than {COLUMNS} columns:\n{}", found.join("\n"));
    }
    Ok(skipped(format!("{count} lines are still longer; ENFORCED makes that a failure")))
}

/// The numbers of the lines that are too long, and how long they are. In Markdown a row of a table
/// is one line whatever is in it, and so is a link.
fn too_long(text: &str, markdown: bool) -> Vec<(usize, usize)> {
    let may = |line: &str| markdown && (line.trim_start().starts_with('|') || line.contains("]("));
    let numbered = (1..).zip(text.lines());
    let long = numbered.filter(|(_, line)| line.chars().count() > COLUMNS && !may(line));
    long.map(|(number, line)| (number, line.chars().count())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_have_a_hundred_characters_and_no_more() {
        let text = format!("short\n{}\n{}\n", "ä".repeat(100), "a".repeat(101));
        assert_eq!(too_long(&text, false), [(3, 101)]);
    }

    #[test]
    fn in_markdown_tables_and_links_may_be_longer() {
        let (row, link) =
            (format!("| {} |", "a".repeat(100)), format!("[a](b) {}", "a".repeat(100)));
        for line in [row, link] {
            assert_eq!(too_long(&line, true), []);
            assert_eq!(too_long(&line, false).len(), 1);
        }
    }
}

//! What firmware and desktop both run, on the desktop.

use super::TestArgs;
use super::part::Part;
use super::watch::cargo_test;
use workbench::workspace::{cargo, root};

/// Folders below `boards`, and what they hold.
const CRATES: [(&str, &str); 1] = [("gesture", "the_gestures")];

pub fn part(args: &TestArgs) -> Part {
    let mut part = Part::new("rehearsal", args);
    for (folder, what) in CRATES {
        part = part.test(format!("the_tests_of_{what}_pass"), move || {
            let mut command = cargo();
            command.args(["test", "--locked", "--no-fail-fast"]);
            command.current_dir(root().join("boards").join(folder));
            cargo_test(command)
        });
    }
    part
}

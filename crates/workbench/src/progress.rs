//! Progress bars, on stderr.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A bar whose length is set later.
pub fn bar(message: &str, unit: &str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_message(message.to_owned());
    let template = format!("{{msg:32}} {{wide_bar}} {{pos}}/{{len}} {unit}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

/// A spinner for work of unknown length.
pub fn spinner(message: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(message.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// Does work of unknown length behind a spinner.
pub fn during<T>(message: &str, work: impl FnOnce() -> T) -> T {
    let spinner = spinner(message);
    let done = work();
    spinner.finish_and_clear();
    done
}

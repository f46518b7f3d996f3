//! The report as a browser shows it.

use crate::lab;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use workbench::style::COLOURS;
use workbench::workspace::{capture, root};

/// The program, and the Debian package that holds it.
pub const BROWSER: (&str, &str) = ("chromium", "chromium");

/// Wide enough for the report's column, and long enough for its first picture.
const WINDOW: [u32; 2] = [1100, 1600];
/// Pixels of a colour that are more than the edge of another.
const VISIBLE: usize = 100;

/// An experiment's section is in the report as the browser has it, with its pictures drawn.
pub fn check() -> Result<()> {
    capture(&mut lab::command(&["ironing"]), "cargo lab ironing")?;
    let page = root().join("target/lab/index.html");
    let address = format!("file://{}", page.display());
    let dom = capture(browser().args(["--dump-dom", &address]), "reading the report in a browser")?;
    let written =
        fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    for (what, part) in [("section", "<h2 id="), ("picture", "<svg"), ("table", "<table>")] {
        let (expected, actual) = (written.matches(part).count(), dom.matches(part).count());
        ensure!(expected > 0, "the report has no {what}");
        ensure!(
            expected == actual,
            "the browser has {actual} of the report's {what}s, {expected} expected"
        );
    }
    let picture = page.with_file_name("report.png");
    let [width, height] = WINDOW;
    let size = format!("--window-size={width},{height}");
    let screenshot = format!("--screenshot={}", picture.display());
    capture(browser().args([&size, &screenshot, &address]), "a picture of the report")?;
    let drawn = colours(&picture)?;
    ensure!(drawn >= 3, "{} shows {drawn} of the colours of curves; look at it", picture.display());
    Ok(())
}

fn browser() -> Command {
    let mut browser = Command::new(BROWSER.0);
    // Without its sandbox it runs as root too; the page is our own.
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]);
    browser.arg(format!("--user-data-dir={}", root().join("target/browser").display()));
    browser
}

/// How many of the colours of curves are to be seen in a picture.
fn colours(picture: &Path) -> Result<usize> {
    let file =
        fs::File::open(picture).with_context(|| format!("there is no {}", picture.display()))?;
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info()?;
    let size = reader.output_buffer_size().context("the picture is too large")?;
    let mut pixels = vec![0; size];
    let channels = reader.next_frame(&mut pixels)?.color_type.samples();
    let seen = |colour: &&plotters::style::RGBColor| {
        let wanted = [colour.0, colour.1, colour.2];
        pixels.chunks_exact(channels).filter(|pixel| pixel.starts_with(&wanted)).count() >= VISIBLE
    };
    Ok(COLOURS.iter().filter(seen).count())
}

//! The accuracy of a federation by round, as a picture.

use super::run::Report;
use anyhow::{Context, Result};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use workbench::style::{COLOURS, axes, text};
use workbench::workspace::root;

const SIZE: (u32, u32) = (720, 420);
const TEXT_SIZE: u32 = 15;
/// The metrics that are drawn, and what the picture calls them.
const CURVES: [(&str, &str); 2] = [
    ("held-out", "held-out samples of the devices' groups"),
    ("unknown", "a group unknown to all"),
];

/// Writes the picture into docs.
pub fn write(name: &str, report: &Report) -> Result<()> {
    let svg = draw(report).with_context(|| format!("cannot draw {name}"))?;
    std::fs::write(root().join("docs").join(name), svg)
        .with_context(|| format!("cannot write docs/{name}"))?;
    eprintln!("wrote docs/{name}");
    Ok(())
}

fn draw(report: &Report) -> Result<String> {
    let curves: [Vec<(f64, f64)>; 2] = CURVES.map(|(metric, _)| {
        report.curve(metric).into_iter().map(|(round, part)| (round, 100.0 * part)).collect()
    });
    let values = || curves.iter().flatten().map(|(_, accuracy)| *accuracy);
    let (least, most) = (values().fold(100.0, f64::min), values().fold(0.0, f64::max));
    let (bottom, top) = ((least / 10.0).floor() * 10.0, (most / 10.0).ceil() * 10.0);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(10)
            .x_label_area_size(44)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..f64::from(report.round), bottom..top)?;
        axes(&mut chart, ["round", "accuracy, %"], TEXT_SIZE)?;
        for (curve, colour) in curves.into_iter().zip(COLOURS) {
            chart.draw_series(LineSeries::new(curve, colour.stroke_width(2)))?;
        }
        for ((row, (_, name)), colour) in (0..).zip(CURVES).zip(COLOURS) {
            let y = 300 + 26 * row;
            area.draw(&Rectangle::new([(360, y - 3), (390, y + 3)], colour.filled()))?;
            area.draw_text(name, &text(TEXT_SIZE, HPos::Left, VPos::Center), (400, y))?;
        }
        area.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_picture_names_its_curves() -> Result<()> {
        let told = |part: f64| CURVES.map(|(metric, _)| (metric.to_owned(), part)).into();
        let history = BTreeMap::from([(0, told(0.5)), (1, told(0.8)), (2, told(0.9))]);
        let svg = draw(&Report { round: 2, hash: 0, history, boards: Vec::new() })?;
        for (_, name) in CURVES {
            assert!(svg.contains(&name.replace('\'', "&apos;")), "{svg}");
        }
        Ok(())
    }
}

//! The roofline of one thread as an SVG: what memory and arithmetic allow, and what the passes
//! reach.

use super::bandwidth::{IN_CACHE, Row};
use anyhow::{Context, Result};
use plotters::coord::combinators::BindKeyPoints;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use rolling_ball::kernels::Wide;
use std::ops::Range;
use workbench::statistics::median;
use workbench::style::{DOT_COLOURS, GRID, INK, LINE_COLOUR, axes, log_ticks, text};
use workbench::workspace::root;
use workload::passes::{Pass, passes};

/// The file, beside docs/benchmarks.md.
pub const PICTURE: &str = "roofline.svg";

const SIZE: (u32, u32) = (1000, 720);
const INTENSITIES: (f64, f64) = (0.099, 10.1);
/// Of the lower edge, in units of the lowest point: the names stand between.
const BELOW: f64 = 0.08;
const TEXT_SIZE: u32 = 19;
const SMALL: u32 = 16;

/// Where the slices lie, what that is called, and the colour.
const PLACES: [(usize, &str, RGBColor); 3] = [
    (IN_CACHE, "first cache", DOT_COLOURS[0]),
    (16_384, "second cache", DOT_COLOURS[1]),
    (1 << 24, "memory", LINE_COLOUR),
];

/// The passes that a step of the ball and of its peers is made of; more would hide each other.
const SHOWN: [&str; 8] = [
    "project",
    "dot",
    "roll",
    "descend",
    "squared_norms",
    "adam",
    "footpoint_sums",
    "contact_sums",
];

/// What is drawn.
pub struct Roofline<'a> {
    pub rows: &'a [Row],
    /// GFLOP/s.
    pub peak: f64,
}

impl Roofline<'_> {
    /// Writes docs/roofline.svg.
    pub fn write(&self) -> Result<()> {
        let path = root().join("docs").join(PICTURE);
        let svg = self.draw().context("cannot draw the roofline")?;
        std::fs::write(&path, svg).with_context(|| format!("cannot write docs/{PICTURE}"))?;
        eprintln!("wrote docs/{PICTURE}");
        Ok(())
    }

    /// GB/s of the triad at this length.
    fn bandwidth(&self, length: usize) -> f64 {
        let own = self.rows.iter().filter(|row| row.n == length);
        median(own.map(|row| row.triad_gb_per_s))
    }

    /// The passes at this length: operations a byte, and GFLOP/s.
    fn points(&self, length: usize) -> Vec<(f64, f64)> {
        let own = self.rows.iter().filter(|row| row.n == length);
        let points = shown().into_iter().filter_map(|pass| {
            let row = own.clone().find(|row| row.name == pass.name)?;
            Some((intensity(&pass), intensity(&pass) * row.gb_per_s))
        });
        points.collect()
    }

    fn draw(&self) -> Result<String> {
        let (left, right) = INTENSITIES;
        let points = PLACES.map(|(length, ..)| self.points(length));
        let lowest = points.iter().flatten().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
        let (bottom, top) = (lowest * BELOW, self.peak * 2.0);
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            root.fill(&WHITE)?;
            let axis = |range: Range<f64>| {
                let ticks = log_ticks(&range);
                range.log_scale().with_key_points(ticks)
            };
            let mut chart = ChartBuilder::on(&root)
                .margin(24)
                .x_label_area_size(56)
                .y_label_area_size(72)
                .build_cartesian_2d(axis(left..right), axis(bottom..top))?;
            axes(&mut chart, ["floating-point operations a byte", "GFLOP/s"], TEXT_SIZE)?;

            // Upright, and neighbours one above the other, since some have nearly the same number
            // of operations a byte.
            for (index, pass) in shown().iter().enumerate() {
                let x = intensity(pass);
                let above = points.iter().flatten().filter(|(other, _)| *other == x);
                let end = above.map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
                chart
                    .draw_series(LineSeries::new([(x, bottom), (x, end)], GRID.stroke_width(1)))?;
                let style =
                    text(SMALL, HPos::Left, VPos::Bottom).transform(FontTransform::Rotate270);
                let up = if index % 2 == 0 { -6 } else { -116 };
                chart.draw_series([
                    EmptyElement::at((x, bottom)) + Text::new(pass.name, (-2, up), style)
                ])?;
            }

            let roof = [(left, self.peak), (right, self.peak)];
            chart.draw_series(LineSeries::new(roof, INK.stroke_width(2)))?;
            let words = format!("multiply and add, not fused: {:.0} GFLOP/s", self.peak);
            let style = text(SMALL, HPos::Right, VPos::Bottom);
            chart.draw_series([
                EmptyElement::at((right, self.peak)) + Text::new(words, (-8, -6), style)
            ])?;

            let rows = [-74, -48, -22];
            for (((length, place, colour), points), row) in PLACES.iter().zip(&points).zip(rows) {
                let bandwidth = self.bandwidth(*length);
                let ridge = (self.peak / bandwidth).clamp(left, right);
                let roof = [(left, left * bandwidth), (ridge, ridge * bandwidth)];
                chart.draw_series(LineSeries::new(roof, colour.stroke_width(2)))?;
                chart.draw_series(
                    points.iter().map(|point| Circle::new(*point, 5, colour.filled())),
                )?;
                let style = text(SMALL, HPos::Right, VPos::Center);
                let words = format!("{place}, N = {length}: triad {bandwidth:.0} GB/s");
                let dot = Circle::new((-14, row), 5, colour.filled());
                let label =
                    EmptyElement::at((right, bottom)) + dot + Text::new(words, (-28, row), style);
                chart.draw_series([label])?;
            }
            root.present()?;
        }
        Ok(svg)
    }
}

/// The passes in the picture, in the order of the names.
fn shown() -> Vec<Pass> {
    let named = |name| passes::<Wide>().into_iter().find(|pass| pass.name == name);
    SHOWN.into_iter().filter_map(named).collect()
}

/// Operations a byte.
fn intensity(pass: &Pass) -> f64 {
    pass.operations as f64 / pass.bytes() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shown_pass_is_there_in_the_order_of_operations_a_byte() {
        let shown = shown();
        assert_eq!(shown.len(), SHOWN.len());
        assert!(shown.is_sorted_by(|a, b| intensity(a) <= intensity(b)));
    }

    #[test]
    fn the_picture_holds_the_roofs_and_the_names() -> Result<()> {
        let places = PLACES.iter();
        let rows: Vec<Row> = places
            .flat_map(|(n, ..)| {
                SHOWN.map(|name| Row {
                    name: name.to_owned(),
                    n: *n,
                    gb_per_s: 9.0,
                    triad_gb_per_s: 10.0,
                })
            })
            .collect();
        let roofline = Roofline { rows: &rows, peak: 50.0 };
        assert_eq!(roofline.bandwidth(IN_CACHE), 10.0);
        assert_eq!(roofline.points(IN_CACHE).first(), Some(&(0.25, 2.25)));
        let svg = roofline.draw()?;
        for words in
            ["<svg", "not fused: 50 GFLOP/s", "memory, N = 16777216: triad 10 GB/s", "contact_sums"]
        {
            assert!(svg.contains(words), "{words}");
        }
        Ok(())
    }
}

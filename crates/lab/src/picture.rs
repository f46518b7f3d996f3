//! Charts of curves and dots, and maps of heights with paths over them, as SVG.

use anyhow::{Context, Result};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use std::ops::Range;
use workbench::style::{AXIS, COLOURS, GRID, INK, axes, text};

const SIZE: (u32, u32) = (1000, 640);
const TITLE_SIZE: u32 = 26;
const TEXT_SIZE: u32 = 18;
const LEGEND_SIZE: u32 = 17;
/// About, in parts of a chart: of the legend, and of a line of it.
const LEGEND_WIDTH: f64 = 0.3;
const LEGEND_LINE: f64 = 0.045;

/// How a series looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    Line,
    Dots,
}

/// Points with one name.
pub struct Series {
    pub label: String,
    pub points: Vec<(f64, f64)>,
    pub mark: Mark,
    /// The index of the colour in the palette.
    pub colour: usize,
}

/// A chart of series on common axes.
pub struct Chart<'a> {
    pub title: &'a str,
    pub x: &'a str,
    pub y: &'a str,
    pub series: Vec<Series>,
    /// Whether powers of ten are at equal distances, across and up.
    pub logarithmic: (bool, bool),
}

impl Chart<'_> {
    /// Draws it as an SVG file.
    pub fn draw(&self) -> Result<String> {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            root.fill(&WHITE)?;
            let points = || self.series.iter().flat_map(|series| &series.points);
            let x = range(points().map(|point| point.0), self.logarithmic.0)?;
            let y = range(points().map(|point| point.1), self.logarithmic.1)?;
            let mut builder = ChartBuilder::on(&root);
            builder
                .caption(self.title, text(TITLE_SIZE, HPos::Left, VPos::Top))
                .margin(16)
                .x_label_area_size(56)
                .y_label_area_size(80);
            // The type of a chart depends on its axes.
            macro_rules! on {
                ($x:expr, $y:expr) => {{
                    let mut chart = builder.build_cartesian_2d($x, $y)?;
                    self.fill(&mut chart)?;
                }};
            }
            match self.logarithmic {
                (false, false) => on!(x, y),
                (true, false) => on!(x.log_scale(), y),
                (false, true) => on!(x, y.log_scale()),
                (true, true) => on!(x.log_scale(), y.log_scale()),
            }
            root.present()?;
        }
        Ok(svg)
    }

    /// The corner in which the legend hides the fewest points, the upper right one where several
    /// are as good.
    fn emptier_corner(&self) -> SeriesLabelPosition {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let across = parts(points().map(|point| point.0), self.logarithmic.0);
        let up = parts(points().map(|point| point.1), self.logarithmic.1);
        let height = (LEGEND_LINE * self.series.len() as f64).min(1.0);
        let corners = [
            (SeriesLabelPosition::UpperRight, 1.0 - LEGEND_WIDTH..=1.0, 1.0 - height..=1.0),
            (SeriesLabelPosition::UpperLeft, 0.0..=LEGEND_WIDTH, 1.0 - height..=1.0),
            (SeriesLabelPosition::LowerLeft, 0.0..=LEGEND_WIDTH, 0.0..=height),
            (SeriesLabelPosition::LowerRight, 1.0 - LEGEND_WIDTH..=1.0, 0.0..=height),
        ];
        let least_hidden = corners.into_iter().min_by_key(|(_, wide, high)| {
            let places = across.iter().zip(&up);
            places.filter(|(x, y)| wide.contains(*x) && high.contains(*y)).count()
        });
        least_hidden.map_or(SeriesLabelPosition::UpperRight, |(corner, ..)| corner)
    }

    fn fill<'a, X, Y>(
        &self,
        chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
    ) -> Result<()>
    where
        X: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
        Y: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
    {
        axes(chart, [self.x, self.y], TEXT_SIZE)?;
        for series in &self.series {
            let colour = colour(series.colour);
            let drawn = match series.mark {
                Mark::Line => {
                    let line = LineSeries::new(series.points.clone(), colour.stroke_width(2));
                    chart.draw_series(line)?
                }
                Mark::Dots => {
                    let dots = series.points.iter().map(|at| Circle::new(*at, 4, colour.filled()));
                    chart.draw_series(dots)?
                }
            };
            if !series.label.is_empty() {
                drawn.label(series.label.clone()).legend(move |(x, y)| {
                    Rectangle::new([(x, y - 5), (x + 20, y + 5)], colour.filled())
                });
            }
        }
        chart
            .configure_series_labels()
            .position(self.emptier_corner())
            .background_style(WHITE.mix(0.85))
            .border_style(GRID)
            .label_font(("sans-serif", LEGEND_SIZE).into_font().color(&INK))
            .draw()?;
        Ok(())
    }
}

/// Heights of a plane as colours, and paths over it.
pub struct Map<'a> {
    pub title: &'a str,
    /// Of the middle of the first and of the last row and column.
    pub x: Range<f64>,
    pub y: Range<f64>,
    /// Row by row, the lowest `y` first.
    pub columns: usize,
    pub heights: &'a [f32],
    pub paths: Vec<Series>,
}

/// Room beside a map for the names of its paths.
const NAMES: u32 = 300;

impl Map<'_> {
    /// Draws it as an SVG file.
    pub fn draw(&self) -> Result<String> {
        let rows = self.heights.len() / self.columns.max(1);
        let (low, high) = bounds(self.heights.iter().map(|height| f64::from(*height)))?;
        let across = (self.x.end - self.x.start) / (self.columns.max(2) - 1) as f64;
        let up = (self.y.end - self.y.start) / (rows.max(2) - 1) as f64;
        let mut svg = String::new();
        {
            let size = (SIZE.1 + NAMES, SIZE.1);
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            root.fill(&WHITE)?;
            let (left, right) = root.split_horizontally(SIZE.1);
            let mut chart = ChartBuilder::on(&left)
                .caption(self.title, text(TITLE_SIZE, HPos::Left, VPos::Top))
                .margin(12)
                .x_label_area_size(36)
                .y_label_area_size(48)
                .build_cartesian_2d(
                    self.x.start - across / 2.0..self.x.end + across / 2.0,
                    self.y.start - up / 2.0..self.y.end + up / 2.0,
                )?;
            chart.draw_series(self.heights.iter().enumerate().map(|(point, height)| {
                let (row, column) = (point / self.columns, point % self.columns);
                let x = self.x.start + across * column as f64;
                let y = self.y.start + up * row as f64;
                let part = (f64::from(*height) - low) / (high - low).max(f64::MIN_POSITIVE);
                // A little over the edges, or their neighbours' show between them.
                let (wide, high) = (0.54 * across, 0.54 * up);
                let corners = [(x - wide, y - high), (x + wide, y + high)];
                Rectangle::new(corners, shade(part).filled())
            }))?;
            chart.configure_mesh().disable_mesh().axis_style(AXIS).draw()?;
            for (row, path) in (0..).zip(&self.paths) {
                let colour = colour(path.colour);
                chart.draw_series(LineSeries::new(path.points.clone(), colour.stroke_width(3)))?;
                let ends = path.points.iter().take(1).chain(path.points.last());
                chart.draw_series(ends.map(|at| Circle::new(*at, 5, colour.filled())))?;
                let y = 60 + 28 * row;
                right.draw(&Rectangle::new([(4, y - 6), (24, y + 6)], colour.filled()))?;
                let style = text(TEXT_SIZE, HPos::Left, VPos::Center);
                right.draw_text(&path.label, &style, (32, y))?;
            }
            root.present()?;
        }
        Ok(svg)
    }
}

/// From dark to light.
fn shade(part: f64) -> RGBColor {
    let mix = |dark: u8, light: u8| {
        (f64::from(dark) + part.clamp(0.0, 1.0) * (f64::from(light) - f64::from(dark))) as u8
    };
    RGBColor(mix(0x55, 0xfa), mix(0x60, 0xfa), mix(0x75, 0xf5))
}

fn colour(index: usize) -> RGBColor {
    COLOURS.get(index % COLOURS.len()).copied().unwrap_or(INK)
}

fn bounds(values: impl Iterator<Item = f64>) -> Result<(f64, f64)> {
    let finite = values.filter(|value| value.is_finite());
    let bounds = finite.fold(None, |bounds: Option<(f64, f64)>, value| {
        let (low, high) = bounds.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    bounds.context("there is nothing finite to draw")
}

/// Places on an axis, from 0 to 1; NaN for what it cannot show.
fn parts(values: impl Iterator<Item = f64>, logarithmic: bool) -> Vec<f64> {
    let places: Vec<f64> =
        values.map(|value| if logarithmic { value.log10() } else { value }).collect();
    let (low, high) = bounds(places.iter().copied()).unwrap_or((0.0, 1.0));
    places.into_iter().map(|place| (place - low) / (high - low)).collect()
}

/// With room around; of a logarithmic axis, without what it cannot show.
fn range(values: impl Iterator<Item = f64>, logarithmic: bool) -> Result<Range<f64>> {
    let (low, high) = bounds(values.filter(|value| !logarithmic || *value > 0.0))?;
    if logarithmic {
        return Ok(low / 1.3..high * 1.3);
    }
    let room = if high > low { 0.04 * (high - low) } else { 1.0 };
    Ok(low - room..high + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: &[(f64, f64)]) -> Series {
        Series { label: "a name".to_owned(), points: points.to_vec(), mark: Mark::Dots, colour: 1 }
    }

    #[test]
    fn a_chart_holds_its_words() -> Result<()> {
        for logarithmic in [(false, false), (true, true)] {
            let series = vec![series(&[(1.0, 2.0), (3.0, 40.0)])];
            let chart =
                Chart { title: "a title", x: "abscissa", y: "ordinate", series, logarithmic };
            let svg = chart.draw()?;
            for words in ["a title", "abscissa", "ordinate", "a name"] {
                assert!(svg.contains(words), "{words}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_map_has_a_rectangle_for_each_height_and_names_its_paths() -> Result<()> {
        let map = Map {
            title: "a map",
            x: 0.0..2.0,
            y: 0.0..1.0,
            columns: 3,
            heights: &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            paths: vec![series(&[(0.0, 0.0), (1.0, 1.0)])],
        };
        let svg = map.draw()?;
        assert!(svg.contains("a map") && svg.contains("a name"));
        assert!(svg.matches("<rect").count() >= 6);
        Ok(())
    }

    #[test]
    fn a_legend_goes_where_it_hides_nothing() {
        let corner = |points: &[(f64, f64)]| {
            let series = vec![series(points)];
            let chart = Chart { title: "", x: "", y: "", series, logarithmic: (false, false) };
            chart.emptier_corner()
        };
        let rising = [(0.0, 0.0), (1.0, 1.0)];
        assert!(matches!(corner(&rising), SeriesLabelPosition::UpperLeft));
        let falling = [(0.0, 1.0), (1.0, 0.0)];
        assert!(matches!(corner(&falling), SeriesLabelPosition::UpperRight));
    }

    #[test]
    fn nothing_finite_is_an_error() {
        let chart = Chart {
            title: "",
            x: "",
            y: "",
            series: vec![series(&[(f64::NAN, f64::NAN)])],
            logarithmic: (false, false),
        };
        assert!(chart.draw().is_err());
    }
}

//! How charts look, and how their axes are numbered: one style for every command that draws.

use anyhow::Result;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

/// The colour-blind-safe palette of Okabe and Ito.
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    INK,
];
/// The colour of a curve that is drawn as a line.
pub const LINE_COLOUR: RGBColor = COLOURS[0];
/// The colours of curves that are drawn as dots.
pub const DOT_COLOURS: [RGBColor; 3] = [COLOURS[1], COLOURS[3], COLOURS[4]];

/// The colour of words.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// The colour of axes.
pub const AXIS: RGBColor = RGBColor(0x88, 0x88, 0x88);
/// The colour of the lines of a grid.
pub const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);

/// Powers of ten; with few of those, their double and fivefold too.
pub fn log_ticks(range: &Range<f64>) -> Vec<f64> {
    let first = range.start.log10().floor() as i32;
    let last = range.end.log10().floor() as i32;
    let factors: &[f64] = if last - first <= 3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    (first..=last)
        .flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)))
        .filter(|tick| range.contains(tick))
        .collect()
}

/// How words look: in ink, without serifs.
pub fn text(size: u32, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", size).into_font())
        .color(&INK)
        .pos(Pos::new(horizontal, vertical))
}

/// Draws the axes of a chart and a light grid, with what they are called and their numbers in words
/// of this size.
///
/// # Errors
/// Those of the drawing.
pub fn axes<'a, D, X, Y>(
    chart: &mut ChartContext<'a, D, Cartesian2d<X, Y>>,
    [x, y]: [&str; 2],
    size: u32,
) -> Result<()>
where
    D: DrawingBackend<ErrorType: Send + Sync + 'static> + 'a,
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let words = text(size, HPos::Left, VPos::Top);
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(AXIS)
        .x_desc(x)
        .y_desc(y)
        .x_label_formatter(&|value| short(*value))
        .y_label_formatter(&|value| short(*value))
        .label_style(words.clone())
        .axis_desc_style(words)
        .draw()?;
    Ok(())
}

/// At most three decimals, no zeros at the end, and never too wide for the axis.
pub fn short(value: f64) -> String {
    // What is left of a sum that should be none.
    let value = if value.abs() < 1e-12 { 0.0 } else { value };
    if value != 0.0 && !(0.001..1e5).contains(&value.abs()) {
        let digits = format!("{value:.1e}");
        return digits.replace(".0e", "e");
    }
    let digits = format!("{value:.3}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_ticks_lie_in_the_range() {
        let shown: Vec<String> = log_ticks(&(0.015..3.0)).into_iter().map(short).collect();
        assert_eq!(shown, ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(log_ticks(&(1e-5..20.0)).len(), 7);
    }

    #[test]
    fn axis_numbers_are_short() {
        assert_eq!(short(0.30000000000000004), "0.3");
        assert_eq!(short(20.0), "20");
        assert_eq!(short(0.0), "0");
        assert_eq!(short(-2e-17), "0");
        assert_eq!(short(0.0001), "1e-4");
        assert_eq!(short(150_000.0), "1.5e5");
    }
}

//! Draws one run as an SVG: the loss by step, and the accuracy before and after.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use plotters::coord::Shift;
use plotters::coord::combinators::BindKeyPoints;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use workbench::style::{AXIS, COLOURS, DOT_COLOURS, GRID, LINE_COLOUR, log_ticks, short, text};

/// The loss of one run, by step.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// What the legend says.
    pub label: &'a str,
    /// The loss at step 1, 2, 3 and so on.
    pub values: &'a [f32],
}

/// The accuracy of one run, as fractions from 0 to 1 (drawn in per cent).
#[derive(Clone, Copy, Debug)]
pub struct Bars<'a> {
    /// What stands under the pair of bars.
    pub label: &'a str,
    /// Before the training.
    pub before: f64,
    /// After the training.
    pub after: f64,
}

const BEFORE_COLOUR: RGBColor = RGBColor(0x99, 0x99, 0x99);
const AFTER_COLOUR: RGBColor = COLOURS[2];

const PLOT_HEIGHT: u32 = 380;
const MARGIN: u32 = 28;
const TITLE_HEIGHT: u32 = 48;
const LOSS_WIDTH: u32 = 680;
const ACCURACY_MIN_WIDTH: u32 = 430;
/// Room for one pair of bars with its values.
const PAIR_WIDTH: u32 = 130;
/// In units of one pair of bars.
const BAR_WIDTH: f64 = 0.4;
const BAR_GAP: f64 = 0.015;
const CAPTION_HEIGHT: u32 = 32;
const LEGEND_ROW: u32 = 25;
const Y_AXIS_WIDTH: u32 = 66;
/// Half of the last number under the axis stands here.
const RIGHT_GAP: u32 = 16;

const TITLE_SIZE: u32 = 30;
const CAPTION_SIZE: u32 = 23;
const TEXT_SIZE: u32 = 19;
const TEXT_LINE: u32 = 21;
/// From the axis to the text under it.
const TICK_GAP: u32 = 10;
/// Pixels of one average character in text of `TEXT_SIZE`, on the safe side.
const CHARACTER_WIDTH: u32 = 9;

/// More dots than this run together and hide the line.
const MAX_DOTS: usize = 40;
/// From this ratio of the largest loss to the smallest, a linear axis hides the end of the run.
const LOG_RATIO: f64 = 30.0;
const LOSS_TICKS: usize = 8;

type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Builder<'a, 'b> = ChartBuilder<'a, 'b, SVGBackend<'b>>;

/// Writes the chart to `path`, as SVG.
///
/// The first curve is a line; the others are dots on top of it, so that curves that coincide
/// are all visible.
pub fn loss_and_accuracy(path: &Path, title: &str, curves: &[Curve], bars: &[Bars]) -> Result<()> {
    check_curves(curves)?;
    check_bars(bars)?;
    let svg = draw(title, curves, bars)
        .with_context(|| format!("cannot draw the chart {}", path.display()))?;
    fs::write(path, svg).with_context(|| {
        format!("cannot write {}; check that its folder exists and is writable", path.display())
    })
}

fn check_curves(curves: &[Curve]) -> Result<()> {
    ensure!(!curves.is_empty(), "the chart has no loss curve; pass at least one");
    for Curve { label, values } in curves {
        ensure!(
            values.len() >= 2,
            "loss curve `{label}` has {} value(s); a curve needs at least 2 steps",
            values.len(),
        );
        for (step, value) in (1..).zip(*values) {
            ensure!(
                value.is_finite(),
                "loss curve `{label}` is {value} at step {step}; the run diverged or its log is \
                 damaged: fix the run before drawing it",
            );
        }
    }
    Ok(())
}

fn check_bars(bars: &[Bars]) -> Result<()> {
    ensure!(!bars.is_empty(), "the chart has no accuracy; pass at least one pair of bars");
    for Bars { label, before, after } in bars {
        for (when, value) in [("before", before), ("after", after)] {
            // NaN is in no range.
            ensure!(
                (0.0..=1.0).contains(value),
                "accuracy {when} of `{label}` is {value}; pass a fraction from 0 to 1",
            );
        }
    }
    Ok(())
}

fn draw(title: &str, curves: &[Curve], bars: &[Bars]) -> Result<String> {
    let pairs = u32::try_from(bars.len()).context("too many pairs of bars; pass fewer")?;
    let accuracy_width = ACCURACY_MIN_WIDTH.max(Y_AXIS_WIDTH + pairs * PAIR_WIDTH);
    let width = LOSS_WIDTH + accuracy_width + 3 * MARGIN;
    // Both legends get the same height, so that both plots start at the same height.
    let rows = u32::try_from(curves.len()).context("too many curves; pass fewer")?.max(2);
    let header = CAPTION_HEIGHT + rows * LEGEND_ROW;

    let slot = (accuracy_width - Y_AXIS_WIDTH - RIGHT_GAP) / pairs;
    let labels: Vec<Vec<String>> =
        bars.iter().map(|pair| wrap(pair.label, (slot / CHARACTER_WIDTH) as usize)).collect();
    // Under the loss: the steps, and what they are. The same height, so that the axes align.
    let lines = labels.iter().map(Vec::len).max().unwrap_or(0).max(2);
    let lines =
        u32::try_from(lines).context("a label of a pair of bars is too long; shorten it")?;
    let below = TICK_GAP + lines * TEXT_LINE;

    let height = 2 * MARGIN + TITLE_HEIGHT + header + PLOT_HEIGHT + below;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        root.fill(&WHITE)?;
        let root = root.margin(MARGIN, MARGIN, MARGIN, MARGIN);
        let (top, body) = root.split_vertically(TITLE_HEIGHT);
        let (loss, rest) = body.split_horizontally(LOSS_WIDTH);
        let (_, accuracy) = rest.split_horizontally(MARGIN);
        top.draw_text(title, &text(TITLE_SIZE, HPos::Left, VPos::Top), (0, 0))?;

        let (above, plot) = loss.split_vertically(header);
        draw_loss(&above, builder(&plot, below), curves)?;
        let (above, plot) = accuracy.split_vertically(header);
        draw_accuracy(&above, builder(&plot, below), bars, &labels)?;
        body.present()?;
    }
    Ok(svg)
}

fn draw_loss(above: &Panel, mut builder: Builder, curves: &[Curve]) -> Result<()> {
    let steps = longest(curves);
    // No dot sits on an edge.
    let edge = 0.02 * steps as f64;
    let steps = 1.0 - edge..steps as f64 + edge;
    let values = || curves.iter().flat_map(|curve| curve.values).map(|value| f64::from(*value));
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);

    if low > 0.0 && high / low >= LOG_RATIO {
        caption(above, "Loss by step (log scale)")?;
        let range = low / 1.3..high * 1.3;
        let ticks = log_ticks(&range);
        let axis = range.log_scale().with_key_points(ticks);
        let chart = builder.build_cartesian_2d(steps, axis)?;
        draw_curves(above, chart, curves, short)
    } else {
        caption(above, "Loss by step")?;
        let range = linear_range(low, high);
        let decimals = decimals((range.end - range.start) / LOSS_TICKS as f64);
        let chart = builder.build_cartesian_2d(steps, range)?;
        draw_curves(above, chart, curves, |loss| {
            if decimals == 0 {
                return short(loss);
            }
            format!("{loss:.decimals$}")
        })
    }
}

fn longest(curves: &[Curve]) -> usize {
    let lengths = curves.iter().map(|curve| curve.values.len());
    lengths.max().unwrap_or(0)
}

fn linear_range(low: f64, high: f64) -> Range<f64> {
    let low = low.min(0.0);
    // A loss of zero throughout still needs an axis.
    let span = if high > low { high - low } else { 1.0 };
    let below = if low < 0.0 { 0.06 * span } else { 0.0 };
    low - below..low + 1.06 * span
}

type Chart<'a, 'b, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, Y>>;

fn draw_curves<Y>(
    above: &Panel,
    mut chart: Chart<Y>,
    curves: &[Curve],
    number: impl Fn(f64) -> String,
) -> Result<()>
where
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let steps = longest(curves);
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(AXIS)
        .x_labels(steps.min(8))
        .y_labels(LOSS_TICKS)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .y_label_formatter(&|loss| number(*loss))
        .x_desc("optimizer step")
        .y_desc("loss")
        .label_style(text(TEXT_SIZE, HPos::Left, VPos::Top))
        .axis_desc_style(text(TEXT_SIZE, HPos::Left, VPos::Top))
        .draw()?;

    let Some((first, followers)) = curves.split_first() else {
        return Ok(());
    };
    chart.draw_series(LineSeries::new(points(first), LINE_COLOUR.stroke_width(2)))?;
    legend_row(above, 0, first.label)?;
    let swatch = vec![(0, row_centre(0)), (26, row_centre(0))];
    above.draw(&PathElement::new(swatch, LINE_COLOUR.stroke_width(3)))?;

    let colours = DOT_COLOURS.iter().cycle();
    for (index, (curve, colour)) in followers.iter().zip(colours).enumerate() {
        let style = colour.filled();
        let stride = curve.values.len().div_ceil(MAX_DOTS);
        // Each curve starts elsewhere, so that its dots do not cover those of another one.
        let start = index * stride / followers.len();
        let dots = points(curve).skip(start).step_by(stride);
        chart.draw_series(dots.map(|point| Circle::new(point, 4, style)))?;
        let label = match stride {
            1 => curve.label.to_owned(),
            stride => format!("{} (one dot per {stride} steps)", curve.label),
        };
        legend_row(above, index + 1, &label)?;
        above.draw(&Circle::new((13, row_centre(index + 1)), 5, style))?;
    }
    Ok(())
}

fn points<'a>(curve: &Curve<'a>) -> impl Iterator<Item = (f64, f64)> + use<'a> {
    let values = curve.values.iter().copied().map(f64::from);
    values.enumerate().map(|(index, value)| ((index + 1) as f64, value))
}

fn draw_accuracy(
    above: &Panel,
    mut builder: Builder,
    bars: &[Bars],
    labels: &[Vec<String>],
) -> Result<()> {
    caption(above, "Accuracy before and after")?;
    let right = bars.len() as f64 - 0.5;
    // The room above 100 % holds the value of a full bar.
    let mut chart = builder.build_cartesian_2d(-0.5..right, 0.0..108.0)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(AXIS)
        .x_labels(0)
        .y_labels(6)
        .y_label_formatter(&|value| format!("{value:.0}"))
        .y_desc("accuracy (%)")
        .label_style(text(TEXT_SIZE, HPos::Left, VPos::Top))
        .axis_desc_style(text(TEXT_SIZE, HPos::Left, VPos::Top))
        .draw()?;

    let legend = [("before", BEFORE_COLOUR), ("after", AFTER_COLOUR)];
    for (index, (label, colour)) in legend.into_iter().enumerate() {
        legend_row(above, index, label)?;
        let centre = row_centre(index);
        above.draw(&Rectangle::new([(0, centre - 7), (26, centre + 7)], colour.filled()))?;
    }
    let (plot_width, _) = chart.plotting_area().dim_in_pixel();
    let bar_width = f64::from(plot_width) / bars.len() as f64 * BAR_WIDTH;
    let cover = (bar_width as i32 / 2 - 2).min(26);
    for (index, (pair, lines)) in bars.iter().zip(labels).enumerate() {
        let centre = index as f64;
        let both = [
            (centre - BAR_WIDTH / 2.0, pair.before, BEFORE_COLOUR),
            (centre + BAR_WIDTH / 2.0, pair.after, AFTER_COLOUR),
        ];
        for (middle, value, colour) in both {
            let percent = 100.0 * value;
            // Hides the grid behind the number; a neighbour's bar stays uncovered.
            let cover = Rectangle::new([(-cover, -22), (cover, -2)], WHITE.filled());
            let style = text(TEXT_SIZE, HPos::Center, VPos::Bottom);
            let number = Text::new(format!("{percent:.1}"), (0, -4), style);
            chart.draw_series([EmptyElement::at((middle, percent)) + cover + number])?;
            let from = middle - BAR_WIDTH / 2.0 + BAR_GAP;
            let to = middle + BAR_WIDTH / 2.0 - BAR_GAP;
            let bar = Rectangle::new([(from, 0.0), (to, percent)], colour.filled());
            chart.draw_series([bar])?;
        }
        for (row, line) in (0..).zip(lines) {
            let style = text(TEXT_SIZE, HPos::Center, VPos::Top);
            let down = (TICK_GAP + row * TEXT_LINE) as i32;
            let line = Text::new(line.clone(), (0, down), style);
            chart.draw_series([EmptyElement::at((centre, 0.0)) + line])?;
        }
    }
    Ok(())
}

fn builder<'a, 'b>(plot: &'a Panel<'b>, below: u32) -> Builder<'a, 'b> {
    let mut builder = ChartBuilder::on(plot);
    builder
        .margin_top(8)
        .margin_right(RIGHT_GAP)
        .x_label_area_size(below)
        .y_label_area_size(Y_AXIS_WIDTH);
    builder
}

fn caption(above: &Panel, words: &str) -> Result<()> {
    above.draw_text(words, &text(CAPTION_SIZE, HPos::Left, VPos::Top), (0, 0))?;
    Ok(())
}

fn legend_row(above: &Panel, row: usize, label: &str) -> Result<()> {
    let style = text(TEXT_SIZE, HPos::Left, VPos::Center);
    above.draw_text(label, &style, (36, row_centre(row)))?;
    Ok(())
}

fn row_centre(row: usize) -> i32 {
    CAPTION_HEIGHT as i32 + LEGEND_ROW as i32 * row as i32 + LEGEND_ROW as i32 / 2
}

/// The decimals that tell apart numbers `step` apart.
fn decimals(step: f64) -> usize {
    (-step.log10().floor()).clamp(0.0, 9.0) as usize
}

/// Breaks `label` at spaces into lines of at most `width` characters where it can.
fn wrap(label: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in label.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARS: [Bars; 1] = [Bars { label: "host", before: 0.5, after: 0.9 }];

    fn message(curves: &[Curve], bars: &[Bars]) -> String {
        // Never reached: the checks come before the file.
        match loss_and_accuracy(Path::new("no-such-folder/chart.svg"), "title", curves, bars) {
            Ok(()) => String::new(),
            Err(error) => format!("{error:#}"),
        }
    }

    fn message_of_values(values: &[f32]) -> String {
        message(&[Curve { label: "host", values }], &BARS)
    }

    #[test]
    fn unusable_curves_are_errors() {
        assert!(message(&[], &BARS).contains("no loss curve"));
        assert!(message_of_values(&[]).contains("`host` has 0 value(s)"));
        assert!(message_of_values(&[1.0]).contains("`host` has 1 value(s)"));
        assert!(message_of_values(&[1.0, f32::NAN]).contains("NaN at step 2"));
        assert!(message_of_values(&[f32::INFINITY, 1.0]).contains("inf at step 1"));
    }

    #[test]
    fn unusable_bars_are_errors() {
        let curves = [Curve { label: "host", values: &[2.0, 1.0] }];
        assert!(message(&curves, &[]).contains("no accuracy"));
        for before in [f64::NAN, -0.1, 55.0] {
            let bars = [Bars { before, ..BARS[0] }];
            assert!(message(&curves, &bars).contains("fraction from 0 to 1"), "{before}");
        }
    }

    #[test]
    fn missing_folder_is_named() {
        let text = message_of_values(&[2.0, 1.0]);
        assert!(text.contains("no-such-folder"), "{text}");
    }

    #[test]
    fn chart_holds_labels_and_values() -> Result<()> {
        for values in [[2.0_f32, 1.0], [2.0, 0.001], [0.0, 0.0], [-1.0, -2.0]] {
            let svg = draw("a title", &[Curve { label: "host", values: &values }], &BARS)?;
            for words in ["<svg", "a title", "host", "50.0", "90.0", "accuracy (%)", "</svg>"] {
                assert!(svg.contains(words), "{words} for {values:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn labels_wrap_at_spaces() {
        assert_eq!(wrap("Cortex-M4F in QEMU", 12), ["Cortex-M4F", "in QEMU"]);
        assert_eq!(wrap("one", 1), ["one"]);
    }

    #[test]
    fn numbers_apart_by_less_have_more_decimals() {
        assert_eq!([decimals(25.0), decimals(0.3), decimals(0.02)], [0, 1, 2]);
    }
}

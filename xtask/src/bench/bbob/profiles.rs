//! Data profiles: what part of the targets is reached by how many losses.

use super::groups::Group;
use super::runs::{Run, Runs};
use anyhow::{Context, Result};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use workbench::style::{AXIS, COLOURS, axes, text};
use workbench::workspace::root;

const SIZE: (u32, u32) = (1200, 760);
const TITLE_SIZE: u32 = 20;
const TEXT_SIZE: u32 = 15;
const LEGEND_SIZE: u32 = 18;
/// How many places a curve has.
const PLACES: u32 = 120;

/// The file of the picture of a dimension, beside docs/benchmarks.md.
pub fn picture(dimension: usize) -> String {
    format!("bbob_{dimension}.svg")
}

/// Writes the picture of a dimension into docs.
pub fn write(runs: &Runs, dimension: usize, losses: u32) -> Result<()> {
    let name = picture(dimension);
    let svg = draw(runs, dimension, losses).with_context(|| format!("cannot draw {name}"))?;
    std::fs::write(root().join("docs").join(&name), svg)
        .with_context(|| format!("cannot write docs/{name}"))?;
    eprintln!("wrote docs/{name}");
    Ok(())
}

/// A panel for each group, and one for the names.
fn draw(runs: &Runs, dimension: usize, losses: u32) -> Result<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let panels = root.split_evenly((2, 3));
        for (panel, group) in panels.iter().zip(Group::ALL) {
            let curves: Vec<_> = (0..runs.methods.len())
                .map(|method| profile(&of(runs, group, dimension, method), dimension, losses))
                .collect();
            let words = |size| text(size, HPos::Left, VPos::Top);
            let mut chart = ChartBuilder::on(panel)
                .caption(group.title(), words(TITLE_SIZE))
                .margin(10)
                .x_label_area_size(44)
                .y_label_area_size(56)
                .build_cartesian_2d((1.0..f64::from(losses)).log_scale(), 0.0..1.0)?;
            axes(&mut chart, ["losses a dimension", "targets reached"], TEXT_SIZE)?;
            // The first method lies above the others.
            for (method, curve) in curves.into_iter().enumerate().rev() {
                chart.draw_series(LineSeries::new(curve, colour(method).stroke_width(2)))?;
            }
        }
        if let Some(panel) = panels.last() {
            for ((row, method), name) in (0..).zip(0..).zip(&runs.methods) {
                let y = 70 + 32 * row;
                let bar = [(50, y - 3), (80, y + 3)];
                panel.draw(&Rectangle::new(bar, colour(method).filled()))?;
                panel.draw_text(name, &text(LEGEND_SIZE, HPos::Left, VPos::Center), (92, y))?;
            }
        }
        root.present()?;
    }
    Ok(svg)
}

/// One more than the palette has.
fn colour(method: usize) -> RGBColor {
    COLOURS.get(method).copied().unwrap_or(AXIS)
}

/// A method's runs on a group.
fn of(runs: &Runs, group: Group, dimension: usize, method: usize) -> Vec<&Run> {
    let problems = runs.problems.iter().filter(|problem| {
        problem.dimension == dimension && group.functions().contains(&problem.function)
    });
    problems.filter_map(|problem| problem.by_method.get(method)).collect()
}

/// Losses a dimension, and what part of all targets of all runs is reached by then.
fn profile(runs: &[&Run], dimension: usize, losses: u32) -> Vec<(f64, f64)> {
    let targets = || runs.iter().flat_map(|run| &run.reached);
    let all = targets().count().max(1) as f64;
    let place = |index: u32| {
        let x = f64::from(losses).powf(f64::from(index) / f64::from(PLACES));
        let by_then = |reached: &Option<u32>| {
            reached.is_some_and(|at| f64::from(at) <= x * dimension as f64 + 1e-6)
        };
        (x, targets().filter(|reached| by_then(reached)).count() as f64 / all)
    };
    (0..=PLACES).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::bbob::runs::Problem;

    fn run(reached: &[Option<u32>]) -> Run {
        Run { left: Vec::new(), reached: reached.to_vec() }
    }

    #[test]
    fn a_profile_counts_the_targets_of_all_runs_that_are_reached_by_then() {
        let runs = [run(&[Some(2), Some(200), None]), run(&[Some(400), None, None])];
        let profile = profile(&runs.iter().collect::<Vec<_>>(), 2, 200);
        assert_eq!(profile.first(), Some(&(1.0, 1.0 / 6.0)));
        let before = profile.iter().rfind(|(x, _)| *x < 100.0);
        assert!(before.is_some_and(|(_, part)| *part == 1.0 / 6.0), "{before:?}");
        let after = profile.iter().find(|(x, _)| *x >= 100.0);
        assert!(after.is_some_and(|(_, part)| *part == 2.0 / 6.0), "{after:?}");
        assert!(profile.last().is_some_and(|(x, part)| *x > 199.9 && *part == 0.5));
    }

    #[test]
    fn the_picture_names_the_groups_and_the_methods() -> Result<()> {
        let problem = |function| Problem {
            function,
            dimension: 2,
            by_method: vec![run(&[Some(3), None]), run(&[None, None])],
        };
        let methods = vec!["the one".to_owned(), "the other".to_owned()];
        let runs = Runs { methods, problems: (1..=24).map(problem).collect() };
        let svg = draw(&runs, 2, 200)?;
        for words in ["multi-modal, 15 to 19", "the one", "the other", "losses a dimension"] {
            assert!(svg.contains(words), "{words}");
        }
        Ok(())
    }
}

//! The tables and the picture.

use super::findings::{At, Findings, Outcome, differences};
use super::measures::{Kind, LARGEST_EIGENVALUE, MEASURES};
use super::methods::{
    CENTRES_AS_AT_0, CLIPPED, CONTACTS_AS_AT_0, METHODS, Method, NO_RADIUS, index,
};
use crate::picture::{Chart, Mark, Series};
use crate::report::Part;
use crate::statistics::{holm, mean, paired_test};
use anyhow::Result;

/// Below this a difference is not called chance.
pub const SIGNIFICANT: f64 = 0.05;

/// A mean difference of scores: in points, or as a factor of the curvature.
pub fn difference_in_words(kind: Kind, difference: f64) -> String {
    match kind {
        _ if difference.is_nan() => "-".to_owned(),
        Kind::Accuracy => format!("{:+.1}", 100.0 * difference),
        Kind::Curvature => format!("x {:.2}", (-difference).exp()),
    }
}

pub fn chance_in_words(chance: f64) -> String {
    if chance < 0.001 { "p < 0.001".to_owned() } else { format!("p {chance:.3}") }
}

/// A mean score as the measure's own number: in per cent, or the geometric mean.
fn score_in_words(kind: Kind, score: f64) -> String {
    match kind {
        _ if score.is_nan() => "-".to_owned(),
        Kind::Accuracy => format!("{:.1}", 100.0 * score),
        Kind::Curvature => format!("{:.2}", (-score).exp()),
    }
}

fn header(first: &[&str]) -> Vec<String> {
    let measures = MEASURES.iter().map(|measure| measure.name);
    std::iter::once("").chain(first.iter().copied()).chain(measures).map(str::to_owned).collect()
}

fn bold(words: String, is: bool) -> String {
    if is { format!("**{words}**") } else { words }
}

/// Every method beside clipped SGD, over all tasks; bold is what is no chance, with Holm's
/// correction over the whole table.
pub fn beside_clipped(findings: &[Findings], at: At) -> Part {
    let reference = index(CLIPPED).unwrap_or(0);
    let others: Vec<usize> = (0..METHODS.len()).filter(|method| *method != reference).collect();
    let cells: Vec<Vec<f64>> = others
        .iter()
        .flat_map(|method| {
            (0..MEASURES.len())
                .map(move |place| differences(findings, at, place, [*method, reference]))
        })
        .collect();
    let chances = holm(&cells.iter().map(|cell| paired_test(cell)).collect::<Vec<_>>());
    let cells: Vec<String> = cells
        .iter()
        .zip(&chances)
        .enumerate()
        .map(|(cell, (differences, chance))| {
            let kind = MEASURES[cell % MEASURES.len()].kind;
            let words = difference_in_words(kind, mean(differences.iter().copied()));
            bold(words, *chance < SIGNIFICANT)
        })
        .collect();
    let rows = others.iter().zip(cells.chunks(MEASURES.len())).map(|(method, cells)| {
        let pairs = differences(findings, at, 0, [*method, reference]).len();
        let first = [METHODS[*method].name.to_owned(), pairs.to_string()];
        first.into_iter().chain(cells.iter().cloned()).collect()
    });
    Part::Table { header: header(&["pairs"]), rows: rows.collect() }
}

/// Every method on one task; bold is what differs from clipped SGD by more than chance, with Holm's
/// correction over a column.
pub fn by_method(findings: &Findings, at: At) -> Part {
    let reference = index(CLIPPED).unwrap_or(0);
    let one = std::slice::from_ref(findings);
    let mut columns = Vec::new();
    for (place, measure) in MEASURES.iter().enumerate() {
        let chance = |method| paired_test(&differences(one, at, place, [method, reference]));
        // Beside itself nothing is tested.
        let others = (0..METHODS.len()).filter(|method| *method != reference);
        let mut chances = holm(&others.map(chance).collect::<Vec<_>>());
        chances.insert(reference, 1.0);
        let words = findings.outcomes.iter().zip(chances).map(|(outcome, chance)| {
            let scores = outcome.scores(at, place).into_iter().flatten();
            bold(score_in_words(measure.kind, mean(scores)), chance < SIGNIFICANT)
        });
        columns.push(words.collect::<Vec<_>>());
    }
    let row = |(place, (method, outcome)): (usize, (&Method, &Outcome))| {
        let mut row = vec![method.name.to_owned()];
        match at {
            At::Cost => {
                row.push(method.words(outcome.settings));
                row.push(format!("{:.1}", outcome.cost));
            }
            At::Loss => {
                row.push(format!("{} of {}", outcome.reached(at), outcome.measured(at).len()));
            }
        }
        row.push(outcome.loss(at).map_or_else(|| "-".to_owned(), |loss| format!("{loss:.3}")));
        row.extend(columns.iter().map(|column| column[place].clone()));
        row
    };
    let rows = METHODS.iter().zip(&findings.outcomes).enumerate().map(row);
    let header = match at {
        At::Cost => header(&["settings", "cost of a step", "training loss"]),
        At::Loss => header(&["runs", "training loss"]),
    };
    Part::Table { header, rows: rows.collect() }
}

/// The largest eigenvalue by the radius, as a factor of that without a radius.
pub fn by_radius(findings: &[Findings]) -> Result<Part> {
    let forms = [("contact", CONTACTS_AS_AT_0), ("centre", CENTRES_AS_AT_0)];
    let reference = index(NO_RADIUS).unwrap_or(0);
    let series = forms.iter().enumerate().map(|(colour, (label, names))| {
        let point = |(radius, name): (f64, &&str)| {
            let methods = [index(name)?, reference];
            let differences = differences(findings, At::Loss, LARGEST_EIGENVALUE, methods);
            Some((radius, (-mean(differences)).exp()))
        };
        let points = [0.1, 0.3, 1.0].into_iter().zip(names).filter_map(point);
        Series { label: (*label).to_owned(), points: points.collect(), mark: Mark::Line, colour }
    });
    let chart = Chart {
        title: "The largest eigenvalue by the radius",
        x: "radius",
        y: "factor of the one without a radius",
        series: series.collect(),
        logarithmic: (true, false),
    };
    Ok(Part::Picture {
        file: "largest_eigenvalue_by_radius.svg",
        svg: chart.draw()?,
        caption: "At equal training loss and with the same settings, the geometric mean over all \
                  data sets and seeds."
            .to_owned(),
    })
}

/// Every number for other programs.
pub fn numbers(findings: &Findings) -> Part {
    let mut header: Vec<String> =
        ["method", "at equal loss", "seed", "training loss"].map(str::to_owned).into();
    header.extend(MEASURES.iter().map(|measure| measure.name.to_owned()));
    let mut rows = Vec::new();
    for (method, outcome) in findings.outcomes.iter().enumerate() {
        for at in [At::Cost, At::Loss] {
            for (seed, measured) in outcome.measured(at).iter().enumerate() {
                let Some(measured) = measured else { continue };
                let place = [method, usize::from(at == At::Loss), seed].map(|number| number as f64);
                let numbers = place.into_iter().chain([measured.loss]).chain(measured.values);
                rows.push(numbers.collect());
            }
        }
    }
    Part::Numbers { file: findings.task.file, header, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_in_points_or_as_a_factor() {
        assert_eq!(difference_in_words(Kind::Accuracy, -0.012), "-1.2");
        assert_eq!(difference_in_words(Kind::Curvature, 2_f64.ln()), "x 0.50");
        assert_eq!(difference_in_words(Kind::Accuracy, f64::NAN), "-");
    }
}

//! The study's tables.

use super::methods::{DEFAULT_BALL, METHODS, PRESET, as_shipped, every_method};
use super::runs::{Case, Outcome};
use crate::report::Part;
use crate::statistics::{deviation, holm, largest, mean, paired_test};

/// A case and what each of the methods came to, then each of those as they are shipped.
pub struct Row {
    pub case: Case,
    pub outcomes: Vec<Outcome>,
}

/// All cases of one data set.
pub struct Findings {
    pub name: &'static str,
    pub targets: usize,
    /// Mean accuracy of the targets before.
    pub before: f64,
    pub rows: Vec<Row>,
}

/// Cases of one kind.
struct Group {
    name: &'static str,
    belongs: fn(&Case) -> bool,
}

/// The budget of the cases that vary nothing but the samples and their labels.
pub const BUDGET: u32 = 100;

const fn full_batch(case: &Case) -> bool {
    case.budget == BUDGET && case.batch.is_none()
}

const GROUPS: [Group; 8] = [
    Group { name: "clean, 5 or 10", belongs: |c| full_batch(c) && c.wrong == 0 && c.samples < 20 },
    Group {
        name: "clean, 20 or 50",
        belongs: |c| full_batch(c) && c.wrong == 0 && c.samples >= 20,
    },
    Group { name: "20 % wrong", belongs: |c| full_batch(c) && c.wrong == 20 },
    Group { name: "40 % wrong", belongs: |c| full_batch(c) && c.wrong == 40 },
    Group {
        name: "batches, clean",
        belongs: |c| c.budget == BUDGET && c.batch.is_some() && c.wrong == 0,
    },
    Group {
        name: "batches, wrong",
        belongs: |c| c.budget == BUDGET && c.batch.is_some() && c.wrong > 0,
    },
    Group { name: "30 gradients", belongs: |c| c.budget < BUDGET && c.wrong == 0 },
    Group { name: "300 gradients", belongs: |c| c.budget > BUDGET && c.wrong == 0 },
];

/// Below this a difference is not called chance.
const SIGNIFICANT: f64 = 0.05;

fn percent(fraction: f64) -> String {
    format!("{:.1}", 100.0 * fraction)
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).into()
}

/// The mean over the cases, for each target and draw.
fn average(pairs: &[Vec<Vec<f64>>]) -> Vec<f64> {
    let flat: Vec<Vec<f64>> = pairs.iter().map(|pair| pair.concat()).collect();
    let length = flat.first().map_or(0, Vec::len);
    (0..length).map(|index| mean(flat.iter().map(|values| values[index]))).collect()
}

fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Words for a column of means: the best is bold, and a star is at those that chance may have put
/// behind it.
fn column(values: &[Vec<f64>]) -> Vec<String> {
    let means: Vec<f64> = values.iter().map(|values| mean(values.iter().copied())).collect();
    let best = largest(&means);
    let mut chances = against(values, best).into_iter();
    let word = |(index, mean): (usize, &f64)| {
        let words = percent(*mean);
        if index == best {
            format!("**{words}**")
        } else if chances.next().is_some_and(|chance| chance >= SIGNIFICANT) {
            format!("{words} *")
        } else {
            words
        }
    };
    means.iter().enumerate().map(word).collect()
}

/// How likely chance alone puts each of the others as far from the one with this index, corrected
/// for their number.
fn against(values: &[Vec<f64>], one: usize) -> Vec<f64> {
    let others = values.iter().enumerate().filter(|(index, _)| *index != one);
    let chances = others.map(|(_, of)| paired_test(&differences(of, &values[one])));
    holm(&chances.collect::<Vec<_>>())
}

/// The one of a method's settings that is best on the mean of all usual cases.
fn best_settings(method: usize, findings: &[&Findings]) -> usize {
    let rows = findings.iter().flat_map(|findings| findings.usual());
    let scores: Vec<Vec<f64>> = rows.map(|row| row.outcomes[method].by_settings()).collect();
    let count = scores.first().map_or(0, Vec::len);
    let score = |settings: usize| mean(scores.iter().map(|scores| scores[settings]));
    largest(&(0..count).map(score).collect::<Vec<_>>())
}

/// The one setting of each method that is best on all data; then the preset's.
pub fn one_setting(findings: &[&Findings]) -> Part {
    let mut rows: Vec<(&str, usize, usize)> = METHODS
        .iter()
        .enumerate()
        .map(|(index, method)| (method.name, index, best_settings(index, findings)))
        .collect();
    let ball = default_ball();
    let preset = METHODS[ball].grid().iter().position(|settings| *settings == PRESET);
    rows.extend(preset.map(|preset| ("ball, the preset's settings", ball, preset)));
    let names: Vec<&str> = rows.iter().map(|(name, ..)| *name).collect();
    let mut header = words([""]);
    let mut columns = Vec::new();
    for findings in findings {
        header.push(findings.name.to_lowercase());
        let values = rows.iter().map(|(_, method, settings)| findings.with(*method, *settings));
        columns.push(column(&values.collect::<Vec<_>>()));
    }
    header.push("settings".to_owned());
    let settings = rows.iter().map(|(_, method, settings)| {
        let method = &METHODS[*method];
        method.settings(method.grid()[*settings])
    });
    columns.push(settings.collect());
    beside(&names, header, &columns)
}

/// Which of the methods is the default ball.
fn default_ball() -> usize {
    METHODS.iter().position(|method| method.name == DEFAULT_BALL).unwrap_or(0)
}

/// Columns of words beside the methods' names.
fn beside(names: &[&'static str], header: Vec<String>, columns: &[Vec<String>]) -> Part {
    let row = |(index, name): (usize, &&str)| {
        let cells = columns.iter().map(|column| column[index].clone());
        std::iter::once((*name).to_owned()).chain(cells).collect()
    };
    Part::Table { header, rows: names.iter().enumerate().map(row).collect() }
}

impl Findings {
    fn of(&self, belongs: fn(&Case) -> bool) -> Vec<&Row> {
        self.rows.iter().filter(|row| belongs(&row.case)).collect()
    }

    /// By target and draw, a method's mean over a group of cases, with settings chosen on the other
    /// targets.
    fn group(&self, group: &Group, method: usize) -> Vec<f64> {
        let rows = self.of(group.belongs);
        average(&rows.iter().map(|row| row.outcomes[method].chosen()).collect::<Vec<_>>())
    }

    /// The methods by groups of cases.
    pub fn overview(&self) -> Part {
        let groups: Vec<&Group> =
            GROUPS.iter().filter(|group| !self.of(group.belongs).is_empty()).collect();
        let mut columns: Vec<Vec<String>> = groups
            .iter()
            .map(|group| {
                let values = (0..METHODS.len()).map(|method| self.group(group, method));
                column(&values.collect::<Vec<_>>())
            })
            .collect();
        let over = |method: usize, what: fn(&Outcome) -> f64| {
            mean(self.rows.iter().map(|row| what(&row.outcomes[method])))
        };
        let methods = 0..METHODS.len();
        let draws = |outcome: &Outcome| mean(outcome.chosen().iter().map(|draws| deviation(draws)));
        columns.push(methods.clone().map(|method| percent(over(method, draws))).collect());
        columns.push(
            methods.clone().map(|method| format!("{:.2}", over(method, Outcome::width))).collect(),
        );
        columns.push(methods.map(|method| format!("{:.1}", over(method, |o| o.cost))).collect());
        let mut header = words([""]);
        header.extend(groups.iter().map(|group| group.name.to_owned()));
        header.extend(words(["sd", "width", "cost of a step"]));
        beside(&METHODS.each_ref().map(|method| method.name), header, &columns)
    }

    fn usual(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.case.budget == BUDGET)
    }

    /// By target and draw, the mean of the usual cases with these settings.
    fn with(&self, method: usize, settings: usize) -> Vec<f64> {
        average(&self.usual().map(|row| row.outcomes[method].with(settings)).collect::<Vec<_>>())
    }

    /// Where nobody tunes: as shipped, and with the one setting that is best on all cases of the
    /// other data.
    pub fn untuned(&self, other: &Self) -> Part {
        let mut rows: Vec<(&str, String, Vec<f64>)> = Vec::new();
        for (index, method) in METHODS.iter().enumerate() {
            let best = best_settings(index, &[other]);
            let words = method.settings(method.grid()[best]);
            rows.push((method.name, words, self.with(index, best)));
        }
        for (index, method) in as_shipped().enumerate() {
            let values = self.with(METHODS.len() + index, 0);
            rows.push((method.name, "as shipped".to_owned(), values));
        }
        let names: Vec<&str> = rows.iter().map(|(name, ..)| *name).collect();
        let settings = rows.iter().map(|(_, words, _)| words.clone()).collect();
        let values: Vec<Vec<f64>> = rows.into_iter().map(|(.., values)| values).collect();
        beside(&names, words(["", "accuracy", "settings"]), &[column(&values), settings])
    }

    /// Every case: mean and deviation.
    pub fn every_case(&self, budget: u32, batches: bool) -> Option<Part> {
        let rows: Vec<&Row> = self
            .rows
            .iter()
            .filter(|row| row.case.budget == budget && row.case.batch.is_some() == batches)
            .collect();
        if rows.is_empty() {
            return None;
        }
        let mut header = words([""]);
        let mut columns = Vec::new();
        for row in &rows {
            header.push(format!("{}, {} %", row.case.samples, row.case.wrong));
            let values: Vec<Vec<f64>> =
                (0..METHODS.len()).map(|method| row.outcomes[method].chosen().concat()).collect();
            columns.push(column(&values));
        }
        Some(beside(&METHODS.each_ref().map(|method| method.name), header, &columns))
    }

    /// Each method against the default ball over all cases.
    pub fn against_the_ball(&self) -> Part {
        let ball = default_ball();
        let of = |method: usize, group: &Group| self.group(group, method);
        let groups: Vec<&Group> =
            GROUPS.iter().filter(|group| !self.of(group.belongs).is_empty()).collect();
        let columns: Vec<Vec<String>> = groups
            .iter()
            .map(|group| {
                let values: Vec<_> = (0..METHODS.len()).map(|method| of(method, group)).collect();
                let mut chances = against(&values, ball).into_iter();
                let cell = |(method, values_of): (usize, &Vec<f64>)| {
                    if method == ball {
                        return "-".to_owned();
                    }
                    let more = 100.0 * mean(differences(values_of, &values[ball]));
                    let chance = match chances.next() {
                        Some(chance) if chance < 0.001 => "< 0.001".to_owned(),
                        chance => format!("{:.3}", chance.unwrap_or(1.0)),
                    };
                    format!("{more:+.1} (p {chance})")
                };
                values.iter().enumerate().map(cell).collect()
            })
            .collect();
        let mut header = words([""]);
        header.extend(groups.iter().map(|group| group.name.to_owned()));
        beside(&METHODS.each_ref().map(|method| method.name), header, &columns)
    }

    /// The means of every case, for other programs: what is tuned has the settings that are best on
    /// the other targets.
    pub fn json(&self) -> Vec<serde_json::Value> {
        let mut rows = Vec::new();
        for Row { case, outcomes } in &self.rows {
            for (index, (method, outcome)) in every_method().iter().zip(outcomes).enumerate() {
                let average = |of: Vec<Vec<f64>>| mean(of.concat());
                rows.push(serde_json::json!({
                    "data": self.name.to_lowercase(),
                    "samples": case.samples,
                    "batch": case.batch.unwrap_or(case.samples),
                    "wrong": case.wrong,
                    "gradients": case.budget,
                    "method": method.name,
                    "tuned": index < METHODS.len(),
                    "accuracy": average(outcome.chosen()),
                    "before": self.before,
                    "source_after": average(outcome.source_of_chosen()),
                }));
            }
        }
        rows
    }

    /// Every number for other programs.
    pub fn numbers(&self, file: &'static str) -> Part {
        let header =
            words(["method", "samples", "batch", "wrong", "budget", "target", "draw", "accuracy"]);
        let mut numbers = Vec::new();
        for Row { case, outcomes } in &self.rows {
            for (method, outcome) in outcomes.iter().take(METHODS.len()).enumerate() {
                for (target, draws) in outcome.chosen().iter().enumerate() {
                    for (draw, accuracy) in draws.iter().enumerate() {
                        let batch = case.batch.unwrap_or(case.samples);
                        let integers = [method, case.samples, batch, case.wrong as usize];
                        let rest = [case.budget as usize, target, draw];
                        let integers = integers.into_iter().chain(rest);
                        let row = integers.map(|number| number as f64);
                        numbers.push(row.chain([*accuracy]).collect());
                    }
                }
            }
        }
        Part::Numbers { file, header, rows: numbers }
    }
}

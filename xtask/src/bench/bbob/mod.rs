//! Methods that need losses only, on the functions of COCO's suite BBOB: the ball by way of the C
//! library, the others in Python.

mod groups;
mod profiles;
mod ranks;
mod runs;

use super::arguments::BenchArgs;
use super::findings::Findings;
use anyhow::{Context, Result};
use groups::Group;
use runs::Runs;
use serde::Serialize;
use workbench::statistics::paired_test;
use workbench::table::markdown;

const DIMENSIONS: [usize; 4] = [2, 5, 10, 20];
/// Losses a dimension.
const BUDGETS: [u32; 3] = [30, 60, 200];
/// Of each function: others than those on which settings were chosen, which are 1 to 7.
const FIRST: u32 = 8;
const INSTANCES: u32 = 7;
/// Whom the test compares, as benches/peers/bbob/run.py calls them.
const BALL: &str = "ball, radius 4";
const CMA_ES: &str = "CMA-ES";
/// Below which chance a difference is called one.
const LEVEL: f64 = 0.05;

/// A row as `--json` prints it.
#[derive(Serialize)]
struct Row<'a> {
    dimension: usize,
    losses_a_dimension: u32,
    group: &'static str,
    method: &'a str,
    rank: f64,
}

/// Measures, and draws the pictures where they shall be written.
pub fn measure(args: &BenchArgs) -> Result<Findings> {
    let runs = runs::all(args)?;
    let mut text = introduction();
    for dimension in DIMENSIONS {
        text += &format!("\n\n### {dimension} dimensions\n\n{}", table(&runs, dimension));
        let (picture, most) = (profiles::picture(dimension), BUDGETS[BUDGETS.len() - 1]);
        text += &format!("\n\n![Data profiles in {dimension} dimensions]({picture})");
        if args.write {
            profiles::write(&runs, dimension, most)?;
        }
    }
    text += &multi_modal(&runs)?;
    Ok(Findings { text, rows: serde_json::to_value(rows(&runs))? })
}

fn introduction() -> String {
    let budgets = listed(BUDGETS);
    format!(
        "`cargo xtask bench --only bbob`. Mean ranks, 1 is the best, on instances {FIRST} to {} \
         of the functions of COCO's suite BBOB (Hansen et al. 2009, 2021) with {budgets} losses a \
         dimension: a cell has the three. Each method has the same start on an instance, anywhere \
         in the cube from -4 to 4, and is judged by the best of the losses that it asked for. That \
         is COCO's convention; neither the place where a ball ends nor the mean of CMA-ES is \
         evaluated for it. Within 1e-8 of the optimum all are equal, and equal ones share the mean \
         of their ranks.\n\nSettings are the same for all functions. The ball has its preset, \
         whose rate was chosen with the help of instances 1 to 7, and of some settings of SPSA and \
         Nelder-Mead that were tried on those of functions 15 to 19, these are among the better. \
         The ball is `shrinking` for half as many steps as there are losses, by way of the C \
         library in 32-bit floats. CMA-ES begins with a deviation of 2, as is usual \
         on these functions, Nelder-Mead with a simplex whose edges are 2, and SPSA with a \
         distance of 2; its gain is chosen by the slopes of its first five steps, and shrinks with \
         the distance on half a cosine. L-BFGS-B takes its gradients from differences, whose \
         losses count. CMA-ES, Nelder-Mead and L-BFGS-B are restarted in the cube where they have \
         ended. Random search looks in the domain, from -5 to 5. `benches/peers/bbob` has the code \
         and the versions.\n\nThe pictures have the data profiles of the runs with {} losses a \
         dimension: what part of COCO's 51 targets, from 100 to 1e-8 above the optimum, is reached \
         by how many losses, over all functions and instances of a group. The ball and SPSA are \
         made for a number of losses, and what they reach with fewer is in the tables.",
        FIRST + INSTANCES - 1,
        BUDGETS[BUDGETS.len() - 1]
    )
}

/// Mean ranks in a dimension: rows are methods, columns groups.
fn table(runs: &Runs, dimension: usize) -> String {
    let by_group = Group::ALL.map(|group| {
        let means = |budget| ranks::means(&ranks::of(runs, group, dimension, budget));
        (0..BUDGETS.len()).map(means).collect::<Vec<_>>()
    });
    let mut header = vec!["method".to_owned()];
    header.extend(Group::ALL.map(Group::title));
    let rows = runs.methods.iter().enumerate().map(|(method, name)| {
        let mut row = vec![name.clone()];
        row.extend(by_group.iter().map(|by_budget| {
            let ranks = by_budget.iter().map(|means| format!("{:.2}", means[method]));
            ranks.collect::<Vec<_>>().join(" / ")
        }));
        row
    });
    markdown(header, rows)
}

/// The ball beside the best peer, and beside CMA-ES, on the multi-modal functions.
struct Duel {
    dimension: usize,
    losses_a_dimension: u32,
    ball: f64,
    best_peer: String,
    of_best_peer: f64,
    cma_es: f64,
    /// That chance alone makes ball and CMA-ES as different.
    chance: f64,
}

impl Duel {
    fn of(runs: &Runs, dimension: usize, budget: usize) -> Result<Self> {
        let ranks = ranks::of(runs, Group::MultiModal, dimension, budget);
        let means = ranks::means(&ranks);
        let place = |name: &str| {
            let found = runs.methods.iter().position(|method| method == name);
            found.with_context(|| format!("nobody is called {name:?}"))
        };
        let (ball, cma_es) = (place(BALL)?, place(CMA_ES)?);
        let peers = runs.methods.iter().zip(&means).filter(|(name, _)| !name.starts_with("ball"));
        let best = peers.min_by(|(_, a), (_, b)| a.total_cmp(b)).context("there is no peer")?;
        let differences: Vec<f64> = ranks.iter().map(|ranks| ranks[ball] - ranks[cma_es]).collect();
        Ok(Self {
            dimension,
            losses_a_dimension: BUDGETS[budget],
            ball: means[ball],
            best_peer: best.0.clone(),
            of_best_peer: *best.1,
            cma_es: means[cma_es],
            chance: paired_test(&differences),
        })
    }

    fn is_best(&self) -> bool {
        self.ball < self.of_best_peer
    }

    fn is_worse_than_cma_es(&self) -> bool {
        self.ball > self.cma_es && self.chance < LEVEL
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.dimension.to_string(),
            self.losses_a_dimension.to_string(),
            format!("{:.2}", self.ball),
            self.best_peer.clone(),
            format!("{:.2}", self.of_best_peer),
            format!("{:.2}", self.cma_es),
            format!("{:.4}", self.chance),
        ]
    }
}

/// What was to be reached on the multi-modal functions, and whether it is.
fn multi_modal(runs: &Runs) -> Result<String> {
    let mut duels = Vec::new();
    for dimension in DIMENSIONS {
        for budget in 0..BUDGETS.len() {
            duels.push(Duel::of(runs, dimension, budget)?);
        }
    }
    let header = [
        "dimensions",
        "losses a dimension",
        BALL,
        "best peer",
        "its rank",
        CMA_ES,
        "p, ball and CMA-ES",
    ];
    let table = markdown(header.map(str::to_owned).into(), duels.iter().map(Duel::row));
    let problems = Group::MultiModal.functions().count() as u32 * INSTANCES;
    Ok(format!(
        "\n\n### Functions 15 to 19\n\nMean ranks on the multi-modal functions once more. `p` is \
         that of the sign-flip test of paired ranks on the {problems} problems, not corrected for \
         the number of rows.\n\n{table}\n\n{}",
        goals(&duels)
    ))
}

/// The goals in words.
fn goals(duels: &[Duel]) -> String {
    let dimensions = |budget: u32, holds: fn(&Duel) -> bool| {
        let at = duels.iter().filter(|duel| duel.losses_a_dimension == budget && holds(duel));
        let found: Vec<usize> = at.map(|duel| duel.dimension).collect();
        if found.is_empty() { "none".to_owned() } else { listed(found) }
    };
    format!(
        "The goal at 60 losses a dimension is a better mean rank than every peer in 5 and 10 \
         dimensions. Of 2, 5, 10 and 20 dimensions, `{BALL}` has it in: {}. The goal at 200 is not \
         to be worse than CMA-ES by more than chance. It is, with p < {LEVEL}, in: {}.",
        dimensions(60, Duel::is_best),
        dimensions(200, Duel::is_worse_than_cma_es),
    )
}

/// As `--json` prints it.
fn rows(runs: &Runs) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for dimension in DIMENSIONS {
        for (budget, losses_a_dimension) in BUDGETS.into_iter().enumerate() {
            for group in Group::ALL {
                let means = ranks::means(&ranks::of(runs, group, dimension, budget));
                rows.extend(runs.methods.iter().zip(means).map(|(method, rank)| Row {
                    dimension,
                    losses_a_dimension,
                    group: group.name(),
                    method,
                    rank,
                }));
            }
        }
    }
    rows
}

/// "2, 5 and 10".
fn listed(numbers: impl IntoIterator<Item = impl ToString>) -> String {
    let mut words: Vec<String> = numbers.into_iter().map(|number| number.to_string()).collect();
    match words.pop() {
        Some(last) if !words.is_empty() => format!("{} and {last}", words.join(", ")),
        last => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runs::{Problem, Run};

    /// On every function and instance the first method leaves less than the second, and so on.
    fn in_order(methods: &[&str]) -> Runs {
        let mut problems = Vec::new();
        for dimension in DIMENSIONS {
            for function in Group::ALL.into_iter().flat_map(Group::functions) {
                for _ in 0..INSTANCES {
                    let run = |left: usize| Run { left: vec![left as f64; 3], reached: Vec::new() };
                    let by_method = (1..=methods.len()).map(run).collect();
                    problems.push(Problem { function, dimension, by_method });
                }
            }
        }
        Runs { methods: methods.iter().map(|name| (*name).to_owned()).collect(), problems }
    }

    #[test]
    fn a_ball_that_always_wins_reaches_both_goals() -> Result<()> {
        let text = multi_modal(&in_order(&[BALL, CMA_ES, "other"]))?;
        assert!(text.contains("has it in: 2, 5, 10 and 20. "), "{text}");
        assert!(text.contains("with p < 0.05, in: none."), "{text}");
        Ok(())
    }

    #[test]
    fn a_ball_that_always_loses_reaches_none() -> Result<()> {
        let text = multi_modal(&in_order(&["other", CMA_ES, BALL]))?;
        assert!(text.contains("has it in: none. "), "{text}");
        assert!(text.contains("with p < 0.05, in: 2, 5, 10 and 20."), "{text}");
        Ok(())
    }

    #[test]
    fn a_table_has_a_row_for_each_method_with_a_rank_for_each_budget() {
        let table = table(&in_order(&[BALL, CMA_ES]), 5);
        let row = table.lines().find(|line| line.contains(CMA_ES));
        assert!(row.is_some_and(|row| row.matches("2.00 / 2.00 / 2.00").count() == 5), "{table}");
    }

    #[test]
    fn a_row_has_the_documented_keys() -> Result<()> {
        let runs = in_order(&[BALL, CMA_ES]);
        let rows = rows(&runs);
        assert_eq!(rows.len(), 4 * 3 * 5 * 2);
        let first = serde_json::to_string(&rows[0])?;
        let expected = concat!(
            r#"{"dimension":2,"losses_a_dimension":30,"group":"separable","#,
            r#""method":"ball, radius 4","rank":1.0}"#
        );
        assert_eq!(first, expected);
        Ok(())
    }

    #[test]
    fn numbers_are_listed_as_in_a_sentence() {
        assert_eq!(listed([2, 5, 10]), "2, 5 and 10");
        assert_eq!(listed([2]), "2");
    }
}

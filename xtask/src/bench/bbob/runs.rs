//! The runs, made by benches/peers/bbob.

use super::groups::Group;
use super::{BUDGETS, DIMENSIONS, FIRST, INSTANCES};
use crate::bench::arguments::BenchArgs;
use crate::bench::script::{Environment, Script};
use crate::c::library;
use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};
use std::thread;
use workbench::progress;

const ENVIRONMENT: Environment = Environment {
    folder: "target/peers-bbob",
    setup: "benches/peers/setup.sh bbob",
    has: "COCO, CMA-ES and SciPy",
};

/// A function in so many dimensions, whose instances are asked for together.
#[derive(Clone, Copy, Serialize)]
struct Request {
    function: u32,
    dimension: usize,
    first: u32,
    instances: u32,
    /// Losses a dimension.
    budgets: [u32; 3],
}

fn request(function: u32, dimension: usize) -> Request {
    Request { function, dimension, first: FIRST, instances: INSTANCES, budgets: BUDGETS }
}

#[derive(Deserialize)]
struct Answer {
    methods: Vec<String>,
    /// For each instance a run of each method.
    instances: Vec<Vec<Run>>,
}

/// What a method did on a problem.
#[derive(Clone, Debug, Deserialize)]
pub struct Run {
    /// For each budget, how far the best loss was above the optimum.
    pub left: Vec<f64>,
    /// For each target, after how many losses it was reached with the largest budget.
    pub reached: Vec<Option<u32>>,
}

/// An instance of a function.
pub struct Problem {
    pub function: u32,
    pub dimension: usize,
    /// In the order of the methods.
    pub by_method: Vec<Run>,
}

/// All of them.
pub struct Runs {
    pub methods: Vec<String>,
    pub problems: Vec<Problem>,
}

/// Makes all runs, in as many processes as there are cores.
pub fn all(args: &BenchArgs) -> Result<Runs> {
    let library = library::build_shared()?;
    let mut requests = Vec::new();
    for dimension in DIMENSIONS {
        for function in Group::ALL.into_iter().flat_map(Group::functions) {
            requests.push(request(function, dimension));
        }
    }
    let bar = progress::bar("losses only, on BBOB", "functions");
    bar.set_length(requests.len() as u64);
    bar.tick();
    let processes = thread::available_parallelism().map_or(1, usize::from);
    let scripts = (0..processes).map(|_| {
        Script::start(args, &ENVIRONMENT, "benches/peers/bbob/run.py", "bbob/run.py", [&library])
    });
    let scripts = scripts.collect::<Result<Vec<_>>>()?;
    let waiting = Mutex::new(requests);
    let answered = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let (waiting, answered, bar) = (&waiting, &answered, &bar);
        let at_work = scripts
            .into_iter()
            .map(|script| scope.spawn(move || answer_all(script, waiting, answered, bar)));
        let at_work: Vec<_> = at_work.collect();
        for work in at_work {
            work.join().ok().context("a thread has panicked")??;
        }
        anyhow::Ok(())
    })?;
    bar.finish_and_clear();
    let answered = answered.into_inner().unwrap_or_else(PoisonError::into_inner);
    collected(answered)
}

/// Asks a script for what is waiting, the last first, which takes the longest.
fn answer_all(
    mut script: Script,
    waiting: &Mutex<Vec<Request>>,
    answered: &Mutex<Vec<(Request, Answer)>>,
    bar: &ProgressBar,
) -> Result<()> {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(request) = next else { return Ok(()) };
        let answer = script.ask(&request)?;
        answered.lock().unwrap_or_else(PoisonError::into_inner).push((request, answer));
        bar.inc(1);
    }
}

/// The answers as problems, in the order of dimensions and functions, whoever was asked when.
fn collected(mut answered: Vec<(Request, Answer)>) -> Result<Runs> {
    answered.sort_by_key(|(request, _)| (request.dimension, request.function));
    let mut runs = Runs { methods: Vec::new(), problems: Vec::new() };
    for (Request { function, dimension, .. }, answer) in answered {
        runs.methods = answer.methods;
        for by_method in answer.instances {
            let complete = |run: &Run| run.left.len() == BUDGETS.len();
            ensure!(
                by_method.len() == runs.methods.len() && by_method.iter().all(complete),
                "benches/peers/bbob/run.py left something out of function {function}"
            );
            runs.problems.push(Problem { function, dimension, by_method });
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(function: u32, dimension: usize, answer: &str) -> Result<(Request, Answer)> {
        let request = request(function, dimension);
        Ok((request, serde_json::from_str(answer)?))
    }

    const ANSWER: &str = r#"{"methods": ["a", "b"], "instances": [[
        {"left": [3.0, 2.0, 1.0], "reached": [7, null]},
        {"left": [4.0, 3.0, 2.0], "reached": [null, null]}
    ]]}"#;

    #[test]
    fn answers_in_any_order_become_problems_in_theirs() -> Result<()> {
        let answers = [answered(3, 5, ANSWER)?, answered(4, 2, ANSWER)?, answered(3, 2, ANSWER)?];
        let runs = collected(answers.into())?;
        assert_eq!(runs.methods, ["a", "b"]);
        let order: Vec<_> = runs.problems.iter().map(|p| (p.dimension, p.function)).collect();
        assert_eq!(order, [(2, 3), (2, 4), (5, 3)]);
        assert_eq!(runs.problems[0].by_method[0].left, [3.0, 2.0, 1.0]);
        assert_eq!(runs.problems[0].by_method[0].reached, [Some(7), None]);
        Ok(())
    }

    #[test]
    fn an_answer_without_all_budgets_or_methods_is_refused() -> Result<()> {
        for (whole, cut) in [("[3.0, 2.0, 1.0]", "[3.0]"), (r#"["a", "b"]"#, r#"["a", "b", "c"]"#)]
        {
            let answer = ANSWER.replace(whole, cut);
            let message = collected(vec![answered(3, 5, &answer)?]).err().map(|e| e.to_string());
            assert!(message.is_some_and(|m| m.contains("function 3")), "{cut}");
        }
        Ok(())
    }
}

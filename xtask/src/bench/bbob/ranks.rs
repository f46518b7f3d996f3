//! Who is how good beside the others.

use super::groups::Group;
use super::runs::{Problem, Runs};
use workbench::statistics::mean;

/// How far above the optimum a loss is as good as it: where COCO ends.
const SOLVED: f64 = 1e-8;

/// The rank of each value among them, 1 for the least; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let less = values.iter().filter(|other| *other < value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        less as f64 + (equal as f64 + 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// The ranks of all methods on each problem of a group, of so many dimensions, with the budget of
/// this index.
pub fn of(runs: &Runs, group: Group, dimension: usize, budget: usize) -> Vec<Vec<f64>> {
    let here = |problem: &Problem| {
        problem.dimension == dimension && group.functions().contains(&problem.function)
    };
    let problems = runs.problems.iter().filter(|problem| here(problem));
    let left = |problem: &Problem| {
        let left = problem.by_method.iter().map(|run| run.left[budget].max(SOLVED));
        left.collect::<Vec<f64>>()
    };
    problems.map(|problem| ranks(&left(problem))).collect()
}

/// The mean rank of each method over the problems.
pub fn means(by_problem: &[Vec<f64>]) -> Vec<f64> {
    let methods = by_problem.first().map_or(0, Vec::len);
    let of = |method: usize| mean(by_problem.iter().map(|ranks| ranks[method]));
    (0..methods).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::bbob::runs::Run;

    #[test]
    fn the_least_has_rank_one_and_equal_values_share_the_mean_of_theirs() {
        assert_eq!(ranks(&[0.3, 0.1, 0.2]), [3.0, 1.0, 2.0]);
        assert_eq!(ranks(&[0.2, 0.1, 0.2, 0.2]), [3.0, 1.0, 3.0, 3.0]);
        assert_eq!(ranks(&[5.0, 5.0]), [1.5, 1.5]);
    }

    fn problem(function: u32, dimension: usize, left: &[[f64; 2]]) -> Problem {
        let run = |left: &[f64; 2]| Run { left: left.to_vec(), reached: Vec::new() };
        Problem { function, dimension, by_method: left.iter().map(run).collect() }
    }

    #[test]
    fn ranks_are_of_a_group_in_a_dimension_with_a_budget() {
        let runs = Runs {
            methods: vec!["a".to_owned(), "b".to_owned()],
            problems: vec![
                problem(15, 2, &[[1.0, 0.1], [2.0, 0.2]]),
                problem(19, 2, &[[1.0, 0.3], [2.0, 0.2]]),
                problem(15, 5, &[[2.0, 0.3], [1.0, 0.2]]),
                problem(14, 2, &[[2.0, 0.3], [1.0, 0.2]]),
            ],
        };
        let first = of(&runs, Group::MultiModal, 2, 0);
        assert_eq!(first, [[1.0, 2.0], [1.0, 2.0]]);
        let second = of(&runs, Group::MultiModal, 2, 1);
        assert_eq!(second, [[1.0, 2.0], [2.0, 1.0]]);
        assert_eq!(means(&second), [1.5, 1.5]);
    }

    #[test]
    fn what_has_solved_a_problem_shares_the_first_rank() {
        let runs = Runs {
            methods: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            problems: vec![problem(1, 2, &[[-1e-14, 0.0], [1e-9, 0.0], [1e-7, 0.0]])],
        };
        assert_eq!(of(&runs, Group::Separable, 2, 0), [[1.5, 1.5, 3.0]]);
    }
}

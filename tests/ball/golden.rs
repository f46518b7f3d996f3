//! The paper's form against trajectories computed in double precision by other programs.

use crate::support::formulas::{GaussianWells, Quadratic, SineModel, Single, WeierstrassLike};
use crate::support::numbers::{bits, deviation, narrow, widen};
use rolling_ball::{
    AnyCentreStep, AnyFootpoint, AnyRollingBall, GradientDescent, Objective, Optimizer, Plain,
    RollingBallConfig, step,
};
use serde::Deserialize;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A correct implementation may add in another order than the run that the deviation was recorded
/// with.
const ALLOWED: f64 = 10.0;

/// One file: the run, and the constants of its function.
#[derive(Deserialize)]
struct Golden {
    radius: f64,
    learning_rate: f64,
    projection_step: f64,
    projection_iterations: u32,
    steps: usize,
    theta0: Vec<f64>,
    theta: Vec<Vec<f64>>,
    loss: Vec<f64>,
    max_abs_deviation_of_a_float32_run: f64,
    /// Not recorded by every file.
    max_abs_loss_deviation_of_a_float32_run: Option<f64>,
    diagonal: Option<Vec<f64>>,
    x: Option<Vec<f64>>,
    y: Option<Vec<f64>>,
    n: Option<u32>,
    minima: Option<Vec<Vec<f64>>>,
    sigma: Option<f64>,
}

impl Golden {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let golden: Self = serde_json::from_str(&text).unwrap();
        assert_eq!(golden.theta.len(), golden.steps + 1, "{}", path.display());
        assert_eq!(golden.loss.len(), golden.steps + 1, "{}", path.display());
        golden
    }

    /// The function, told by the constants that the file has.
    fn objective(&self) -> Box<dyn Objective> {
        if let Some(diagonal) = self.diagonal.clone() {
            Box::new(Single(Quadratic { diagonal }))
        } else if let (Some(x), Some(y)) = (self.x.clone(), self.y.clone()) {
            Box::new(Single(SineModel { x, y }))
        } else if let Some(terms) = self.n {
            Box::new(Single(WeierstrassLike { terms }))
        } else if let (Some(minima), Some(sigma)) = (self.minima.clone(), self.sigma) {
            Box::new(Single(GaussianWells { minima, sigma }))
        } else {
            panic!("a golden file has the constants of no function that is known here")
        }
    }

    fn ball(&self, roll_back: bool) -> AnyRollingBall<Vec<f32>> {
        let config = RollingBallConfig {
            radius: (self.radius as f32).into(),
            learning_rate: (self.learning_rate as f32).into(),
            loss_scale: 1.0,
            footpoint: AnyFootpoint::GradientDescent(GradientDescent {
                step: self.projection_step as f32,
                iterations: self.projection_iterations,
            }),
            centre_step: AnyCentreStep::Plain(Plain),
            roll_back,
        };
        crate::support::optimizers::ball(config, self.theta0.len())
    }

    fn trajectory(&self, roll_back: bool) -> (Vec<Vec<f32>>, Vec<f32>) {
        let (mut ball, mut objective) = (self.ball(roll_back), self.objective());
        let mut theta = narrow(&self.theta0);
        let (mut thetas, mut losses) = (vec![theta.clone()], Vec::new());
        for _ in 0..self.steps {
            let report = step(&mut ball, objective.as_mut(), &mut theta).unwrap();
            thetas.push(theta.clone());
            losses.push(report.loss_before);
        }
        losses.push(objective.loss(&theta).unwrap());
        assert_eq!(ball.steps() as usize, self.steps);
        (thetas, losses)
    }

    fn check(&self, path: &Path) {
        let (thetas, losses) = self.trajectory(true);
        let allowed = ALLOWED * self.max_abs_deviation_of_a_float32_run;
        for (index, (ours, golden)) in thetas.iter().zip(&self.theta).enumerate() {
            let strayed = deviation(&widen(ours), golden);
            let place = format!("{} at step {index}", path.display());
            assert!(strayed <= allowed, "{place}: strayed {strayed:.2e}, allowed {allowed:.2e}");
        }
        if let Some(recorded) = self.max_abs_loss_deviation_of_a_float32_run {
            let (strayed, allowed) = (deviation(&widen(&losses), &self.loss), ALLOWED * recorded);
            let place = path.display();
            assert!(strayed <= allowed, "{place}: loss {strayed:.2e}, allowed {allowed:.2e}");
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

fn our_files() -> Vec<PathBuf> {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ball/golden"));
    assert_eq!(files.len(), 4, "tests/ball/golden: generate.py makes four files");
    files
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_papers_form_follows_our_double_precision_trajectories() {
    for path in our_files() {
        Golden::read(&path).check(&path);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_papers_form_follows_the_shared_double_precision_trajectories() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/golden");
    if !folder.is_dir() {
        // Straight to stderr: the test harness swallows what `eprintln!` prints.
        let reason = format!("{} is not there", folder.display());
        writeln!(std::io::stderr(), "\nSKIPPED: the shared golden trajectories: {reason}").unwrap();
        return;
    }
    let files = files(&folder);
    assert!(!files.is_empty(), "{} holds no trajectory", folder.display());
    for path in files {
        Golden::read(&path).check(&path);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn evaluating_each_new_loss_for_roll_back_changes_no_bit_of_the_trajectory() {
    for path in our_files() {
        let golden = Golden::read(&path);
        let (with, _) = golden.trajectory(true);
        let (without, _) = golden.trajectory(false);
        for (with, without) in with.iter().zip(&without) {
            assert_eq!(bits(with), bits(without), "{}", path.display());
        }
    }
}

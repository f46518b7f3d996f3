//! The work whose instructions callgrind counts, run once a level:
//! `cargo xtask bench --only kernels` reads the counts.
//!
//! For each piece of work one call of [`counted`], inside of which valgrind is told to count, then
//! one of [`reported`], at which it is told to write the count down; this prints a line
//! `level work`.

use rolling_ball::kernels::{Level, Wide};
use rolling_ball::nn::Layer;
use rolling_ball::{Error, step};
use std::hint::black_box;
use workload::networks::{Convolutions, Images, Training, lend};
use workload::passes::{AT_REST, passes};
use workload::slices::Slices;
use workload::steps::{BALL, Quadratic, SGD, optimizers, start};

/// Large enough that nothing but the loops counts.
const LENGTH: usize = 65_536;
const SAMPLES: usize = 64;

/// Valgrind knows no AVX-512, and hides it from the program.
const LEVELS: [Level; 2] = [Level::Baseline, Level::Avx2];

fn main() -> Result<(), Error> {
    for level in LEVELS {
        level.limit();
        if Level::in_use() == level {
            work(level)?;
        }
    }
    Ok(())
}

fn work(level: Level) -> Result<(), Error> {
    let count = |what: &str, work: &mut dyn FnMut()| {
        counted(work);
        reported(&format!("{level:?} {what}"));
    };
    let mut slices = Slices::new(LENGTH);
    for pass in passes::<Wide>() {
        count(pass.name, &mut || {
            black_box((pass.run)(black_box(slices.vectors()), AT_REST));
        });
    }
    for (name, mut optimizer) in optimizers(LENGTH)? {
        if ![SGD, BALL].contains(&name) {
            continue;
        }
        let mut theta = start(LENGTH);
        // From the second step on, the ball knows its offset.
        step(&mut *optimizer, &mut Quadratic, &mut theta)?;
        let mut outcome = Ok(());
        count(&format!("step of {name}"), &mut || {
            outcome = step(&mut *optimizer, &mut Quadratic, &mut theta).map(drop);
        });
        outcome?;
    }
    network::<Images>("784-128-10", &count)?;
    network::<Convolutions>("convolutions", &count)
}

/// Forward, and forward with backward.
fn network<L: Layer>(name: &str, count: &dyn Fn(&str, &mut dyn FnMut())) -> Result<(), Error> {
    lend::<L>(SAMPLES, |Training { objective, theta, gradient }| {
        let mut outcome = Ok(0.0);
        count(&format!("loss of {name}"), &mut || outcome = objective.loss(theta));
        outcome?;
        count(&format!("gradient of {name}"), &mut || {
            outcome = objective.gradient(theta, gradient);
        });
        outcome.map(drop)
    })
}

#[inline(never)]
fn counted(work: &mut dyn FnMut()) {
    work();
    // Keeps this a call of its own, not a jump.
    black_box(());
}

#[inline(never)]
fn reported(what: &str) {
    println!("{what}");
}

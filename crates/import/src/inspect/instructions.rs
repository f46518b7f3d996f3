//! Estimates of the instructions of a training step, from steps that were counted.
//!
//! All coefficients come from figures of this repository that QEMU counted: those of
//! `cargo xtask bench` (boards/qemu/instructions.json) for dense layers in `f32` and the passes of
//! the optimizer, and that of the scenario `last_layer` of `cargo xtask qemu`
//! (boards/qemu/golden.json) for int8. A test derives them again. No step with other layers is
//! counted there: convolutions in `f32` are taken to cost what dense layers do (the one that
//! docs/results.md tells, of a network with convolutions in time, is 1.05 times its estimate), and
//! so are those by channel or in groups, for which there is no figure at all. Pools and functions
//! of single values are part of the coefficients as far as the counted networks have them.

use serde::Serialize;

/// An estimate of the instructions of a training with the ball on a core: so many for the features
/// of each sample, once; and in a step so many for each sample, and so many for the step itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instructions {
    /// The core.
    pub core: &'static str,
    /// For the features of a sample, which are kept: a forward pass of the backbone.
    pub per_features: u64,
    /// For each sample: two forward passes and a backward pass of the layers after the backbone.
    pub per_sample: u64,
    /// For the optimizer's own passes over the trained parameters, once a step.
    pub per_step: u64,
}

/// What a step has to compute.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// The products of a forward pass of the backbone in int8.
    pub int8: u64,
    /// Those of a backbone in `f32`.
    pub frozen: u64,
    /// The products of a forward pass of the layers after it, in `f32`.
    pub float: u64,
    /// The products of a backward pass.
    pub backward: u64,
    /// The trained parameters.
    pub parameters: usize,
}

/// Instructions on a core.
struct Core {
    name: &'static str,
    /// For each product of a forward pass in `f32`: what a sample more costs in the loss of
    /// 16-32-4 above that of 8-16-4, which has 448 products less.
    forward: f64,
    /// For a forward pass beside its products: what is then left of the loss of 8-16-4.
    beside_forward: f64,
    /// The same two for a backward pass: what a sample more costs in a gradient without the
    /// forward pass in it.
    backward: f64,
    beside_backward: f64,
    /// For each product of a forward pass in int8: what `last_layer` takes for the features of a
    /// sample, by two convolutions of 1 and 8 channels, with their pools.
    int8: f64,
    /// For each trained parameter, in the passes of the default ball: from 200 to 20,000 of them.
    parameter: f64,
    /// What is then left of the passes over 200.
    step: f64,
}

const CORES: [Core; 2] = [
    Core {
        name: "Cortex-M4F",
        forward: 2.55,
        beside_forward: 700.0,
        backward: 3.03,
        beside_backward: 264.0,
        int8: 4.49,
        parameter: 19.1,
        step: 1190.0,
    },
    Core {
        name: "Cortex-M55",
        forward: 1.89,
        beside_forward: 548.0,
        backward: 1.90,
        beside_backward: 119.0,
        int8: 2.28,
        parameter: 8.81,
        step: 1110.0,
    },
];

/// The instructions of a step on each core.
pub fn estimate(work: Work) -> Vec<Instructions> {
    CORES.iter().map(|core| core.estimate(work)).collect()
}

impl Core {
    fn estimate(&self, work: Work) -> Instructions {
        let [int8, frozen, float, backward, parameters] =
            [work.int8, work.frozen, work.float, work.backward, work.parameters as u64]
                .map(|count| count as f64);
        let features = self.int8 * int8 + self.forward * frozen;
        let forward = self.forward * float + self.beside_forward;
        let backward = self.backward * backward + self.beside_backward;
        Instructions {
            core: self.name,
            per_features: features.round() as u64,
            per_sample: (2.0 * forward + backward).round() as u64,
            per_step: (self.parameter * parameters + self.step).round() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, Result, ensure};
    use serde_json::Value;

    fn counted(file: &str, list: &str) -> Result<Vec<Value>> {
        let path = format!("{}/../../boards/qemu/{file}", env!("CARGO_MANIFEST_DIR"));
        let all: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        Ok(all[list].as_array().context("expected a list")?.clone())
    }

    /// The figure of the one row that has all of this.
    fn figure(rows: &[Value], core: &str, with: &[(&str, Value)], key: &str) -> Result<f64> {
        let fits = |row: &&Value| row["core"] == core && with.iter().all(|(k, v)| row[k] == *v);
        let row = rows.iter().find(fits).with_context(|| format!("{core} {with:?}"))?;
        row[key].as_f64().context("expected a number")
    }

    /// The counted networks: products of a forward and a backward pass, and parameters.
    const SMALL: (&str, u64, u64, usize) = ("8-16-4", 192, 256, 212);
    const LARGE: (&str, u64, u64, usize) = ("16-32-4", 640, 768, 676);

    fn step(core: &str, network: &str, batch: u64, optimizer: &str) -> Result<f64> {
        let with =
            [("network", network.into()), ("batch", batch.into()), ("optimizer", optimizer.into())];
        figure(&counted("instructions.json", "steps")?, core, &with, "instructions")
    }

    fn scenario(core: &str, scenario: &str, key: &str) -> Result<f64> {
        let with = [("scenario", scenario.into())];
        figure(&counted("golden.json", "rows")?, core, &with, key)
    }

    /// The samples, and the work, of `last_layer`: 50 digits, two int8 convolutions (1 to 8
    /// channels on 8 x 8 positions, and 8 to 16 on 4 x 4) and 64-10.
    const LAST_LAYER: (f64, Work) = (
        50.0,
        Work {
            int8: 64 * 9 * 8 + 16 * 9 * 8 * 16,
            frozen: 0,
            float: 640,
            backward: 640,
            parameters: 650,
        },
    );

    fn whole(core: &Core, samples: f64, work: Work) -> f64 {
        let Instructions { per_sample, per_step, .. } = core.estimate(work);
        samples * per_sample as f64 + per_step as f64
    }

    #[test]
    fn the_coefficients_are_those_of_the_counted_steps() -> Result<()> {
        let passes = counted("instructions.json", "passes")?;
        let mut differ = Vec::new();
        for core in &CORES {
            let name = core.name;
            // What seven samples more take in the gradient, and in the loss that the ball adds.
            let gradient = |network: &str| {
                anyhow::Ok((step(name, network, 8, "sgd")? - step(name, network, 1, "sgd")?) / 7.0)
            };
            let loss = |network: &str| {
                let both = step(name, network, 8, "ball")? - step(name, network, 1, "ball")?;
                anyhow::Ok(both / 7.0 - gradient(network)?)
            };
            let line = |[small, large]: [f64; 2], [less, more]: [u64; 2]| {
                let slope = (large - small) / (more - less) as f64;
                [slope, small - slope * less as f64]
            };
            let losses = [loss(SMALL.0)?, loss(LARGE.0)?];
            let forward = line(losses, [SMALL.1, LARGE.1]);
            let backward = line(
                [gradient(SMALL.0)? - losses[0], gradient(LARGE.0)? - losses[1]],
                [SMALL.2, LARGE.2],
            );
            let pass = |parameters: u64| {
                let with = [("form", "contact".into()), ("parameters", parameters.into())];
                figure(&passes, name, &with, "instructions")
            };
            let optimizer = line([pass(200)?, pass(20_000)?], [200, 20_000]);
            let (samples, work) = LAST_LAYER;
            let features = scenario(name, "last_layer", "instructions_for_features")?;
            let int8 = features / (samples * work.int8 as f64);
            for (coefficient, own, derived) in [
                ("forward", core.forward, forward[0]),
                ("beside_forward", core.beside_forward, forward[1]),
                ("backward", core.backward, backward[0]),
                ("beside_backward", core.beside_backward, backward[1]),
                ("int8", core.int8, int8),
                ("parameter", core.parameter, optimizer[0]),
                ("step", core.step, optimizer[1]),
            ] {
                // They have three digits.
                if (own / derived - 1.0).abs() >= 0.005 {
                    differ.push(format!("{name}, {coefficient}: {own}, counted {derived:.5}"));
                }
            }
        }
        ensure!(differ.is_empty(), "{}", differ.join("\n"));
        Ok(())
    }

    /// No coefficient comes from `digits`, 64-32-10 with 100 samples, nor from 64-10 of
    /// `last_layer` with 50.
    #[test]
    fn counted_steps_are_at_most_1_21_times_their_estimates() -> Result<()> {
        let mut largest = 1.0f64;
        for core in &CORES {
            let mut see = |samples: f64, work: Work, counted: f64| {
                let ratio = counted / whole(core, samples, work);
                largest = largest.max(ratio).max(1.0 / ratio);
            };
            for (network, float, backward, parameters) in [SMALL, LARGE] {
                let work = Work { int8: 0, frozen: 0, float, backward, parameters };
                for batch in [1, 8] {
                    see(batch as f64, work, step(core.name, network, batch, "ball")?);
                }
            }
            let digits = Work { int8: 0, frozen: 0, float: 2368, backward: 2688, parameters: 2410 };
            see(100.0, digits, scenario(core.name, "digits", "instructions_per_step")?);
            let (samples, work) = LAST_LAYER;
            see(samples, work, scenario(core.name, "last_layer", "instructions_per_step")?);
        }
        ensure!((1.20..1.21).contains(&largest), "{largest}");
        Ok(())
    }
}

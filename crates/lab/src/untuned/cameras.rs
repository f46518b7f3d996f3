//! A model for images whose last layer a device fine-tunes behind another camera than that of its
//! training.

use crate::targets::Target;
use anyhow::{Context, Result, ensure};
use oorandom::Rand32;
use rayon::prelude::*;
use rolling_ball::nn::{Dense, Layer};
use rolling_ball_import::{Import, Imported, Samples};
use std::path::Path;
use workbench::data::{Dataset, bilinear, normal};
use workbench::progress;

/// The last layer of ResNet-8, as MLPerf Tiny ships it.
pub type CameraTail = Dense<64, 10>;

/// What a camera makes of a picture.
#[derive(Clone, Copy)]
struct Camera {
    /// It is mounted so that the picture is turned by this angle, counter-clockwise in degrees.
    rotation: f32,
    /// What it reads of red, green and blue, in parts of what is there.
    gains: [f32; COLOURS],
    /// Standard deviation of the noise on every byte.
    noise: f32,
}

const COLOURS: usize = 3;

const CAMERAS: [Camera; 3] = [
    Camera { rotation: 8.0, gains: [0.7, 0.6, 0.85], noise: 5.0 },
    Camera { rotation: -6.0, gains: [0.9, 0.8, 0.65], noise: 4.0 },
    Camera { rotation: 4.0, gains: [0.6, 0.65, 0.6], noise: 4.0 },
];

/// A device behind each of the cameras, with the features that the frozen layers of a model make of
/// its pictures; those of the pictures as they are are the source.
pub fn cameras(model: &Path, pictures: &Path) -> Result<Vec<Target>> {
    let imported = Import::new(model).train(["last:1"]).read()?;
    let weights = imported.theta();
    ensure!(
        weights.len() == CameraTail::PARAMETERS,
        "{}: expected a last layer of {} parameters, as ResNet-8 of MLPerf Tiny has them, found {}",
        model.display(),
        CameraTail::PARAMETERS,
        weights.len()
    );
    let pictures = imported.samples(pictures)?;
    let side = side(imported.sizes().inputs).context("expected square pictures in colour")?;
    let bar = progress::bar("features behind the cameras", "pictures");
    bar.set_length(((CAMERAS.len() + 1) * pictures.labels.len()) as u64);
    let features = |camera: Option<(&Camera, u64)>| {
        let each = pictures.inputs.par_chunks_exact(COLOURS * side * side).enumerate();
        let each = each.map(|(index, picture)| {
            let seen = camera.map(|(camera, seed)| {
                camera.see(picture, side, &mut Rand32::new_inc(seed, index as u64))
            });
            bar.inc(1);
            features_of(&imported, &pictures, seen.as_deref().unwrap_or(picture))
        });
        each.collect::<Result<Vec<_>>>()
    };
    let source = features(None)?;
    let seen = (1..).zip(&CAMERAS).map(|(seed, camera)| features(Some((camera, seed))));
    let seen = seen.collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    let largest = source.iter().chain(seen.iter().flatten()).flatten();
    let largest = largest.fold(0.0_f32, |largest, value| largest.max(*value));
    let kept = |features: &[Vec<f32>]| in_bytes(features, &pictures.labels, largest);
    let source = kept(&source);
    let target = |features: &Vec<Vec<f32>>| Target {
        weights: weights.clone(),
        data: kept(features),
        source: source.clone(),
    };
    Ok(seen.iter().map(target).collect())
}

/// Width and height of a square picture in colour.
fn side(inputs: usize) -> Option<usize> {
    let side = (inputs / COLOURS).isqrt();
    (COLOURS * side * side == inputs).then_some(side)
}

fn features_of(imported: &Imported, samples: &Samples, picture: &[u8]) -> Result<Vec<f32>> {
    let Samples { scale, offset, .. } = samples;
    let input = picture.iter().map(|byte| f32::from(*byte) * scale + offset);
    Ok(imported.features(&input.collect::<Vec<_>>())?)
}

/// Features in a byte each, as a device keeps them. They are means behind a rectifier, none of them
/// negative.
fn in_bytes(features: &[Vec<f32>], labels: &[u8], largest: f32) -> Dataset {
    let scale = largest / 255.0;
    let byte = |value: &f32| (value / scale).round() as u8;
    Dataset {
        inputs: features.iter().flatten().map(byte).collect(),
        labels: labels.to_vec(),
        width: features.first().map_or(0, Vec::len),
        scale,
        offset: 0.0,
    }
}

impl Camera {
    /// What it makes of a picture of red, green and blue bytes.
    fn see(&self, picture: &[u8], side: usize, random: &mut Rand32) -> Vec<u8> {
        let colour = |number: usize| -> Vec<f32> {
            picture.iter().skip(number).step_by(COLOURS).map(|byte| f32::from(*byte)).collect()
        };
        let colours = [colour(0), colour(1), colour(2)];
        let (sin, cos) = libm::sincosf(self.rotation.to_radians());
        let middle = (side as f32 - 1.0) / 2.0;
        let mut seen = Vec::with_capacity(picture.len());
        for index in 0..side * side {
            let (x, y) = ((index % side) as f32 - middle, (index / side) as f32 - middle);
            let (x, y) = (cos * x - sin * y + middle, sin * x + cos * y + middle);
            for (colour, gain) in colours.iter().zip(self.gains) {
                let read = gain * bilinear(colour, side, x, y) + self.noise * normal(random);
                seen.push(read.round().clamp(0.0, 255.0) as u8);
            }
        }
        seen
    }
}

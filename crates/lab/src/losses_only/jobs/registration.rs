//! Where a patch of a picture lies in another one: moved, turned and larger or smaller.

use super::least_squares::{Tell, least_squares};
use super::{Job, end, narrow, wide};
use crate::losses_only::families::Problem;
use crate::losses_only::methods::Budget;
use crate::pixels::Pixels;
use anyhow::Result;
use oorandom::Rand32;
use rolling_ball::{Error, Objective};
use std::sync::Arc;
use workbench::statistics::normal;

/// A place in a picture, from its middle.
type Place = [f64; 2];

/// Of a side of a picture from its middle, in pixels.
const HALF: i32 = 80;
const SIDE: usize = 2 * HALF as usize + 1;
/// Of a side of the patch, of which every second pixel is compared.
const PATCH: i32 = 32;
/// Of a pixel, where the contrast of a picture is 1.
const NOISE: f32 = 0.1;
/// What is 1 in theta: pixels across and up, radians, and the logarithm of the size.
const RANGE: [f64; 4] = [16.0, 16.0, 0.5, 0.25];

/// Values without end, with as much contrast in each octave, as pictures of nature have.
struct Texture {
    /// Of each octave: the length of its waves, how it is turned, and which values it has.
    octaves: Vec<(f64, f64, u64)>,
}

impl Texture {
    fn new(lengths: &[f64], random: &mut Rand32) -> Self {
        let mut octave =
            |length| (length, f64::from(random.rand_float()) * 6.3, random.rand_u32().into());
        Self { octaves: lengths.iter().map(|length| octave(*length)).collect() }
    }

    fn at(&self, [x, y]: Place) -> f64 {
        let of = |(length, turn, seed): &(f64, f64, u64)| {
            let (sine, cosine) = turn.sin_cos();
            let across = (cosine * x - sine * y) / length;
            let up = (sine * x + cosine * y) / length;
            let corner = |i: f64, j: f64| {
                let place = ((across.floor() + i) as i64, (up.floor() + j) as i64);
                hashed(*seed, place)
            };
            let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
            let (i, j) = (smooth(across - across.floor()), smooth(up - up.floor()));
            let mix = |t: f64, a: f64, b: f64| a + t * (b - a);
            let low = mix(i, corner(0.0, 0.0), corner(1.0, 0.0));
            mix(j, low, mix(i, corner(0.0, 1.0), corner(1.0, 1.0)))
        };
        self.octaves.iter().map(of).sum()
    }
}

/// A number from -1 to 1 for a place on a grid.
fn hashed(seed: u64, (i, j): (i64, i64)) -> f64 {
    let mut bits = seed ^ (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 29).wrapping_add((j as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9));
    bits = (bits ^ bits >> 32).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits = (bits ^ bits >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (bits >> 40) as f64 / f64::from(1 << 23) - 1.0
}

/// Pixels around a middle, of mean 0 and contrast 1.
#[derive(Clone)]
struct Picture(Vec<f32>);

impl Picture {
    fn of(mut value: impl FnMut(Place) -> f64) -> Self {
        let side = || (-HALF..=HALF).map(f64::from);
        let places = side().flat_map(|y| side().map(move |x| [x, y]));
        Self(places.map(|place| value(place) as f32).collect())
    }

    fn normalised(mut self) -> Self {
        let count = self.0.len() as f32;
        let mean = self.0.iter().sum::<f32>() / count;
        let square = self.0.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
        self.0.iter_mut().for_each(|value| *value = (*value - mean) / square.sqrt());
        self
    }

    /// The value between four pixels, and its slopes; beyond the border, the border's.
    fn at(&self, [x, y]: Place) -> (f64, Place) {
        let part = |t: f64| {
            let t = (t + f64::from(HALF)).clamp(0.0, 2.0 * f64::from(HALF) - 1e-6);
            (t as usize, t.fract())
        };
        let ((column, across), (row, up)) = (part(x), part(y));
        let pixel = |i: usize, j: usize| f64::from(self.0[(row + j) * SIDE + column + i]);
        let low = pixel(0, 0) + across * (pixel(1, 0) - pixel(0, 0));
        let high = pixel(0, 1) + across * (pixel(1, 1) - pixel(0, 1));
        let slope = |j| pixel(1, j) - pixel(0, j);
        (low + up * (high - low), [slope(0) + up * (slope(1) - slope(0)), high - low])
    }

    /// With each pixel the mean of those around it, with normal weights.
    fn blurred(&self, deviation: f64) -> Self {
        let reach = (3.0 * deviation) as i32;
        let weight = |far: i32| (-0.5 * (f64::from(far) / deviation).powi(2)).exp();
        let total: f64 = (-reach..=reach).map(weight).sum();
        let along = |picture: &Self, [i, j]: [f64; 2]| {
            Self::of(|[x, y]| {
                let far = |far: i32| {
                    let place = [x + i * f64::from(far), y + j * f64::from(far)];
                    weight(far) * picture.at(place).0
                };
                (-reach..=reach).map(far).sum::<f64>() / total
            })
        };
        along(&along(self, [1.0, 0.0]), [0.0, 1.0])
    }
}

/// Turned, made larger or smaller, and moved.
#[derive(Clone, Copy)]
struct Similarity {
    cosine: f64,
    sine: f64,
    by: Place,
}

impl Similarity {
    fn of(theta: &[f64]) -> Self {
        let value = |index: usize| theta[index] * RANGE[index];
        let ((sine, cosine), size) = (value(2).sin_cos(), value(3).exp());
        Self { cosine: size * cosine, sine: size * sine, by: [value(0), value(1)] }
    }

    fn at(self, [x, y]: Place) -> Place {
        let Self { cosine, sine, by } = self;
        [cosine * x - sine * y + by[0], sine * x + cosine * y + by[1]]
    }

    /// The place that comes here.
    fn from(self, [x, y]: Place) -> Place {
        let Self { cosine, sine, by } = self;
        let square = cosine * cosine + sine * sine;
        let (x, y) = (x - by[0], y - by[1]);
        [(cosine * x + sine * y) / square, (cosine * y - sine * x) / square]
    }
}

/// Two pictures of one texture, and how the second one is moved.
#[derive(Clone)]
pub struct Registration<const FINE: bool> {
    pictures: Arc<[Picture; 2]>,
    truth: [f64; 4],
}

/// The places of the patch that are compared.
fn patch() -> impl Iterator<Item = Place> {
    let side = || (-PATCH..PATCH).step_by(2).map(f64::from);
    side().flat_map(move |y| side().map(move |x| [x, y]))
}

/// How different the patch is from where it is looked for, pixel by pixel.
fn residuals([first, second]: &[Picture; 2], theta: &[f64], tell: Tell) {
    let moved = Similarity::of(theta);
    for place in patch() {
        let there = moved.at(place);
        let (value, slopes) = second.at(there);
        let [x, y] = [0, 1].map(|axis| there[axis] - moved.by[axis]);
        let slopes = [
            slopes[0] * RANGE[0],
            slopes[1] * RANGE[1],
            (slopes[1] * x - slopes[0] * y) * RANGE[2],
            (slopes[0] * x + slopes[1] * y) * RANGE[3],
        ];
        tell(value - first.at(place).0, &slopes);
    }
}

impl<const FINE: bool> Registration<FINE> {
    /// Least squares on pictures that are blurred so, one after the other.
    fn least_squares(&self, blurs: &[f64]) -> Vec<f32> {
        let Budget { losses, gradient, .. } = Self::BUDGET;
        let mut theta = vec![0.0; 4];
        for deviation in blurs {
            let blurred = |picture: &Picture| {
                if *deviation > 0.0 { picture.blurred(*deviation) } else { picture.clone() }
            };
            let pictures = self.pictures.each_ref().map(blurred);
            let evaluations = losses / gradient / blurs.len() as u32;
            least_squares(&mut theta, evaluations, |theta, tell| residuals(&pictures, theta, tell));
        }
        narrow(&theta)
    }
}

impl<const FINE: bool> Objective for Registration<FINE> {
    /// The mean square of the differences.
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        let moved = Similarity::of(&wide(theta));
        let [first, second] = &*self.pictures;
        let (mut sum, mut count) = (0.0, 0.0);
        for place in patch() {
            sum += (second.at(moved.at(place)).0 - first.at(place).0).powi(2);
            count += 1.0;
        }
        Ok((sum / count) as f32)
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let (mut sum, mut count, mut slope) = (0.0, 0.0, [0.0; 4]);
        residuals(&self.pictures, &wide(theta), &mut |residual, slopes| {
            sum += residual * residual;
            count += 1.0;
            slope.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += 2.0 * residual * slope);
        });
        gradient.iter_mut().zip(slope).for_each(|(to, sum)| *to = (sum / count) as f32);
        Ok((sum / count) as f32)
    }
}

impl<const FINE: bool> Problem for Registration<FINE> {
    /// How far the corners of the patch are from where they belong, in pixels.
    fn left(&mut self, theta: &[f32]) -> f64 {
        let (found, right) = (Similarity::of(&wide(theta)), Similarity::of(&self.truth));
        let corner = f64::from(PATCH);
        let corners = [[corner; 2], [-corner; 2], [corner, -corner], [-corner, corner]];
        let off = corners.map(|place| {
            let (a, b) = (found.at(place), right.at(place));
            (a[0] - b[0]).hypot(a[1] - b[1])
        });
        off.iter().sum::<f64>() / 4.0
    }
}

impl<const FINE: bool> Job for Registration<FINE> {
    const NAME: &'static str = if FINE { "fine texture, pixels" } else { "registration, pixels" };
    const PARAMETERS: usize = 4;
    const BUDGET: Budget = Budget { losses: 600, gradient: 3, units: (5.0, 0.5) };
    const SOLVED: f64 = 1.0;

    fn of(seed: u64) -> Self {
        let mut random = Rand32::new(seed);
        let lengths: &[f64] = if FINE { &[16.0, 8.0, 4.0] } else { &[64.0, 32.0, 16.0, 8.0, 4.0] };
        let texture = Texture::new(lengths, &mut random);
        let truth = [(); 4].map(|()| 2.0 * f64::from(random.rand_float()) - 1.0);
        let moved = Similarity::of(&truth);
        let mut noisy = |picture: Picture| {
            let Picture(mut pixels) = picture.normalised();
            pixels.iter_mut().for_each(|value| *value += NOISE * normal(&mut random));
            Picture(pixels)
        };
        let first = noisy(Picture::of(|place| texture.at(place)));
        let second = noisy(Picture::of(|place| texture.at(moved.from(place))));
        Self { pictures: Arc::new([first, second]), truth }
    }

    /// Least squares on pictures that are blurred, then less and less.
    fn usual_tool(&self) -> Vec<f32> {
        self.least_squares(&[8.0, 4.0, 2.0, 0.0])
    }

    /// Least squares on the pictures as they are.
    fn other_tool(&self) -> Vec<f32> {
        self.least_squares(&[0.0])
    }

    fn about() -> String {
        let Budget { losses, .. } = Self::BUDGET;
        if FINE {
            return "### Registration of a fine texture\n\nAs above, without the two coarsest \
                    octaves."
                .to_owned();
        }
        let [across, _, turned, larger] = RANGE;
        format!(
            "### Registration\n\nA patch of {} x {} pixels is looked for in another picture of \
             the same texture, moved by up to {across} pixels across and up, turned by up to \
             {turned} and larger or smaller by a factor of up to e^{larger}. The texture has as \
             much contrast in each of five octaves, the finest of 4 pixels, and noise of {NOISE} \
             of its contrast. The loss is the mean square of the differences, {losses} of them; \
             the error is that of the patch's corners, good enough below a pixel. The usual tool \
             is least squares (Levenberg and Marquardt) on pictures that are blurred by 8, 4, 2 \
             and 0 pixels; the other one does without blurs. Both take the slopes of the pictures, \
             which losses alone do not have. Below are both pictures before and after the ball, \
             one in red, the other in green and blue: what fits is grey.\n\n\
             ![Two pictures over each other, in two colours before, and in shades of grey \
             after](losses_only_registration.png)",
            2 * PATCH,
            2 * PATCH
        )
    }

    /// Both pictures where the second is taken to be: the first in red, the second in green and
    /// blue, so that what fits is grey.
    fn picture(&self, seed: u64) -> Result<Option<(&'static str, Vec<u8>)>> {
        if FINE {
            return Ok(None);
        }
        const SCALE: i32 = 3;
        const SEEN: i32 = 48;
        let [first, second] = &*self.pictures;
        let overlay = |theta: &[f32]| {
            let moved = Similarity::of(&wide(theta));
            // Sixteen shades.
            let shade = |value: f64| 17 * (7.5 + 3.5 * value).clamp(0.0, 15.0) as u8;
            let side = || (-SCALE * SEEN..SCALE * SEEN).map(|at| (at / SCALE).into());
            let places = side().flat_map(|y: f64| side().map(move |x: f64| [x, y]));
            let pixels = places.map(|place| {
                let other = shade(second.at(moved.at(place)).0);
                [shade(first.at(place).0), other, other]
            });
            Pixels { pixels: pixels.collect(), width: (2 * SCALE * SEEN) as usize }
        };
        let picture = Pixels::together(&[overlay(&[0.0; 4]), overlay(&end(self, seed)?)]).png()?;
        Ok(Some(("losses_only_registration.png", picture)))
    }
}

//! Losses with gradients in closed form, in `f32` as objectives and in `f64` to compare with.

use super::numbers::{Real, widen};
use rolling_ball::{Error, Objective};

/// A loss and its gradient, in either precision.
pub trait Formula {
    /// Overwrites the gradient and returns the loss.
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R;

    fn value(&self, theta: &[f64]) -> f64 {
        self.evaluate(theta, &mut vec![0.0; theta.len()])
    }

    fn slope(&self, theta: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; theta.len()];
        self.evaluate(theta, &mut gradient);
        gradient
    }

    /// The centre of a ball that rests on the graph of `scale * f` at theta: its parameters and its
    /// height.
    fn centre(&self, theta: &[f64], radius: f64, scale: f64) -> (Vec<f64>, f64) {
        let slope: Vec<f64> = self.slope(theta).iter().map(|element| scale * element).collect();
        let reach = radius / (1.0 + super::numbers::dot(&slope, &slope)).sqrt();
        (super::numbers::add_scaled(theta, -reach, &slope), scale * self.value(theta) + reach)
    }
}

/// A formula as an objective in single precision.
#[derive(Clone, Debug)]
pub struct Single<F>(pub F);

impl<F: Formula> Objective for Single<F> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        Ok(self.0.evaluate(theta, &mut vec![0.0; theta.len()]))
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        Ok(self.0.evaluate(theta, gradient))
    }
}

impl<F: Formula> Single<F> {
    /// The formula's centre at an `f32` theta.
    pub fn centre(&self, theta: &[f32], radius: f64) -> (Vec<f64>, f64) {
        self.0.centre(&widen(theta), radius, 1.0)
    }
}

/// `1/2 sum_d diagonal[d] theta[d]^2`
#[derive(Clone, Debug)]
pub struct Quadratic {
    pub diagonal: Vec<f64>,
}

impl Formula for Quadratic {
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R {
        let mut sum = R::of(0.0);
        for ((slope, t), diagonal) in gradient.iter_mut().zip(theta).zip(&self.diagonal) {
            *slope = R::of(*diagonal) * *t;
            sum += *slope * *t;
        }
        R::of(0.5) * sum
    }
}

/// `curvature * x^2 / 2` of one parameter.
pub fn parabola(curvature: f64) -> Quadratic {
    Quadratic { diagonal: vec![curvature] }
}

/// `|theta|^2 / 2`
pub fn bowl(length: usize) -> Quadratic {
    Quadratic { diagonal: vec![1.0; length] }
}

/// `slope . theta + constant`
#[derive(Clone, Debug)]
pub struct Affine {
    pub slope: Vec<f64>,
    pub constant: f64,
}

impl Formula for Affine {
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R {
        let mut sum = R::of(self.constant);
        for ((gradient, t), slope) in gradient.iter_mut().zip(theta).zip(&self.slope) {
            *gradient = R::of(*slope);
            sum += *gradient * *t;
        }
        sum
    }
}

/// The same everywhere.
#[derive(Clone, Debug)]
pub struct Constant(pub f64);

impl Formula for Constant {
    fn evaluate<R: Real>(&self, _theta: &[R], gradient: &mut [R]) -> R {
        gradient.fill(R::of(0.0));
        R::of(self.0)
    }
}

/// `mean_i (theta[1] sin(theta[0] x[i]) - y[i])^2`
#[derive(Clone, Debug)]
pub struct SineModel {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
}

impl SineModel {
    /// A fit to seventeen points of another sine.
    pub fn example() -> Self {
        let x: Vec<f64> = (0..17).map(|i| -2.0 + 0.25 * f64::from(i)).collect();
        let y = x.iter().map(|x| 1.5 * (0.8 * x).sin()).collect();
        Self { x, y }
    }
}

impl Formula for SineModel {
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R {
        let (frequency, amplitude) = (theta[0], theta[1]);
        let (count, two) = (R::of(self.x.len() as f64), R::of(2.0));
        let (mut loss, mut first, mut second) = (R::of(0.0), R::of(0.0), R::of(0.0));
        for (x, y) in self.x.iter().zip(&self.y) {
            let (x, y) = (R::of(*x), R::of(*y));
            let (sine, cosine) = ((frequency * x).sin(), (frequency * x).cos());
            let residual = amplitude * sine - y;
            loss += residual * residual;
            first += two * residual * amplitude * x * cosine;
            second += two * residual * sine;
        }
        gradient.copy_from_slice(&[first / count, second / count]);
        loss / count
    }
}

/// `sum_d sum_{k = 1 ..= terms} sin(k^2 theta[d]) / k^2`
#[derive(Clone, Debug)]
pub struct WeierstrassLike {
    pub terms: u32,
}

impl Formula for WeierstrassLike {
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R {
        let mut loss = R::of(0.0);
        for (t, gradient) in theta.iter().zip(gradient) {
            let mut slope = R::of(0.0);
            for k in 1..=self.terms {
                let square = R::of(f64::from(k * k));
                loss += (square * *t).sin() / square;
                slope += (square * *t).cos();
            }
            *gradient = slope;
        }
        loss
    }
}

/// `-sum_j exp(-|theta - minima[j]|^2 / (2 sigma^2)) + |theta|^2`
#[derive(Clone, Debug)]
pub struct GaussianWells {
    pub minima: Vec<Vec<f64>>,
    pub sigma: f64,
}

impl Formula for GaussianWells {
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R {
        let (two, variance) = (R::of(2.0), R::of(self.sigma) * R::of(self.sigma));
        let mut loss = R::of(0.0);
        for (t, gradient) in theta.iter().zip(gradient.iter_mut()) {
            loss += *t * *t;
            *gradient = two * *t;
        }
        for minimum in &self.minima {
            let mut squared = R::of(0.0);
            for (t, m) in theta.iter().zip(minimum) {
                let away = *t - R::of(*m);
                squared += away * away;
            }
            let well = (-(squared / (two * variance))).exp();
            loss += -well;
            for ((t, m), gradient) in theta.iter().zip(minimum).zip(gradient.iter_mut()) {
                *gradient += well * (*t - R::of(*m)) / variance;
            }
        }
        loss
    }
}

/// `sum_j amplitude_j sin(frequency_j . theta + phase_j)`: its curvature is at most
/// `sum_j amplitude_j |frequency_j|^2`.
#[derive(Clone, Debug)]
pub struct Waves {
    pub waves: Vec<(f64, Vec<f64>, f64)>,
}

impl Waves {
    pub fn largest_curvature(&self) -> f64 {
        self.waves.iter().map(|(amplitude, f, _)| amplitude * super::numbers::dot(f, f)).sum()
    }
}

impl Formula for Waves {
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R {
        let mut loss = R::of(0.0);
        gradient.fill(R::of(0.0));
        for (amplitude, frequency, phase) in &self.waves {
            let (amplitude, mut angle) = (R::of(*amplitude), R::of(*phase));
            for (t, frequency) in theta.iter().zip(frequency) {
                angle += R::of(*frequency) * *t;
            }
            loss += amplitude * angle.sin();
            for (gradient, frequency) in gradient.iter_mut().zip(frequency) {
                *gradient += amplitude * R::of(*frequency) * angle.cos();
            }
        }
        loss
    }
}

/// `factor * f`
#[derive(Clone, Debug)]
pub struct Scaled<F> {
    pub formula: F,
    pub factor: f64,
}

impl<F: Formula> Formula for Scaled<F> {
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R {
        let loss = self.formula.evaluate(theta, gradient);
        for slope in gradient {
            *slope = R::of(self.factor) * *slope;
        }
        R::of(self.factor) * loss
    }
}

/// `f + weight_decay |theta|^2 / 2`
#[derive(Clone, Debug)]
pub struct Penalised<F> {
    pub formula: F,
    pub weight_decay: f64,
}

impl<F: Formula> Formula for Penalised<F> {
    fn evaluate<R: Real>(&self, theta: &[R], gradient: &mut [R]) -> R {
        let loss = self.formula.evaluate(theta, gradient);
        let (weight_decay, mut squared) = (R::of(self.weight_decay), R::of(0.0));
        for (slope, t) in gradient.iter_mut().zip(theta) {
            *slope += weight_decay * *t;
            squared += *t * *t;
        }
        loss + weight_decay * squared / R::of(2.0)
    }
}

//! Vectors in `f64`, bits, and units in the last place.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// `f32` or `f64`: a formula is written once, for the objective and for the exact comparison.
pub trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
{
    fn of(value: f64) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn exp(self) -> Self;
}

macro_rules! real {
    ($number:ty) => {
        impl Real for $number {
            fn of(value: f64) -> Self {
                value as $number
            }
            fn sin(self) -> Self {
                <$number>::sin(self)
            }
            fn cos(self) -> Self {
                <$number>::cos(self)
            }
            fn exp(self) -> Self {
                <$number>::exp(self)
            }
        }
    };
}
real!(f32);
real!(f64);

pub fn widen(vector: &[f32]) -> Vec<f64> {
    vector.iter().map(|element| f64::from(*element)).collect()
}

pub fn narrow(vector: &[f64]) -> Vec<f32> {
    vector.iter().map(|element| *element as f32).collect()
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `a + scale * b`
pub fn add_scaled(a: &[f64], scale: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + scale * b).collect()
}

pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    norm(&add_scaled(a, -1.0, b))
}

/// The largest difference of two elements.
pub fn deviation(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

pub fn bits(vector: &[f32]) -> Vec<u32> {
    vector.iter().map(|element| element.to_bits()).collect()
}

/// The distance from this magnitude to the next larger `f32`.
pub fn unit_in_last_place(value: f32) -> f32 {
    let magnitude = value.abs();
    magnitude.next_up() - magnitude
}

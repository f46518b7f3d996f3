//! There and back to the bit.

extern crate std;

use super::*;
use crate::kernels::Scalar;
use crate::random::mixed;
use std::vec::Vec;

/// A vector whose elements are of every size up to this one.
fn of_every_size(seed: u64, length: usize, size: f32) -> Vec<f32> {
    let element = |index: u64| {
        let bits = mixed(seed.wrapping_mul(1 << 20) + index);
        let fraction = (bits >> 40) as f32 / (1_u64 << 24) as f32 - 0.5;
        let exponent = (bits & 31) as i32 - if bits & 0x100 == 0 { 31 } else { 60 };
        if bits & 0xe00 == 0 { 0.0 } else { size * fraction * 2.0_f32.powi(exponent) }
    };
    (0..length as u64).map(element).collect()
}

fn bits(theta: &[f32]) -> Vec<u32> {
    theta.iter().map(|t| t.to_bits()).collect()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn theta_comes_back_to_the_bit_whatever_its_elements_and_the_radius_are() {
    for seed in 0..400 {
        for size in [1.0, 1e-3, 1e6, 1e-37, 1e17] {
            for radius in [2.0, 0.3, 1e-3, 1e-9, 1e9, 3e-39, 1e17] {
                let parameters = 1 + (seed % 40) as usize;
                let mut theta = of_every_size(seed, parameters, size);
                let direction = Direction::new::<Scalar>(1, seed as u32, parameters);
                let most = largest::<Scalar>(&theta);
                let diameter = Diameter::new(direction, radius, most, parameters);
                let before = theta.clone();
                diameter.go_to_first_end::<Scalar>(&mut theta);
                let first_end = bits(&theta);
                diameter.return_from_first_end::<Scalar>(&mut theta);
                let middle = bits(&theta);
                for (t, before) in theta.iter().zip(&before) {
                    let apart = f64::from(*t) - f64::from(*before);
                    let size = f64::from(before.abs()) + f64::from(Diameter::reach(radius));
                    let half_place = size * 2.0_f64.powi(-24) * 1.001 + 2.0_f64.powi(-150);
                    assert!(apart.abs() <= half_place, "{before:e} to {t:e}");
                }
                for (t, component) in theta.iter_mut().zip(0..) {
                    *t += diameter.half(direction.component(component));
                }
                assert_eq!(bits(&theta), first_end, "{seed}, {size:e}, {radius:e}");
                diameter.go_to_second_end::<Scalar>(&mut theta);
                diameter.return_and_move::<Scalar>(&mut theta, 0.0);
                assert_eq!(bits(&theta), middle, "{seed}, {size:e}, {radius:e}");
            }
        }
    }
}

#[test]
fn the_largest_of_numbers_is_found_and_what_is_none_is_not_hidden() {
    assert_eq!(largest::<Scalar>(&[1.0, -3.0, 2.0]), 3.0);
    assert_eq!(largest::<Scalar>(&[]), 0.0);
    assert!(largest::<Scalar>(&[1.0, f32::NAN, f32::INFINITY]).is_nan());
    assert_eq!(largest::<Scalar>(&[1.0, f32::NEG_INFINITY]), f32::INFINITY);
}

//! Where directions point.

extern crate std;

use super::*;
use crate::kernels::Scalar;
use std::vec::Vec;

fn direction(index: u32, parameters: usize) -> Vec<f64> {
    let direction = Direction::new::<Scalar>(7, index, parameters);
    (0..parameters).map(|index| direction.component(index).into()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn every_direction_is_as_long_as_the_root_of_the_parameters() {
    for parameters in [1, 2, 3, 10, 64, 100, 1000] {
        for index in 0..50 {
            let direction = direction(index, parameters);
            let squared = dot(&direction, &direction) / parameters as f64;
            assert!((squared - 1.0).abs() < 1e-5, "{parameters}, {index}: {squared}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn the_directions_of_a_basis_are_at_right_angles() {
    for parameters in [2, 4, 16, 64] {
        for first in 0..parameters as u32 {
            for second in 0..first {
                let (a, b) = (direction(first, parameters), direction(second, parameters));
                assert!(dot(&a, &b).abs() < 1e-4 * parameters as f64, "{first}, {second}");
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn no_part_of_the_space_is_preferred() {
    const COUNT: u32 = 8192;
    for parameters in [2, 3, 5, 10, 33] {
        let mut moments = std::vec![0.0; parameters * parameters];
        for index in 0..COUNT {
            let direction = direction(index, parameters);
            for (moments, a) in moments.chunks_mut(parameters).zip(&direction) {
                for (moment, b) in moments.iter_mut().zip(&direction) {
                    *moment += a * b / f64::from(COUNT);
                }
            }
        }
        for (place, moment) in (0..).zip(&moments) {
            let expected = f64::from(u8::from(place % (parameters + 1) == 0));
            assert!((moment - expected).abs() < 0.06, "{parameters}, {place}: {moment}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn in_the_plane_directions_point_everywhere() {
    const SECTORS: usize = 12;
    let mut counts = [0; SECTORS];
    for index in 0..12_000 {
        let direction = direction(index, 2);
        let angle = direction[1].atan2(direction[0]).rem_euclid(core::f64::consts::PI);
        counts[(angle / core::f64::consts::PI * SECTORS as f64) as usize % SECTORS] += 1;
    }
    assert!(counts.iter().all(|count| (500..2000).contains(count)), "{counts:?}");
}

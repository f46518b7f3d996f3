//! The probe: slices, the exact ball, roughness and directions.

use crate::support::cases::cases;
use crate::support::numbers::bits;
use crate::support::random::Random;
use proptest::prelude::*;
use rolling_ball::Error;
use rolling_ball::Objective;
use rolling_ball::landscapes::{Quadratic, Rastrigin, WeierstrassLike};
use rolling_ball::nn::{
    BiasesOnly, Conv1d, Dense, DepthwiseConv2d, Frozen, Kernel, Layer, LayerNorm, ParameterKind,
    Relu, Residual, Signal, Window,
};
use rolling_ball::probe::{
    Grid, Roughness, Scale, Slice, normalise_filters, normalise_layers, orthogonalise,
    principal_direction, smoothing_radius,
};

/// By the definition, point by point, in `f64`.
fn dilated(grid: Grid, heights: &[f32], radius: f32, point: usize) -> f64 {
    let place = |point: usize| {
        let [row, column] = [point / grid.columns(), point % grid.columns()];
        [row, column].map(|steps| steps as f64 * f64::from(grid.spacing()))
    };
    let [y, x] = place(point);
    let held = heights.iter().enumerate().filter_map(|(other, height)| {
        let [v, u] = place(other);
        let squared = f64::from(radius).powi(2) - (x - u).powi(2) - (y - v).powi(2);
        (squared >= 0.0).then(|| f64::from(*height) + squared.sqrt())
    });
    held.fold(f64::NEG_INFINITY, f64::max)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
    fn a_centre_is_as_high_as_the_highest_point_under_the_cap_asks_for(
        rows in 1_usize..7,
        columns in 1_usize..12,
        radius in 0.0_f32..4.0,
        seed: u64,
    ) {
        let grid = Grid::plane(rows, columns, 0.5).unwrap();
        let heights = Random(seed).vector(grid.points());
        let (mut centres, mut contacts) = (vec![0.0; grid.points()], vec![0; grid.points()]);
        grid.dilate(&heights, radius, &mut centres, &mut contacts).unwrap();
        for (point, centre) in centres.iter().enumerate() {
            let expected = dilated(grid, &heights, radius, point);
            // A point that is nearly as far as the radius is held up by the root of a rounding.
            prop_assert!((f64::from(*centre) - expected).abs() <= 2e-3, "{centre} {expected}");
            let touched = contacts[point];
            prop_assert!(heights[touched] <= *centre);
            let [down, across] = [point / columns, point % columns];
            let [other_down, other_across] = [touched / columns, touched % columns];
            let squared = down.abs_diff(other_down).pow(2) + across.abs_diff(other_across).pow(2);
            prop_assert!(0.25 * squared as f32 <= radius * radius + 1e-5);
        }
    }

    #[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
    fn a_larger_ball_lies_nowhere_lower(seed: u64, radius in 0.0_f32..3.0, more in 0.0_f32..3.0) {
        let grid = Grid::plane(5, 9, 0.5).unwrap();
        let heights = Random(seed).vector(45);
        let surface = |radius: f32| {
            let mut centres = vec![0.0; 45];
            grid.dilate(&heights, radius, &mut centres, &mut [0; 45]).unwrap();
            centres
        };
        for (small, large) in surface(radius).iter().zip(surface(radius + more)) {
            prop_assert!(*small <= large);
        }
    }
}

#[test]
fn a_ball_without_a_radius_leaves_the_heights_as_they_are() {
    let grid = Grid::plane(3, 4, 0.1).unwrap();
    let heights = Random(3).vector(12);
    let (mut centres, mut contacts) = ([0.0; 12], [0; 12]);
    grid.dilate(&heights, 0.0, &mut centres, &mut contacts).unwrap();
    assert_eq!(bits(&centres), bits(&heights));
    assert_eq!(contacts, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
}

#[test]
fn a_needle_holds_the_ball_up_on_a_circle_around_it() {
    let grid = Grid::line(9, 0.25).unwrap();
    let mut heights = [-10.0; 9];
    heights[4] = 1.0;
    let (mut centres, mut contacts) = ([0.0; 9], [0; 9]);
    grid.dilate(&heights, 0.75, &mut centres, &mut contacts).unwrap();
    for (point, centre) in centres.iter().enumerate() {
        let away = 0.25 * point.abs_diff(4) as f32;
        if away <= 0.75 {
            assert_eq!((*centre, contacts[point]), (1.0 + (0.5625 - away * away).sqrt(), 4));
        } else {
            assert_eq!((*centre, contacts[point]), (-10.0 + 0.75, point));
        }
    }
}

#[test]
fn bad_input_to_the_ball_is_refused_and_nothing_is_written() {
    let grid = Grid::line(3, 1.0).unwrap();
    let try_it = |heights: &[f32], radius, places: usize| {
        let (mut centres, mut contacts) = (vec![7.0; places], vec![9; places]);
        let error = grid.dilate(heights, radius, &mut centres, &mut contacts).unwrap_err();
        assert_eq!((centres, contacts), (vec![7.0; places], vec![9; places]));
        error.to_string()
    };
    assert_eq!(try_it(&[0.0; 4], 1.0, 3), "heights: expected length 3, got 4");
    assert_eq!(try_it(&[0.0; 3], 1.0, 2), "centres: expected length 3, got 2");
    assert_eq!(try_it(&[0.0; 3], -1.0, 3), "radius: expected a finite number, 0 or above, got -1");
    assert_eq!(try_it(&[0.0, f32::NAN, 0.0], 1.0, 3), "the objective's loss is not finite");
    assert!(Grid::line(0, 1.0).is_err());
    assert!(Grid::plane(usize::MAX, 2, 1.0).is_err());
    assert!(Grid::line(3, 0.0).is_err());
    assert!(Grid::line(3, f32::NAN).is_err());
}

#[test]
fn a_bowl_has_one_minimum_and_no_excess_variation() {
    let heights: Vec<f32> = (-8..=8).map(|i| 0.5 * 3.0 * (0.25 * i as f32).powi(2)).collect();
    let found = Grid::line(17, 0.25).unwrap().roughness(&heights).unwrap();
    let expected = Roughness {
        minima: 1,
        total_variation: 12.0,
        excess_variation: 0.0,
        largest_curvature: 3.0,
    };
    assert_eq!(found, expected);
}

#[test]
fn every_wrinkle_counts_with_what_it_goes_up_and_down() {
    // Falls by 3, rises by 1, falls by 2 to its lowest point, rises by 6.
    let heights = [5.0, 2.0, 3.0, 1.0, 7.0];
    let found = Grid::line(5, 0.5).unwrap().roughness(&heights).unwrap();
    assert_eq!(found.minima, 2);
    assert_eq!(found.total_variation, 12.0);
    assert_eq!(found.excess_variation, 2.0);
    assert_eq!(found.largest_curvature, 8.0 / 0.25);
}

#[test]
fn a_flat_bottom_counts_once_and_a_plain_not_at_all() {
    let line = |heights: &[f32]| {
        Grid::line(heights.len(), 1.0).unwrap().roughness(heights).unwrap().minima
    };
    assert_eq!(line(&[2.0, 1.0, 1.0, 1.0, 3.0]), 1);
    assert_eq!(line(&[2.0, 2.0, 2.0, 2.0]), 0);
    assert_eq!(line(&[1.0]), 0);
}

#[test]
fn a_plane_counts_the_minima_that_all_eight_neighbours_are_above() {
    let grid = Grid::plane(5, 5, 1.0).unwrap();
    let mut heights = [1.0; 25];
    heights[6] = 0.0;
    heights[18] = 0.5;
    assert_eq!(grid.roughness(&heights).unwrap().minima, 2);
    heights[12] = -1.0;
    assert_eq!(grid.roughness(&heights).unwrap().minima, 1);
}

#[test]
fn a_slice_is_the_loss_at_equal_distances_whatever_the_length_of_its_direction() {
    for across in [[1.0, 0.0], [20.0, 0.0], [0.125, 0.0]] {
        let grid = Grid::line(5, 0.5).unwrap();
        let slice =
            Slice { grid, origin: &[1.0, 2.0], across: &across, down: &[], loss_scale: 0.5 };
        let (mut theta, mut heights) = ([0.0; 2], [0.0; 5]);
        slice.sample(&mut Quadratic { condition: 1.0 }, &mut theta, &mut heights).unwrap();
        let expected = [0.0, 0.5, 1.0, 1.5, 2.0_f32].map(|x| 0.5 * (x * x + 4.0) / 2.0);
        assert_eq!(heights, expected);
    }
}

#[test]
fn a_plane_goes_down_by_row_and_across_by_column() {
    let grid = Grid::plane(3, 5, 0.25).unwrap();
    let (origin, across, down) = ([0.5, -1.0], [2.0, 0.0], [0.0, -3.0]);
    let slice = Slice { grid, origin: &origin, across: &across, down: &down, loss_scale: 1.0 };
    let (mut theta, mut heights) = ([0.0; 2], [0.0; 15]);
    slice.sample(&mut Rastrigin, &mut theta, &mut heights).unwrap();
    for (point, height) in heights.iter().enumerate() {
        let x = 0.5 + 0.25 * ((point % 5) as f32 - 2.0);
        let y = -1.0 - 0.25 * ((point / 5) as f32 - 1.0);
        assert_eq!(*height, Rastrigin.loss(&[x, y]).unwrap());
    }
}

#[test]
fn a_slice_that_cannot_be_sampled_says_why() {
    let grid = Grid::line(3, 1.0).unwrap();
    let slice = Slice { grid, origin: &[1.0], across: &[1.0], down: &[], loss_scale: 1.0 };
    let try_it = |slice: Slice, theta: usize, heights: usize| {
        let (mut theta, mut heights) = (vec![0.0; theta], vec![0.0; heights]);
        slice.sample(&mut Rastrigin, &mut theta, &mut heights).unwrap_err().to_string()
    };
    assert_eq!(try_it(slice, 1, 2), "heights: expected length 3, got 2");
    assert_eq!(try_it(slice, 2, 3), "theta: expected length 1, got 2");
    let short = Slice { across: &[], ..slice };
    assert_eq!(try_it(short, 1, 3), "across: expected length 1, got 0");
    let flat = Slice { across: &[0.0], ..slice };
    assert_eq!(
        try_it(flat, 1, 3),
        "across: expected a direction with a finite length above 0, got 0"
    );
    let plane = Slice { grid: Grid::plane(2, 3, 1.0).unwrap(), ..slice };
    assert_eq!(try_it(plane, 1, 6), "down: expected length 1, got 0");
    let nothing = Slice { loss_scale: 0.0, ..slice };
    assert_eq!(try_it(nothing, 1, 3), "loss scale: expected a finite number above 0, got 0");
}

fn scales(terms: u16, radii: &[f32]) -> Vec<Scale> {
    let grid = Grid::line(629, 0.01).unwrap();
    let slice = Slice { grid, origin: &[3.0], across: &[1.0], down: &[], loss_scale: 1.0 };
    let (mut heights, mut centres, mut contacts) = ([0.0; 629], [0.0; 629], [0; 629]);
    slice.sample(&mut WeierstrassLike { terms }, &mut [0.0], &mut heights).unwrap();
    radii
        .iter()
        .map(|radius| {
            grid.dilate(&heights, *radius, &mut centres, &mut contacts).unwrap();
            Scale { radius: *radius, roughness: grid.roughness(&centres).unwrap() }
        })
        .collect()
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn minima_and_variation_disappear_as_the_ball_grows() {
    let scales = scales(10, &[0.0, 0.03, 0.1, 0.3, 1.0, 3.0]);
    for pair in scales.windows(2) {
        let [before, after] = [pair[0].roughness, pair[1].roughness];
        assert!(after.minima <= before.minima, "{before:?} {after:?}");
        assert!(after.total_variation < before.total_variation, "{before:?} {after:?}");
        assert!(after.excess_variation <= before.excess_variation, "{before:?} {after:?}");
    }
    assert!(scales[0].roughness.minima > 5 * scales[5].roughness.minima.max(1));
}

#[test]
fn the_smoothing_radius_is_the_first_that_leaves_no_more_than_it_may() {
    let scale = |radius, excess_variation| {
        let roughness = Roughness { excess_variation, ..Roughness::default() };
        Scale { radius, roughness }
    };
    let scales = [scale(0.0, 10.0), scale(0.1, 6.0), scale(0.2, 1.0), scale(0.4, 0.0)];
    assert_eq!(smoothing_radius(&scales, 0.3), Some(0.1));
    assert_eq!(smoothing_radius(&scales, 0.9), Some(0.2));
    assert_eq!(smoothing_radius(&scales, 1.0), Some(0.4));
    assert_eq!(smoothing_radius(&scales[..3], 1.0), None);
    assert_eq!(smoothing_radius(&[scale(0.0, 0.0), scale(1.0, 0.0)], 0.5), None);
    assert_eq!(smoothing_radius(&[], 0.5), None);
}

#[test]
fn filters_get_the_length_of_those_of_theta_and_biases_stay() {
    let theta = [3.0, 4.0, 0.0, 2.0, 5.0];
    let mut direction = [1.0, 0.0, 0.0, -3.0, 8.0];
    normalise_filters(&mut direction, &theta, [2, 2, 1]).unwrap();
    assert_eq!(direction, [5.0, 0.0, 0.0, -2.0, 0.0]);
    let too_long = normalise_filters(&mut direction, &theta, [2, 4]).unwrap_err();
    assert_eq!(too_long.to_string(), "filters: expected length 5, got 6");
    let too_short = normalise_filters(&mut direction, &theta, [2, 2]).unwrap_err();
    assert_eq!(too_short.to_string(), "filters: expected length 5, got 4");
}

#[test]
fn directions_at_right_angles_have_nothing_of_each_other() {
    let mut direction = [3.0, 4.0];
    orthogonalise(&mut direction, &[2.0, 0.0]).unwrap();
    assert_eq!(direction, [0.0, 4.0]);
    assert!(matches!(
        orthogonalise(&mut direction, &[0.0, 0.0]),
        Err(Error::Setting { name: "the other direction's squared length", .. })
    ));
}

#[test]
#[cfg_attr(miri, ignore = "too slow under Miri")]
fn principal_directions_are_those_in_which_the_points_lie() {
    // Far along (1, 1, 0), less far along (1, -1, 0), not at all along the last.
    let points: Vec<[f32; 3]> = [(3.0, 0.0), (-2.0, 0.5), (1.0, -0.5), (-2.0, -0.5), (1.0, 0.5)]
        .map(|(far, near)| [1.0 + far + near, 2.0 + far - near, 3.0])
        .into();
    let origin = [1.0, 2.0, 3.0];
    let (mut first, mut second, mut scratch) = ([1.0, 0.5, 0.25], [1.0, 0.5, 0.25], [0.0; 3]);
    principal_direction(&points, &origin, &[], &mut first, &mut scratch).unwrap();
    principal_direction(&points, &origin, &[&first], &mut second, &mut scratch).unwrap();
    let half = 0.5_f32.sqrt();
    for (found, expected) in first.iter().chain(&second).zip([half, half, 0.0, half, -half, 0.0]) {
        assert!((found - expected).abs() < 1e-3, "{first:?} {second:?}");
    }
    let nowhere = principal_direction(&[origin; 3], &origin, &[], &mut first, &mut scratch);
    assert!(nowhere.is_err());
}

/// A layer's filters: what they are, and how long.
fn filters<L: Layer>() -> Vec<(ParameterKind, usize)> {
    let mut filters = Vec::new();
    L::filters(&mut |filter| filters.push((filter.kind, filter.length)));
    assert_eq!(filters.iter().map(|(_, length)| length).sum::<usize>(), L::PARAMETERS);
    filters
}

#[test]
fn every_layer_tells_the_filters_that_it_trains_and_what_they_are() {
    use ParameterKind::{Bias, Scale, Shift, Weight};
    assert_eq!(filters::<Dense<3, 2>>(), [(Weight, 3), (Weight, 3), (Bias, 1), (Bias, 1)]);
    assert_eq!(filters::<Dense<3, 2, BiasesOnly>>(), [(Bias, 1), (Bias, 1)]);
    assert_eq!(filters::<Dense<3, 2, Frozen>>(), []);
    type Convolution = Conv1d<Signal<5, 2>, Window<Kernel<3>>, 2>;
    assert_eq!(filters::<Convolution>(), [(Weight, 6), (Weight, 6), (Bias, 1), (Bias, 1)]);
    type Depthwise = DepthwiseConv2d<Signal<5, 2>, Window<Kernel<1, 3>>>;
    assert_eq!(filters::<Depthwise>(), [(Weight, 6), (Bias, 1), (Bias, 1)]);
    assert_eq!(filters::<LayerNorm<2>>(), [(Scale, 1), (Scale, 1), (Shift, 1), (Shift, 1)]);
    assert_eq!(filters::<LayerNorm<2, 1, BiasesOnly>>(), [(Shift, 1), (Shift, 1)]);
    assert_eq!(filters::<Relu<2>>(), []);
    type Layers = (Residual<Dense<1, 1>>, Dense<1, 2>);
    let expected = [(Weight, 1), (Bias, 1), (Weight, 1), (Weight, 1), (Bias, 1), (Bias, 1)];
    assert_eq!(filters::<Layers>(), expected);
}

#[test]
fn layers_are_normalised_by_their_filters() {
    let theta = [3.0, 4.0, 6.0, 8.0, 1.0, 2.0];
    let mut direction = [0.0, -2.0, 2.0, 0.0, 7.0, 7.0];
    normalise_layers::<Dense<2, 2>>(&mut direction, &theta).unwrap();
    assert_eq!(direction, [0.0, -5.0, 10.0, 0.0, 0.0, 0.0]);
    let refusal = normalise_layers::<Dense<2, 2>>(&mut [1.0; 5], &[1.0; 5]).unwrap_err();
    assert_eq!(refusal, Error::Length { what: "filters", expected: 5, actual: 6 });
}

#[test]
fn a_grid_whose_spacing_has_no_square_in_f32_is_refused() {
    for spacing in [1.88e-37, 1e-20, 1e20, f32::MAX] {
        let refused = Grid::line(5, spacing);
        assert!(matches!(refused, Err(Error::Setting { name: "spacing", .. })), "{spacing:e}");
    }
    for spacing in [1e-18, 1e18] {
        assert!(Grid::line(5, spacing).is_ok(), "{spacing:e}");
    }
}

//! Basin maps: every lane is the core's ball, every thread and vector unit gives the same bits, and
//! the labels are right.

use crate::support::random::Random;
use rayon::ThreadPoolBuilder;
use rolling_ball::kernels::{Active, Kernels, LANES, Scalar, SimdVector, Task, Unit};
use rolling_ball::landscapes::GaussianWells;
use rolling_ball::probe::basins::{
    Basins, NearWells, Plane, Settings, Starts, evaluate, exponential, roll,
};
use rolling_ball::{Error, Objective, Optimizer, RollingBall, Schedule, Sgd, SgdConfig, step};
use std::sync::atomic::{AtomicUsize, Ordering};

const WIDTH: f32 = 0.1;

fn scattered(count: usize) -> Vec<[f32; 2]> {
    let mut random = Random(11);
    (0..count).map(|_| [3.0 * random.uniform(), 3.0 * random.uniform()]).collect()
}

fn paper() -> NearWells {
    NearWells::new(&scattered(1000), WIDTH).unwrap()
}

/// The plane at one point, in every lane.
struct AtOnePoint<'a, P>(&'a P);

impl<P: Plane> Objective for AtOnePoint<'_, P> {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, Error> {
        self.gradient(theta, &mut [0.0; 2])
    }

    fn gradient(&mut self, theta: &[f32], gradient: &mut [f32]) -> Result<f32, Error> {
        let (loss, [x, y]) = evaluate::<Scalar, _>(self.0, [[theta[0]; LANES], [theta[1]; LANES]]);
        gradient.copy_from_slice(&[x[0], y[0]]);
        Ok(loss[0])
    }
}

struct Raised<'a>(&'a mut [f32]);

impl Task for Raised<'_> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self) {
        for block in self.0.as_chunks_mut::<LANES>().0 {
            *block = exponential(<U::SimdVector as SimdVector>::load(block)).store();
        }
    }
}

fn assert_the_exponentials_of<K: Kernels>(inputs: &[f32]) {
    let mut outputs = inputs.to_vec();
    K::run(Raised(&mut outputs));
    for (x, y) in inputs.iter().zip(outputs) {
        assert_eq!(y.to_bits(), libm::expf(*x).to_bits(), "{x:e}");
    }
}

#[test]
fn the_exponential_has_the_bits_of_libm_at_every_97th_number_up_to_0() {
    let mut bits = (0..=f32::INFINITY.to_bits()).step_by(97);
    loop {
        let block: Vec<f32> =
            bits.by_ref().take(1 << 16).map(|bits| -f32::from_bits(bits)).collect();
        if block.is_empty() {
            return;
        }
        // Whole blocks of lanes: the last numbers again.
        let mut block = block;
        block.resize(block.len().next_multiple_of(LANES), -1.0);
        assert_the_exponentials_of::<Active>(&block);
    }
}

#[test]
fn the_exponential_has_the_bits_of_libm_where_its_cases_meet() {
    let edges = [
        0x3900_0000, // 2^-13
        0x3eb1_7218, // ln(2) / 2
        0x3f85_1592, // 3 ln(2) / 2
        0x42ae_ac50, // where the results become subnormal
        0x42cf_f1b5, // where they become 0
        0x42d0_0000, // -104
        f32::INFINITY.to_bits() - 4000,
    ];
    for edge in edges {
        let inputs: Vec<f32> =
            (edge - 4000_u32..=edge + 3999).map(|bits| -f32::from_bits(bits)).collect();
        assert_the_exponentials_of::<Active>(&inputs);
        assert_the_exponentials_of::<Scalar>(&inputs);
    }
    assert_the_exponentials_of::<Active>(&[0.0, -0.0, -f32::INFINITY, -1e-40, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn the_exponential_of_nan_is_nan_and_leaves_the_other_lanes_alone() {
    let mut block = [-1.0, f32::NAN, -2.0, -3.0, -4.0, -f32::NAN, -5.0, -6.0];
    Active::run(Raised(&mut block));
    let expected = [-1.0, f32::NAN, -2.0, -3.0, -4.0, f32::NAN, -5.0, -6.0].map(libm::expf);
    assert!(block[1].is_nan() && block[5].is_nan());
    for lane in [0, 2, 3, 4, 6, 7] {
        assert_eq!(block[lane], expected[lane]);
    }
}

/// In `f64`, with every well.
fn exact(minima: &[[f32; 2]], theta: [f32; 2]) -> (f64, [f64; 2]) {
    let [x, y] = theta.map(f64::from);
    let (mut loss, mut gradient) = (x * x + y * y, [2.0 * x, 2.0 * y]);
    let variance = f64::from(WIDTH) * f64::from(WIDTH);
    for minimum in minima {
        let [across, up] = [x - f64::from(minimum[0]), y - f64::from(minimum[1])];
        let depth = (-(across * across + up * up) / (2.0 * variance)).exp();
        loss -= depth;
        gradient[0] += depth * across / variance;
        gradient[1] += depth * up / variance;
    }
    (loss, gradient)
}

#[test]
fn wells_nearby_are_as_good_as_all_of_them() {
    let (minima, wells) = (scattered(1000), paper());
    let mut random = Random(5);
    let mut all = GaussianWells { minima: &minima, width: WIDTH };
    let mut worst = [0.0_f64; 4];
    for _ in 0..20_000 {
        let theta = [4.5 * random.uniform(), 4.5 * random.uniform()];
        let (loss, gradient) = exact(&minima, theta);
        let mut errors = [0.0; 4];
        let mut slopes = [0.0; 2];
        let objectives: [&mut dyn Objective; 2] = [&mut AtOnePoint(&wells), &mut all];
        for (objective, errors) in objectives.into_iter().zip(errors.chunks_mut(2)) {
            let found = objective.gradient(&theta, &mut slopes).unwrap();
            let [x, y] = [0, 1].map(|axis| (f64::from(slopes[axis]) - gradient[axis]).abs());
            errors.copy_from_slice(&[(f64::from(found) - loss).abs(), x.max(y)]);
        }
        for (worst, error) in worst.iter_mut().zip(errors) {
            *worst = worst.max(error);
        }
    }
    // Most of the loss's is the rounding of |theta|^2, up to 40.
    assert!(worst[0] < 1e-5 && worst[1] < 2e-5, "{worst:?}");
    // No worse than the sum over all wells in the same precision.
    assert!(worst[0] < 2.0 * worst[2] && worst[1] < 2.0 * worst[3], "{worst:?}");
}

#[test]
fn a_point_that_is_far_away_or_nowhere_has_only_the_bowl() {
    let wells = paper();
    let x = [4.0, -1e6, 1e15, f32::INFINITY, f32::NAN, 0.0, 0.0, 3.9];
    let y = [0.0, 1.0, 1.0, 0.0, 0.0, 1e30, -5.0, -3.9];
    let (loss, [gx, gy]) = evaluate::<Active, _>(&wells, [x, y]);
    for lane in 0..LANES {
        let bowl = x[lane] * x[lane] + y[lane] * y[lane];
        let same = |a: f32, b: f32| a == b || (a.is_nan() && b.is_nan());
        assert!(same(loss[lane], bowl), "lane {lane}");
        assert!(same(gx[lane], 2.0 * x[lane]) && same(gy[lane], 2.0 * y[lane]), "lane {lane}");
    }
}

#[test]
fn a_lane_does_not_depend_on_its_neighbours() {
    let wells = paper();
    let mut random = Random(8);
    for _ in 0..2000 {
        let mut theta = [[0.0; LANES]; 2];
        for at in theta.as_flattened_mut() {
            *at = 5.0 * random.uniform();
        }
        // An empty list beside full ones, and numbers that are none.
        theta[0][3] = [0.0, 1e30, f32::NAN, f32::INFINITY][random.0 as usize % 4];
        let (loss, [gx, gy]) = evaluate::<Active, _>(&wells, theta);
        for lane in 0..LANES {
            let mut slopes = [0.0; 2];
            let at = [theta[0][lane], theta[1][lane]];
            let alone = AtOnePoint(&wells).gradient(&at, &mut slopes).unwrap();
            if at[0].is_finite() {
                let bits = [loss[lane], gx[lane], gy[lane]].map(f32::to_bits);
                assert_eq!(bits, [alone, slopes[0], slopes[1]].map(f32::to_bits), "{at:?}");
            }
        }
    }
}

#[test]
fn the_lists_of_the_cells_are_in_order_and_complete() {
    let (minima, wells) = (scattered(300), NearWells::new(&scattered(300), WIDTH).unwrap());
    assert_eq!(wells.offsets().len(), wells.side() * wells.side() + 1);
    assert_eq!(*wells.offsets().last().unwrap() as usize, wells.indices().len());
    let mut random = Random(1);
    for _ in 0..3000 {
        let theta = [3.5 * random.uniform(), 3.5 * random.uniform()];
        let [column, row] = [0, 1]
            .map(|axis| ((theta[axis] - wells.origin()[axis]) * wells.cells_per_unit()) as usize);
        let cell = row * wells.side() + column;
        let list =
            &wells.indices()[wells.offsets()[cell] as usize..wells.offsets()[cell + 1] as usize];
        assert!(list.is_sorted_by(|a, b| a < b));
        for (index, [x, y]) in minima.iter().enumerate() {
            if (x - theta[0]).hypot(y - theta[1]) < 6.0 * WIDTH {
                assert!(list.contains(&(index as u32)), "well {index} near {theta:?}");
            }
        }
    }
}

#[test]
fn wells_without_a_width_or_a_place_are_refused_by_name() {
    for width in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-20, 1e20] {
        let refused = NearWells::new(&[[0.0; 2]], width);
        assert!(matches!(refused, Err(Error::Setting { name: "width", .. })), "{width}");
    }
    for far in [f32::NAN, f32::INFINITY, -3e38] {
        let refused = NearWells::new(&[[0.0; 2], [0.0, far]], WIDTH);
        let named = Err("coordinate of a minimum");
        let name = |error| if let Error::Setting { name, .. } = error { name } else { "" };
        assert_eq!(refused.map(|_| ()).map_err(name), named, "{far}");
    }
}

#[test]
fn the_widest_and_the_narrowest_wells_are_evaluated() {
    for width in [1e-15, 1e-3, 1.0, 1e15] {
        let wells = NearWells::new(&[[0.0, 0.0], [width, 0.0]], width).unwrap();
        let mut slopes = [0.0; 2];
        let loss = AtOnePoint(&wells).gradient(&[width / 2.0, 0.0], &mut slopes).unwrap();
        let expected = width * width / 4.0 - 2.0 * (-0.125_f32).exp();
        assert!((loss - expected).abs() <= 1e-6 * expected.abs(), "{width}: {loss}");
        assert!((slopes[0] - width).abs() <= 1e-6 * (width + 1.0 / width), "{slopes:?}");
    }
}

#[test]
fn without_wells_there_is_the_bowl() {
    let bowl = NearWells::new(&[], WIDTH).unwrap();
    let mut gradient = [0.0; 2];
    let loss = AtOnePoint(&bowl).gradient(&[3.0, -4.0], &mut gradient).unwrap();
    assert_eq!((loss, gradient), (25.0, [6.0, -8.0]));
}

/// Where the core's ball brings the centre, and then its gradient descent; none where it gives up.
fn one_by_one<P: Plane>(plane: &P, settings: &Settings, start: [f32; 2]) -> Option<[f32; 2]> {
    let mut objective = AtOnePoint(plane);
    let mut theta = start;
    let mut ball = RollingBall::with_backend(Scalar, settings.ball(), [[0.0; 2]; 2]).unwrap();
    for _ in 0..settings.steps {
        step(&mut ball, &mut objective, &mut theta).ok()?;
    }
    let mut theta: [f32; 2] = ball.centre(&theta).unwrap().try_into().unwrap();
    let config = SgdConfig {
        learning_rate: settings.settling_rate.into(),
        roll_back: false,
        ..SgdConfig::default()
    };
    let mut descent = Sgd::with_backend(Scalar, config, [0.0; 2], None).unwrap();
    for _ in 0..settings.settling_steps {
        step(&mut descent, &mut objective, &mut theta).ok()?;
    }
    Some(theta)
}

fn assert_every_lane_is_a_ball<P: Plane>(plane: &P, starts: &Starts, settings: &Settings) -> usize {
    let ends = roll::<Active, _>(plane, starts, settings, |_| ()).unwrap();
    let mut lost = 0;
    for (index, end) in ends.into_iter().enumerate() {
        let start = starts.place(index);
        match one_by_one(plane, settings, start) {
            Some(expected) => {
                assert_eq!(end.map(f32::to_bits), expected.map(f32::to_bits), "from {start:?}");
            }
            None => {
                lost += 1;
                assert!(end.iter().all(|at| at.is_nan()), "from {start:?}: {end:?}");
            }
        }
    }
    lost
}

#[test]
fn a_lane_has_the_bits_of_the_cores_ball() {
    let (wells, starts) = (paper(), Starts { from: -3.0, to: 3.0, side: 11 });
    for radius in [0.01, 0.1, 0.3, 1.0, 5.0] {
        for rate in [0.002, 0.01] {
            for settings in [
                Settings::shrinking(radius, rate, 300),
                Settings {
                    radius: radius.into(),
                    learning_rate: Schedule::Linear { from: rate, to: 0.001, steps: 100 },
                    loss_scale: 0.3,
                    ..Settings::shrinking(radius, rate, 300)
                },
            ] {
                let settings = Settings { settling_steps: 50, ..settings };
                assert_eq!(assert_every_lane_is_a_ball(&wells, &starts, &settings), 0);
            }
        }
    }
}

#[test]
fn a_lane_has_the_bits_of_the_cores_ball_after_every_step() {
    let (wells, starts) = (paper(), Starts { from: -2.5, to: 2.5, side: 3 });
    for steps in 0..150 {
        let settings = Settings { settling_steps: 0, ..Settings::shrinking(0.5, 0.005, 100) };
        assert_every_lane_is_a_ball(&wells, &starts, &Settings { steps, ..settings });
    }
}

#[test]
fn the_settling_has_the_bits_of_gradient_descent_however_many_steps_it_may_take() {
    let (wells, starts) = (paper(), Starts { from: -3.0, to: 3.0, side: 5 });
    // After 3000, the balls rest: the map stops there, the core goes on.
    for settling_steps in [0, 1, 7, 100, 3000] {
        let settings =
            Settings { steps: 10, settling_steps, ..Settings::shrinking(0.1, 0.005, 300) };
        assert_every_lane_is_a_ball(&wells, &starts, &settings);
    }
}

/// A saddle that throws balls out, and beyond 10 is not a number.
struct Saddle;

impl Plane for Saddle {
    #[inline(always)]
    fn evaluate<V: SimdVector>(&self, [x, y]: [V; 2]) -> (V, [V; 2]) {
        let two = V::splat(2.0);
        let hundred = V::splat(100.0);
        // The root of a negative number is none.
        let none = (hundred - x * x).sqrt() * V::splat(0.0);
        (y * y - x * x + none, [V::splat(-2.0) * x, two * y])
    }
}

#[test]
fn a_ball_whose_loss_is_no_number_is_lost_and_takes_no_other_with_it() {
    let starts = Starts { from: -4.0, to: 4.0, side: 9 };
    let settings = Settings {
        radius: 0.5.into(),
        learning_rate: 0.02.into(),
        settling_steps: 0,
        ..Settings::shrinking(0.5, 0.02, 40)
    };
    // The middle column stays on the ridge, and some are not yet far enough.
    let lost = assert_every_lane_is_a_ball(&Saddle, &starts, &settings);
    assert!(lost > 9 && lost < 72, "{lost}");
}

#[test]
fn a_ball_that_overflows_is_lost_where_the_core_gives_up() {
    let bowl = NearWells::new(&[], WIDTH).unwrap();
    let starts = Starts { from: 0.0, to: 1.0, side: 3 };
    // Each step multiplies theta by about -9: its square overflows after 20.
    let lost = [15, 18, 20, 21, 22, 40].map(|steps| {
        let settings = Settings {
            radius: 0.1.into(),
            learning_rate: 5.0.into(),
            settling_steps: 0,
            steps,
            ..Settings::shrinking(0.1, 5.0, 100)
        };
        assert_every_lane_is_a_ball(&bowl, &starts, &settings)
    });
    assert!(lost.is_sorted(), "{lost:?}");
    // The one at the bottom stays there.
    assert_eq!((lost[0], lost[5]), (0, 8), "{lost:?}");
}

#[test]
fn a_descent_that_overflows_is_lost_where_the_core_gives_up() {
    let bowl = NearWells::new(&[], WIDTH).unwrap();
    let starts = Starts { from: 0.0, to: 1.0, side: 3 };
    let lost = [15, 18, 19, 20, 21, 22, 40].map(|settling_steps| {
        let settings = Settings {
            steps: 0,
            settling_rate: 5.0,
            settling_steps,
            ..Settings::shrinking(0.1, 0.1, 100)
        };
        assert_every_lane_is_a_ball(&bowl, &starts, &settings)
    });
    assert!(lost.is_sorted(), "{lost:?}");
    assert_eq!((lost[0], lost[6]), (0, 8), "{lost:?}");
}

fn bits(ends: &[[f32; 2]]) -> Vec<[u32; 2]> {
    ends.iter().map(|end| end.map(f32::to_bits)).collect()
}

#[test]
fn neither_the_kernels_nor_the_number_of_threads_change_a_bit() {
    let (wells, starts) = (paper(), Starts { from: -3.0, to: 3.0, side: 21 });
    let settings = Settings::shrinking(0.3, 0.01, 200);
    let expected = bits(&roll::<Scalar, _>(&wells, &starts, &settings, |_| ()).unwrap());
    for threads in [1, 2, 3, 8] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let ends = pool.install(|| roll::<Active, _>(&wells, &starts, &settings, |_| ()).unwrap());
        assert_eq!(bits(&ends), expected, "{threads} threads");
    }
}

#[cfg(feature = "simd")]
#[test]
fn no_vector_unit_changes_a_bit() {
    use rolling_ball::kernels::{Level, Wide};
    let (wells, starts) = (paper(), Starts { from: -3.0, to: 3.0, side: 9 });
    let settings = Settings::shrinking(0.3, 0.01, 200);
    let expected = bits(&roll::<Scalar, _>(&wells, &starts, &settings, |_| ()).unwrap());
    for level in Level::ALL {
        level.limit();
        let ends = roll::<Wide, _>(&wells, &starts, &settings, |_| ()).unwrap();
        assert_eq!(bits(&ends), expected, "{level:?}");
    }
}

#[test]
fn every_start_is_told_once() {
    let wells = NearWells::new(&[[0.0; 2]], WIDTH).unwrap();
    let starts = Starts { from: -1.0, to: 1.0, side: 7 };
    let told = AtomicUsize::new(0);
    let done = |count| {
        told.fetch_add(count, Ordering::Relaxed);
    };
    let ends = roll::<Active, _>(&wells, &starts, &Settings::shrinking(0.1, 0.01, 1), done);
    assert_eq!((ends.unwrap().len(), told.into_inner()), (49, 49));
}

#[test]
fn wrong_settings_are_refused_by_name() {
    let wells = NearWells::new(&[], WIDTH).unwrap();
    let (good, starts) =
        (Settings::shrinking(0.1, 0.01, 1), Starts { from: 0.0, to: 1.0, side: 2 });
    let refused = |settings: Settings, starts: Starts, expected: &str| match roll::<Active, _>(
        &wells,
        &starts,
        &settings,
        |_| (),
    ) {
        Err(Error::Setting { name, .. }) => assert_eq!(name, expected),
        Err(Error::Length { what, .. }) => assert_eq!(what, expected),
        other => panic!("{expected}: {other:?}"),
    };
    refused(Settings { radius: (-1.0).into(), ..good }, starts, "radius");
    refused(Settings { learning_rate: (-0.1).into(), ..good }, starts, "learning rate");
    refused(Settings { loss_scale: f32::NAN, ..good }, starts, "loss scale");
    refused(Settings { settling_rate: 0.0, ..good }, starts, "settling rate");
    refused(good, Starts { side: 1, ..starts }, "side");
    refused(good, Starts { to: 0.0, ..starts }, "spacing of the starts");
    refused(good, Starts { to: f32::INFINITY, ..starts }, "spacing of the starts");
}

const THREE_BY_THREE: Starts = Starts { from: 0.0, to: 1.0, side: 3 };

#[test]
fn basins_are_counted_measured_and_sorted_by_size() {
    let (a, b, lost) = ([0.0, 0.0], [5.0, 5.0], [f32::NAN; 2]);
    #[rustfmt::skip]
    let ends = [
        a, b, b,
        a, b, b,
        a, b, lost,
    ];
    let basins = Basins::of(&ends, &THREE_BY_THREE, 0.01).unwrap();
    let sizes: Vec<usize> = basins.minima().iter().map(|minimum| minimum.starts).collect();
    assert_eq!(sizes, [5, 3]);
    assert_eq!(basins.minima()[0].place, b);
    assert_eq!(basins.labels()[0], Some(1));
    assert_eq!((basins.labels()[8], basins.lost()), (None, 1));
    assert_eq!(basins.largest_share(), 5.0 / 9.0);
    assert_eq!((basins.of_share(0.5), basins.of_share(0.3)), (1, 2));
    // Three between a and b, two around the lost one, each half a unit long.
    assert_eq!(basins.boundary(), 2.5);
    assert_eq!(basins.neighbours_apart(), 5.0 / 12.0);
    let apart = 1.0 - (25.0 + 9.0) / 81.0;
    assert!((basins.apart() - apart).abs() < 1e-12);
    assert!((basins.dependence() - (1.0 - 5.0 / 12.0 / apart)).abs() < 1e-12);
}

#[test]
fn ends_within_the_tolerance_are_one_minimum_and_ends_far_apart_are_not() {
    let mut random = Random(3);
    for _ in 0..2000 {
        let first = [random.uniform(), random.uniform()];
        let angle = 3.0 * random.uniform();
        let away =
            |distance: f32| [first[0] + distance * angle.cos(), first[1] + distance * angle.sin()];
        let mut ends = [first; 9];
        ends[4] = away(0.0099);
        assert_eq!(Basins::of(&ends, &THREE_BY_THREE, 0.01).unwrap().minima().len(), 1);
        ends[4] = away(0.0284);
        assert_eq!(Basins::of(&ends, &THREE_BY_THREE, 0.01).unwrap().minima().len(), 2);
    }
}

#[test]
fn basins_do_not_depend_on_the_order_of_the_ends() {
    let starts = Starts { from: 0.0, to: 1.0, side: 20 };
    let mut random = Random(4);
    // Chains of cells of many shapes.
    let ends: Vec<[f32; 2]> =
        (0..400).map(|_| [0.2 * random.uniform(), 0.2 * random.uniform()]).collect();
    let forwards = Basins::of(&ends, &starts, 0.01).unwrap();
    let reversed: Vec<[f32; 2]> = ends.iter().rev().copied().collect();
    let backwards = Basins::of(&reversed, &starts, 0.01).unwrap();
    assert!(forwards.minima().len() > 5 && forwards.minima().len() < 200);
    for (i, j) in (0..400).flat_map(|i| (0..i).map(move |j| (i, j))) {
        let together =
            |basins: &Basins, i: usize, j: usize| basins.labels()[i] == basins.labels()[j];
        assert_eq!(together(&forwards, i, j), together(&backwards, 399 - i, 399 - j));
    }
}

#[test]
fn a_map_of_one_basin_has_no_boundary_and_does_not_depend_on_the_start() {
    let basins = Basins::of(&[[1.0, 2.0]; 9], &THREE_BY_THREE, 0.01).unwrap();
    assert_eq!((basins.boundary(), basins.apart(), basins.dependence()), (0.0, 0.0, 0.0));
}

#[test]
fn basins_of_the_wrong_number_of_ends_are_refused() {
    let refused = Basins::of(&[[0.0; 2]; 8], &THREE_BY_THREE, 0.01);
    assert_eq!(refused, Err(Error::Length { what: "ends", expected: 9, actual: 8 }));
    let refused = Basins::of(&[[0.0; 2]; 9], &THREE_BY_THREE, 0.0);
    assert!(matches!(refused, Err(Error::Setting { name: "tolerance", .. })));
}

#[test]
fn a_larger_ball_finds_fewer_and_deeper_minima() {
    let (wells, starts) = (paper(), Starts { from: -3.0, to: 3.0, side: 24 });
    let found = [0.01, 0.1, 0.3, 1.0].map(|radius| {
        let settings = Settings::shrinking(radius, 0.005, 1000);
        let ends = roll::<Active, _>(&wells, &starts, &settings, |_| ()).unwrap();
        let losses = ends.iter().map(|end| AtOnePoint(&wells).loss(end).unwrap());
        let mean = losses.sum::<f32>() / ends.len() as f32;
        let basins = Basins::of(&ends, &starts, 0.01).unwrap();
        assert_eq!(basins.lost(), 0);
        (basins.minima().len(), mean, basins.dependence())
    });
    for pair in found.windows(2) {
        assert!(pair[1].0 < pair[0].0 && pair[1].1 < pair[0].1, "{found:?}");
    }
    // From near-certainty to what a draw would say.
    assert!(found[3].2 < 0.3 * found[0].2, "{found:?}");
}

//! Where balls end on a device, against where they end on the processor.

use super::support::random::Random;
use super::{device, split};
use rolling_ball::gpu::{self, AdapterKind, Device, Error, PlaneFormula, ShadedPlane};
use rolling_ball::kernels::{Active, SimdVector};
use rolling_ball::probe::basins::{self, Basins, NearWells, Plane, Settings, Starts};
use rolling_ball::{Error as StepError, Schedule};

const STARTS: Starts = Starts { from: -3.0, to: 3.0, side: 64 };

/// By how much the number of basins may differ on a GPU, in parts of itself: each is a count of
/// maps that agree in no ball.
const BASINS_PART: f64 = 0.1;

/// By how much the share of the largest basin may differ on a GPU, in parts of the plane.
const SHARE: f64 = 0.03;

fn wells(count: usize) -> NearWells {
    let mut random = Random(11);
    let minima: Vec<[f32; 2]> =
        (0..count).map(|_| [3.0 * random.uniform(), 3.0 * random.uniform()]).collect();
    NearWells::new(&minima, 0.1).unwrap()
}

/// The number of basins, and the share of the largest.
fn statistics(ends: &[[f32; 2]], starts: &Starts) -> (f64, f64) {
    let basins = Basins::of(ends, starts, 0.01).unwrap();
    let largest = basins.minima().iter().map(|minimum| minimum.starts).max().unwrap_or(0);
    (basins.minima().len() as f64, largest as f64 / starts.count() as f64)
}

/// Demands equal bits of a device on the CPU; of a GPU, the same statistics. Gives the ends.
fn compare<P: Plane + ShadedPlane>(
    device: &Device,
    plane: &P,
    starts: &Starts,
    settings: &Settings,
) -> Vec<[f32; 2]> {
    let expected = basins::roll::<Active, _>(plane, starts, settings, |_| ()).unwrap();
    let ends = gpu::roll(device, plane, starts, settings, |_| ()).unwrap();
    assert_eq!(device.failure(), None);
    assert_eq!(ends.len(), expected.len());
    if device.adapter().kind == AdapterKind::Cpu {
        for (index, (end, expected)) in ends.iter().zip(&expected).enumerate() {
            assert!(
                end.map(f32::to_bits) == expected.map(f32::to_bits)
                    || (end.iter().all(|at| at.is_nan()) && expected.iter().all(|at| at.is_nan())),
                "from {:?}: expected {expected:?}, got {end:?}",
                starts.place(index)
            );
        }
    } else {
        let (basins, largest) = statistics(&expected, starts);
        let (basins_there, largest_there) = statistics(&ends, starts);
        assert!(
            (basins - basins_there).abs() <= (BASINS_PART * basins).max(1.0)
                && (largest - largest_there).abs() <= SHARE,
            "expected {basins} basins, of which one has {largest}; got {basins_there}, \
             {largest_there}"
        );
    }
    ends
}

#[test]
fn the_balls_of_a_device_are_those_on_the_processor() {
    let Some(device) = device() else { return };
    let wells = wells(1000);
    for radius in [0.01, 0.1, 0.3, 1.0] {
        let ends = compare(device, &wells, &STARTS, &Settings::shrinking(radius, 0.01, 200));
        assert!(ends.as_flattened().iter().all(|at| at.is_finite()), "{radius}");
    }
}

#[test]
fn balls_on_a_scaled_loss_and_with_constant_radii_are_those_on_the_processor() {
    let Some(device) = device() else { return };
    let starts = Starts { side: 17, ..STARTS };
    for radius in [0.2, 5.0] {
        let settings = Settings {
            radius: radius.into(),
            learning_rate: Schedule::Linear { from: 0.01, to: 0.001, steps: 100 },
            loss_scale: 0.3,
            ..Settings::shrinking(radius, 0.01, 300)
        };
        compare(device, &wells(300), &starts, &settings);
    }
}

#[test]
fn balls_are_those_on_the_processor_after_every_step() {
    let Some(device) = device() else { return };
    let (wells, starts) = (wells(1000), Starts { side: 5, ..STARTS });
    for steps in (0..12).chain([255, 256, 257, 300]) {
        for settling_steps in [0, 1, 7] {
            let settings = Settings::shrinking(0.5, 0.005, 1000);
            compare(device, &wells, &starts, &Settings { steps, settling_steps, ..settings });
        }
    }
}

#[test]
fn a_well_pulls_as_on_the_processor_wherever_the_ball_is() {
    let Some(device) = device() else { return };
    let well = NearWells::new(&[[0.0; 2]], 1.0).unwrap();
    let settings = Settings {
        steps: 0,
        settling_rate: 1.0,
        settling_steps: 1,
        ..Settings::shrinking(0.1, 0.01, 1)
    };
    // Where it is flat, and where it is steep; more balls than roll together.
    for to in [0.02, 6.5] {
        compare(device, &well, &Starts { from: -to, to, side: 520 }, &settings);
    }
}

#[test]
fn balls_that_rest_stay_where_they_are() {
    let Some(device) = device() else { return };
    let (wells, starts) = (wells(1000), Starts { side: 9, ..STARTS });
    let settings = Settings { steps: 10, ..Settings::shrinking(0.1, 0.005, 10) };
    // Most rest long before the last of these steps.
    compare(device, &wells, &starts, &Settings { settling_steps: 3000, ..settings });
}

#[test]
fn once_every_ball_rests_no_more_steps_are_made() {
    let Some(device) = device() else { return };
    // One step to the bottom, of steps for years.
    let settings = Settings {
        settling_rate: 0.5,
        settling_steps: u32::MAX,
        ..Settings::shrinking(0.1, 0.01, 10)
    };
    let starts = Starts { side: 4, ..STARTS };
    let ends = compare(device, &wells(0), &starts, &settings);
    assert!(ends.as_flattened().iter().all(|at| *at == 0.0), "{ends:?}");
}

#[test]
fn wells_whose_depth_is_below_the_normal_numbers_pull_as_on_the_processor() {
    let Some(device) = device() else { return };
    // So far apart that the cells are wide, and one lists a well 14 widths away from 0.
    let wells = NearWells::new(&[[-5000.0, 0.0], [1.4, 0.0]], 0.1).unwrap();
    let starts = Starts { from: -1.0, to: 1.0, side: 3 };
    let settings = Settings { steps: 0, settling_steps: 1, ..Settings::shrinking(0.1, 0.01, 1) };
    let expected = basins::roll::<Active, _>(&wells, &starts, &settings, |_| ()).unwrap();
    assert!(expected[4][0].is_subnormal(), "{expected:?}");
    compare(device, &wells, &starts, &settings);
}

#[test]
fn without_wells_every_ball_ends_at_the_bottom_of_the_bowl() {
    let Some(device) = device() else { return };
    let settings = Settings { settling_rate: 0.25, ..Settings::shrinking(0.1, 0.01, 10) };
    let starts = Starts { side: 8, ..STARTS };
    for end in compare(device, &wells(0), &starts, &settings).as_flattened() {
        assert!(end.abs() < 1e-30, "{end}");
    }
}

#[test]
fn a_map_of_more_balls_than_a_buffer_holds_rolls_in_parts() {
    let Some(whole) = device() else { return };
    let Some(device) = split(1) else { return };
    let (wells, starts) = (wells(100), Starts { side: 150, ..STARTS });
    let settings = Settings { settling_steps: 20, ..Settings::shrinking(0.3, 0.01, 20) };
    let mut told = Vec::new();
    let ends = gpu::roll(&device, &wells, &starts, &settings, |starts| told.push(starts)).unwrap();
    assert_eq!(ends, gpu::roll(whole, &wells, &starts, &settings, |_| ()).unwrap());
    assert_eq!(told.iter().sum::<usize>(), starts.count());
    assert!(told.len() > 2 && !told.contains(&0), "{told:?}");
    compare(&device, &wells, &starts, &settings);
}

#[test]
fn a_plane_of_more_numbers_than_a_buffer_holds_is_refused() {
    let Some(device) = split(1) else { return };
    let refused =
        gpu::roll(&device, &wells(3000), &STARTS, &Settings::shrinking(0.1, 0.01, 10), |_| ());
    match refused {
        Err(Error::Limit { what, needed, available }) => {
            assert_eq!(what, "bytes of a plane's numbers in a binding");
            assert!(needed > available, "{needed} {available}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(device.failure(), None);
}

#[test]
fn a_ball_that_overflows_is_lost_where_it_is_on_the_processor() {
    let Some(device) = device() else { return };
    let (bowl, starts) = (wells(0), Starts { from: 0.0, to: 1.0, side: 3 });
    // Each step multiplies theta by about -9: its square overflows after 20.
    let lost = [15, 18, 20, 21, 22, 40, 300].map(|steps| {
        let rolls = Settings {
            radius: 0.1.into(),
            learning_rate: 5.0.into(),
            settling_steps: 0,
            ..Settings::shrinking(0.1, 5.0, steps)
        };
        let settles = Settings {
            settling_rate: 5.0,
            settling_steps: steps,
            ..Settings::shrinking(0.1, 0.1, 0)
        };
        [Settings { steps, ..rolls }, Settings { steps: 0, ..settles }].map(|settings| {
            let ends = compare(device, &bowl, &starts, &settings);
            ends.iter().filter(|[x, y]| x.is_nan() && y.is_nan()).count()
        })
    });
    assert_eq!((lost[0], lost[6]), ([0, 0], [8, 8]), "{lost:?}");
}

#[test]
fn what_the_processor_refuses_is_refused_in_the_same_words() {
    let Some(device) = device() else { return };
    let (wells, settings) = (wells(3), Settings::shrinking(0.1, 0.01, 10));
    let mut refused = Vec::new();
    for starts in [
        Starts { side: 1, ..STARTS },
        Starts { side: 0, ..STARTS },
        Starts { to: -3.0, ..STARTS },
        Starts { from: f32::NAN, ..STARTS },
    ] {
        refused.push((starts, settings));
    }
    for settings in [
        Settings { radius: f32::NAN.into(), ..settings },
        Settings { learning_rate: (-1.0).into(), ..settings },
        Settings { loss_scale: 0.0, ..settings },
        Settings { settling_rate: f32::INFINITY, ..settings },
    ] {
        refused.push((STARTS, settings));
    }
    let same = |a: StepError, b: StepError| a == b || format!("{a}") == format!("{b}");
    for (starts, settings) in refused {
        let expected = basins::roll::<Active, _>(&wells, &starts, &settings, |_| ()).unwrap_err();
        match gpu::roll(device, &wells, &starts, &settings, |_| ()) {
            Err(Error::Step(error)) => assert!(same(error, expected), "{error}, {expected}"),
            other => panic!("{expected}: {other:?}"),
        }
    }
}

/// A saddle that throws balls out, and beyond 10 is not a number.
struct Saddle;

impl Plane for Saddle {
    #[inline(always)]
    fn evaluate<V: SimdVector>(&self, [x, y]: [V; 2]) -> (V, [V; 2]) {
        let [two, hundred] = [2.0, 100.0].map(V::splat);
        // The root of a negative number is none.
        let none = (hundred - x * x).sqrt() * V::splat(0.0);
        (y * y - x * x + none, [V::splat(-2.0) * x, two * y])
    }
}

impl ShadedPlane for Saddle {
    fn formula(&self) -> PlaneFormula {
        PlaneFormula {
            name: "saddle",
            source: "fn evaluate(x: f32, y: f32) -> vec3f {
                let none = bitcast<f32>(select(0u, integers[0], squared(x) > numbers[0]));
                let loss = plus(minus(squared(y), squared(x)), none);
                return vec3f(loss, times(-2.0, x), times(2.0, y));
            }",
            numbers: vec![100.0],
            integers: vec![f32::NAN.to_bits()],
        }
    }
}

#[test]
fn a_plane_of_ones_own_in_wgsl_loses_the_balls_that_it_loses_on_the_processor() {
    let Some(device) = device() else { return };
    let starts = Starts { from: -4.0, to: 4.0, side: 9 };
    let settings = Settings {
        radius: 0.5.into(),
        learning_rate: 0.02.into(),
        settling_steps: 0,
        ..Settings::shrinking(0.5, 0.02, 40)
    };
    let ends = compare(device, &Saddle, &starts, &settings);
    let lost = ends.iter().filter(|end| end.iter().any(|at| at.is_nan())).count();
    // The middle column stays on the ridge, and some are not yet far enough.
    assert!(lost > 9 && lost < 72, "{lost}");
}

/// Two steep slopes that meet at 0.
struct Valley;

impl Plane for Valley {
    #[inline(always)]
    fn evaluate<V: SimdVector>(&self, [x, _]: [V; 2]) -> (V, [V; 2]) {
        (V::splat(0.0), [V::splat(1e18) * (x / (x * x).sqrt()), V::splat(0.0)])
    }
}

impl ShadedPlane for Valley {
    fn formula(&self) -> PlaneFormula {
        PlaneFormula {
            name: "valley",
            source: "fn evaluate(x: f32, y: f32) -> vec3f {
                return vec3f(0.0, times(1e18, rounded(x / rounded(sqrt(squared(x))))), 0.0);
            }",
            numbers: Vec::new(),
            integers: Vec::new(),
        }
    }
}

#[test]
fn a_ball_whose_contact_jumps_too_far_is_lost_where_it_is_on_the_processor() {
    let Some(device) = device() else { return };
    let starts = Starts { from: 1.0, to: 2.0, side: 2 };
    for (steps, lost) in [(1, 0), (2, 4)] {
        let settings = Settings {
            radius: 1e19.into(),
            learning_rate: 1.0.into(),
            settling_steps: 0,
            ..Settings::shrinking(1.0, 1.0, steps)
        };
        let ends = compare(device, &Valley, &starts, &settings);
        assert_eq!(ends.iter().filter(|[x, _]| x.is_nan()).count(), lost, "{ends:?}");
    }
}

/// A plane that has only WGSL, in order or not.
struct Own(&'static str, &'static str);

impl ShadedPlane for Own {
    fn formula(&self) -> PlaneFormula {
        let Self(name, source) = *self;
        PlaneFormula { name, source, numbers: Vec::new(), integers: Vec::new() }
    }
}

#[test]
fn a_plane_of_ones_own_needs_neither_numbers_nor_integers() {
    let Some(device) = device() else { return };
    let own = Own(
        "bowl_around_a_place",
        "fn evaluate(x: f32, y: f32) -> vec3f {
            let across = x - 1.0;
            let up = y + 2.0;
            return vec3f(across * across + up * up, 2.0 * across, 2.0 * up);
        }",
    );
    let settings = Settings { settling_rate: 0.25, ..Settings::shrinking(0.1, 0.01, 10) };
    let starts = Starts { side: 3, ..STARTS };
    for [x, y] in gpu::roll(device, &own, &starts, &settings, |_| ()).unwrap() {
        assert!((x - 1.0).abs() < 1e-6 && (y + 2.0).abs() < 1e-6, "{x} {y}");
    }
}

#[test]
fn wgsl_of_a_plane_that_is_not_in_order_is_refused_in_the_words_of_its_compiler() {
    let Some(device) = device() else { return };
    let own = Own("no_plane", "fn evaluate(x: f32, y: f32) -> vec3f { return nowhere; }");
    let settings = Settings::shrinking(0.1, 0.01, 10);
    match gpu::roll(device, &own, &STARTS, &settings, |_| ()) {
        Err(Error::Refused(text)) => assert!(text.contains("nowhere"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(device.failure(), None);
}

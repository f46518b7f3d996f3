//! Losses in closed form, slices through them, and balls on them, with any settings.

use crate::input::Input;
use crate::numbers::{all_same, same};
use crate::trace::tell;
use rolling_ball::kernels::{Scalar, Wide};
use rolling_ball::landscapes::{
    Ackley, GaussianWells, Quadratic, Rastrigin, RippledBowl, Rosenbrock, SineModel, Weierstrass,
    WeierstrassLike, Whitley,
};
use rolling_ball::probe::basins::{Basins, NearWells, Settings, Starts, roll};
use rolling_ball::probe::{
    Grid, Scale, Slice, normalise_filters, orthogonalise, principal_direction, smoothing_radius,
};
use rolling_ball::{Error, Objective};

/// The longest theta, and the most points of a grid.
const LONGEST: usize = 5;
const POINTS: usize = 36;

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    match input.byte() {
        ..=247 => with_landscape(&mut input),
        _ => basins(&mut input),
    }
}

fn with_landscape(input: &mut Input<'_>) -> u64 {
    let wells: [[f32; 2]; 3] = std::array::from_fn(|_| [input.float(), input.float()]);
    let (one, other) = (input.setting(), input.setting());
    match input.below(10) {
        0 => sampled(&mut Ackley, input),
        1 => sampled(&mut GaussianWells { minima: &wells, width: one }, input),
        2 => sampled(&mut Quadratic { condition: one }, input),
        3 => sampled(&mut Rastrigin, input),
        4 => {
            let bowl = Quadratic { condition: 1.0 };
            sampled(&mut RippledBowl { bowl, amplitude: one, frequency: other }, input)
        }
        5 => sampled(&mut Rosenbrock, input),
        6 => {
            let [inputs, targets] = [&wells[0], &wells[1]];
            sampled(&mut SineModel { inputs, targets }, input)
        }
        7 => {
            let terms = u32::from(input.byte() % 8);
            sampled(&mut Weierstrass { amplitude: one, frequency: other, terms }, input)
        }
        8 => sampled(&mut WeierstrassLike { terms: u16::from(input.byte() % 8) }, input),
        _ => sampled(&mut Whitley, input),
    }
}

fn vector(input: &mut Input<'_>) -> [f32; LONGEST] {
    let (kind, value) = (input.byte(), input.float());
    let mut vector = std::array::from_fn(|axis| match kind % 4 {
        0 => value,
        1 => value * axis as f32,
        2 => (axis as f32 - 1.5) / 2.0,
        _ => 0.0,
    });
    if kind > 127 {
        vector[input.below(LONGEST)] = input.float();
    }
    vector
}

fn sampled(objective: &mut impl Objective, input: &mut Input<'_>) -> u64 {
    let length = input.below(LONGEST + 1);
    let [origin, mut across, mut down] = std::array::from_fn(|_| vector(input));
    let mut gradient = [0.0; LONGEST];
    let loss = objective.loss(&origin[..length]);
    let told = objective.gradient(&origin[..length], &mut gradient[..length]);
    tell(format_args!("at {:?}: {loss:?}, {told:?}, {gradient:?}", &origin[..length]));
    match (&loss, &told) {
        (Ok(loss), Ok(told)) => {
            assert!(same(*loss, *told), "{loss}, but {told} with the gradient");
        }
        (Err(loss), Err(told)) => assert_eq!(loss, told),
        (loss, told) => panic!("{loss:?}, but {told:?}"),
    }
    let wrong = objective.gradient(&origin[..length], &mut [0.0; LONGEST + 1]);
    assert!(matches!(wrong, Err(Error::Length { .. })), "{wrong:?}");

    let (across, down) = (&mut across[..length], &mut down[..length]);
    let other = origin;
    let _ = normalise_filters(across, &other[..length], [input.below(4), length]);
    if orthogonalise(down, across).is_err() {
        down.fill(0.5);
    }
    let (rows, columns) = (input.below(7), input.below(7));
    let grid = match Grid::plane(rows, columns, input.setting()) {
        Ok(grid) => grid,
        Err(error) => {
            let length = matches!(error, Error::Length { .. });
            assert_eq!(length, rows * columns == 0, "{error:?}");
            return 6;
        }
    };
    let down: &[f32] = if rows > 1 { down } else { &[] };
    let loss_scale = input.setting();
    let slice = Slice { grid, origin: &origin[..length], across, down, loss_scale };
    let mut theta = [0.0; LONGEST];
    let mut heights = [0.0; POINTS];
    let heights = &mut heights[..grid.points()];
    let sampled = slice.sample(objective, &mut theta[..length], heights);
    tell(format_args!("{slice:?}: {sampled:?}, {heights:?}"));
    if sampled.is_err() {
        heights.fill(input.float());
    }
    dilate(&grid, heights, input);
    // It makes a hundred passes.
    if input.byte() > 240 {
        let points = [&origin[..length], &theta[..length]];
        let mut direction = gradient;
        let mut scratch = [0.0; LONGEST];
        let (direction, scratch) = (&mut direction[..length], &mut scratch[..length]);
        let found = principal_direction(&points, &other[..length], &[], direction, scratch);
        tell(format_args!("principal direction: {found:?}, {direction:?}"));
        if found.is_ok() {
            assert!(direction.iter().all(|t| t.is_finite()), "{direction:?}");
        }
    }
    12
}

fn dilate(grid: &Grid, heights: &[f32], input: &mut Input<'_>) {
    let finite = heights.iter().all(|height| height.is_finite());
    let mut scales = [0.0, input.setting()].map(Scale::of_radius);
    let mut centres = [f32::NAN; POINTS];
    let mut contacts = [usize::MAX; POINTS];
    let (centres, contacts) = (&mut centres[..heights.len()], &mut contacts[..heights.len()]);
    for scale in &mut scales {
        let radius = scale.radius;
        let dilated = grid.dilate(heights, radius, centres, contacts);
        tell(format_args!("radius {radius:e}: {dilated:?}, {centres:?}, {contacts:?}"));
        if dilated.is_err() {
            assert!(!finite || !radius.is_finite() || radius < 0.0, "{dilated:?}");
            return;
        }
        assert!(finite && radius >= 0.0);
        for ((centre, contact), height) in centres.iter().zip(&*contacts).zip(heights) {
            // The ball rests on its own point at least.
            assert!(centre >= height, "{centre:e} < {height:e}");
            assert!(*contact < heights.len(), "contact {contact}");
        }
        match grid.roughness(centres) {
            Ok(roughness) => scale.roughness = roughness,
            Err(error) => {
                assert!(centres.iter().any(|centre| !centre.is_finite()), "{error:?}");
                return;
            }
        }
        if radius == 0.0 {
            let same = centres.iter().zip(heights).all(|(a, b)| a == b);
            assert!(same, "a radius of 0 leaves the heights as they are");
        }
    }
    let fraction = input.fraction();
    tell(format_args!("{:?}", smoothing_radius(&scales, fraction)));
}

fn basins(input: &mut Input<'_>) -> u64 {
    let minima: [[f32; 2]; 3] = std::array::from_fn(|_| [input.float(), input.float()]);
    let minima = &minima[..input.below(4)];
    let width = input.setting();
    let starts = Starts { from: input.float(), to: input.float(), side: input.below(5) };
    let settings = Settings {
        radius: input.schedule(),
        learning_rate: input.schedule(),
        loss_scale: input.setting(),
        steps: u32::from(input.byte() % 8),
        settling_rate: input.setting(),
        settling_steps: u32::from(input.byte() % 8),
    };
    let tolerance = input.setting();
    tell(format_args!("{minima:?}, width {width:e}, {starts:?}, {settings:?}, {tolerance:e}"));
    // Many cells take milliseconds: seldom.
    let coordinates = minima.as_flattened().iter();
    let farthest = coordinates.fold(0.0_f32, |most, coordinate| most.max(coordinate.abs()));
    if farthest > 16.0 * width && input.byte() < 252 {
        return 0;
    }
    let Ok(wells) = NearWells::new(minima, width) else { return 1 };
    let scalar = roll::<Scalar, _>(&wells, &starts, &settings, |_| ());
    let wide = roll::<Wide, _>(&wells, &starts, &settings, |_| ());
    match (scalar, wide) {
        (Ok(scalar), Ok(wide)) => {
            tell(format_args!("{scalar:?}"));
            let same = all_same(scalar.as_flattened(), wide.as_flattened());
            assert!(same, "the kernels differ: {scalar:?}, {wide:?}");
            if let Ok(basins) = Basins::of(&scalar, &starts, tolerance) {
                let ended: usize = basins.minima().iter().map(|minimum| minimum.starts).sum();
                assert_eq!(ended + basins.lost(), starts.count());
                assert!((0.0..=1.0).contains(&basins.apart()), "{}", basins.apart());
                assert!(basins.dependence() <= 1.0 && !basins.boundary().is_nan());
                assert!(
                    basins.largest_share() <= 1.0 && basins.of_share(0.0) == basins.minima().len()
                );
            }
        }
        (Err(scalar), Err(wide)) => assert_eq!(format!("{scalar:?}"), format!("{wide:?}")),
        (scalar, wide) => panic!("{scalar:?}, but {wide:?}"),
    }
    4
}

//! The optimizers by name, with their settings.

use crate::arrays::room;
use crate::error::of_core;
use crate::optimizer::{Around, Optimizer, held};
use crate::schedule::Rate;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rolling_ball::kernels::Active;
use rolling_ball::{
    AdamConfig, AnyCentreStep, AnyFootpoint, ArcLength, Armijo, DogConfig, EntropySgdConfig, Error,
    GaussNewton, GradientDescent, LaggedContact, Plain, ProdigyConfig, RefreshedContact,
    RollingBallConfig, SamConfig, SgdConfig, ZerothOrderBallConfig,
};
use rolling_ball::{Resumable, StepByPart};
use rolling_ball_rehearsal::OptimizerConfig;

/// Lengths, rates and decays of the parts of theta.
type Parts = Option<Vec<(usize, f32, f32)>>;

/// Why an optimizer could not be made: an error of the core, or no memory.
struct Failed(PyErr);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(of_core(error))
    }
}

/// Makes an optimizer of its settings.
fn made<C>(
    config: C,
    parameters: usize,
    clip: Option<f32>,
    parts: Parts,
) -> PyResult<PyClassInitializer<Optimizer>>
where
    C: OptimizerConfig<Active>,
    C::Optimizer<Vec<f32>>: StepByPart + Resumable + Send + Sync + 'static,
{
    if parameters == 0 {
        return Err(PyValueError::new_err("parameters: expected at least 1, found 0"));
    }
    let vector = || room(parameters).map_err(Failed);
    let optimizer = config.build(Active::default(), vector).map_err(|Failed(error)| error)?;
    Ok(PyClassInitializer::from(held(optimizer, Around { clip, parts })?))
}

/// The rolling ball over so many `parameters`. `radius`, in theta's units (by default 0.03), is the
/// scale at which it sees the loss, `learning_rate` that of its centre (0.1): numbers or
/// `Schedule`s; with `steps`, numbers shrink to nothing in so many. `footpoint` is
/// `lagged_contact`, `refreshed_contact`, `gauss_newton` or `gradient_descent` (of so many
/// `iterations`, with this `tolerance`, which is the paper's step for the last), `centre_step` is
/// `arc_length`, `plain` or `armijo`. `roll_back` asks for the loss at each new point, so that one
/// that is not finite is undone. `clip` bounds the gradient's norm. `parts`, such as [(100, 1.0,
/// 0.0), (20, 0.5, 1e-3)], divides theta into parts of so many parameters, each with a multiple of
/// the rate and a weight decay. Raises `ValueError`, which names the setting that is out of range,
/// and `MemoryError`; so do the others.
#[pyclass(module = "rolling_ball", extends = Optimizer)]
pub struct Ball;

#[pymethods]
impl Ball {
    #[new]
    #[pyo3(signature = (
        parameters, radius=Rate::Number(0.03), learning_rate=Rate::Number(0.1), *, steps=None,
        loss_scale=3.0, footpoint="lagged_contact", centre_step="arc_length", iterations=8,
        tolerance=0.01, roll_back=true, clip=None, parts=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn new(
        parameters: usize,
        radius: Rate,
        learning_rate: Rate,
        steps: Option<u32>,
        loss_scale: f32,
        footpoint: &str,
        centre_step: &str,
        iterations: u32,
        tolerance: f32,
        roll_back: bool,
        clip: Option<f32>,
        parts: Parts,
    ) -> PyResult<PyClassInitializer<Self>> {
        let footpoint = match footpoint {
            "lagged_contact" => AnyFootpoint::from(LaggedContact),
            "refreshed_contact" => RefreshedContact::default().into(),
            "gauss_newton" => GaussNewton { max_iterations: iterations, tolerance }.into(),
            "gradient_descent" => GradientDescent { step: tolerance, iterations }.into(),
            other => {
                return Err(PyValueError::new_err(format!(
                    "footpoint: expected lagged_contact, refreshed_contact, gauss_newton or \
                     gradient_descent, found {other:?}"
                )));
            }
        };
        let centre_step = match centre_step {
            "arc_length" => AnyCentreStep::from(ArcLength),
            "plain" => Plain.into(),
            "armijo" => Armijo::default().into(),
            other => {
                return Err(PyValueError::new_err(format!(
                    "centre_step: expected arc_length, plain or armijo, found {other:?}"
                )));
            }
        };
        let (radius, learning_rate) = (radius.schedule(steps), learning_rate.schedule(steps));
        let config = RollingBallConfig {
            radius,
            learning_rate,
            loss_scale,
            footpoint,
            centre_step,
            roll_back,
        };
        Ok(made(config, parameters, clip, parts)?.add_subclass(Self))
    }
}

/// Gradient descent, with momentum, Nesterov's look ahead, or a line search, at a `learning_rate`
/// of 0.01 by default. Every `measure_every` steps the norms are measured that its `Report` has.
/// `steps`, `roll_back`, `clip` and `parts` are as for `Ball`.
#[pyclass(module = "rolling_ball", extends = Optimizer)]
pub struct Sgd;

#[pymethods]
impl Sgd {
    #[new]
    #[pyo3(signature = (
        parameters, learning_rate=Rate::Number(0.01), *, steps=None, momentum=0.0, nesterov=false,
        line_search=false, roll_back=true, measure_every=1, clip=None, parts=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn new(
        parameters: usize,
        learning_rate: Rate,
        steps: Option<u32>,
        momentum: f32,
        nesterov: bool,
        line_search: bool,
        roll_back: bool,
        measure_every: u32,
        clip: Option<f32>,
        parts: Parts,
    ) -> PyResult<PyClassInitializer<Self>> {
        let (learning_rate, line_search) =
            (learning_rate.schedule(steps), line_search.then(Armijo::default));
        let config =
            SgdConfig { learning_rate, momentum, nesterov, line_search, roll_back, measure_every };
        Ok(made(config, parameters, clip, parts)?.add_subclass(Self))
    }
}

/// Adam, and with a `weight_decay` AdamW; by default at a `learning_rate` of 0.001, with `betas` of
/// (0.9, 0.999). `steps`, `roll_back`, `clip` and `parts` are as for
/// `Ball`.
#[pyclass(module = "rolling_ball", extends = Optimizer)]
pub struct Adam;

#[pymethods]
impl Adam {
    #[new]
    #[pyo3(signature = (
        parameters, learning_rate=Rate::Number(0.001), *, steps=None, betas=(0.9, 0.999),
        epsilon=1e-8, weight_decay=0.0, roll_back=true, clip=None, parts=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn new(
        parameters: usize,
        learning_rate: Rate,
        steps: Option<u32>,
        betas: (f32, f32),
        epsilon: f32,
        weight_decay: f32,
        roll_back: bool,
        clip: Option<f32>,
        parts: Parts,
    ) -> PyResult<PyClassInitializer<Self>> {
        let (learning_rate, (beta1, beta2)) = (learning_rate.schedule(steps), betas);
        let config = AdamConfig { learning_rate, beta1, beta2, epsilon, weight_decay, roll_back };
        Ok(made(config, parameters, clip, parts)?.add_subclass(Self))
    }
}

/// Sharpness-aware minimisation, of the worst loss within `radius` (in theta's units, by default
/// 0.05), at a `learning_rate` of 0.01 by default. `steps`, which does not change the radius,
/// `roll_back`, `clip` and `parts` are as for `Ball`.
#[pyclass(module = "rolling_ball", extends = Optimizer)]
pub struct Sam;

#[pymethods]
impl Sam {
    #[new]
    #[pyo3(signature = (
        parameters, learning_rate=Rate::Number(0.01), radius=Rate::Number(0.05), *, steps=None,
        roll_back=true, clip=None, parts=None
    ))]
    fn new(
        parameters: usize,
        learning_rate: Rate,
        radius: Rate,
        steps: Option<u32>,
        roll_back: bool,
        clip: Option<f32>,
        parts: Parts,
    ) -> PyResult<PyClassInitializer<Self>> {
        // The radius stays.
        let (learning_rate, radius) = (learning_rate.schedule(steps), radius.schedule(None));
        let config = SamConfig { learning_rate, radius, roll_back };
        Ok(made(config, parameters, clip, parts)?.add_subclass(Self))
    }
}

/// Entropy-SGD: each step is a walk of so many `moves` by `walk_rate` (by default 0.01) with this
/// `noise`, which `pull` (1e-4) draws back to theta; `newest` is the weight of the newest point in
/// the walk's mean, to which theta goes by `learning_rate` (1). `steps`, `roll_back`, `clip` and
/// `parts` are as for `Ball`.
#[pyclass(module = "rolling_ball", extends = Optimizer)]
pub struct EntropySgd;

#[pymethods]
impl EntropySgd {
    #[new]
    #[pyo3(signature = (
        parameters, learning_rate=Rate::Number(1.0), *, steps=None, walk_rate=Rate::Number(0.01),
        moves=20, pull=Rate::Number(1e-4), newest=0.75, noise=1e-4, seed=1, roll_back=true,
        clip=None, parts=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn new(
        parameters: usize,
        learning_rate: Rate,
        steps: Option<u32>,
        walk_rate: Rate,
        moves: u32,
        pull: Rate,
        newest: f32,
        noise: f32,
        seed: u32,
        roll_back: bool,
        clip: Option<f32>,
        parts: Parts,
    ) -> PyResult<PyClassInitializer<Self>> {
        let config = EntropySgdConfig {
            learning_rate: learning_rate.schedule(steps),
            walk_rate: walk_rate.schedule(None),
            moves,
            pull: pull.schedule(None),
            newest,
            noise,
            seed,
            roll_back,
        };
        Ok(made(config, parameters, clip, parts)?.add_subclass(Self))
    }
}

/// Distance over gradients, which finds its rate by itself: `learning_rate` (by default 1) is a
/// factor of it. With `average`, `centre` is that of the steps. `steps`, `roll_back`, `clip` and
/// `parts` are as for `Ball`.
#[pyclass(module = "rolling_ball", extends = Optimizer)]
pub struct Dog;

#[pymethods]
impl Dog {
    #[new]
    #[pyo3(signature = (
        parameters, learning_rate=Rate::Number(1.0), *, steps=None, initial_distance=1e-6,
        epsilon=1e-8, average=false, roll_back=true, clip=None, parts=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn new(
        parameters: usize,
        learning_rate: Rate,
        steps: Option<u32>,
        initial_distance: f32,
        epsilon: f32,
        average: bool,
        roll_back: bool,
        clip: Option<f32>,
        parts: Parts,
    ) -> PyResult<PyClassInitializer<Self>> {
        let learning_rate = learning_rate.schedule(steps);
        let config = DogConfig { learning_rate, initial_distance, epsilon, average, roll_back };
        Ok(made(config, parameters, clip, parts)?.add_subclass(Self))
    }
}

/// Prodigy, which finds its rate by itself: `learning_rate` (by default 1) is a factor of it;
/// `betas` are (0.9, 0.999). `steps`, `roll_back`, `clip` and `parts` are as for `Ball`.
#[pyclass(module = "rolling_ball", extends = Optimizer)]
pub struct Prodigy;

#[pymethods]
impl Prodigy {
    #[new]
    #[pyo3(signature = (
        parameters, learning_rate=Rate::Number(1.0), *, steps=None, betas=(0.9, 0.999),
        epsilon=1e-8, weight_decay=0.0, initial_distance=1e-6, distance_factor=1.0, roll_back=true,
        clip=None, parts=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn new(
        parameters: usize,
        learning_rate: Rate,
        steps: Option<u32>,
        betas: (f32, f32),
        epsilon: f32,
        weight_decay: f32,
        initial_distance: f32,
        distance_factor: f32,
        roll_back: bool,
        clip: Option<f32>,
        parts: Parts,
    ) -> PyResult<PyClassInitializer<Self>> {
        let (learning_rate, (beta1, beta2)) = (learning_rate.schedule(steps), betas);
        let config = ProdigyConfig {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
            initial_distance,
            distance_factor,
            roll_back,
        };
        Ok(made(config, parameters, clip, parts)?.add_subclass(Self))
    }
}

/// The ball that needs losses only: two a step, and no vector beside theta. `radius`, in theta's
/// units, is about as far as the start may be from what is looked for, and shrinks to a thousandth
/// in so many `steps`. The `learning_rate` is chosen by these; a number of yours shrinks to
/// nothing. `seed` chooses the directions.
#[pyclass(module = "rolling_ball", extends = Optimizer)]
pub struct ZerothOrderBall;

#[pymethods]
impl ZerothOrderBall {
    #[new]
    #[pyo3(signature = (parameters, radius, *, steps, seed=1, learning_rate=None))]
    fn new(
        parameters: usize,
        radius: f32,
        steps: u32,
        seed: u32,
        learning_rate: Option<Rate>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let shrinking = ZerothOrderBallConfig::shrinking(radius, parameters, steps);
        let rate = learning_rate.map(|rate| rate.schedule(Some(steps)));
        let learning_rate = rate.unwrap_or(shrinking.learning_rate);
        let config = ZerothOrderBallConfig { seed, learning_rate, ..shrinking };
        Ok(made(config, parameters, None, None)?.add_subclass(Self))
    }
}

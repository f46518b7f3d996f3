//! Losses in closed form as objectives on the device. The WGSL of each is beside this file.

use super::program::{Program, words};
use super::std::{sync::Arc, vec, vec::Vec};
use super::{Device, Error, Shaders, Vector};
use crate::Objective;
use crate::kernels::VectorOps;
use crate::landscapes::{
    Ackley, GaussianWells, Quadratic, Rastrigin, RippledBowl, Rosenbrock, SineModel, Weierstrass,
    WeierstrassLike, Whitley,
};

/// How many invocations a workgroup has.
const WORKGROUP: u32 = 64;

/// A loss that is written in WGSL.
///
/// The source has two functions: `term(i: u32) -> f32`, whose sum over all parameters is the loss,
/// and `slope(i: u32) -> f32`, which is an element of the gradient. They may read theta by `at(i)`,
/// the number of parameters by `count()`, four numbers by `numbers()`, and as many more as needed
/// in the array `data`. They may use `exponential`, `logarithm`, `sine` and `cosine`, which are
/// more accurate than WGSL's own functions.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The name by which errors of the shader compiler call it.
    pub name: &'static str,
    /// The source, in WGSL.
    pub source: &'static str,
    /// The four numbers that `numbers()` gives.
    pub numbers: [f32; 4],
    /// The content of the array `data`.
    pub data: Vec<f32>,
    /// The number of parameters, where the loss fixes it.
    pub parameters: Option<usize>,
}

/// A landscape that also has a formula in WGSL: all of [`landscapes`](crate::landscapes), or one of
/// your own.
pub trait Shaded {
    /// The formula for so many parameters.
    fn formula(&self, parameters: usize) -> Formula;
}

/// Implements [`Shaded`] by a formula that takes any number of parameters and no data.
macro_rules! formula {
    ($file:literal, $numbers:expr) => {
        Formula {
            name: $file,
            source: include_str!(concat!($file, ".wgsl")),
            numbers: $numbers,
            data: Vec::new(),
            parameters: None,
        }
    };
}

impl Shaded for Ackley {
    fn formula(&self, _: usize) -> Formula {
        formula!("ackley", [0.0; 4])
    }
}

impl<const DIMENSIONS: usize> Shaded for GaussianWells<'_, DIMENSIONS> {
    fn formula(&self, _: usize) -> Formula {
        Formula {
            data: self.minima.as_flattened().to_vec(),
            parameters: Some(DIMENSIONS),
            ..formula!("gaussian_wells", [self.width, self.minima.len() as f32, 0.0, 0.0])
        }
    }
}

impl Shaded for Quadratic {
    fn formula(&self, parameters: usize) -> Formula {
        Formula { data: self.curvatures(parameters).collect(), ..formula!("quadratic", [0.0; 4]) }
    }
}

impl Shaded for Rastrigin {
    fn formula(&self, _: usize) -> Formula {
        formula!("rastrigin", [0.0; 4])
    }
}

impl Shaded for RippledBowl {
    fn formula(&self, parameters: usize) -> Formula {
        Formula {
            data: self.bowl.curvatures(parameters).collect(),
            ..formula!("rippled_bowl", [self.amplitude, self.frequency, 0.0, 0.0])
        }
    }
}

impl Shaded for Rosenbrock {
    fn formula(&self, _: usize) -> Formula {
        formula!("rosenbrock", [0.0; 4])
    }
}

impl Shaded for SineModel<'_> {
    fn formula(&self, _: usize) -> Formula {
        let samples: Vec<[f32; 2]> = self.samples().map(<[f32; 2]>::from).collect();
        Formula {
            data: samples.as_flattened().to_vec(),
            parameters: Some(2),
            ..formula!("sine_model", [samples.len() as f32, 0.0, 0.0, 0.0])
        }
    }
}

impl Shaded for Weierstrass {
    fn formula(&self, _: usize) -> Formula {
        let Self { amplitude, frequency, terms } = *self;
        formula!("weierstrass", [amplitude, frequency, terms as f32, 0.0])
    }
}

impl Shaded for WeierstrassLike {
    fn formula(&self, _: usize) -> Formula {
        formula!("weierstrass_like", [self.terms.into(), 0.0, 0.0, 0.0])
    }
}

impl Shaded for Whitley {
    fn formula(&self, _: usize) -> Formula {
        formula!("whitley", [0.0; 4])
    }
}

/// A landscape as an objective of so many parameters on the device. After a failure of the device
/// the loss is NaN, and [`gpu::step`](super::step) reports why.
///
/// Cost: a loss and a gradient cost the same, one invocation for each parameter, and one wait.
/// Memory: 12 bytes a parameter, in addition to theta and the gradient.
#[derive(Debug)]
pub struct Landscape {
    device: Device,
    parameters: usize,
    numbers: [f32; 4],
    data: Vector,
    terms: Vector,
    /// The factors of the terms, all 1, since the pass that adds the terms up is a dot product.
    ones: Vector,
    /// Where the gradient would be, when it is not asked for.
    nowhere: Vector,
    program: Arc<Program>,
}

impl Landscape {
    /// Compiles a landscape for so many parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Step`] where the landscape fixes another number of parameters; [`Error::Limit`]
    /// where a pass cannot see all of theta at once; [`Error::OutOfMemory`]; [`Error::Refused`]
    /// where the WGSL of a landscape of your own does not compile.
    pub fn new(device: &Device, landscape: &impl Shaded, parameters: usize) -> Result<Self, Error> {
        let Formula { name, source, numbers, mut data, parameters: given } =
            landscape.formula(parameters);
        if let Some(given) = given {
            crate::Error::check_length("theta", given, parameters)?;
        }
        if parameters == 0 {
            crate::Error::check_length("theta", 1, parameters)?;
        }
        device.check_whole("bytes of theta in a binding", parameters)?;
        device.check_whole("bytes of a landscape's data in a binding", data.len())?;
        if data.is_empty() {
            // A binding must never be empty.
            data.push(0.0);
        }
        let program = device.compiled(name, include_str!("landscape.wgsl"), source)?;
        Ok(Self {
            device: device.clone(),
            parameters,
            numbers,
            data: Vector::from_slice(device, &data)?,
            terms: Vector::zeros(device, parameters)?,
            ones: Vector::from_slice(device, &vec![1.0; parameters])?,
            nowhere: Vector::zeros(device, 1)?,
            program,
        })
    }

    /// Computes the terms, and the gradient where there is a place for it; then adds up the terms.
    fn evaluate(&self, theta: &Vector, gradient: Option<&Vector>) -> Result<f32, Error> {
        self.device.check()?;
        self.device.check_here([theta].into_iter().chain(gradient))?;
        let count = self.parameters as u32;
        let grid = self.device.grid(count, WORKGROUP);
        let flag = gradient.is_some().into();
        let told = [count, flag, grid.0, 0, 0, 0];
        let words = words(told.into_iter().chain(self.numbers.map(f32::to_bits)));
        let vectors = [theta, &self.data, &self.terms, gradient.unwrap_or(&self.nowhere)];
        let bindings = (0..).zip(vectors.into_iter().flat_map(Vector::chunks));
        let device = self.device.wgpu();
        let mut commands = device.create_command_encoder(&Default::default());
        let mut pass = commands.begin_compute_pass(&Default::default());
        self.program.dispatch(device, &mut pass, bindings, &words, grid);
        drop(pass);
        self.device.guard(0, || self.device.queue().submit([commands.finish()]))?;
        Ok(Shaders::dot(&self.terms, &self.ones))
    }
}

impl Objective<Vector> for Landscape {
    fn loss(&mut self, theta: &Vector) -> Result<f32, crate::Error> {
        crate::Error::check_length("theta", self.parameters, theta.len())?;
        Ok(self.device.or_nan(self.evaluate(theta, None)))
    }

    fn gradient(&mut self, theta: &Vector, gradient: &mut Vector) -> Result<f32, crate::Error> {
        crate::Error::check_length("theta", self.parameters, theta.len())?;
        crate::Error::check_length("gradient", self.parameters, gradient.len())?;
        Ok(self.device.or_nan(self.evaluate(theta, Some(gradient))))
    }
}

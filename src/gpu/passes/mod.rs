//! The passes over vectors of a device: a table of what each does to its vectors, and the loop over their buffers.

use super::program::{ARITHMETIC, Program, words};
use super::scratch::Scratch;
use super::std::{fmt::Write, format, string::String, sync::Arc, vec::Vec};
use super::{Device, Error, Vector};
use crate::kernels::{
    AdamCoefficients, ContactSums, Elements, FootpointSums, LANES, NOTHING, PANEL, Passes, SEGMENT,
};
use wgpu::BufferUsages;

/// Invocations of a workgroup.
const WORKGROUP: u32 = 256;

/// What a pass does to a vector.
#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
    Update,
}

use Access::{Read, Update, Write as Replace};

/// What a pass is told, see parameters.wgsl.
#[derive(Clone, Copy, Default)]
struct Parameters {
    length: u32,
    stride: u32,
    first: u32,
    settings: [f32; 8],
}

impl Parameters {
    fn words(self, (columns, _): (u32, u32)) -> Vec<u32> {
        let counts = [self.length, columns, self.stride, self.first, 0, 0];
        words(counts.into_iter().chain(self.settings.map(f32::to_bits)))
    }
}

/// A pass: the function of formulas.wgsl that says what it does to an element, what it does to each vector, and the sums it gives.
struct Pass<const VECTORS: usize, const SUMS: usize> {
    name: &'static str,
    vectors: [Access; VECTORS],
}

const FILL: Pass<1, 0> = pass("fill", [Replace]);
const SCALE: Pass<1, 0> = pass("scale", [Update]);
const DOT: Pass<2, 1> = pass("dot_product", [Read, Read]);
const SQUARED_NORMS: Pass<2, 2> = pass("squared_norms", [Read, Read]);
const FOOTPOINT_SUMS: Pass<3, 3> = pass("footpoint_sums", [Read, Read, Read]);
const CONTACT_SUMS: Pass<3, 4> = pass("contact_sums", [Read, Read, Read]);
const ADD_SCALED: Pass<2, 0> = pass("add_scaled", [Update, Read]);
const SCALE_INTO: Pass<2, 0> = pass("scale_into", [Replace, Read]);
const INTERPOLATE_INTO: Pass<3, 0> = pass("interpolate_into", [Replace, Read, Read]);
const DISPLACE: Pass<3, 0> = pass("displace", [Update, Replace, Read]);
const GAUSS_NEWTON_MOVE: Pass<3, 0> = pass("gauss_newton_move", [Update, Read, Update]);
const PROJECT: Pass<3, 0> = pass("project", [Update, Read, Update]);
const ROLL: Pass<3, 1> = pass("roll", [Update, Update, Update]);
const DESCEND: Pass<2, 2> = pass("descend", [Update, Update]);
const DESCEND_WITH_MOMENTUM: Pass<3, 1> = pass("descend_with_momentum", [Update, Update, Update]);
const ADAM: Pass<4, 1> = pass("adam", [Update, Update, Update, Update]);
const PERTURB: Pass<3, 0> = pass("perturb", [Update, Replace, Read]);
const DESCEND_FROM: Pass<3, 0> = pass("descend_from", [Replace, Read, Read]);

const fn pass<const V: usize, const S: usize>(
    name: &'static str,
    vectors: [Access; V],
) -> Pass<V, S> {
    Pass { name, vectors }
}

/// The sums of the lanes of panels, added up to segments.
fn segments() -> String {
    [include_str!("parameters.wgsl"), ARITHMETIC, include_str!("segments.wgsl")].concat()
}

impl<const V: usize, const S: usize> Pass<V, S> {
    /// The shader: `visit` does to the elements of an index what the function says, `keep` writes the lanes of a panel.
    fn source(&self) -> String {
        let mut bindings = String::new();
        let mut elements = String::new();
        let mut stores = String::new();
        let mut keeps = String::new();
        for (binding, access) in self.vectors.iter().enumerate() {
            let mode = if let Read = access { "read" } else { "read_write" };
            _ = writeln!(
                bindings,
                "@group(0) @binding({binding}) var<storage, {mode}> vector{binding}: array<f32>;"
            );
            // An old element that is not looked at is not fetched either.
            _ = match access {
                Replace => write!(elements, "0.0, "),
                Read | Update => write!(elements, "vector{binding}[index], "),
            };
            if let Replace | Update = access {
                _ = writeln!(stores, "    vector{binding}[index] = outcome.elements[{binding}];");
            }
        }
        for _ in V..4 {
            elements.push_str("0.0, ");
        }
        if S > 0 {
            bindings
                .push_str("@group(0) @binding(4) var<storage, read_write> partials: array<f32>;\n");
        }
        for sum in 0..S {
            _ = writeln!(keeps, "    partials[{sum}u * parameters.stride + place] = lanes[{sum}];");
        }
        let name = self.name;
        let visit = format!(
            "{bindings}
fn visit(index: u32) -> vec4f {{
    let outcome = {name}(vec4f({elements}));
{stores}    return outcome.terms;
}}

fn keep(place: u32, lanes: vec4f) {{
{keeps}}}

"
        );
        let main = if S == 0 { include_str!("elements.wgsl") } else { include_str!("panels.wgsl") };
        let (parameters, formulas) =
            (include_str!("parameters.wgsl"), include_str!("formulas.wgsl"));
        [parameters, ARITHMETIC, formulas, &visit, main].concat()
    }

    /// Goes through the vectors, up to the end of the shortest. On a failure the sums are NaN, and the device remembers it.
    fn run(&self, vectors: [&Vector; V], settings: [f32; 8]) -> [f32; S] {
        let Some(first) = vectors.first() else { return [NOTHING; S] };
        let device = first.device();
        let length = vectors.iter().map(|vector| vector.len()).min().unwrap_or(0);
        if device.check().is_err() {
            return [f32::NAN; S];
        }
        let outcome = if vectors.iter().any(|vector| !vector.device().is(device)) {
            Err(Error::SeveralDevices)
        } else if length == 0 {
            Ok([NOTHING; S])
        } else if S == 0 {
            self.submit(device, vectors, length, settings)
        } else {
            self.sum(device, &mut device.scratch(), vectors, length, settings)
        };
        outcome.unwrap_or_else(|error| {
            device.remember(error);
            [f32::NAN; S]
        })
    }

    fn program(&self, device: &Device) -> Result<Arc<Program>, Error> {
        device.program(self.name, || self.source())
    }

    /// A pass without sums.
    fn submit(
        &self,
        device: &Device,
        vectors: [&Vector; V],
        length: usize,
        settings: [f32; 8],
    ) -> Result<[f32; S], Error> {
        let program = self.program(device)?;
        let mut commands = device.wgpu().create_command_encoder(&Default::default());
        let mut pass = commands.begin_compute_pass(&Default::default());
        for (chunk, length) in chunks(device, length).enumerate() {
            let parameters = Parameters { length, settings, ..Parameters::default() };
            let buffers = bindings(vectors, chunk);
            let grid = device.grid(length, WORKGROUP);
            program.dispatch(device.wgpu(), &mut pass, buffers, &parameters.words(grid), grid);
        }
        drop(pass);
        device.queue().submit([commands.finish()]);
        Ok([NOTHING; S])
    }

    /// A pass with sums: the lanes of the panels, those of the segments, and last, here, the segments in their order.
    fn sum(
        &self,
        device: &Device,
        scratch: &mut Scratch,
        vectors: [&Vector; V],
        length: usize,
        settings: [f32; 8],
    ) -> Result<[f32; S], Error> {
        let program = self.program(device)?;
        let of_segments = device.program("segments", segments)?;
        let panels = length.min(device.chunk()).div_ceil(PANEL);
        let segments = length.div_ceil(SEGMENT);
        let bytes = |words: usize| 4 * (S * words) as u64;
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let partials = scratch.partials.take(device, bytes(LANES * panels), usage)?;
        let sums = scratch.sums.take(device, bytes(segments), usage)?;

        let mut commands = device.wgpu().create_command_encoder(&Default::default());
        let mut pass = commands.begin_compute_pass(&Default::default());
        let mut first = 0;
        for (chunk, length) in chunks(device, length).enumerate() {
            let lanes = LANES as u32 * length.div_ceil(PANEL as u32);
            let parameters =
                Parameters { length, stride: lanes, settings, ..Parameters::default() };
            let buffers = bindings(vectors, chunk).chain([(4, &partials)]);
            let grid = device.grid(lanes, WORKGROUP);
            program.dispatch(device.wgpu(), &mut pass, buffers, &parameters.words(grid), grid);

            let own = length.div_ceil(SEGMENT as u32);
            let stride = segments as u32;
            let parameters = Parameters { length: lanes, stride, first, ..Parameters::default() };
            let buffers = [(0, &partials), (1, &sums)].into_iter();
            let (words, grid) = (parameters.words((own, 0)), (own, S as u32));
            of_segments.dispatch(device.wgpu(), &mut pass, buffers, &words, grid);
            first += own;
        }
        drop(pass);
        let mut totals = [NOTHING; S];
        scratch.read(device, commands, &sums, 0, bytes(segments), |sums| {
            for (total, sums) in totals.iter_mut().zip(sums.chunks(segments)) {
                for sum in sums {
                    *total += sum;
                }
            }
        })?;
        scratch.partials.put_back(partials);
        scratch.sums.put_back(sums);
        Ok(totals)
    }
}

/// The elements of each buffer of vectors that are so long.
fn chunks(device: &Device, length: usize) -> impl Iterator<Item = u32> {
    let chunk = device.chunk();
    (0..length).step_by(chunk).map(move |begin| (length - begin).min(chunk) as u32)
}

/// A buffer of each vector, by its binding.
fn bindings<const V: usize>(
    vectors: [&Vector; V],
    chunk: usize,
) -> impl Iterator<Item = (u32, &wgpu::Buffer)> {
    (0..).zip(vectors.into_iter().filter_map(move |vector| vector.chunks().nth(chunk)))
}

/// The settings of a pass, with zeros for those it has not.
fn settings<const N: usize>(told: [f32; N]) -> [f32; 8] {
    let mut settings = [0.0; 8];
    for (setting, told) in settings.iter_mut().zip(told) {
        *setting = told;
    }
    settings
}

/// The vector passes of [`Kernels`](crate::kernels::Kernels), over vectors of one device. Each goes up to the end of the shortest
/// vector. One that gives no sums returns at once. On a failure the device remembers it, see [`Device::failure`]: vectors
/// keep what they hold, and sums are NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shaders;

/// By the device's own copy, without a shader.
fn copy(to: &Vector, from: &Vector) -> Result<(), Error> {
    let device = to.device();
    device.check()?;
    if !from.device().is(device) {
        return Err(Error::SeveralDevices);
    }
    let mut commands = device.wgpu().create_command_encoder(&Default::default());
    for (to, from) in to.chunks().zip(from.chunks()) {
        let bytes = to.size().min(from.size());
        commands.copy_buffer_to_buffer(from, 0, to, 0, bytes);
    }
    device.queue().submit([commands.finish()]);
    Ok(())
}

impl Elements for Vector {
    fn length(&self) -> usize {
        self.len()
    }

    fn fill(&mut self, value: f32) {
        FILL.run([self], settings([value]));
    }

    fn scale(&mut self, factor: f32) {
        SCALE.run([self], settings([factor]));
    }

    fn copy_from(&mut self, other: &Self) {
        let device = self.device();
        device.or_remember(copy(self, other));
    }
}

impl Passes for Shaders {
    type Elements = Vector;

    fn dot(a: &Vector, b: &Vector) -> f32 {
        let [sum] = DOT.run([a, b], settings([]));
        sum
    }

    fn squared_norms(a: &Vector, b: &Vector) -> (f32, f32) {
        let [a, b] = SQUARED_NORMS.run([a, b], settings([]));
        (a, b)
    }

    fn footpoint_sums(theta: &Vector, displaced: &Vector, gradient: &Vector) -> FootpointSums {
        let [distance, along, gradient] =
            FOOTPOINT_SUMS.run([theta, displaced, gradient], settings([]));
        FootpointSums { distance, along, gradient }
    }

    fn contact_sums(theta: &Vector, offset: &Vector, gradient: &Vector) -> ContactSums {
        let [theta, gradient, offset, along] =
            CONTACT_SUMS.run([theta, offset, gradient], settings([]));
        ContactSums { theta, gradient, offset, along }
    }

    fn add_scaled(y: &mut Vector, scale: f32, x: &Vector) {
        ADD_SCALED.run([y, x], settings([scale]));
    }

    fn scale_into(y: &mut Vector, scale: f32, x: &Vector) {
        SCALE_INTO.run([y, x], settings([scale]));
    }

    fn interpolate_into(y: &mut Vector, x: &Vector, z: &Vector, scale: f32) {
        INTERPOLATE_INTO.run([y, x, z], settings([scale]));
    }

    fn displace(
        theta: &mut Vector,
        displaced: &mut Vector,
        gradient: &Vector,
        rate: f32,
        reach: f32,
    ) {
        DISPLACE.run([theta, displaced, gradient], settings([rate, reach]));
    }

    fn gauss_newton_move(
        theta: &mut Vector,
        displaced: &Vector,
        gradient: &mut Vector,
        scale: f32,
    ) {
        GAUSS_NEWTON_MOVE.run([theta, displaced, gradient], settings([scale]));
    }

    fn project(
        theta: &mut Vector,
        displaced: &Vector,
        gradient: &mut Vector,
        step: f32,
        pull: f32,
    ) {
        PROJECT.run([theta, displaced, gradient], settings([step, pull]));
    }

    fn roll(
        theta: &mut Vector,
        offset: &mut Vector,
        gradient: &mut Vector,
        rate: f32,
        reach: f32,
    ) -> f32 {
        let [moved] = ROLL.run([theta, offset, gradient], settings([rate, reach]));
        moved
    }

    fn descend(theta: &mut Vector, gradient: &mut Vector, rate: f32) -> (f32, f32) {
        let [theta, gradient] = DESCEND.run([theta, gradient], settings([rate]));
        (theta, gradient)
    }

    fn descend_with_momentum(
        theta: &mut Vector,
        velocity: &mut Vector,
        gradient: &mut Vector,
        rate: f32,
        momentum: f32,
        nesterov: bool,
    ) -> f32 {
        let nesterov = if nesterov { 1.0 } else { 0.0 };
        let [moved] = DESCEND_WITH_MOMENTUM
            .run([theta, velocity, gradient], settings([rate, momentum, nesterov]));
        moved
    }

    fn adam(
        theta: &mut Vector,
        mean: &mut Vector,
        variance: &mut Vector,
        gradient: &mut Vector,
        coefficients: AdamCoefficients,
    ) -> f32 {
        let AdamCoefficients { beta1, beta2, rate, second_correction, epsilon, decay } =
            coefficients;
        let [moved] = ADAM.run(
            [theta, mean, variance, gradient],
            [beta1, 1.0 - beta1, beta2, 1.0 - beta2, rate, second_correction, epsilon, decay],
        );
        moved
    }

    fn perturb(theta: &mut Vector, kept: &mut Vector, gradient: &Vector, scale: f32) {
        PERTURB.run([theta, kept, gradient], settings([scale]));
    }

    fn descend_from(theta: &mut Vector, kept: &Vector, gradient: &Vector, rate: f32) {
        DESCEND_FROM.run([theta, kept, gradient], settings([rate]));
    }
}

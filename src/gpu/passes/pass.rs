//! A pass over vectors of a device: the shader that it is compiled to, and the loop over the
//! buffers of the vectors.

use crate::gpu::program::{ARITHMETIC, Program, words};
use crate::gpu::scratch::Scratch;
use crate::gpu::std::{fmt::Write, format, string::String, sync::Arc, vec::Vec};
use crate::gpu::{Device, Error, Vector};
use crate::kernels::{LANES, NOTHING, PANEL, SEGMENT};
use wgpu::BufferUsages;

/// How many invocations a workgroup has.
const WORKGROUP: u32 = 256;

/// What a pass does to a vector.
#[derive(Clone, Copy)]
pub enum Access {
    Read,
    Write,
    Update,
}

/// What a pass is told; see parameters.wgsl.
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

/// A pass: the function of formulas.wgsl that says what it does to an element, what it does to each
/// vector, and the number of sums.
pub struct Pass<const VECTORS: usize, const SUMS: usize> {
    pub name: &'static str,
    pub vectors: [Access; VECTORS],
}

/// The shader that adds up the sums of the panels' lanes to those of segments.
fn segments() -> String {
    [include_str!("parameters.wgsl"), ARITHMETIC, include_str!("segments.wgsl")].concat()
}

impl<const V: usize, const S: usize> Pass<V, S> {
    /// The source of the shader. `visit` applies the function to the elements of an index, and
    /// `keep` writes the lanes of a panel.
    fn source(&self) -> String {
        let mut bindings = String::new();
        let mut elements = String::new();
        let mut stores = String::new();
        let mut keeps = String::new();
        for (binding, access) in self.vectors.iter().enumerate() {
            let mode = if let Access::Read = access { "read" } else { "read_write" };
            _ = writeln!(
                bindings,
                "@group(0) @binding({binding}) var<storage, {mode}> vector{binding}: array<f32>;"
            );
            // An old element that is not looked at is not fetched either.
            _ = match access {
                Access::Write => write!(elements, "0.0, "),
                Access::Read | Access::Update => write!(elements, "vector{binding}[index], "),
            };
            if let Access::Write | Access::Update = access {
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

    /// Goes through the vectors, up to the end of the shortest. When the device fails, the sums are
    /// NaN and the device remembers the failure.
    pub fn run(&self, vectors: [&Vector; V], settings: [f32; 8]) -> [f32; S] {
        let Some(first) = vectors.first() else { return [NOTHING; S] };
        let device = first.device();
        let length = vectors.iter().map(|vector| vector.len()).min().unwrap_or(0);
        if device.check().is_err() {
            return [f32::NAN; S];
        }
        let outcome = if let Err(error) = device.check_here(vectors) {
            Err(error)
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

    /// Runs a pass without sums.
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

    /// Runs a pass with sums: the device adds up the lanes of the panels and then those of the
    /// segments; last, the segments are added up here, in their order.
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

/// The number of elements in each buffer of vectors of this length.
fn chunks(device: &Device, length: usize) -> impl Iterator<Item = u32> {
    let chunk = device.chunk();
    (0..length).step_by(chunk).map(move |begin| (length - begin).min(chunk) as u32)
}

/// One buffer of each vector, by its binding.
fn bindings<const V: usize>(
    vectors: [&Vector; V],
    chunk: usize,
) -> impl Iterator<Item = (u32, &wgpu::Buffer)> {
    (0..).zip(vectors.into_iter().filter_map(move |vector| vector.chunks().nth(chunk)))
}

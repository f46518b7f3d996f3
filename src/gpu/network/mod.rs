//! Dense networks with softmax cross-entropy as objectives on the device.

use super::program::{ARITHMETIC, Program, TRANSCENDENTAL, words};
use super::std::{string::String, sync::Arc, vec, vec::Vec};
use super::{Device, Error, Vector};
use crate::Objective;
use core::iter::zip;
use core::ops::Range;

/// How many rows and columns of a result a workgroup makes.
const TILE: usize = 16;
/// How many samples a workgroup of the loss takes.
const SAMPLES: usize = 64;

/// Dense layers with rectifiers between them. Theta is laid out as in a chain of
/// [`nn::Dense`](crate::nn::Dense) and [`nn::Relu`](crate::nn::Relu): for each layer its weights
/// row by row, then its biases.
#[derive(Clone, Debug)]
pub struct DenseNetwork {
    device: Device,
    layers: Vec<Layer>,
}

/// A layer, and where its weights begin in theta.
#[derive(Clone, Copy, Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    start: usize,
}

impl Layer {
    fn biases(self) -> usize {
        self.start + self.inputs * self.outputs
    }

    fn end(self) -> usize {
        self.biases() + self.outputs
    }
}

impl DenseNetwork {
    /// A network whose layers have these widths, from the width of the input to the number of
    /// classes.
    ///
    /// # Errors
    ///
    /// [`Error::Step`] where there are fewer than two widths, or one of them is 0; [`Error::Limit`]
    /// where a pass cannot see all of theta at once, which the network needs.
    pub fn new(device: &Device, widths: &[usize]) -> Result<Self, Error> {
        if widths.len() < 2 || widths.contains(&0) {
            let what = "widths of a network, each above 0";
            return Err(crate::Error::Length { what, expected: 2, actual: widths.len() }.into());
        }
        let mut layers = Vec::new();
        let mut start = 0;
        for (inputs, outputs) in zip(widths, widths.iter().skip(1)) {
            let layer = Layer { inputs: *inputs, outputs: *outputs, start };
            start = layer.end();
            layers.push(layer);
        }
        let network = Self { device: device.clone(), layers };
        device.check_whole("bytes of theta in a binding", network.parameters())?;
        Ok(network)
    }

    /// The length of theta.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.end())
    }

    /// The mean loss over samples as an objective. `inputs` holds the inputs of all samples, one
    /// after the other, and `classes` the class of each. They are sent to the device once. Memory:
    /// `4 (inputs + outputs of every layer + 3)` bytes a sample, with room for all activations.
    ///
    /// # Errors
    ///
    /// [`Error::Step`] where there is no sample, the inputs do not fit the number of classes, or a
    /// class is not one of the network's; [`Error::Limit`] where a pass cannot see all samples at
    /// once; [`Error::OutOfMemory`].
    pub fn batch(&self, inputs: &[f32], classes: &[usize]) -> Result<Batch, Error> {
        let [Some(first), Some(last)] = [self.layers.first(), self.layers.last()] else {
            return Err(crate::Error::NoSamples.into());
        };
        let samples = classes.len();
        if samples == 0 {
            return Err(crate::Error::NoSamples.into());
        }
        crate::Error::check_length("inputs", samples * first.inputs, inputs.len())?;
        if let Some(class) = classes.iter().find(|class| **class >= last.outputs) {
            return Err(crate::Error::Class { class: *class, classes: last.outputs }.into());
        }
        let device = &self.device;
        device.check_workgroups("workgroups for the samples", samples.div_ceil(TILE))?;
        let mut outputs = Vec::new();
        for layer in &self.layers {
            device.check_workgroups("workgroups for a layer", layer.outputs.div_ceil(TILE))?;
            let mut length = samples * layer.outputs;
            if layer.end() == last.end() {
                // This is room for the parts of the loss and for the loss.
                length += samples + 1;
            }
            device.check_whole("bytes of a layer's outputs in a binding", length)?;
            outputs.push(Vector::zeros(device, length)?);
        }
        device.check_whole("bytes of the inputs in a binding", inputs.len())?;
        let classes: Vec<f32> = classes.iter().map(|class| *class as f32).collect();
        Ok(Batch {
            inputs: Vector::from_slice(device, inputs)?,
            classes: Vector::from_slice(device, &classes)?,
            ones: Vector::from_slice(device, &vec![1.0; samples])?,
            outputs,
            visited: 0..samples,
            programs: Programs::new(device)?,
            network: self.clone(),
        })
    }
}

/// Samples on the device, and the mean loss of a [`DenseNetwork`] over those that are visited: all
/// of them, until [`visit`](Self::visit) says otherwise.
///
/// Products and sums follow the order of the numeric contract, and exponential and logarithm are
/// those of `libm`. Where the device divides exactly, the bits are those of
/// [`nn::Batch`](crate::nn::Batch). After a failure of the device the loss is NaN, and
/// [`gpu::step`](super::step) reports why.
///
/// Cost of a loss: one forward pass a sample, and one wait. Cost of a gradient: a forward and a
/// backward pass a sample, and one wait.
#[derive(Debug)]
pub struct Batch {
    network: DenseNetwork,
    inputs: Vector,
    classes: Vector,
    /// The factors of the slopes in the gradient of the biases, all 1.
    ones: Vector,
    /// The outputs of each layer on the way forward; on the way back, the gradient with respect to
    /// them.
    outputs: Vec<Vector>,
    visited: Range<usize>,
    programs: Programs,
}

/// The compiled shaders of the products and of the loss.
#[derive(Debug)]
struct Programs {
    transform: Arc<Program>,
    combine: Arc<Program>,
    loss: Arc<Program>,
    add_up: Arc<Program>,
}

impl Programs {
    fn new(device: &Device) -> Result<Self, Error> {
        let shader = |name, source| {
            let text: [&str; 4] = [include_str!("call.wgsl"), ARITHMETIC, TRANSCENDENTAL, source];
            device.program(name, || -> String { text.concat() })
        };
        Ok(Self {
            transform: shader("transform", include_str!("transform.wgsl"))?,
            combine: shader("combine", include_str!("combine.wgsl"))?,
            loss: shader("softmax_cross_entropy", include_str!("softmax_cross_entropy.wgsl"))?,
            add_up: shader("add_up", include_str!("add_up.wgsl"))?,
        })
    }
}

/// What a shader is told; see call.wgsl.
#[derive(Clone, Copy, Default)]
struct Call {
    rows: usize,
    columns: usize,
    terms: usize,
    first_start: usize,
    second_start: usize,
    result_start: usize,
    target_stride: usize,
    term_stride: usize,
    flag: bool,
    weight: f32,
}

impl Call {
    fn words(self) -> Vec<u32> {
        let counts = [
            self.rows,
            self.columns,
            self.terms,
            self.first_start,
            self.second_start,
            self.result_start,
            self.target_stride,
            self.term_stride,
        ];
        let counts = counts.into_iter().map(|count| count as u32);
        words(counts.chain([self.flag.into(), self.weight.to_bits()]))
    }

    /// How many workgroups form a row, and how many rows there are, where each workgroup makes a
    /// square of the result.
    fn tiles(self) -> (u32, u32) {
        (self.columns.div_ceil(TILE) as u32, self.rows.div_ceil(TILE) as u32)
    }
}

/// The shaders of an evaluation that is being put together.
struct Commands<'b, 'e> {
    device: &'b wgpu::Device,
    pass: wgpu::ComputePass<'e>,
}

impl Commands<'_, '_> {
    /// Adds a shader, with the two vectors that it multiplies and the one for the result.
    fn product(&mut self, shader: &Program, vectors: [&Vector; 3], call: Call) {
        let bindings = (0..).zip(vectors.into_iter().flat_map(Vector::chunks));
        shader.dispatch(self.device, &mut self.pass, bindings, &call.words(), call.tiles());
    }
}

impl Batch {
    /// How many samples there are.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.classes.len()
    }

    /// Evaluates on these samples from now on: the next mini-batch.
    ///
    /// # Errors
    ///
    /// [`Error::Step`] where the range is empty or goes beyond the samples; the choice before it
    /// then stays.
    pub fn visit(&mut self, samples: Range<usize>) -> Result<(), Error> {
        if samples.is_empty() {
            return Err(crate::Error::NoSamples.into());
        }
        if samples.end > self.samples() {
            let (expected, actual) = (self.samples(), samples.end);
            return Err(crate::Error::Length { what: "samples", expected, actual }.into());
        }
        self.visited = samples;
        Ok(())
    }

    /// The outputs at theta for the visited samples, one sample after the other. Cost: one forward
    /// pass a sample, and one wait.
    ///
    /// # Errors
    ///
    /// [`Error::Step`] where theta has the wrong length, and the errors of [`Vector::read`].
    pub fn outputs(&mut self, theta: &Vector) -> Result<Vec<f32>, Error> {
        crate::Error::check_length("theta", self.network.parameters(), theta.len())?;
        self.network.device.check_here([theta])?;
        self.run(|batch, commands| batch.forward(commands, theta))?;
        let Some((last, layer)) = self.outputs.last().zip(self.network.layers.last()) else {
            return Ok(Vec::new());
        };
        last.read_part(0..self.visited.len() * layer.outputs)
    }

    /// Puts shaders into one pass and submits it.
    fn run(&self, put: impl FnOnce(&Self, &mut Commands)) -> Result<(), Error> {
        let device = &self.network.device;
        device.check()?;
        let mut encoder = device.wgpu().create_command_encoder(&Default::default());
        let pass = encoder.begin_compute_pass(&Default::default());
        let mut commands = Commands { device: device.wgpu(), pass };
        put(self, &mut commands);
        drop(commands);
        device.guard(0, || device.queue().submit([encoder.finish()]))?;
        Ok(())
    }

    /// The layers, each with what goes into it and what comes out.
    fn layers(
        &self,
    ) -> impl DoubleEndedIterator<Item = (Layer, &Vector, &Vector)> + ExactSizeIterator {
        let inputs = core::iter::once(&self.inputs).chain(&self.outputs);
        let inputs: Vec<&Vector> = inputs.take(self.outputs.len()).collect();
        let layers: Vec<_> = zip(zip(&self.network.layers, inputs), &self.outputs)
            .map(|((layer, input), output)| (*layer, input, output))
            .collect();
        layers.into_iter()
    }

    /// Where the visited samples begin in what goes into a layer. The inputs hold all samples, the
    /// outputs only the visited ones.
    fn start_of(&self, layer: Layer) -> usize {
        if layer.start == 0 { self.visited.start * layer.inputs } else { 0 }
    }

    fn forward(&self, commands: &mut Commands, theta: &Vector) {
        let last = self.network.parameters();
        for (layer, input, output) in self.layers() {
            let call = Call {
                rows: self.visited.len(),
                columns: layer.outputs,
                terms: layer.inputs,
                first_start: self.start_of(layer),
                second_start: layer.start,
                flag: layer.end() < last,
                ..Call::default()
            };
            commands.product(&self.programs.transform, [input, theta, output], call);
        }
    }

    /// Adds the loss, behind the outputs, and its gradient in their place where that is asked for.
    fn lose(&self, commands: &mut Commands, with_gradient: bool) {
        let Some((layer, _, output)) = self.layers().next_back() else { return };
        let samples = self.visited.len();
        let call = Call {
            rows: samples,
            columns: layer.outputs,
            second_start: self.visited.start,
            result_start: self.loss_start(layer),
            flag: with_gradient,
            weight: 1.0 / samples as f32,
            ..Call::default()
        };
        let Commands { device, pass } = commands;
        let bindings = (1..).zip(self.classes.chunks().chain(output.chunks()));
        let groups = samples.div_ceil(SAMPLES) as u32;
        self.programs.loss.dispatch(device, pass, bindings, &call.words(), (groups, 1));
        let bindings = (2..).zip(output.chunks());
        self.programs.add_up.dispatch(device, pass, bindings, &call.words(), (1, 1));
    }

    /// Where the parts of the loss begin. This does not depend on how many samples are visited.
    fn loss_start(&self, layer: Layer) -> usize {
        self.samples() * layer.outputs
    }

    fn backward(&self, commands: &mut Commands, theta: &Vector, gradient: &Vector) {
        let samples = self.visited.len();
        for (layer, input, slopes) in self.layers().rev() {
            // For the weights: each sample is a row, with a factor for each output.
            let of_weights = Call {
                rows: layer.outputs,
                columns: layer.inputs,
                terms: samples,
                second_start: self.start_of(layer),
                result_start: layer.start,
                target_stride: 1,
                term_stride: layer.outputs,
                ..Call::default()
            };
            let combine = &self.programs.combine;
            commands.product(combine, [slopes, input, gradient], of_weights);
            let of_biases =
                Call { columns: 1, second_start: 0, result_start: layer.biases(), ..of_weights };
            commands.product(combine, [slopes, &self.ones, gradient], of_biases);
            if layer.start > 0 {
                // For the inputs, which are overwritten: each output is a row, with a factor for
                // each sample.
                let of_inputs = Call {
                    rows: samples,
                    columns: layer.inputs,
                    terms: layer.outputs,
                    second_start: layer.start,
                    target_stride: layer.outputs,
                    term_stride: 1,
                    flag: true,
                    ..Call::default()
                };
                commands.product(combine, [slopes, theta, input], of_inputs);
            }
        }
    }

    /// Computes the loss, and the gradient where there is a place for it.
    fn evaluate(&mut self, theta: &Vector, gradient: Option<&Vector>) -> Result<f32, Error> {
        self.network.device.check_here([theta].into_iter().chain(gradient))?;
        self.run(|batch, commands| {
            batch.forward(commands, theta);
            batch.lose(commands, gradient.is_some());
            if let Some(gradient) = gradient {
                batch.backward(commands, theta, gradient);
            }
        })?;
        let Some((layer, _, output)) = self.layers().next_back() else { return Ok(f32::NAN) };
        let place = self.loss_start(layer) + self.visited.len();
        let loss = output.read_part(place..place + 1)?;
        Ok(loss.first().copied().unwrap_or(f32::NAN))
    }
}

impl Objective<Vector> for Batch {
    fn loss(&mut self, theta: &Vector) -> Result<f32, crate::Error> {
        crate::Error::check_length("theta", self.network.parameters(), theta.len())?;
        let loss = self.evaluate(theta, None);
        Ok(self.network.device.or_nan(loss))
    }

    fn gradient(&mut self, theta: &Vector, gradient: &mut Vector) -> Result<f32, crate::Error> {
        let parameters = self.network.parameters();
        crate::Error::check_length("theta", parameters, theta.len())?;
        crate::Error::check_length("gradient", parameters, gradient.len())?;
        let loss = self.evaluate(theta, Some(gradient));
        Ok(self.network.device.or_nan(loss))
    }
}

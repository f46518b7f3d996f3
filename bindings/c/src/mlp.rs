//! A multilayer perceptron whose widths are known at run time, evaluated sample by sample.

use crate::error::{Failure, rb_error, rb_error_detail};
use crate::memory::{
    NOWHERE, check, check_apart, check_many, extent, read, slice, slice_mut, write,
};
use core::ops::Range;
use rolling_ball::Error;
use rolling_ball::kernels::Active;
use rolling_ball::nn::activation::{self, Rectifier};
use rolling_ball::nn::{
    Gradient, Input, Loss, MeanSquaredError, Quantized, QuantizedInt8, SoftmaxCrossEntropy, dense,
};

/// A multilayer perceptron: dense layers with rectifiers between them. All its memory belongs to
/// the caller, and must stay in place while the description is used.
///
/// The parameters are, for each dense layer, its weights row by row and then its biases:
/// RB_DENSE_PARAMETERS(inputs, outputs) floats a layer. A row belongs to one output and is as long
/// as the layer's input. The scratch takes twice the hidden widths and once the outputs, in floats.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_mlp {
    /// The widths of the input, of the hidden layers and of the output. None may be zero.
    pub widths: *const u32,
    /// The number of widths, at least 2.
    pub count: usize,
    /// The parameters. They may be in flash, or be the theta of an optimizer.
    pub theta: *const f32,
    /// The length of theta, as rb_mlp_parameters gives it.
    pub parameters: usize,
    /// Room for the activations of one sample. It must not overlap anything else.
    pub scratch: *mut f32,
    /// The length of the scratch, at least what rb_mlp_scratch gives, of which no more is used.
    pub scratch_length: usize,
}

/// A description that has been checked.
struct Mlp<'a> {
    widths: &'a [u32],
    theta: &'a [f32],
    scratch: &'a mut [f32],
}

/// The number of inputs and outputs of each dense layer.
fn shapes(widths: &[u32]) -> impl DoubleEndedIterator<Item = (usize, usize)> + use<'_> {
    let (_, outputs) = widths.split_at_checked(1).unwrap_or_default();
    let (inputs, _) = widths.split_at_checked(outputs.len()).unwrap_or_default();
    inputs.iter().zip(outputs).map(|(inputs, outputs)| (*inputs as usize, *outputs as usize))
}

/// How many parameters and how much scratch a network of these widths needs, if they describe a
/// network.
fn lengths(widths: &[u32]) -> Result<(usize, usize), rb_error> {
    let (mut parameters, mut scratch) = (0usize, 0usize);
    let mut last = 0;
    for (inputs, outputs) in shapes(widths) {
        if inputs == 0 || outputs == 0 {
            return Err(rb_error::Network);
        }
        let layer = inputs.checked_mul(outputs).and_then(|weights| weights.checked_add(outputs));
        parameters =
            layer.and_then(|layer| parameters.checked_add(layer)).ok_or(rb_error::Network)?;
        scratch = outputs
            .checked_mul(2)
            .and_then(|both| scratch.checked_add(both))
            .ok_or(rb_error::Network)?;
        last = outputs;
    }
    if last == 0 { Err(rb_error::Network) } else { Ok((parameters, scratch.saturating_sub(last))) }
}

/// Reads the widths of a description.
///
/// # Safety
///
/// The pointers must be null, misaligned, or point to what they stand for, and nobody may write
/// there while the slice lives.
unsafe fn widths<'a>(network: *const rb_mlp) -> Result<&'a [u32], rb_error> {
    // SAFETY: the caller promises it.
    unsafe {
        let network = read(network)?;
        slice(network.widths, network.count)
    }
}

/// What a call reads and writes beside what the description names.
struct Others {
    read: [Range<usize>; 2],
    written: [Range<usize>; 2],
}

/// Checks a description, and that what is written is apart from all else.
///
/// # Safety
///
/// The pointers must be null, misaligned, or point to what they stand for. Nobody else may use the
/// scratch or write to the others while the network lives.
unsafe fn network<'a>(network: *const rb_mlp, others: Others) -> Result<Mlp<'a>, Failure> {
    // SAFETY: the caller promises it. That the scratch overlaps nothing is checked before it
    // becomes a slice.
    unsafe {
        let description = read(network)?;
        let widths = widths(network)?;
        let (parameters, scratch) = lengths(widths)?;
        check_length("theta", parameters, description.parameters)?;
        let room = description.scratch_length.min(scratch);
        check_length("scratch", scratch, room)?;
        check(description.theta)?;
        check(description.scratch)?;
        let ([first, second], [input, target]) = (others.written, others.read);
        let written = [extent(description.scratch, scratch), first, second];
        let shape = extent(description.widths, description.count);
        let theta = extent(description.theta, parameters);
        check_apart(&written, &[extent(network, 1), shape, theta, input, target])?;
        Ok(Mlp {
            widths,
            theta: slice(description.theta, parameters)?,
            scratch: slice_mut(description.scratch, scratch)?,
        })
    }
}

/// Checks the length of what is called so.
fn check_length(what: &'static str, expected: usize, actual: usize) -> Result<(), Error> {
    if expected == actual { Ok(()) } else { Err(Error::Length { what, expected, actual }) }
}

/// Splits a slice before its last `length` elements.
fn split_last(slice: &[f32], length: usize) -> Result<(&[f32], &[f32]), rb_error> {
    let middle = slice.len().checked_sub(length);
    middle.and_then(|middle| slice.split_at_checked(middle)).ok_or(rb_error::Length)
}

/// Does what [`split_last`] does for a mutable slice.
fn split_last_mut(slice: &mut [f32], length: usize) -> Result<(&mut [f32], &mut [f32]), rb_error> {
    let middle = slice.len().checked_sub(length);
    middle.and_then(|middle| slice.split_at_mut_checked(middle)).ok_or(rb_error::Length)
}

impl Mlp<'_> {
    fn outputs(&self) -> usize {
        self.widths.last().map_or(0, |width| *width as usize)
    }

    /// Leaves the output of each dense layer in the scratch, followed by what the rectifier makes
    /// of it.
    fn forward(&mut self, input: &[f32]) -> Result<&mut [f32], rb_error> {
        let (mut input, mut parameters) = (input, self.theta);
        let mut rest = &mut *self.scratch;
        for (inputs, outputs) in shapes(self.widths) {
            let length = inputs.saturating_mul(outputs).saturating_add(outputs);
            let (layer, others) = parameters.split_at_checked(length).ok_or(rb_error::Length)?;
            let (sums, left) = rest.split_at_mut_checked(outputs).ok_or(rb_error::Length)?;
            let (weights, biases) = split_last(layer, outputs)?;
            dense::forward::<Active>(1, weights, biases, input, sums)?;
            if others.is_empty() {
                return Ok(sums);
            }
            let (rectified, left) = left.split_at_mut_checked(outputs).ok_or(rb_error::Length)?;
            activation::forward::<Rectifier>(sums, rectified)?;
            (input, parameters, rest) = (rectified, others, left);
        }
        Err(rb_error::Network)
    }

    /// Adds the gradient to `gradient`, after a forward pass whose output was replaced by the
    /// gradient with respect to it. The activations are used up.
    fn backward(&mut self, input: &[f32], gradient: &mut [f32]) -> Result<(), rb_error> {
        let outputs = self.outputs();
        let (mut rest, mut slopes) = split_last_mut(self.scratch, outputs)?;
        let (mut parameters, mut gradient) = (self.theta, gradient);
        for (inputs, outputs) in shapes(self.widths).rev() {
            let length = inputs.saturating_mul(outputs).saturating_add(outputs);
            let (others, layer) = split_last(parameters, length)?;
            let (other_gradients, layer_gradient) = split_last_mut(gradient, length)?;
            let (weights_gradient, biases_gradient) = split_last_mut(layer_gradient, outputs)?;
            let weights_gradient = Gradient { values: weights_gradient, add: true };
            let biases_gradient = Gradient { values: biases_gradient, add: true };
            if others.is_empty() {
                dense::backward::<Active>(1, input, slopes, weights_gradient, biases_gradient)?;
                return Ok(());
            }
            let (left, rectified) = split_last_mut(rest, inputs)?;
            let (left, sums) = split_last_mut(left, inputs)?;
            let (weights, _) = split_last(layer, outputs)?;
            dense::backward::<Active>(1, rectified, slopes, weights_gradient, biases_gradient)?;
            dense::backward_input::<Active>(1, weights, rectified, slopes)?;
            activation::backward::<Rectifier>(sums, rectified)?;
            (parameters, gradient, rest, slopes) = (others, other_gradients, left, sums);
        }
        Err(rb_error::Network)
    }
}

/// Returns how many parameters the network has, or 0 where the description is not that of a
/// network. Only the fields widths and count are read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_mlp_parameters(network: *const rb_mlp) -> usize {
    // SAFETY: the caller promises it.
    unsafe { widths(network) }.and_then(lengths).map_or(0, |(parameters, _)| parameters)
}

/// Returns how many floats of scratch the network needs, or 0 where the description is not that of
/// a network. Only the fields widths and count are read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_mlp_scratch(network: *const rb_mlp) -> usize {
    // SAFETY: the caller promises it.
    unsafe { widths(network) }.and_then(lengths).map_or(0, |(_, scratch)| scratch)
}

/// Computes the output for one input. `*output` then points to it, inside the scratch, and is valid
/// until the next call with this scratch.
///
/// Errors: RB_ERROR_NETWORK; RB_ERROR_LENGTH where theta or the input is not as long as the widths
/// say, or the scratch is shorter (rb_mlp_check says which of them); RB_ERROR_OVERLAP. Cost: one
/// forward pass, which is one multiplication and addition for each weight.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_mlp_predict(
    network: *const rb_mlp,
    input: *const f32,
    inputs: usize,
    output: *mut *const f32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { with_output(network, (input, inputs), output, |values| Ok(values.as_ptr())) }.into()
}

/// Checks a description without using it, for inputs of a length, and writes to `*detail` what is
/// wrong: of RB_ERROR_LENGTH, which of theta, scratch and input has what length, and which it must
/// have. Call it once, where the network is set up.
///
/// Errors: those of rb_mlp_predict. Cost: none.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_mlp_check(
    network: *const rb_mlp,
    inputs: usize,
    detail: *mut rb_error_detail,
) -> rb_error {
    // SAFETY: the caller promises it.
    let apart = check(detail).and_then(|()| unsafe { check_apart_from(network, detail) });
    if let Err(error) = apart {
        return error;
    }
    let nothing = Others { read: [NOWHERE, NOWHERE], written: [NOWHERE, NOWHERE] };
    // SAFETY: the caller promises it.
    let result = unsafe { self::network(network, nothing) }.and_then(|network| {
        let expected = network.widths.first().map_or(0, |width| *width as usize);
        Ok(check_length("input", expected, inputs)?)
    });
    // SAFETY: the pointer was checked, and to be apart from what is described.
    let written = unsafe { write(detail, rb_error_detail::new(result.err())) };
    result.and_then(|()| Ok(written?)).into()
}

/// Checks that what is written has nothing in common with a description and with what it describes,
/// as far as it does.
///
/// # Safety
///
/// The same as for [`network`].
unsafe fn check_apart_from<T>(network: *const rb_mlp, written: *const T) -> Result<(), rb_error> {
    let written = [extent(written, 1)];
    check_apart(&written, &[extent(network, 1)])?;
    // SAFETY: the caller promises it.
    let (Ok(description), Ok(widths)) = (unsafe { (read(network), widths(network)) }) else {
        return Ok(());
    };
    let (parameters, scratch) = lengths(widths).unwrap_or_default();
    let theta = extent(description.theta, parameters);
    let scratch = extent(description.scratch.cast_const(), scratch);
    check_apart(&written, &[extent(description.widths, description.count), theta, scratch])
}

/// Computes the features of one input, for a front of a network whose parameters are frozen: its
/// output after one more rectifier, which is what a network that goes on after it would see. They
/// are as many as the last width; keep them, and train the layers that come after on them.
///
/// Errors: the same as those of rb_mlp_predict. Cost: one forward pass.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_mlp_features(
    network: *const rb_mlp,
    input: *const f32,
    inputs: usize,
    features: *mut f32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { self::features(network, (input, inputs), features) }.into()
}

/// # Safety
///
/// The same as for [`network`], and for the input and the features as well.
unsafe fn features(
    description: *const rb_mlp,
    (input, inputs): (*const f32, usize),
    features: *mut f32,
) -> Result<(), Failure> {
    check_many(input, inputs)?;
    // SAFETY: the caller promises it.
    let length = unsafe { widths(description)? }.last().map_or(0, |width| *width as usize);
    check_many(features, length)?;
    let written = [extent(features, length), NOWHERE];
    let others = Others { read: [extent(input, inputs), NOWHERE], written };
    // SAFETY: the caller promises it; that the features overlap nothing is checked before.
    unsafe {
        let mut network = network(description, others)?;
        let sums = network.forward(slice(input, inputs)?)?;
        Ok(activation::forward::<Rectifier>(sums, slice_mut(features, length)?)?)
    }
}

/// Finds the class of one input: `*label` becomes the index of the largest output.
///
/// Errors: the same as those of rb_mlp_predict, and RB_ERROR_NON_FINITE_OUTPUT where an output is
/// NaN or infinite. Cost: one forward pass.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_mlp_classify(
    network: *const rb_mlp,
    input: *const f32,
    inputs: usize,
    label: *mut u32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { with_output(network, (input, inputs), label, largest) }.into()
}

/// The index of the largest value; an error where one is not finite.
fn largest(values: &[f32]) -> Result<u32, rb_error> {
    let mut best: Option<(u32, f32)> = None;
    for (class, value) in (0u32..).zip(values) {
        if !value.is_finite() {
            return Err(rb_error::NonFiniteOutput);
        }
        if best.is_none_or(|(_, largest)| *value > largest) {
            best = Some((class, *value));
        }
    }
    best.map(|(class, _)| class).ok_or(rb_error::NonFiniteOutput)
}

/// Computes the output for one input, and writes what `then` makes of it.
///
/// # Safety
///
/// The same as for [`network`], and for the input and what is written as well.
unsafe fn with_output<T>(
    description: *const rb_mlp,
    (input, inputs): (*const f32, usize),
    result: *mut T,
    then: impl FnOnce(&[f32]) -> Result<T, rb_error>,
) -> Result<(), Failure> {
    check(result)?;
    check_many(input, inputs)?;
    let others =
        Others { read: [extent(input, inputs), NOWHERE], written: [extent(result, 1), NOWHERE] };
    // SAFETY: the caller promises it.
    let (mut network, input) = unsafe { (network(description, others)?, slice(input, inputs)?) };
    let value = then(network.forward(input)?)?;
    // SAFETY: the caller promises it.
    unsafe { write(result, value) }.map_err(Failure::from)
}

/// Evaluates the softmax cross-entropy of one sample against the class `label`. Adds `weight` times
/// the loss to `*loss`, and `weight` times its gradient to `gradient`, which is as long as theta.
/// Where `gradient` is null, only the loss is computed.
///
/// For the mean over a batch, clear `*loss` and the gradient, and then call this for each sample
/// with the weight 1 / samples. In the order of the samples, this gives the same bits as the
/// network in Rust.
///
/// Errors: the same as those of rb_mlp_predict; RB_ERROR_CLASS where the label is not below the
/// number of outputs; RB_ERROR_SETTING where the weight is negative or not finite. Nothing is added
/// then. Cost: one forward pass, and with a gradient a backward
/// pass of twice that cost.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_mlp_cross_entropy(
    network: *const rb_mlp,
    input: *const f32,
    inputs: usize,
    label: u32,
    weight: f32,
    gradient: *mut f32,
    loss: *mut f32,
) -> rb_error {
    let cross_entropy = |output: &mut [f32]| {
        Ok(SoftmaxCrossEntropy::new().evaluate(output, &(label as usize), weight)?)
    };
    // SAFETY: the caller promises it.
    unsafe { sample(network, (input, inputs), NOWHERE, weight, (gradient, loss), cross_entropy) }
        .into()
}

/// Evaluates the mean squared error of one sample against `target`, which is as long as the output,
/// and adds it as rb_mlp_cross_entropy does.
///
/// Errors: the same as those of rb_mlp_predict, with RB_ERROR_LENGTH for the target too;
/// RB_ERROR_SETTING where the weight is negative or not finite. Nothing is added then. Cost: the
/// same as that of rb_mlp_cross_entropy.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_mlp_squared_error(
    network: *const rb_mlp,
    input: *const f32,
    inputs: usize,
    target: *const f32,
    targets: usize,
    weight: f32,
    gradient: *mut f32,
    loss: *mut f32,
) -> rb_error {
    let result = check_many(target, targets).map_err(Failure::from).and_then(|()| {
        let squared_error = |output: &mut [f32]| {
            // SAFETY: the caller promises it; that it overlaps nothing that is written was checked.
            let target = unsafe { slice(target, targets)? };
            Ok(MeanSquaredError.evaluate(output, &target, weight)?)
        };
        let (target, sums) = (extent(target, targets), (gradient, loss));
        // SAFETY: the caller promises it.
        unsafe { sample(network, (input, inputs), target, weight, sums, squared_error) }
    });
    result.into()
}

/// Adds one sample's share to the gradient and to the loss. `evaluate` reads the target.
///
/// # Safety
///
/// The same as for [`network`], and for the input, the gradient and the loss as well.
unsafe fn sample(
    description: *const rb_mlp,
    (input, inputs): (*const f32, usize),
    target: Range<usize>,
    weight: f32,
    (gradient, loss): (*mut f32, *mut f32),
    evaluate: impl FnOnce(&mut [f32]) -> Result<f32, rb_error>,
) -> Result<(), Failure> {
    check(loss)?;
    if !(weight.is_finite() && weight >= 0.0) {
        return Err(rb_error::Setting.into());
    }
    check_many(input, inputs)?;
    let wanted = !gradient.is_null();
    let slopes = if wanted {
        check(gradient)?;
        // SAFETY: the caller promises it.
        extent(gradient, unsafe { read(description)? }.parameters)
    } else {
        NOWHERE
    };
    let others =
        Others { read: [extent(input, inputs), target], written: [slopes, extent(loss, 1)] };
    // SAFETY: the caller promises it.
    let (mut network, input) = unsafe { (network(description, others)?, slice(input, inputs)?) };
    let value = evaluate(network.forward(input)?)?;
    if wanted {
        // SAFETY: by contract the gradient is as long as theta; that it is apart from all else was
        // checked.
        network.backward(input, unsafe { slice_mut(gradient, network.theta.len())? })?;
    }
    // SAFETY: the pointer was checked not to be null or misaligned, and to be apart from all else.
    // The caller promises the rest.
    unsafe { *loss += weight * value };
    Ok(())
}

/// Computes `output[i] = values[i] * scale + offset` for `length` elements, which turns the bytes
/// of a sensor into floats. Written in C, the same line may become one fused operation, which gives
/// other bits.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_dequantize(
    values: *const u8,
    length: usize,
    scale: f32,
    offset: f32,
    output: *mut f32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { write_floats(values, length, output, |values| Quantized { values, scale, offset }) }
        .into()
}

/// Computes `output[i] = (values[i] - zero) * scale` for `length` elements, which turns the
/// features of an int8 engine, such as TensorFlow Lite Micro, into the floats that they stand for.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_dequantize_int8(
    values: *const i8,
    length: usize,
    scale: f32,
    zero: i8,
    output: *mut f32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { write_floats(values, length, output, |values| QuantizedInt8 { values, scale, zero }) }
        .into()
}

/// Writes the floats that some bytes stand for.
///
/// # Safety
///
/// The pointers must be null, misaligned, or lead to so many elements, which nobody else uses.
unsafe fn write_floats<'a, T: 'a, I: Input>(
    values: *const T,
    length: usize,
    output: *mut f32,
    input: impl FnOnce(&'a [T]) -> I,
) -> Result<(), Failure> {
    check_many(values, length)?;
    check_many(output, length)?;
    check_apart(&[extent(output, length)], &[extent(values, length)])?;
    // SAFETY: the caller promises it; that the two do not overlap is checked.
    let (values, output) = unsafe { (slice(values, length)?, slice_mut(output, length)?) };
    Ok(input(values).write(output)?)
}

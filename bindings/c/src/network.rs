//! An imported network, evaluated sample by sample. What `rolling-ball import --c-library` makes of
//! one calls these functions by the names of its header. They are generic over the network, so that
//! a program has what it calls, and of the layers that it needs.

use crate::error::rb_error;
use crate::input::{Seen, rb_input};
use crate::memory::{NOWHERE, check, check_apart, check_many, extent, slice, slice_mut, write};
use core::ops::Range;
use rolling_ball::Error;
use rolling_ball::nn::{
    Backbone, BinaryCrossEntropyWithLogits, Huber, Layer, Loss, MeanSquaredError, Network, Sample,
    SoftmaxCrossEntropy,
};

/// A network as its module makes it.
pub type Made<L, B> = Result<Network<'static, L, B>, Error>;

/// Computes the output for one input; `*output` points to it, in the scratch.
///
/// # Safety
///
/// What the header asks of pointers: each is null, misaligned, or leads to as much as the network
/// says.
pub unsafe fn predict<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    theta: *const f32,
    input: rb_input,
    scratch: *mut f32,
    output: *mut *const f32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe {
        infer(network, theta, input, scratch, output, |network, theta, seen, scratch| {
            Ok(network.predict(theta, &seen, scratch)?.as_ptr())
        })
    }
    .into()
}

/// Finds the class of one input: the index of the largest output.
///
/// # Safety
///
/// The same must hold as for [`predict`].
pub unsafe fn classify<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    theta: *const f32,
    input: rb_input,
    scratch: *mut f32,
    label: *mut u32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe {
        infer(network, theta, input, scratch, label, |network, theta, seen, scratch| {
            // A network with more outputs would not fit in memory.
            Ok(network.classify(theta, &seen, scratch)? as u32)
        })
    }
    .into()
}

/// Computes the features of one input, to be kept.
///
/// # Safety
///
/// The same must hold as for [`predict`].
pub unsafe fn features<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    input: rb_input,
    scratch: *mut f32,
    features: *mut B::Feature,
) -> rb_error {
    let result = input.check::<L, B>().and_then(|()| {
        let length = Network::<L, B>::SCRATCH;
        check_many(scratch, length)?;
        check_many(features, L::INPUTS)?;
        let written = [extent(scratch, length), extent(features.cast_const(), L::INPUTS)];
        check_apart(&written, &[input.extent::<L, B>()])?;
        let network = network?;
        // SAFETY: the caller promises it; that nothing overlaps was checked.
        unsafe {
            let (scratch, features) =
                (slice_mut(scratch, length)?, slice_mut(features, L::INPUTS)?);
            match input.read(&network)? {
                Seen::Raw(values) => Ok(network.features(&values, scratch, features)?),
                // They would be computed of themselves.
                Seen::Kept(_) => Err(rb_error::Setting),
            }
        }
    });
    result.into()
}

/// Computes something of the output, and writes it.
///
/// # Safety
///
/// The same must hold as for [`predict`].
unsafe fn infer<L: Layer, B: Backbone + 'static, T>(
    network: Made<L, B>,
    theta: *const f32,
    input: rb_input,
    scratch: *mut f32,
    result: *mut T,
    then: impl FnOnce(&Network<'static, L, B>, &[f32], Seen<B>, &mut [f32]) -> Result<T, rb_error>,
) -> Result<(), rb_error> {
    check(result)?;
    input.check::<L, B>()?;
    let (parameters, length) = (Network::<L, B>::PARAMETERS, Network::<L, B>::SCRATCH);
    check_many(theta, parameters)?;
    check_many(scratch, length)?;
    let read = [extent(theta, parameters), input.extent::<L, B>()];
    check_apart(&[extent(scratch, length), extent(result, 1)], &read)?;
    let network = network?;
    // SAFETY: the caller promises it; that what is written is apart from all else was checked.
    unsafe {
        let (theta, scratch) = (slice(theta, parameters)?, slice_mut(scratch, length)?);
        let value = then(&network, theta, input.read(&network)?, scratch)?;
        write(result, value)
    }
}

/// What a sample is evaluated at, and where its share of the loss and of the gradient is added.
#[derive(Clone, Copy, Debug)]
pub struct Evaluated {
    /// The parameters.
    pub theta: *const f32,
    /// What the network sees.
    pub input: rb_input,
    /// What the loss and the gradient are multiplied by.
    pub weight: f32,
    /// The network's scratch.
    pub scratch: *mut f32,
    /// As long as theta, or null where only the loss is wanted.
    pub gradient: *mut f32,
    /// The loss.
    pub loss: *mut f32,
}

/// Adds one sample's softmax cross-entropy.
///
/// # Safety
///
/// The same must hold as for [`predict`].
pub unsafe fn cross_entropy<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    evaluated: Evaluated,
    label: u32,
) -> rb_error {
    let loss = SoftmaxCrossEntropy::new();
    // SAFETY: the caller promises it.
    unsafe { add(network, evaluated, NOWHERE, &loss, || Ok(label as usize)) }.into()
}

/// Adds one sample's mean squared error.
///
/// # Safety
///
/// The same must hold as for [`predict`], and the target must be as long as the output.
pub unsafe fn squared_error<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    evaluated: Evaluated,
    target: *const f32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { add_with_target(network, evaluated, Ok(MeanSquaredError), target) }
}

/// Adds one sample's binary cross-entropy, of outputs that are logits.
///
/// # Safety
///
/// As [`squared_error`].
pub unsafe fn binary_cross_entropy<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    evaluated: Evaluated,
    target: *const f32,
) -> rb_error {
    let loss = BinaryCrossEntropyWithLogits::new();
    // SAFETY: the caller promises it.
    unsafe { add_with_target(network, evaluated, Ok(loss), target) }
}

/// Adds one sample's Huber loss.
///
/// # Safety
///
/// As [`squared_error`].
pub unsafe fn huber<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    evaluated: Evaluated,
    target: *const f32,
    delta: f32,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { add_with_target(network, evaluated, Huber::new(delta), target) }
}

/// As [`add`], with a target of as many numbers as there are outputs.
///
/// # Safety
///
/// As [`squared_error`].
unsafe fn add_with_target<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    evaluated: Evaluated,
    loss: Result<impl for<'t> Loss<&'t [f32]>, Error>,
    target: *const f32,
) -> rb_error {
    let result = check_many(target, L::OUTPUTS).and_then(|()| {
        let at = extent(target, L::OUTPUTS);
        // SAFETY: the caller promises it; that it overlaps nothing that is written is checked
        // before it is read.
        unsafe { add(network, evaluated, at, &loss?, || slice(target, L::OUTPUTS)) }
    });
    result.into()
}

/// Adds one sample's share to the loss, and to the gradient where there is one.
///
/// # Safety
///
/// The same must hold as for [`predict`].
unsafe fn add<L: Layer, B: Backbone + 'static, Y>(
    network: Made<L, B>,
    evaluated: Evaluated,
    target_at: Range<usize>,
    objective: &impl Loss<Y>,
    target: impl FnOnce() -> Result<Y, rb_error>,
) -> Result<(), rb_error> {
    let Evaluated { theta, input, weight, scratch, gradient, loss } = evaluated;
    let (parameters, length) = (Network::<L, B>::PARAMETERS, Network::<L, B>::SCRATCH);
    check(loss)?;
    input.check::<L, B>()?;
    check_many(theta, parameters)?;
    check_many(scratch, length)?;
    let wanted = !gradient.is_null();
    let slopes = if wanted {
        check_many(gradient, parameters)?;
        extent(gradient, parameters)
    } else {
        NOWHERE
    };
    let written = [extent(scratch, length), slopes, extent(loss, 1)];
    check_apart(&written, &[extent(theta, parameters), input.extent::<L, B>(), target_at])?;
    let network = network?;
    // SAFETY: the caller promises it; that what is written is apart from all else was checked.
    unsafe {
        let sample = Sample { input: input.read(&network)?, target: target()? };
        let (theta, scratch) = (slice(theta, parameters)?, slice_mut(scratch, length)?);
        let gradient = wanted.then(|| slice_mut(gradient, parameters)).transpose()?;
        *loss += network.add_sample(theta, &sample, objective, weight, scratch, gradient)?;
    }
    Ok(())
}

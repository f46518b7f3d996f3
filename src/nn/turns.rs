//! Memory that the layers of a training share.

use super::layer::{Layer, count};
use super::parameters::{Gradient, Parameters};
use crate::Error;
use crate::kernels::Kernels;

/// What a layer or a tuple needs where its output lies in one of two buffers that take turns, as it
/// may before a layer that [forgets its input](Layer::FORGETS_INPUT). Numbers are floats of a
/// sample.
///
/// So layers in a row of which only biases are trained keep two buffers between them, and not one
/// each:
///
/// ```
/// use rolling_ball::nn::{All, BiasesOnly, Dense, Layer, Relu};
///
/// type Layers<R> = (
///     (Dense<8, 64, R>, Relu<64>, Dense<64, 32, R>, Relu<32>),
///     (Dense<32, 64, R>, Relu<64>, Dense<64, 4, R>),
/// );
/// type InARow<R> = (
///     Dense<8, 64, R>,
///     Relu<64>,
///     Dense<64, 32, R>,
///     Relu<32>,
///     Dense<32, 64, R>,
///     Relu<64>,
///     Dense<64, 4, R>,
/// );
/// // A ReLU keeps a bit for each value.
/// let bits = 64 / 32 + 32 / 32 + 64 / 32;
/// assert_eq!(InARow::<All>::ACTIVATIONS, 64 + 32 + 64 + bits);
/// assert_eq!(InARow::<BiasesOnly>::ACTIVATIONS, 64 + 32 + bits);
/// // What is nested shares with its own neighbours only.
/// assert_eq!(Layers::<BiasesOnly>::ACTIVATIONS, 64 + 32 + 64 + bits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// What is kept from the forward to the backward pass.
    pub kept: usize,
    /// The lengths of the two buffers.
    pub buffers: [usize; 2],
    /// Whether the output lies in the second of them.
    pub ends_in_second: bool,
}

/// What a backward pass does with a layer's input.
#[derive(Debug)]
pub enum Below<'a> {
    /// It stays: nobody below learns.
    Kept(&'a [f32]),
    /// It is overwritten with the gradient with respect to it.
    Overwritten(&'a mut [f32]),
}

impl Below<'_> {
    /// How many samples there are.
    pub(super) fn samples<L: Layer + ?Sized>(&self) -> usize {
        match self {
            Self::Kept(input) => count::<L>(input),
            Self::Overwritten(input) => count::<L>(input),
        }
    }

    /// The backward pass of a layer that this asks for.
    #[inline(always)]
    pub(super) fn backward<L: Layer + ?Sized, K: Kernels>(
        self,
        parameters: Parameters,
        activations: &mut [f32],
        output_gradient: &mut [f32],
        gradient: Option<Gradient>,
    ) -> Result<(), Error> {
        match (self, gradient) {
            (Self::Kept(input), Some(gradient)) => {
                L::backward::<K>(parameters, input, activations, output_gradient, gradient)
            }
            (Self::Kept(_), None) => Ok(()),
            (Self::Overwritten(input), Some(gradient)) => {
                L::backward_through::<K>(parameters, input, activations, output_gradient, gradient)
            }
            (Self::Overwritten(input), None) => {
                L::backward_input::<K>(parameters, input, activations, output_gradient)
            }
        }
    }
}

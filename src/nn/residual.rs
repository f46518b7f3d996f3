//! A way around layers.

use super::branches::{Branches, Join, add};
use super::identity::{Identity, copy};
use super::layer::Layer;
use super::message::Message;
use super::window::Shape;

/// `y = L(x) + Shortcut(x)`: the layers `L`, and a layer around them with as many outputs. Where no
/// shortcut is named, it is the input itself: then `L` must have as many outputs as inputs.
///
/// Parameters: those of `L`, then those of the shortcut. Cost: that of both, and an addition a
/// value. With a layer in the shortcut, the [`ACTIVATIONS`](Layer::ACTIVATIONS) have room for a
/// copy of the input, or of the output where that is longer. A prediction keeps a copy of the input
/// while `L` is evaluated.
///
/// ```
/// use rolling_ball::nn::{
///     Conv2d, Dense, Kernel, Layer, Map, Padding, Relu, Residual, Shape, Stride, Window, over,
/// };
///
/// type Block = Residual<(Dense<16, 16>, Relu<16>)>;
/// assert_eq!(Block::PARAMETERS, 16 * 16 + 16);
///
/// // A block that halves the map and doubles the channels, as ResNet has them.
/// type Input = Map<32, 32, 16>;
/// type First = Conv2d<Input, Window<Kernel<3>, Stride<2>, Padding<1>>, 32>;
/// type Second = Conv2d<First, Window<Kernel<3>, Stride<1>, Padding<1>>, 32>;
/// type Shortcut = Conv2d<Input, Window<Kernel<1>, Stride<2>>, 32>;
/// type Halved = Residual<(First, over::Relu<First>, Second), Shortcut>;
/// assert_eq!(Halved::MAP, [16, 16, 32]);
/// ```
///
/// Layers with another number of outputs do not compile:
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Dense, Layer, Residual};
///
/// const _: usize = Residual::<Dense<16, 8>>::PARAMETERS;
/// ```
///
/// ```compile_fail,E0080
/// use rolling_ball::nn::{Dense, Layer, Residual};
///
/// const _: usize = Residual::<Dense<16, 8>, Dense<16, 9>>::PARAMETERS;
/// ```
pub type Residual<L, Shortcut = Identity<L>> = Branches<L, Shortcut, Sum>;

/// Outputs that are added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum;

impl<L: Layer, Shortcut: Layer> Join<L, Shortcut> for Sum {
    const OUTPUTS: usize = {
        let message = Message::new()
            .text("Residual: the layers have ")
            .number(L::OUTPUTS)
            .text(" outputs, but what they are added to has ")
            .number(Shortcut::OUTPUTS)
            .text("; they must be equal");
        assert!(L::OUTPUTS == Shortcut::OUTPUTS, "{}", message.as_str());
        L::OUTPUTS
    };
    // A layer that spends the gradient is given a copy, since the other one needs it too.
    const GATHERED: usize =
        if L::SPENDS_GRADIENT || Shortcut::SPENDS_GRADIENT { L::OUTPUTS } else { 0 };

    fn join(output: &mut [f32], second: &[f32]) {
        add(output, second);
    }

    fn first<'a>(output_gradient: &'a mut [f32], gathered: &'a mut [f32]) -> &'a mut [f32] {
        part::<L>(output_gradient, gathered)
    }

    fn second<'a>(output_gradient: &'a mut [f32], gathered: &'a mut [f32]) -> &'a mut [f32] {
        part::<Shortcut>(output_gradient, gathered)
    }
}

/// The gradient of both layers' outputs, or a copy of it where the layer spends it.
fn part<'a, L: Layer>(output_gradient: &'a mut [f32], gathered: &'a mut [f32]) -> &'a mut [f32] {
    if !L::SPENDS_GRADIENT {
        return output_gradient;
    }
    let copied = gathered.get_mut(..output_gradient.len()).unwrap_or_default();
    copy(copied, output_gradient);
    copied
}

impl<L: Shape, Shortcut> Shape for Branches<L, Shortcut, Sum> {
    const MAP: [usize; 3] = L::MAP;
}

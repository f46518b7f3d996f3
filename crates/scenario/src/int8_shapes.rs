//! Layers in int8 whose instructions are counted, with the same bits on every core.

use crate::digits_cnn;
use crate::networks::LastLayer;
use core::fmt;
use core::hint::black_box;
use rolling_ball::Error;
use rolling_ball::nn::int8::{Conv2d, Dense, DepthwiseConv2d, Layer, PointwiseConv2d};
use rolling_ball::nn::{Kernel, Map, Padding, Stride, Window};

type Same = Window<Kernel<3>, Stride<1>, Padding<1>>;
type Halving = Window<Kernel<3>, Stride<2>, Padding<1>>;

/// Bytes of the longest input or output of these layers.
const WIDTH: usize = 8 * 8 * 16;
/// Bytes of the largest windows that are gathered.
const INSIDE: usize = 4 * 3 * 3 * 16;

/// What a layer cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What it does.
    pub layer: &'static str,
    /// The products that its outputs are the sums of, those with padding as well.
    pub multiply_adds: u64,
    /// The instructions of an inference.
    pub instructions: u64,
    /// The hash of the output's bytes (FNV-1a).
    pub hash: u32,
}

/// All the memory that [`count`] needs.
#[derive(Debug)]
pub struct Memory {
    buffers: [[i8; WIDTH]; 2],
    inside: [i8; INSIDE],
    scratch: [f32; LastLayer::INFERENCE_SCRATCH],
}

impl Memory {
    /// Zeros, which take no flash.
    pub const ZERO: Self = Self {
        buffers: [[0; WIDTH]; 2],
        inside: [0; INSIDE],
        scratch: [0.0; LastLayer::INFERENCE_SCRATCH],
    };
}

/// Parameters of a layer.
struct Bytes<const N: usize>([u8; N]);

impl<const N: usize> Bytes<N> {
    /// Pseudo-random weights and biases, and multipliers that leave no output at a clamp for long.
    const fn new(outputs: usize, shift: u8) -> Self {
        let mut bytes = [0; N];
        let mut state = N as u32;
        let mut rest = bytes.as_mut_slice();
        let mut place = 0;
        while let [byte, others @ ..] = rest {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let random = (state >> 24) as u8;
            let (of_multipliers, of_biases) = (4 + 4 * outputs, 4 + 8 * outputs);
            *byte = match place {
                // The zeros of input and output, and clamps.
                0 => 0xf9,
                1 => 3,
                2 => 0x80,
                3 => 0x7f,
                // From 2^30 to 2^31.
                _ if place < of_multipliers && place % 4 == 3 => 0x40 | (random & 0x3f),
                // Below 2^8 in magnitude.
                _ if place >= of_multipliers && place < of_biases && place % 4 != 0 => 0,
                _ if place >= of_biases && place < of_biases + outputs => shift + random % 2,
                _ => random,
            };
            rest = others;
            place += 1;
        }
        Self(bytes)
    }
}

/// Counts every layer; `clock` returns the instructions so far.
///
/// # Errors
///
/// None, unless the layers are wrong.
pub fn count(
    memory: &mut Memory,
    clock: fn() -> u64,
    mut tell: impl FnMut(Counted),
) -> Result<(), Error> {
    macro_rules! count {
        ($name:literal, $layer:ty, $outputs:expr, $products:expr, $shift:expr) => {{
            static BYTES: Bytes<{ <$layer as Layer>::BYTES }> = Bytes::new($outputs, $shift);
            tell(count_layer::<$layer>($name, &BYTES.0, $products, memory, clock)?);
        }};
    }
    type First = Conv2d<Map<8, 8, 1>, Same, 8>;
    type Wide = Conv2d<Map<8, 8, 8>, Same, 16>;
    type Halved = Conv2d<Map<8, 8, 16>, Halving, 16>;
    type Pointwise = PointwiseConv2d<Map<8, 8, 16>, 16>;
    type Depthwise = DepthwiseConv2d<Map<8, 8, 16>, Same>;
    count!("conv 8x8x8 k3 -> 16", Wide, 16, 64 * 9 * 8 * 16, 40);
    count!("conv 8x8x16 k3 s2 -> 16", Halved, 16, 16 * 9 * 16 * 16, 40);
    count!("pointwise 8x8x16 -> 16", Pointwise, 16, 64 * 16 * 16, 39);
    count!("dense 256 -> 32", Dense<256, 32>, 32, 256 * 32, 41);
    count!("conv 8x8x1 k3 -> 8", First, 8, 64 * 9 * 8, 39);
    count!("depthwise 8x8x16 k3", Depthwise, 16, 64 * 9 * 16, 39);
    tell(count_digits(&mut memory.scratch, clock)?);
    Ok(())
}

/// The imported network, with its last layer in `f32`.
fn count_digits(scratch: &mut [f32], clock: fn() -> u64) -> Result<Counted, Error> {
    let network = digits_cnn::network()?;
    let input = core::array::from_fn::<f32, { LastLayer::INPUTS }, _>(|place| place as f32 / 64.0);
    let start = clock();
    let empty = clock() - start;
    let start = clock();
    let outputs = network.predict(black_box(&digits_cnn::THETA), &input, scratch)?;
    let instructions = (clock() - start).saturating_sub(empty);
    let hash = hash(outputs.iter().flat_map(|output| output.to_le_bytes()));
    let multiply_adds = 64 * 9 * 8 + 16 * 9 * 8 * 16 + 64 * 10;
    Ok(Counted { layer: "digits", multiply_adds, instructions, hash })
}

#[inline(never)]
fn count_layer<L: Layer>(
    layer: &'static str,
    bytes: &[u8],
    multiply_adds: u64,
    Memory { buffers: [front, back], inside, .. }: &mut Memory,
    clock: fn() -> u64,
) -> Result<Counted, Error> {
    L::check(bytes)?;
    let mut value = 1_i8;
    for byte in &mut *front {
        value = value.wrapping_mul(7).wrapping_add(45);
        *byte = value;
    }
    let start = clock();
    let empty = clock() - start;
    let start = clock();
    let (output, _) = black_box(L::infer(black_box(bytes), front, back, inside)?);
    let instructions = (clock() - start).saturating_sub(empty);
    let output = output.get(..L::OUTPUTS).unwrap_or_default();
    let hash = hash(output.iter().map(|byte| byte.cast_unsigned()));
    Ok(Counted { layer, multiply_adds, instructions, hash })
}

/// FNV-1a.
fn hash(bytes: impl Iterator<Item = u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, multiply_adds, instructions, hash } = self;
        write!(
            f,
            "int8 {layer}: multiply_adds {multiply_adds} instructions {instructions} hash \
             {hash:08x}"
        )
    }
}

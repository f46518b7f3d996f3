//! Small networks with any theta, inputs and labels: the same bits from both kernels, and however
//! the batch is divided.

use crate::input::Input;
use crate::numbers::{all_same, same};
use crate::trace::tell;
use core::task::Poll;
use rolling_ball::kernels::{Kernels, Scalar, Wide};
use rolling_ball::nn::{
    AveragePool, BiasesOnly, BinaryCrossEntropyWithLogits, Conv1d, Conv2d, Dense, DepthwiseConv2d,
    Frozen, Gelu, GlobalAveragePool, Huber, Kernel, Layer, LayerNorm, LeakyRelu, Loss, Map,
    MaxPool, MeanSquaredError, Network, Padding, Relu, Residual, Sample, Sigmoid, Signal,
    SoftmaxCrossEntropy, Stride, Tanh, Window, over,
};
use rolling_ball::{Error, Objective, PollObjective};

type Perceptron = (Dense<3, 4>, Relu<4>, Dense<4, 3>);

type Image = (
    Conv2d<Map<4, 4, 1>, Window<Kernel<3>, Stride<1>, Padding<1>>, 2>,
    over::Relu6<Map<4, 4, 2>>,
    MaxPool<Map<4, 4, 2>, Window<Kernel<2>, Stride<2>>>,
    Dense<8, 3, BiasesOnly>,
);

type Normed =
    (Dense<3, 6>, LayerNorm<6>, Gelu<6>, Residual<(Dense<6, 6>, Tanh<6>)>, Dense<6, 3>, Sigmoid<3>);

type Series = (Conv1d<Signal<8, 2>, Window<Kernel<3>, Stride<2>>, 3>, LeakyRelu<9>, Dense<9, 3>);

type Pooled = (
    DepthwiseConv2d<Map<3, 3, 2>, Window<Kernel<2>>>,
    AveragePool<Map<2, 2, 2>, Window<Kernel<2, 1>>>,
    GlobalAveragePool<Map<1, 2, 2>>,
    Dense<2, 2, Frozen>,
    Dense<2, 3>,
);

/// The most parameters, inputs of a sample, samples, and floats of scratch.
const PARAMETERS: usize = 128;
const INPUTS: usize = 18;
const SAMPLES: usize = 5;
const SCRATCH: usize = 2048;
const OUTPUTS: usize = 3;

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    match input.below(5) {
        0 => network::<Perceptron>(&mut input),
        1 => network::<Image>(&mut input),
        2 => network::<Normed>(&mut input),
        3 => network::<Series>(&mut input),
        _ => network::<Pooled>(&mut input),
    }
}

/// Fills with small numbers, a few of which are anything.
fn fill(input: &mut Input<'_>, values: &mut [f32]) {
    let (scale, mut state) = (f32::from(input.byte()) / 128.0, u32::from(input.byte()));
    for value in values.iter_mut() {
        state = state.wrapping_mul(0x915f_77f5).wrapping_add(0x9e37_79b9);
        *value = scale * ((state >> 8) as f32 / (1 << 23) as f32 - 1.0);
    }
    for _ in 0..input.byte().saturating_sub(128) / 32 {
        let at = input.below(values.len());
        values[at] = input.float();
    }
}

/// What the calls are made with.
struct Data {
    theta: [f32; PARAMETERS],
    frozen: [f32; PARAMETERS],
    inputs: [[f32; INPUTS]; SAMPLES],
    targets: [[f32; OUTPUTS]; SAMPLES],
    classes: [usize; SAMPLES],
    count: usize,
    /// How many samples are evaluated at once.
    room: usize,
    /// After how many polls an evaluation is given up and begun anew.
    given_up: u8,
}

fn network<L: Layer>(input: &mut Input<'_>) -> u64 {
    let mut data = Data {
        theta: [0.0; PARAMETERS],
        frozen: [0.0; PARAMETERS],
        inputs: [[0.0; INPUTS]; SAMPLES],
        targets: [[0.0; OUTPUTS]; SAMPLES],
        classes: [0; SAMPLES],
        count: input.below(SAMPLES + 1),
        room: 1 + input.below(SAMPLES),
        given_up: input.byte() % 16,
    };
    fill(input, &mut data.theta);
    fill(input, &mut data.frozen);
    fill(input, data.inputs.as_flattened_mut());
    let loss = input.below(6);
    for class in &mut data.classes {
        *class = if input.byte() < 252 { input.below(OUTPUTS) } else { usize::from(input.byte()) };
    }
    match loss {
        0 | 1 => {
            let weights = [input.setting(), input.setting(), 1.0];
            let entropy = match loss {
                0 => Ok(SoftmaxCrossEntropy::new()),
                _ => SoftmaxCrossEntropy::with_class_weights(&weights),
            };
            let smoothing = input.fraction();
            let smooth = entropy.and_then(|entropy| entropy.with_label_smoothing(smoothing));
            match smooth {
                Ok(entropy) => compare::<L, _, _>(&data, entropy, |data, at| data.classes[at]),
                Err(error) => {
                    assert!(matches!(error, Error::Setting { .. }), "{error:?}");
                    1
                }
            }
        }
        loss => {
            fill(input, data.targets.as_flattened_mut());
            fn targets(data: &Data, at: usize) -> &[f32] {
                &data.targets[at]
            }
            match loss {
                2 | 3 => compare::<L, _, _>(&data, MeanSquaredError, targets),
                4 => match Huber::new(input.setting()) {
                    Ok(huber) => compare::<L, _, _>(&data, huber, targets),
                    Err(_) => 1,
                },
                _ => {
                    let loss = BinaryCrossEntropyWithLogits::new();
                    compare::<L, _, _>(&data, loss, targets)
                }
            }
        }
    }
}

type Answer = Result<(f32, [f32; PARAMETERS]), Error>;

fn compare<'d, L: Layer, E: Loss<Y> + Copy, Y>(
    data: &'d Data,
    loss: E,
    target: impl Fn(&'d Data, usize) -> Y + Copy,
) -> u64 {
    let scalar = evaluate::<L, E, Y, Scalar>(data, loss, target, 1);
    let wide = evaluate::<L, E, Y, Wide>(data, loss, target, 1);
    let divided = evaluate::<L, E, Y, Wide>(data, loss, target, data.room);
    let whole = evaluate::<L, E, Y, Scalar>(data, loss, target, SAMPLES);
    tell(format_args!("{} samples: {:?}", data.count, scalar.as_ref().map(|(loss, _)| loss)));
    let other = [("wide", wide), ("divided", divided), ("at once", whole)];
    for (how, other) in other {
        match (&scalar, &other) {
            (Ok((loss, gradient)), Ok((other, slopes))) => {
                assert!(same(*loss, *other), "{how}: a loss of {loss:e}, but {other:e}");
                assert!(all_same(gradient, slopes), "{how}: {gradient:?}, but {slopes:?}");
            }
            (Err(error), Err(other)) => {
                assert_eq!(format!("{error:?}"), format!("{other:?}"), "{how}: the error")
            }
            (one, other) => panic!("{how}: {one:?}, but {other:?}"),
        }
    }
    8
}

/// Loss and gradient, in one call and polled; both must be the same.
fn evaluate<'d, L: Layer, E: Loss<Y> + Copy, Y, K: Kernels + Default>(
    data: &'d Data,
    loss: E,
    target: impl Fn(&'d Data, usize) -> Y + Copy,
    room: usize,
) -> Answer {
    let parameters = L::PARAMETERS;
    let samples = (0..data.count)
        .map(move |at| Sample { input: &data.inputs[at][..L::INPUTS], target: target(data, at) });
    let network = Network::<L>::new(&data.frozen[..L::FROZEN])?.with_backend(K::default());
    let mut scratch = [0.0; SCRATCH];
    let scratch = &mut scratch[..Network::<L>::scratch(room)];
    let mut batch = network.batch(loss, samples, scratch)?;
    let theta = &data.theta[..parameters];
    let mut gradient = [0.0; PARAMETERS];
    let told = batch.gradient(theta, &mut gradient[..parameters]);

    let mut polled = [0.0; PARAMETERS];
    for _ in 0..data.given_up {
        if !matches!(batch.poll_gradient(theta, &mut polled[..parameters]), Ok(Poll::Pending)) {
            break;
        }
    }
    batch.restart();
    let mut polls = 0;
    let again = loop {
        match batch.poll_gradient(theta, &mut polled[..parameters]) {
            Ok(Poll::Pending) => polls += 1,
            Ok(Poll::Ready(loss)) => break Ok(loss),
            Err(error) => break Err(error),
        }
        assert!(polls <= 2 * data.count + 2, "{polls} polls for {} samples", data.count);
    };
    let alone = batch.loss(theta);
    match (&told, &again, &alone) {
        (Ok(told), Ok(again), Ok(alone)) => {
            let same =
                |other: f32| other.to_bits() == told.to_bits() || other.is_nan() && told.is_nan();
            assert!(same(*again) && same(*alone), "{told:e}, {again:e} polled, {alone:e} alone");
            assert!(all_same(&gradient, &polled), "{gradient:?}, but polled {polled:?}");
        }
        (Err(told), Err(again), Err(alone)) => {
            assert_eq!(format!("{told:?}"), format!("{again:?}"));
            assert_eq!(format!("{told:?}"), format!("{alone:?}"));
        }
        answers => panic!("{answers:?}"),
    }
    Ok((told?, gradient))
}

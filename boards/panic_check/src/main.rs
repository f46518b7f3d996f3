//! Calls every entry point of the core with values that the compiler cannot know. Its release build
//! for a Cortex-M contains no panic and no allocator; `cargo xtask test` verifies that on its
//! symbols.
//!
//! It is linked and never run.

#![no_std]
#![no_main]

mod flash;
mod fleet;
mod scale;

use core::hint::black_box;
use core::panic::PanicInfo;
use embedded_storage::nor_flash::NorFlashErrorKind;
use flash::Flash;
use rolling_ball::few_bits::{StraightThrough, round};
use rolling_ball::kernels::{AdamCoefficients, Kernels, Pause, Pausing, Scalar, sum_lanes};
use rolling_ball::nn::activation::Rectifier;
use rolling_ball::nn::{
    self, AveragePool, BiasesOnly, BinaryCrossEntropyWithLogits, Concat, Conv1d, Conv2d,
    Credibility, Dense, DepthwiseConv1d, DepthwiseConv2d, Dilation, Elu, FineTuning,
    FineTuningConfig, FloatBackbone, Frozen, Gelu, GlobalAveragePool, Gradient, GroupedConv2d,
    HardSigmoid, HardSwish, Huber, Identity, Input, Int8, Kernel, Layer, LayerNorm, LeakyRelu,
    Loss, LowRank, Map, MaxPool, MaxPool1d, MeanOverPositions, MeanSquaredError, Memory, Network,
    Outputs, PRelu, Padding, PaddingBySide, ParameterKind, Parameters, PointwiseConv2d, Quantized,
    QuantizedSamples, Relu, Relu6, Residual, Sample, SampleStore, Samples, ScaleShift, Shape,
    Sigmoid, Signal, Silu, Softmax, SoftmaxCrossEntropy, Stride, Tanh, Window, activation, dense,
    int8, over,
};
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, ArcLength, Armijo, ByPart, CheckpointError,
    Checkpoints, ClipNorm, Dog, DogConfig, EntropySgd, EntropySgdConfig, Error, Evaluation,
    GaussNewton, GradientDescent, LaggedContact, Micromath, Objective, Optimizer, Part, Plain,
    PollObjective, Prodigy, ProdigyConfig, Rebind, RefreshedContact, Request, Resumable,
    RollingBall, RollingBallConfig, Sam, SamConfig, Schedule, Sgd, SgdConfig, ThetaBits,
    WeightDecay, ZerothOrderBall, ZerothOrderBallConfig, poll_step, step,
};

/// The file that `rolling-ball import` writes is firmware as it stands.
#[path = "../../../models/generated/digits_cnn.rs"]
mod digits_cnn;

/// This is in the binary only where something can panic.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}

type Backbone = FloatBackbone<'static, (Dense<4, 8>, Relu<8>)>;
type Tail = (Dense<8, 6>, Relu<6>, Dense<6, 3>);
type Net = Network<'static, Tail, Backbone>;
type Partly = Network<'static, (Dense<4, 6, BiasesOnly>, Relu<6>, Dense<6, 3, Frozen>)>;
const N: usize = Net::PARAMETERS;

static BACKBONE: [f32; Backbone::PARAMETERS] = [0.1; Backbone::PARAMETERS];
static FROZEN: [f32; Partly::FROZEN_PARAMETERS] = [0.1; Partly::FROZEN_PARAMETERS];
type Image = Map<4, 4, 2>;
type Halved = Map<2, 2, 2>;
type Eight<'a> = int8::Int8Backbone<
    'a,
    (
        int8::Conv2d<Image, Window<Kernel<3>, Stride<1>, Padding<1>>, 2>,
        int8::Residual<(int8::ScaleShift<Image>, int8::Rescale<Image>)>,
        int8::LayerNorm<Image>,
        int8::PRelu<Image>,
        int8::Table<Image>,
        int8::MaxPool<Image, Window<Kernel<2>, Stride<2>>>,
        int8::DepthwiseConv2d<Halved, Window<Kernel<2>, Stride<1>, Padding<1>>>,
        int8::AveragePool<Map<3, 3, 2>, Window<Kernel<2>>, Padding<0>>,
        int8::GroupedConv2d<Halved, Window<Kernel<1>>, 2, 2>,
        int8::Conv1d<Signal<4, 2>, Window<Kernel<2>, Stride<2>>, 3>,
        int8::GlobalAveragePool<Map<1, 2, 3>>,
        int8::Concat<int8::Identity<Signal<1, 3>>, int8::Dense<3, 1>>,
        int8::Dense<4, 4>,
    ),
>;
static EIGHT: [u8; Eight::BYTES] = [1; Eight::BYTES];

static PIXELS: [[u8; 4]; 3] = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]];
const FLOATS: [f32; 4] = [0.1, 0.2, 0.3, 0.4];
static TARGET: [f32; 3] = [0.0, 1.0, 0.0];
static INPUTS: [[f32; 4]; 2] = [FLOATS; 2];
static CLASSES: [usize; 2] = [0, 1];
static LABELLED: QuantizedSamples<'static> =
    QuantizedSamples { inputs: &[7; 12], labels: &[0, 1, 2], width: 4, scale: 0.1, offset: 0.0 };
static CLASS_WEIGHTS: [f32; 3] = [1.0, 2.0, 3.0];

#[unsafe(no_mangle)]
#[allow(unsafe_code, reason = "an entry point must have a fixed name")]
extern "C" fn _start() -> u32 {
    let mut theta = [0.0; N];
    let error = everything(&mut theta).err();
    if let Some(error) = error {
        return match error {
            Error::Length { what, expected, actual } => {
                what.len().wrapping_add(expected).wrapping_add(actual) as u32
            }
            Error::Setting { name, value, expected } => {
                (name.len() as u32 ^ expected.len() as u32) ^ value.to_bits()
            }
            _ => 1,
        };
    }
    theta.iter().fold(0, |hash: u32, value| hash.rotate_left(5) ^ value.to_bits())
}

fn everything(theta: &mut [f32; N]) -> Result<(), Error> {
    networks(theta)?;
    int8_backbone()?;
    layers()?;
    losses()?;
    scale::look()?;
    few_bits(theta)?;
    fleet::rounds(
        &Net::with_backbone(Backbone::new(&BACKBONE)?, &[])?,
        black_box(LABELLED),
        theta,
    )?;
    kernels::<Scalar>(theta);
    kernels::<Pausing<Other>>(theta);
    for schedule in [
        Schedule::Constant(black_box(1.0)),
        Schedule::Linear { from: black_box(1.0), to: 0.0, steps: black_box(3) },
        Schedule::Cosine { from: black_box(1.0), to: 0.0, steps: black_box(3) },
        Schedule::Exponential { from: black_box(1.0), to: 0.1, steps: black_box(3) },
        Schedule::Custom(|step| step as f32),
    ] {
        for footpoint in [
            AnyFootpoint::GradientDescent(GradientDescent {
                step: black_box(0.1),
                iterations: black_box(3),
            }),
            AnyFootpoint::GaussNewton(GaussNewton {
                max_iterations: black_box(3),
                tolerance: black_box(0.1),
            }),
            AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: black_box(1) }),
            AnyFootpoint::LaggedContact(LaggedContact),
        ] {
            for centre_step in [
                AnyCentreStep::Plain(Plain),
                AnyCentreStep::ArcLength(ArcLength),
                AnyCentreStep::Armijo(Armijo::default()),
            ] {
                let config = RollingBallConfig {
                    radius: schedule,
                    learning_rate: schedule,
                    loss_scale: black_box(1.0),
                    footpoint,
                    centre_step,
                    roll_back: black_box(true),
                };
                let mut ball = RollingBall::new(config, [[0.0; N]; 2])?;
                ball.set_radius(black_box(0.1).into())?;
                ball.set_learning_rate(black_box(0.1).into())?;
                drive(&mut ball, theta)?;
                black_box(ball.centre(theta)?);
                black_box(ball.config());
                keep(&mut ball, theta)?;
            }
        }
    }
    let config = RollingBallConfig::fine_tuning(black_box(10));
    let mut ball = RollingBall::new(config, [[0.0; N]; 2])?;
    drive(&mut ball, theta)?;
    ball.rebind(&mut |vector: &mut [f32; N]| *vector = black_box([0.5; N]));
    keep(&mut ball, theta)?;
    let momentum = SgdConfig {
        momentum: black_box(0.9),
        nesterov: black_box(true),
        line_search: black_box(None),
        ..SgdConfig::default()
    };
    let sgd = Sgd::new(momentum, [0.0; N], Some([0.0; N]))?;
    let mut clipped = ClipNorm::new(sgd, black_box(1.0))?;
    drive(&mut clipped, theta)?;
    keep(&mut clipped, theta)?;
    drive(&mut clipped.into_inner(), theta)?;
    let search = SgdConfig { line_search: Some(Armijo::default()), ..SgdConfig::default() };
    drive(&mut Sgd::new(search, [0.0; N], None)?, theta)?;
    let mut adam = Adam::new(AdamConfig::default(), [[0.0; N]; 3])?;
    drive(&mut adam, theta)?;
    keep(&mut adam, theta)?;
    let mut entropy_sgd = EntropySgd::new(EntropySgdConfig::default(), [[0.0; N]; 3])?;
    drive(&mut entropy_sgd, theta)?;
    keep(&mut entropy_sgd, theta)?;
    let averaging = DogConfig { average: true, ..DogConfig::default() };
    let mut dog = Dog::new(averaging, [[0.0; N]; 2], Some([0.0; N]))?;
    drive(&mut dog, theta)?;
    black_box(dog.centre(theta)?);
    keep(&mut dog, theta)?;
    let mut prodigy = Prodigy::new(ProdigyConfig::default(), [[0.0; N]; 5])?;
    drive(&mut prodigy, theta)?;
    keep(&mut prodigy, theta)?;
    let losses_only = ZerothOrderBallConfig::shrinking(black_box(0.1), N, black_box(10));
    let mut losses_only = ZerothOrderBall::new(losses_only)?;
    drive(&mut losses_only, theta)?;
    losses_only.set_radius(black_box(0.1).into())?;
    black_box(losses_only.config());
    losses_only.put_back(theta)?;
    keep(&mut losses_only, theta)?;
    let part = Part { length: N, rate: black_box(0.5), decay: black_box(0.1) };
    drive(&mut ByPart::new(prodigy, [part])?, theta)?;
    let parts =
        Net::parts(|kind| (black_box(1.0), if kind == ParameterKind::Bias { 0.0 } else { 0.1 }));
    let adam = Adam::new(AdamConfig::default(), [[0.0; N]; 3])?;
    let mut parted = ByPart::new(ClipNorm::new(adam, black_box(1.0))?, parts)?;
    drive(&mut parted, theta)?;
    keep(&mut parted, theta)?;
    let part = Part { length: N, rate: black_box(0.5), decay: black_box(0.1) };
    let ball = RollingBall::new(RollingBallConfig::default(), [[0.0; N]; 2])?;
    drive(&mut ByPart::new(ball, [part])?, theta)?;
    let sam = Sam::new(SamConfig::default(), [[0.0; N]; 2])?;
    let mut decayed = WeightDecay::new(sam, black_box(0.1))?;
    black_box(decayed.inner_mut());
    drive(&mut decayed, theta)?;
    keep(&mut decayed, theta)
}

/// Drives an optimizer by the loop over an objective, and by hand.
fn drive(optimizer: &mut impl Optimizer, theta: &mut [f32; N]) -> Result<(), Error> {
    let network = Net::with_backbone(Backbone::new(&BACKBONE)?, &[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let loss = SoftmaxCrossEntropy::with_class_weights(black_box(&CLASS_WEIGHTS))?;
    let samples = black_box(&PIXELS).iter().map(|values| Sample {
        input: Quantized { values, scale: 0.1, offset: 0.0 },
        target: black_box(1),
    });
    let mut objective = network.batch(loss, samples.clone(), &mut scratch)?;
    objective.set_samples(samples);
    let report = step(optimizer, &mut objective, black_box(theta))?;
    black_box((report.relative_update(), report.evaluations.cost(), report));

    while poll_step(optimizer, &mut objective, black_box(theta))?.is_pending() {}
    optimizer.restart()?;
    black_box(optimizer.steps());

    let mut request = optimizer.begin(black_box(theta))?;
    while !matches!(request, Request::Done(_)) {
        request = if optimizer.awaits() == Some(Evaluation::Gradient) {
            optimizer.gradient_mut().fill(black_box(0.5));
            optimizer.tell_gradient(theta, black_box(1.0))?
        } else {
            optimizer.tell_loss(theta, black_box(0.9))?
        };
    }
    black_box(optimizer.steps());
    optimizer.abandon();
    Ok(())
}

/// Saves an optimizer and resumes it.
fn keep(optimizer: &mut impl Resumable, theta: &mut [f32; N]) -> Result<(), Error> {
    let mut kept = || {
        let mut checkpoints = Checkpoints::new(Flash([0xff; 4096]), black_box(0..4096))?;
        checkpoints.save(theta, optimizer)?;
        black_box(checkpoints.resume(theta, optimizer)?);
        black_box(checkpoints.resume_theta(theta)?);
        checkpoints.save_theta(theta)?;
        checkpoints = checkpoints.with_theta_bits(black_box(ThetaBits::Four));
        checkpoints.save(theta, optimizer)?;
        black_box(checkpoints.resume_rounded(theta, optimizer)?);
        checkpoints.erase()?;
        black_box(checkpoints.into_inner().0);
        Ok(())
    };
    match kept() {
        Err(CheckpointError::<NorFlashErrorKind>::StepInProgress(error)) => Err(error),
        Err(CheckpointError::Setting(name)) => {
            Err(Error::Length { what: name, expected: 0, actual: 1 })
        }
        Err(_) => Err(Error::NoSamples),
        Ok(()) => Ok(()),
    }
}

/// Weights in few bits, and a step at them.
fn few_bits(theta: &mut [f32; N]) -> Result<(), Error> {
    let network = Net::with_backbone(Backbone::new(&BACKBONE)?, &[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let samples = black_box(&PIXELS).iter().map(|values| Sample {
        input: Quantized { values, scale: 0.1, offset: 0.0 },
        target: black_box(1),
    });
    let batch = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch)?;
    let groups = Net::groups(|kind| black_box((kind == ParameterKind::Weight).then_some(3)));
    let mut rounded = [0.0; N];
    round(black_box(theta.as_slice()), &groups, black_box(&mut rounded))?;
    let mut rounding = StraightThrough::new(batch, groups, rounded)?;
    let mut ball: RollingBall<_> = RollingBall::new(RollingBallConfig::default(), [[0.0; N]; 2])?;
    black_box(step(&mut ball, &mut rounding, theta)?);
    while poll_step(&mut ball, &mut rounding, theta)?.is_pending() {}
    black_box(rounding.rounded(theta)?);
    rounding.inner_mut().restart();
    Ok(())
}

fn int8_backbone() -> Result<(), Error> {
    let bytes = black_box(&EIGHT).get(..black_box(Eight::BYTES)).unwrap_or_default();
    let network = Network::<Dense<4, 2>, _>::with_backbone(Eight::new(bytes)?, &[])?;
    let mut scratch = [0.0; Network::<Dense<4, 2>, Eight>::SCRATCH];
    let input = [black_box(0.5); 32];
    black_box(network.classify(&[black_box(0.1); 10], &input.as_slice(), &mut scratch)?);

    let mut scratch = [0.0; digits_cnn::Network::SCRATCH];
    let pixels = [black_box(0.5); digits_cnn::Network::INPUTS];
    let theta = black_box(&digits_cnn::THETA);
    black_box(digits_cnn::network()?.classify(theta, &pixels.as_slice(), &mut scratch)?);
    Ok(())
}

fn networks(theta: &mut [f32; N]) -> Result<(), Error> {
    let mut uniform = || black_box(0.5);
    Tail::initialise(theta, &mut uniform)?;
    let network = Net::with_backbone(Backbone::new(black_box(&BACKBONE))?, &[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let input = black_box(&FLOATS).as_slice();
    black_box(network.predict(theta, &input, &mut scratch)?);
    black_box(network.classify(theta, &FLOATS, &mut [0.0; Net::INFERENCE_SCRATCH])?);
    input.write(&mut [0.0; 4])?;
    let mut kept = [0.0; Net::FEATURES];
    network.features(&input, &mut scratch, &mut kept)?;
    let sample = Sample { input: network.kept_features(&kept), target: black_box(1) };
    let (loss, mut gradient) = (SoftmaxCrossEntropy::new(), [0.0; N]);
    let sums = Some(gradient.as_mut_slice());
    black_box(network.add_sample(theta, &sample, &loss, black_box(0.5), &mut scratch, sums)?);
    let samples =
        [input].into_iter().map(|input| Sample { input, target: black_box(&TARGET).as_slice() });
    let mut objective = network.batch(MeanSquaredError, samples, &mut scratch)?;
    let mut sgd = Sgd::new(SgdConfig::default(), [0.0; N], None)?;
    black_box(step(&mut sgd, &mut objective, theta)?);

    let mut store = SampleStore::<4, 2>::new();
    for (values, class) in PIXELS.iter().zip([0, 1, 1]) {
        black_box(store.push(values, black_box(class)));
    }
    let samples = store.samples(black_box(0.1), black_box(0.0)).range(black_box(1), black_box(3));
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch)?;
    black_box(step(&mut sgd, &mut objective, theta)?);
    objective.next_mini_batch();
    let mut memory: nn::memory!(Net, 1) = Memory::ZERO;
    let Memory { vectors: [gradient], scratch, .. } = black_box(&mut memory);
    for range in [black_box(&LABELLED).range(black_box(2), black_box(5)), LABELLED.all()] {
        let mut objective = network.batch(SoftmaxCrossEntropy::new(), range, scratch)?;
        objective.gradient(theta, gradient)?;
    }
    let start = *theta;
    let (vectors, mut records) = ([[0.0; N]; 2], [Credibility::NEW; 4]);
    let few = black_box(&LABELLED);
    let config = FineTuningConfig { mini_batch: black_box(None), ..black_box(Default::default()) };
    let mut tuning = FineTuning::new(network, loss, *few, &start, vectors, &mut records, scratch)?
        .with_config(config)?
        .with_groups(black_box)
        .keeping(*few);
    keep(&mut tuning, theta)?;
    black_box(tuning.finish(theta)?);
    black_box((tuning.steps(), tuning.all_steps()));
    tuning.restart();
    let paused = tuning.pause();
    let mut tuning =
        paused.go_on(network, loss, *few, Some(*few), &start, &mut records, scratch)?;
    let _ = black_box(tuning.poll(theta)?.map(|report| report.refusal()));
    let pairs = (black_box(&INPUTS), black_box(&CLASSES));
    let slices = (pairs.0.as_slice(), pairs.1.as_slice());
    let together = Sample { input: FLOATS, target: black_box(1) };
    black_box((pairs.range(black_box(1), 3).last(), slices.range(black_box(1), 3).last()));
    black_box((&[together; 2]).range(black_box(1), 3).following().last());
    black_box(store.relabel(black_box(1), black_box(0)));
    store.retain(|index, class| black_box(index > 0 && class > 0));
    store.clear();
    black_box((store.len(), store.is_empty(), store.len_of(black_box(1))));

    let network = Partly::new(black_box(&FROZEN))?;
    let mut scratch = [0.0; Partly::SCRATCH];
    let (biases, mut gradient) = ([0.0; Partly::PARAMETERS], [0.0; Partly::PARAMETERS]);
    let samples =
        [input].into_iter().map(|input| Sample { input, target: black_box(&TARGET).as_slice() });
    let mut objective = network.batch(MeanSquaredError, samples, &mut scratch)?;
    while objective.poll_loss(&biases)?.is_pending() {}
    while objective.poll_gradient(black_box(&biases), &mut gradient)?.is_pending() {}
    layers_over_slices::<Scalar>(black_box(&mut *theta))?;
    layers_over_slices::<Pausing<Other>>(black_box(&mut *theta))
}

fn layers() -> Result<(), Error> {
    type Small = Map<6, 5, 2>;
    type First = Conv2d<Small, Window<Kernel<3>, Stride<1, 2>, Padding<1>>, 3>;
    type Spatial = DepthwiseConv2d<Small, Window<Kernel<3>, Stride<1>, Padding<1>>>;
    type Shortcut = Conv2d<Small, Window<Kernel<1>>, 2>;
    type Uneven = Window<Kernel<2>, Stride<2>, PaddingBySide<0, 1, 1, 0>, Dilation<2>>;
    layer::<First>()?;
    layer::<Conv1d<Signal<9, 2>, Window<Kernel<3>>, 3>>()?;
    layer::<Spatial>()?;
    layer::<MeanOverPositions<Map<2, 2, 3>, (Dense<3, 4>, Relu<4>)>>()?;
    layer::<LowRank<Relu<8>, 2>>()?;
    layer::<Int8<int8::Dense<7, 6>>>()?;
    layer::<Int8<int8::Dense<24, 3>>>()?;
    layer::<Int8<int8::Conv2d<Small, Uneven, 3>>>()?;
    layer::<Int8<int8::DepthwiseConv2d<Small, Uneven>>>()?;
    layer::<Int8<int8::GroupedConv2d<Small, Uneven, 4, 2>>>()?;
    layer::<Dense<8, 6, Outputs<0, 6>>>()?;
    layer::<PointwiseConv2d<Map<2, 2, 3>, 4, Outputs<0, 4>>>()?;
    layer::<MaxPool<First, Window<Kernel<2>, Stride<2>>>>()?;
    layer::<MaxPool<First, Window<Kernel<3>, Stride<1>, Padding<1>>>>()?;
    layer::<AveragePool<Spatial, Window<Kernel<2>, Stride<2>, Padding<1>>>>()?;
    layer::<GlobalAveragePool<Spatial>>()?;
    layer::<LayerNorm<3, 4>>()?;
    layer::<over::LayerNorm<First>>()?;
    layer::<(Dense<7, 6>, Relu<6>, (Dense<6, 5>,))>()?;
    layer::<MaxPool1d<Signal<9, 2>, Window<Kernel<3>>>>()?;
    layer::<Residual<(Dense<7, 7>, Relu<7>)>>()?;
    layer::<Residual<Spatial, Shortcut>>()?;
    layer::<Concat<Spatial, Concat<Identity<Small>, Shortcut>>>()?;
    layer::<Conv2d<Small, Uneven, 3>>()?;
    layer::<MaxPool<Small, Uneven>>()?;
    layer::<AveragePool<Small, Uneven>>()?;
    layer::<AveragePool<Small, Uneven, Padding<0>>>()?;
    layer::<GroupedConv2d<Small, Uneven, 4, 2>>()?;
    layer::<DepthwiseConv1d<Signal<9, 2>, Window<Kernel<3>>>>()?;
    layer::<ScaleShift<Small>>()?;
    layer::<PRelu<Small, 2>>()?;
    layer::<Softmax<Small>>()?;
    layer::<Elu<7>>()?;
    layer::<Silu<7>>()?;
    layer::<HardSigmoid<7>>()?;
    layer::<HardSwish<7>>()?;
    layer::<Relu6<7>>()?;
    layer::<LeakyRelu<7>>()?;
    layer::<Tanh<7>>()?;
    layer::<Sigmoid<7>>()?;
    layer::<Gelu<7>>()?;
    layer::<Gelu<7, Micromath>>()?;
    layer::<Tanh<7, Micromath>>()?;
    black_box((First::MAP, Spatial::LENGTH));
    Ok(())
}

/// Calls every pass of a layer.
fn layer<L: Layer>() -> Result<(), Error> {
    const ENOUGH: usize = 256;
    let mut buffers = [[0.5; ENOUGH]; 7];
    let [theta, frozen, front, back, inside, slopes, gradient] = black_box(&mut buffers);
    let theta = theta.get_mut(..L::PARAMETERS).unwrap_or_default();
    L::initialise(theta, &mut || black_box(0.5))?;
    let frozen = frozen.get(..L::FROZEN).unwrap_or_default();
    let parameters = Parameters { theta, frozen };
    L::infer::<Scalar>(parameters, front, back, inside)?;
    let input = front.get_mut(..L::INPUTS).unwrap_or_default();
    let output = back.get_mut(..L::OUTPUTS).unwrap_or_default();
    let inside = inside.get_mut(..L::ACTIVATIONS).unwrap_or_default();
    let slopes = slopes.get_mut(..L::OUTPUTS).unwrap_or_default();
    let gradient = gradient.get_mut(..L::PARAMETERS).unwrap_or_default();
    L::forward::<Scalar>(parameters, input, inside, output)?;
    let target = Gradient { values: &mut *gradient, add: black_box(false) };
    L::backward::<Scalar>(parameters, input, inside, slopes, target)?;
    L::forward::<Scalar>(parameters, input, inside, output)?;
    let target = Gradient { values: gradient, add: black_box(true) };
    L::backward_through::<Scalar>(parameters, input, inside, slopes, target)?;
    L::forward::<Scalar>(parameters, input, inside, output)?;
    L::backward_input::<Scalar>(parameters, input, inside, slopes)?;
    black_box((input, output, gradient));
    Ok(())
}

fn losses() -> Result<(), Error> {
    let target = black_box(&TARGET).as_slice();
    let mut output = black_box([0.1, 0.2, 0.3]);
    let smooth = SoftmaxCrossEntropy::with_class_weights(black_box(&CLASS_WEIGHTS))?
        .with_label_smoothing(black_box(0.1))?;
    let mut sum = smooth.weight(&black_box(1))?;
    sum += smooth.evaluate(&mut output, &black_box(1), 0.5)?;
    sum += BinaryCrossEntropyWithLogits::new().evaluate(&mut output, &target, 0.5)?;
    sum += SoftmaxCrossEntropy::new().with_math(Micromath).evaluate(&mut output, &1, 0.5)?;
    sum += BinaryCrossEntropyWithLogits::new().with_math(Micromath).evaluate(
        &mut output,
        &target,
        0.5,
    )?;
    sum += Huber::new(black_box(1.0))?.evaluate(&mut output, &target, 0.5)?;
    sum += MeanSquaredError.evaluate(&mut output, &target, 0.5)?;
    black_box(sum);
    Ok(())
}

fn layers_over_slices<K: Kernels>(theta: &mut [f32]) -> Result<(), Error> {
    let (mut x, mut y, mut z) = ([0.5; 8], [0.5; 6], [0.5; 6]);
    let x = x.get_mut(..black_box(8)).unwrap_or_default();
    let y = y.get_mut(..black_box(6)).unwrap_or_default();
    let z = z.get_mut(..black_box(6)).unwrap_or_default();
    let (weights, rest) = theta.split_at_mut_checked(black_box(48)).unwrap_or_default();
    let (biases, _) = rest.split_at_mut_checked(black_box(6)).unwrap_or_default();
    dense::forward::<K>(1, weights, biases, x, y)?;
    activation::forward::<Rectifier>(y, z)?;
    activation::backward::<Rectifier>(y, z)?;
    dense::backward_input::<K>(1, weights, x, y)?;
    let add = black_box(true);
    let (weights, biases) = (Gradient { values: weights, add }, Gradient { values: biases, add });
    dense::backward::<K>(1, x, y, weights, biases)
}

/// What else a firmware does.
struct Other;

impl Pause for Other {
    fn pause() {
        black_box(());
    }
}

fn kernels<K: Kernels>(theta: &mut [f32; N]) {
    let (mut a, mut b, mut c) = ([0.5; N], [0.25; N], [0.125; N]);
    let length = black_box(N);
    let x = theta.get_mut(..length).unwrap_or_default();
    let a = a.get_mut(..black_box(N)).unwrap_or_default();
    let b = b.get_mut(..black_box(N)).unwrap_or_default();
    let c = c.get_mut(..black_box(N)).unwrap_or_default();
    black_box(K::dot(x, a));
    black_box(sum_lanes([black_box(1.0); 8]));
    black_box(K::squared_norms(x, a));
    black_box(K::footpoint_sums(x, a, b));
    black_box(K::contact_sums(x, a, b));
    K::add_scaled(x, black_box(0.5), a);
    black_box(K::decay_and_add(a, x, black_box(0.5), black_box(0.1)));
    K::scale_into(a, black_box(0.5), x);
    K::interpolate_into(a, x, b, black_box(0.5));
    K::displace(x, a, b, black_box(0.1), black_box(0.2));
    K::gauss_newton_move(x, a, b, black_box(0.1));
    K::project(x, a, b, black_box(0.1), black_box(0.2));
    black_box(K::roll(x, a, b, black_box(0.1), black_box(0.2)));
    black_box(K::descend(x, a, black_box(0.1)));
    black_box(K::descend_with_momentum(x, a, b, black_box(0.1), 0.9, black_box(true)));
    let coefficients = AdamCoefficients {
        beta1: black_box(0.9),
        beta2: 0.999,
        rate: 0.1,
        second_correction: 1.0,
        epsilon: 1e-8,
        decay: 0.0,
    };
    black_box(K::adam(x, a, b, c, coefficients));
    K::perturb(x, a, b, black_box(0.1));
    K::descend_from(x, a, b, black_box(0.1));
}

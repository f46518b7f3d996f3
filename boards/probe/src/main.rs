//! Calls every entry point of the core with values that the compiler cannot know. Its release build for a
//! Cortex-M contains no panic and no allocator, which `cargo xtask test` reads from its symbols.
//!
//! It is linked and never run.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;
use rolling_ball::kernels::{AdamCoefficients, Kernels, Scalar, dot_with_lanes, sum_lanes};
use rolling_ball::nn::{
    BiasesOnly, Chain, Dense, FloatBackbone, Frozen, Input, Layer, MeanSquaredError, Network,
    Quantized, Relu, Sample, SampleStore, SoftmaxCrossEntropy,
};
use rolling_ball::{
    Adam, AdamConfig, Armijo, CentreStep, ClipNorm, Error, Footpoint, Optimizer, Request,
    RollingBall, RollingBallConfig, Sam, SamConfig, Schedule, Sgd, SgdConfig, WeightDecay, step,
};

/// Present in the binary only where something can panic.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}

type Backbone = FloatBackbone<'static, Chain<Dense<4, 8>, Relu<8>>>;
type Tail = Chain<Dense<8, 6>, Chain<Relu<6>, Dense<6, 3>>>;
type Net = Network<'static, Tail, Backbone>;
type Part = Network<'static, Chain<Dense<4, 6, BiasesOnly>, Chain<Relu<6>, Dense<6, 3, Frozen>>>>;
const N: usize = Net::PARAMETERS;

static BACKBONE: [f32; Backbone::PARAMETERS] = [0.1; Backbone::PARAMETERS];
static FROZEN: [f32; Part::FROZEN_PARAMETERS] = [0.1; Part::FROZEN_PARAMETERS];
static PIXELS: [[u8; 4]; 3] = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]];
static FLOATS: [f32; 4] = [0.1, 0.2, 0.3, 0.4];
static TARGET: [f32; 3] = [0.0, 1.0, 0.0];
static CLASS_WEIGHTS: [f32; 3] = [1.0, 2.0, 3.0];

#[unsafe(no_mangle)]
#[allow(unsafe_code, reason = "an entry point must have a fixed name")]
extern "C" fn _start() -> u32 {
    let mut theta = [0.0; N];
    let error = everything(&mut theta).err();
    if let Some(error) = error {
        return match error {
            Error::Length { what, expected, actual } => (what.len() + expected + actual) as u32,
            Error::Setting { name, value, expected } => {
                (name.len() + expected.len()) as u32 + value.to_bits()
            }
            _ => 1,
        };
    }
    theta.iter().fold(0, |hash: u32, value| hash.rotate_left(5) ^ value.to_bits())
}

fn everything(theta: &mut [f32; N]) -> Result<(), Error> {
    networks(theta)?;
    kernels(theta);
    for schedule in [
        Schedule::Constant(black_box(1.0)),
        Schedule::Linear { from: black_box(1.0), to: 0.0, steps: black_box(3) },
        Schedule::Cosine { from: black_box(1.0), to: 0.0, steps: black_box(3) },
        Schedule::Exponential { from: black_box(1.0), to: 0.1, steps: black_box(3) },
        Schedule::Custom(|step| step as f32),
    ] {
        for footpoint in [
            Footpoint::GradientDescent { step: black_box(0.1), iterations: black_box(3) },
            Footpoint::GaussNewton { max_iterations: black_box(3), tolerance: black_box(0.1) },
            Footpoint::Contact { refreshes: black_box(1) },
        ] {
            for centre_step in
                [CentreStep::Plain, CentreStep::ArcLength, CentreStep::Armijo(Armijo::default())]
            {
                let config = RollingBallConfig {
                    radius: schedule,
                    learning_rate: schedule,
                    loss_scale: black_box(1.0),
                    footpoint,
                    centre_step,
                    roll_back: black_box(true),
                };
                let mut ball = RollingBall::new(config, [[0.0; N]; 2])?;
                ball.set_radius(black_box(0.1))?;
                ball.set_learning_rate(black_box(0.1))?;
                drive(&mut ball, theta)?;
                black_box(ball.centre(theta)?);
                black_box(ball.config());
            }
        }
    }
    let momentum = SgdConfig {
        momentum: black_box(0.9),
        nesterov: black_box(true),
        line_search: black_box(None),
        ..SgdConfig::default()
    };
    let sgd = Sgd::new(momentum, [0.0; N], Some([0.0; N]))?;
    let mut clipped = ClipNorm::new(sgd, black_box(1.0))?;
    drive(&mut clipped, theta)?;
    drive(&mut clipped.into_inner(), theta)?;
    let search = SgdConfig { line_search: Some(Armijo::default()), ..SgdConfig::default() };
    drive(&mut Sgd::new(search, [0.0; N], None)?, theta)?;
    drive(&mut Adam::new(AdamConfig::default(), [[0.0; N]; 3])?, theta)?;
    let sam = Sam::new(SamConfig::default(), [[0.0; N]; 2])?;
    let mut decayed = WeightDecay::new(sam, black_box(0.1))?;
    black_box(decayed.inner_mut());
    drive(&mut decayed, theta)
}

/// By the loop over an objective, and by hand.
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

    let mut request = optimizer.begin(black_box(theta))?;
    while !matches!(request, Request::Done(_)) {
        request = if optimizer.awaits_gradient() {
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

fn networks(theta: &mut [f32; N]) -> Result<(), Error> {
    let mut uniform = || black_box(0.5);
    Tail::initialise(theta, &mut uniform)?;
    let network = Net::with_backbone(Backbone::new(black_box(&BACKBONE))?, &[])?;
    let mut scratch = [0.0; Net::SCRATCH];
    let input = black_box(&FLOATS).as_slice();
    black_box(network.predict(theta, &input, &mut scratch)?);
    black_box(network.classify(theta, &input, &mut scratch)?);
    input.write(&mut [0.0; 4])?;
    let samples =
        [input].into_iter().map(|input| Sample { input, target: black_box(&TARGET).as_slice() });
    let mut objective = network.batch(MeanSquaredError, samples, &mut scratch)?;
    let mut sgd = Sgd::new(SgdConfig::default(), [0.0; N], None)?;
    black_box(step(&mut sgd, &mut objective, theta)?);

    let mut store = SampleStore::<4, 2>::new();
    for (values, class) in PIXELS.iter().zip([0, 1, 1]) {
        black_box(store.push(values, black_box(class)));
    }
    let samples = store.stream(black_box(0.1), black_box(0.0));
    let mut objective = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch)?;
    black_box(step(&mut sgd, &mut objective, theta)?);
    drop(objective);
    store.clear();
    black_box((store.len(), store.is_empty(), store.len_of(black_box(1))));

    let network = Part::new(black_box(&FROZEN))?;
    let mut scratch = [0.0; Part::SCRATCH];
    let (biases, mut gradient) = ([0.0; Part::PARAMETERS], [0.0; Part::PARAMETERS]);
    let samples =
        [input].into_iter().map(|input| Sample { input, target: black_box(&TARGET).as_slice() });
    let mut objective = network.batch(MeanSquaredError, samples, &mut scratch)?;
    while objective.poll_loss(&biases)?.is_pending() {}
    while objective.poll_gradient(black_box(&biases), &mut gradient)?.is_pending() {}
    Ok(())
}

fn kernels(theta: &mut [f32; N]) {
    let (mut a, mut b, mut c) = ([0.5; N], [0.25; N], [0.125; N]);
    let length = black_box(N);
    let x = theta.get_mut(..length).unwrap_or_default();
    let a = a.get_mut(..black_box(N)).unwrap_or_default();
    let b = b.get_mut(..black_box(N)).unwrap_or_default();
    let c = c.get_mut(..black_box(N)).unwrap_or_default();
    black_box(Scalar::dot(x, a) + dot_with_lanes::<16>(x, a));
    black_box(sum_lanes([black_box(1.0); 8]));
    black_box(Scalar::squared_norms(x, a));
    black_box(Scalar::footpoint_sums(x, a, b));
    black_box(Scalar::contact_sums(x, a, b));
    Scalar::add_scaled(x, black_box(0.5), a);
    Scalar::scale_into(a, black_box(0.5), x);
    Scalar::interpolate_into(a, x, b, black_box(0.5));
    Scalar::displace(x, a, b, black_box(0.1), black_box(0.2));
    Scalar::gauss_newton_move(x, a, b, black_box(0.1));
    Scalar::project(x, a, b, black_box(0.1), black_box(0.2));
    black_box(Scalar::roll(x, a, b, black_box(0.1), black_box(0.2)));
    Scalar::descend(x, a, black_box(0.1));
    black_box(Scalar::descend_with_momentum(x, a, b, black_box(0.1), 0.9, black_box(true)));
    let coefficients = AdamCoefficients {
        beta1: black_box(0.9),
        beta2: 0.999,
        rate: 0.1,
        second_correction: 1.0,
        epsilon: 1e-8,
        decay: 0.0,
    };
    black_box(Scalar::adam(x, a, b, c, coefficients));
    Scalar::perturb(x, a, b, black_box(0.1));
    Scalar::descend_from(x, a, b, black_box(0.1));
}

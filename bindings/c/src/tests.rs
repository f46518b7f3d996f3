//! Compares the C functions with the Rust interface, bit for bit.

mod checkpoints;
mod moved;
mod refused;

use crate::ball::rb_ball_init_sized;
use crate::error::rb_error;
use crate::mlp::{rb_mlp, rb_mlp_classify, rb_mlp_cross_entropy, rb_mlp_squared_error};
use crate::optimizer::{
    rb_begin, rb_gradient, rb_optimizer, rb_report, rb_request, rb_tell_gradient, rb_tell_loss,
};
use crate::schedule::rb_constant;
use crate::sgd::{rb_sgd_default, rb_sgd_init_sized};
use crate::version::RB_VERSION;
use crate::zeroth_order_ball::{rb_zeroth_order_ball_init_sized, rb_zeroth_order_ball_put_back};
use crate::{adam, ball, entropy_sgd, sam};
use core::mem::MaybeUninit;
use core::slice;
use rolling_ball::nn::{
    Dense, Layer, MeanSquaredError, Network, Relu, Sample, SoftmaxCrossEntropy,
};
use rolling_ball::{
    Adam, AdamConfig, AnyCentreStep, AnyFootpoint, ArcLength, Armijo, ClipNorm, EntropySgd,
    EntropySgdConfig, GaussNewton, GradientDescent, LaggedContact, Objective, Optimizer, Plain,
    RefreshedContact, RollingBall, RollingBallConfig, Sam, SamConfig, Sgd, SgdConfig, StepReport,
    ZerothOrderBall, ZerothOrderBallConfig, step,
};

/// The size of an object.
const SIZE: usize = size_of::<rb_optimizer>();

type Deep = (Dense<5, 7>, Relu<7>, Dense<7, 6>, Relu<6>, Dense<6, 3>);
type Net = Network<'static, Deep>;
const N: usize = Net::PARAMETERS;
const WIDTHS: [u32; 4] = [5, 7, 6, 3];
const SCRATCH: usize = 2 * 7 + 2 * 6 + 3;
// Miri takes minutes for what the processor does in milliseconds.
const STEPS: u32 = if cfg!(miri) { 2 } else { 12 };
const SAMPLES: usize = if cfg!(miri) { 3 } else { 17 };

/// A number from -1 to 1, the same in every run.
fn uniform(state: &mut u32) -> f32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 8) as f32 / 8_388_608.0 - 1.0
}

fn start() -> Vec<f32> {
    let mut state = 7;
    let mut theta = vec![0.0; N];
    Deep::initialise(&mut theta, &mut || uniform(&mut state)).unwrap();
    theta
}

fn inputs() -> Vec<[f32; 5]> {
    let mut state = 3;
    (0..SAMPLES).map(|_| core::array::from_fn(|_| uniform(&mut state))).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The description of the network in C, which borrows its parameters for the call only.
fn described(theta: &[f32], scratch: &mut [f32]) -> rb_mlp {
    rb_mlp {
        widths: WIDTHS.as_ptr(),
        count: WIDTHS.len(),
        theta: theta.as_ptr(),
        parameters: theta.len(),
        scratch: scratch.as_mut_ptr(),
        scratch_length: scratch.len(),
    }
}

fn label(index: usize) -> usize {
    index % 3
}

/// Evaluates the batch with the C functions: the loss, and the gradient where one is wanted.
fn evaluate(theta: &[f32], mut gradient: Option<&mut [f32]>) -> f32 {
    let mut scratch = [0.0; SCRATCH];
    let network = described(theta, &mut scratch);
    let inputs = inputs();
    let (weight, mut loss) = (1.0 / inputs.len() as f32, 0.0);
    if let Some(gradient) = &mut gradient {
        // Like the batch, this starts from -0.0, to which anything may be added without a change;
        // with 0.0 the sign of a zero may differ.
        gradient.fill(-0.0);
    }
    let gradient = gradient.map_or(core::ptr::null_mut(), <[f32]>::as_mut_ptr);
    for (index, input) in inputs.iter().enumerate() {
        // SAFETY: every pointer is to a live buffer of this function or its caller.
        let error = unsafe {
            let label = label(index) as u32;
            rb_mlp_cross_entropy(&network, input.as_ptr(), 5, label, weight, gradient, &mut loss)
        };
        assert_eq!(error, rb_error::None);
    }
    loss
}

#[test]
fn a_network_described_at_run_time_gives_the_bits_of_its_type() {
    let theta = start();
    let inputs = inputs();
    let mut scratch = [0.0; Net::SCRATCH];
    let network = Net::new(&[]).unwrap();
    let samples = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| Sample { input: input.as_slice(), target: label(index) });
    let mut wanted = vec![0.0; N];
    let mut batch = network.batch(SoftmaxCrossEntropy::new(), samples, &mut scratch).unwrap();
    let loss = batch.gradient(&theta, &mut wanted).unwrap();
    let mut gradient = vec![1.0; N];
    assert_eq!(evaluate(&theta, Some(&mut gradient)).to_bits(), loss.to_bits());
    assert_eq!(bits(&gradient), bits(&wanted));
    assert_eq!(evaluate(&theta, None).to_bits(), loss.to_bits());

    for input in &inputs {
        let class = network.classify(&theta, &input.as_slice(), &mut scratch).unwrap();
        let mut own = [0.0; SCRATCH];
        let (description, mut label) = (described(&theta, &mut own), 9);
        // SAFETY: every pointer is to a live buffer of this function.
        let error = unsafe { rb_mlp_classify(&description, input.as_ptr(), 5, &mut label) };
        assert_eq!((error, label as usize), (rb_error::None, class));
    }
}

#[test]
fn a_squared_error_has_the_bits_of_the_batch() {
    let (theta, target, input) = (start(), [0.5, -0.25, 2.0], inputs().remove(0));
    let mut scratch = [0.0; Net::SCRATCH];
    let samples = [Sample { input: input.as_slice(), target: target.as_slice() }];
    let mut wanted = vec![0.0; N];
    let network = Net::new(&[]).unwrap();
    let mut batch = network.batch(MeanSquaredError, samples.into_iter(), &mut scratch).unwrap();
    let expected = batch.gradient(&theta, &mut wanted).unwrap();

    let mut own = [0.0; SCRATCH];
    let description = described(&theta, &mut own);
    let (mut gradient, mut loss) = (vec![-0.0; N], 0.0);
    // SAFETY: every pointer is to a live buffer of this function.
    let error = unsafe {
        let (input, target) = (input.as_ptr(), target.as_ptr());
        let gradient = gradient.as_mut_ptr();
        rb_mlp_squared_error(&description, input, 5, target, 3, 1.0, gradient, &mut loss)
    };
    assert_eq!((error, loss.to_bits()), (rb_error::None, expected.to_bits()));
    assert_eq!(bits(&gradient), bits(&wanted));
}

/// The batch as an objective for the loop in Rust.
struct Batch;

impl Objective for Batch {
    fn loss(&mut self, theta: &[f32]) -> Result<f32, rolling_ball::Error> {
        Ok(evaluate(theta, None))
    }

    fn gradient(
        &mut self,
        theta: &[f32],
        gradient: &mut [f32],
    ) -> Result<f32, rolling_ball::Error> {
        Ok(evaluate(theta, Some(gradient)))
    }
}

/// Makes some steps with the C functions. `init` initialises the optimizer over theta and as many
/// vectors as it needs.
fn by_c(
    vectors: usize,
    init: impl FnOnce(*mut rb_optimizer, *mut f32, *mut f32) -> rb_error,
) -> (Vec<u32>, u32) {
    let (mut theta, mut workspace) = (start(), vec![0.0; vectors * N]);
    // From here on the buffers are only used through these pointers, as C does it.
    let (theta, workspace) = (theta.as_mut_ptr(), workspace.as_mut_ptr());
    let mut storage = MaybeUninit::<rb_optimizer>::zeroed();
    let optimizer = storage.as_mut_ptr();
    assert_eq!(init(optimizer, theta, workspace), rb_error::None);
    let mut report = MaybeUninit::uninit();
    for _ in 0..STEPS {
        let mut request = rb_request::Done;
        // SAFETY: all pointers are to live buffers, which no slice borrows across a call.
        unsafe {
            assert_eq!(rb_begin(optimizer, &mut request), rb_error::None);
            while request != rb_request::Done {
                let error = if request == rb_request::Gradient {
                    let gradient = slice::from_raw_parts_mut(rb_gradient(optimizer), N);
                    let loss = evaluate(slice::from_raw_parts(theta, N), Some(gradient));
                    rb_tell_gradient(optimizer, loss, &mut request)
                } else {
                    let loss = evaluate(slice::from_raw_parts(theta, N), None);
                    rb_tell_loss(optimizer, loss, &mut request)
                };
                assert_eq!(error, rb_error::None);
            }
            assert_eq!(rb_report(optimizer, report.as_mut_ptr()), rb_error::None);
        }
    }
    // SAFETY: rb_report wrote it, and theta is alive.
    unsafe {
        let report = report.assume_init();
        (bits(slice::from_raw_parts(theta, N)), report.absolute_update.to_bits())
    }
}

fn by_rust(mut optimizer: impl Optimizer) -> (Vec<u32>, u32) {
    let mut theta = start();
    let mut report = StepReport::default();
    for _ in 0..STEPS {
        report = step(&mut optimizer, &mut Batch, &mut theta).unwrap();
    }
    (bits(&theta), report.absolute_update.unwrap_or(f32::NAN).to_bits())
}

fn vectors<const COUNT: usize>() -> [Vec<f32>; COUNT] {
    core::array::from_fn(|_| vec![0.0; N])
}

#[test]
fn every_form_of_the_ball_makes_the_bits_of_rust() {
    let forms = [
        (AnyFootpoint::LaggedContact(LaggedContact), AnyCentreStep::ArcLength(ArcLength)),
        (
            AnyFootpoint::RefreshedContact(RefreshedContact { refreshes: 1 }),
            AnyCentreStep::Plain(Plain),
        ),
        (
            AnyFootpoint::GaussNewton(GaussNewton { max_iterations: 8, tolerance: 0.01 }),
            AnyCentreStep::ArcLength(ArcLength),
        ),
        (
            AnyFootpoint::GradientDescent(GradientDescent { step: 0.1, iterations: 5 }),
            AnyCentreStep::Armijo(Armijo::default()),
        ),
    ];
    for (footpoint, centre_step) in forms {
        let config = RollingBallConfig::fine_tuning(STEPS)
            .with_footpoint(footpoint)
            .with_centre_step(centre_step);
        let converted = ball::rb_ball_config::from(config);
        let c = by_c(2, |optimizer, theta, workspace| {
            // SAFETY: all pointers are to live buffers of these lengths.
            unsafe {
                rb_ball_init_sized(
                    optimizer,
                    SIZE,
                    RB_VERSION,
                    &converted,
                    theta,
                    N,
                    workspace,
                    2 * N,
                )
            }
        });
        assert_eq!(c, by_rust(RollingBall::new(config, vectors()).unwrap()), "{config:?}");
    }
}

#[test]
fn every_baseline_makes_the_bits_of_rust() {
    let plain = SgdConfig::default();
    let c = by_c(1, |optimizer, theta, workspace| {
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe {
            rb_sgd_init_sized(
                optimizer,
                SIZE,
                RB_VERSION,
                &rb_sgd_default(),
                theta,
                N,
                workspace,
                N,
            )
        }
    });
    assert_eq!(c, by_rust(Sgd::new(plain, vec![0.0; N], None).unwrap()));

    let momentum = SgdConfig { momentum: 0.9, nesterov: true, ..plain };
    let c = by_c(2, |optimizer, theta, workspace| {
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe {
            rb_sgd_init_sized(
                optimizer,
                SIZE,
                RB_VERSION,
                &momentum.into(),
                theta,
                N,
                workspace,
                2 * N,
            )
        }
    });
    assert_eq!(c, by_rust(Sgd::new(momentum, vec![0.0; N], Some(vec![0.0; N])).unwrap()));

    let measured_once = SgdConfig { measure_every: u32::MAX, ..plain };
    let (theta, update) = by_c(1, |optimizer, theta, workspace| {
        let config = measured_once.into();
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe { rb_sgd_init_sized(optimizer, SIZE, RB_VERSION, &config, theta, N, workspace, N) }
    });
    assert!(f32::from_bits(update).is_nan(), "what the step did not compute is NaN");
    assert_eq!(theta, by_rust(Sgd::new(measured_once, vec![0.0; N], None).unwrap()).0);

    let search = SgdConfig { line_search: Some(Armijo::default()), ..plain };
    let c = by_c(1, |optimizer, theta, workspace| {
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe {
            rb_sgd_init_sized(optimizer, SIZE, RB_VERSION, &search.into(), theta, N, workspace, N)
        }
    });
    assert_eq!(c, by_rust(Sgd::new(search, vec![0.0; N], None).unwrap()));

    let c = by_c(3, |optimizer, theta, workspace| {
        let config = adam::rb_adam_default();
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe {
            adam::rb_adam_init_sized(
                optimizer,
                SIZE,
                RB_VERSION,
                &config,
                theta,
                N,
                workspace,
                3 * N,
            )
        }
    });
    assert_eq!(c, by_rust(Adam::new(AdamConfig::default(), vectors()).unwrap()));

    let c = by_c(2, |optimizer, theta, workspace| {
        let config = sam::rb_sam_default();
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe {
            sam::rb_sam_init_sized(optimizer, SIZE, RB_VERSION, &config, theta, N, workspace, 2 * N)
        }
    });
    assert_eq!(c, by_rust(Sam::new(SamConfig::default(), vectors()).unwrap()));

    let c = by_c(3, |optimizer, theta, workspace| {
        let config = entropy_sgd::rb_entropy_sgd_default();
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe {
            entropy_sgd::rb_entropy_sgd_init_sized(
                optimizer,
                SIZE,
                RB_VERSION,
                &config,
                theta,
                N,
                workspace,
                3 * N,
            )
        }
    });
    assert_eq!(c, by_rust(EntropySgd::new(EntropySgdConfig::default(), vectors()).unwrap()));
}

#[test]
fn the_ball_that_needs_losses_only_makes_the_bits_of_rust_and_has_no_gradient() {
    let config = ZerothOrderBallConfig::shrinking(0.5, N, STEPS);
    let c = by_c(0, |optimizer, theta, _| {
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe {
            let made =
                rb_zeroth_order_ball_init_sized(optimizer, SIZE, RB_VERSION, &config.into(), theta);
            assert!(rb_gradient(optimizer).is_null());
            assert_eq!(rb_zeroth_order_ball_put_back(optimizer), rb_error::None);
            made
        }
    });
    assert_eq!(c, by_rust(ZerothOrderBall::new(config).unwrap()));
}

#[test]
fn a_clipped_ball_makes_the_bits_of_rust_and_takes_its_settings_as_before() {
    let config = RollingBallConfig::fine_tuning(STEPS);
    let c = by_c(2, |optimizer, theta, workspace| {
        // SAFETY: all pointers are to live buffers of these lengths.
        unsafe {
            let settings = ball::rb_ball_fine_tuning(STEPS);
            let made = rb_ball_init_sized(
                optimizer,
                SIZE,
                RB_VERSION,
                &settings,
                theta,
                N,
                workspace,
                2 * N,
            );
            assert_eq!(made, rb_error::None);
            assert_eq!(ball::rb_ball_clip_norm(optimizer, 5.0), rb_error::None);
            assert_eq!(ball::rb_ball_clip_norm(optimizer, 0.05), rb_error::None);
            assert_eq!(ball::rb_ball_clip_norm(optimizer, 0.0), rb_error::Setting);
            assert_eq!(adam::rb_adam_clip_norm(optimizer, 1.0), rb_error::Kind);
            ball::rb_ball_set_radius(optimizer, rb_constant(0.02))
        }
    });
    let mut ball = RollingBall::new(config.into_any(), vectors()).unwrap();
    ball.set_radius(0.02.into()).unwrap();
    let clipped = by_rust(ClipNorm::new(ball, 0.05).unwrap());
    assert_eq!(c, clipped);
    let free = by_rust(RollingBall::new(config, vectors()).unwrap());
    assert_ne!(free, clipped, "nothing was clipped");
}

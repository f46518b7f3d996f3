//! Whatever is wrong with a call is refused, and damages nothing.

use super::{N, RB_VERSION, SCRATCH, SIZE, WIDTHS, described, start};
use crate::adam::{self, rb_adam_default, rb_adam_init_sized};
use crate::ball::{self, rb_ball_centre, rb_ball_config, rb_ball_default, rb_ball_init_sized};
use crate::ball::{rb_ball_set_learning_rate, rb_ball_set_radius};
use crate::error::{rb_error, rb_error_detail};
use crate::mlp::{rb_mlp_classify, rb_mlp_cross_entropy};
use crate::optimizer::{
    rb_abandon, rb_begin, rb_gradient, rb_last_error, rb_optimizer, rb_report, rb_request,
    rb_steps, rb_tell_gradient, rb_tell_loss,
};
use crate::report::rb_step_report;
use crate::sam::{self, rb_sam_default, rb_sam_init_sized};
use crate::schedule::rb_constant;
use crate::sgd::{self, rb_sgd_config, rb_sgd_default, rb_sgd_init_sized};
use core::mem::MaybeUninit;
use core::ptr;
use rolling_ball::{AnyRollingBallConfig, SgdConfig};

/// An init function with a config that it accepts, with one that it refuses, or without any, and
/// how many vectors its workspace has.
type Init = fn(*mut rb_optimizer, Config, *mut f32, usize, *mut f32, usize) -> rb_error;

#[derive(Clone, Copy, Debug)]
enum Config {
    Good,
    Bad,
    Null,
}

/// The init function of a kind as an [`Init`].
macro_rules! init {
    ($init:path, $default:path) => {
        |optimizer, config, theta, parameters, workspace, length| {
            let mut settings = $default();
            if let Config::Bad = config {
                settings.learning_rate = rb_constant(f32::NAN);
            }
            let settings = match config {
                Config::Null => ptr::null(),
                _ => &raw const settings,
            };
            // SAFETY: the test passes pointers that are null, misaligned or to live buffers.
            unsafe {
                $init(optimizer, SIZE, RB_VERSION, settings, theta, parameters, workspace, length)
            }
        }
    };
}

/// Whatever is asked of an object that is not initialised.
fn answers(optimizer: *mut rb_optimizer) -> [rb_error; 9] {
    let (mut request, mut steps, mut start) = (rb_request::Loss, 7, ptr::null());
    let mut report = MaybeUninit::<rb_step_report>::uninit();
    // SAFETY: all pointers are to live objects of this function and its caller.
    let answers = unsafe {
        assert!(rb_gradient(optimizer).is_null());
        [
            rb_begin(optimizer, &mut request),
            rb_tell_loss(optimizer, 1.0, &mut request),
            rb_tell_gradient(optimizer, 1.0, &mut request),
            rb_abandon(optimizer),
            rb_steps(optimizer, &mut steps),
            rb_report(optimizer, report.as_mut_ptr()),
            rb_ball_centre(optimizer, &mut start),
            rb_ball_set_radius(optimizer, rb_constant(1.0)),
            rb_ball_set_learning_rate(optimizer, rb_constant(1.0)),
        ]
    };
    assert_eq!((request, steps, start), (rb_request::Loss, 7, ptr::null()));
    answers
}

#[test]
fn an_init_that_fails_leaves_an_optimizer_of_any_kind_not_initialised() {
    let kinds: [(Init, usize); 4] = [
        (init!(rb_ball_init_sized, rb_ball_default), ball::RB_BALL_VECTORS),
        (init!(rb_sgd_init_sized, rb_sgd_default), sgd::RB_SGD_VECTORS),
        (init!(rb_adam_init_sized, rb_adam_default), adam::RB_ADAM_VECTORS),
        (init!(rb_sam_init_sized, rb_sam_default), sam::RB_SAM_VECTORS),
    ];
    const LENGTH: usize = 2;
    let (mut memory, mut storage) = ([0.5f32; 5 * LENGTH], MaybeUninit::<rb_optimizer>::zeroed());
    let (theta, optimizer) = (memory.as_mut_ptr(), storage.as_mut_ptr());
    let (workspace, null) = (theta.wrapping_add(LENGTH), ptr::null_mut::<f32>());
    let odd = workspace.wrapping_byte_add(1);
    for (init, vectors) in kinds {
        let all = vectors * LENGTH;
        let failures = [
            (Config::Null, theta, LENGTH, workspace, all, rb_error::Null),
            (Config::Bad, theta, LENGTH, workspace, all, rb_error::Setting),
            (Config::Bad, theta, LENGTH, workspace, all - 1, rb_error::Setting),
            (Config::Good, null, LENGTH, workspace, all, rb_error::Null),
            (Config::Good, theta, LENGTH, null, all, rb_error::Null),
            (Config::Good, theta, LENGTH, odd, all, rb_error::Misaligned),
            (Config::Good, theta, LENGTH, workspace, all - 1, rb_error::Length),
            (Config::Good, theta, LENGTH, workspace, all + 1, rb_error::Length),
            (Config::Good, theta, usize::MAX, workspace, all, rb_error::Length),
            (Config::Good, theta, LENGTH, theta, all, rb_error::Overlap),
            (Config::Good, theta, LENGTH, optimizer.cast(), all, rb_error::Overlap),
            (Config::Good, optimizer.cast(), LENGTH, workspace, all, rb_error::Overlap),
        ];
        for (config, theta_given, parameters, workspace_given, length, error) in failures {
            assert_eq!(
                init(optimizer, Config::Good, theta, LENGTH, workspace, all),
                rb_error::None
            );
            // SAFETY: the buffers are alive, and no slice of them is.
            let before = unsafe { (*theta, *workspace.wrapping_add(all - 1)) };
            let answer = init(optimizer, config, theta_given, parameters, workspace_given, length);
            assert_eq!(answer, error);
            assert_eq!(answers(optimizer), [rb_error::NotInitialised; 9], "after {error:?}");
            let mut detail = MaybeUninit::<rb_error_detail>::uninit();
            // SAFETY: the object is alive, and where the answer is `None` the detail is written.
            unsafe {
                assert_eq!(rb_last_error(optimizer, detail.as_mut_ptr()), rb_error::None);
                assert_eq!(detail.assume_init().error, error);
                assert_eq!((*theta, *workspace.wrapping_add(all - 1)), before);
            }
        }
    }
}

#[test]
fn what_is_written_may_not_overlap_an_optimizer_or_its_buffers() {
    let (mut theta, mut workspace) = ([0.5f32; 2], [0.0f32; 4]);
    let mut storage = MaybeUninit::<rb_optimizer>::zeroed();
    let (theta, workspace) = (theta.as_mut_ptr(), workspace.as_mut_ptr());
    let optimizer = storage.as_mut_ptr();
    // SAFETY: all pointers are to live buffers of these lengths, which no slice borrows.
    unsafe {
        let config = rb_ball_default();
        assert_eq!(
            rb_ball_init_sized(optimizer, SIZE, RB_VERSION, &config, theta, 2, workspace, 4),
            rb_error::None
        );
        for place in [theta, workspace.add(1), optimizer.cast::<f32>().add(8)] {
            assert_eq!(rb_begin(optimizer, place.cast()), rb_error::Overlap);
            assert_eq!(rb_steps(optimizer, place.cast()), rb_error::Overlap);
            assert_eq!(rb_report(optimizer, place.cast()), rb_error::Overlap);
        }
        let place = optimizer.cast::<u64>().add(2);
        assert_eq!(rb_last_error(optimizer, place.cast()), rb_error::Overlap);
        assert_eq!(rb_ball_centre(optimizer, place.cast()), rb_error::Overlap);
        // After an init that failed, a write into the object would damage it as well.
        assert_eq!(
            rb_ball_init_sized(optimizer, SIZE, RB_VERSION, &config, theta, 2, workspace, 3),
            rb_error::Length
        );
        assert_eq!(rb_last_error(optimizer, place.cast()), rb_error::Overlap);
        assert_eq!(answers(optimizer), [rb_error::NotInitialised; 9]);
    }
}

#[test]
fn what_a_network_writes_may_not_overlap_what_it_reads() {
    let (mut theta, mut scratch) = (start(), [0.0; SCRATCH]);
    let (input, mut gradient, mut loss) = ([0.25; 5], vec![0.0; N], 1.0);
    let mut widths = WIDTHS;
    let mut description = described(&theta, &mut scratch);
    description.theta = theta.as_mut_ptr();
    description.widths = widths.as_mut_ptr();
    let network = &raw mut description;
    let (input, gradient, loss) = (input.as_ptr(), gradient.as_mut_ptr(), &raw mut loss);
    // SAFETY: all pointers are to live buffers of these lengths, which no slice borrows.
    unsafe {
        let (theta, scratch) = ((*network).theta.cast_mut(), (*network).scratch);
        let width = (*network).widths.cast_mut();
        let evaluate =
            move |gradient, loss| rb_mlp_cross_entropy(network, input, 5, 1, 1.0, gradient, loss);
        for place in [theta, scratch, gradient, width.cast(), network.cast(), input.cast_mut()] {
            assert_eq!(evaluate(gradient, place), rb_error::Overlap);
            assert_eq!(rb_mlp_classify(network, place, 5, place.cast()), rb_error::Overlap);
        }
        for place in [theta, scratch, loss, width.cast(), input.cast_mut()] {
            assert_eq!(evaluate(place, loss), rb_error::Overlap);
        }
        (*network).scratch = width.cast();
        assert_eq!(evaluate(gradient, loss), rb_error::Overlap);
        (*network).scratch = network.cast();
        assert_eq!(evaluate(gradient, loss), rb_error::Overlap);
        (*network).scratch = scratch;
        assert_eq!(evaluate(gradient, loss), rb_error::None);
        assert_eq!(widths, WIDTHS);
    }
}

#[test]
fn a_switch_is_0_or_1() {
    for (value, expected) in [(0, Some(false)), (1, Some(true)), (2, None), (u32::MAX, None)] {
        let config = rb_ball_config { roll_back: value, ..rb_ball_default() };
        let read = AnyRollingBallConfig::try_from(config);
        assert_eq!(read.ok().map(|config| config.roll_back), expected);
        let config = rb_sgd_config { nesterov: value, ..rb_sgd_default() };
        assert_eq!(SgdConfig::try_from(config).ok().map(|config| config.nesterov), expected);
        let config = rb_sgd_config { line_search: value, ..rb_sgd_default() };
        let read = SgdConfig::try_from(config).ok();
        assert_eq!(read.map(|config| config.line_search.is_some()), expected);
    }
}

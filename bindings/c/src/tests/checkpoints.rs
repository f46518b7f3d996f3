//! Checkpoints of C in the images of Rust, and in a flash that fails.

#[path = "../../../../tests/support/nor_flash.rs"]
#[allow(dead_code, reason = "the core's tests call the rest")]
mod nor_flash;

use super::{N, RB_VERSION, SIZE, STEPS, bits, evaluate, start, vectors};
use crate::adam::{rb_adam_clip_norm, rb_adam_default, rb_adam_init_sized};
use crate::ball::{rb_ball_clip_norm, rb_ball_fine_tuning, rb_ball_init_sized};
use crate::checkpoints::{
    rb_erase_checkpoints, rb_resume, rb_resume_theta, rb_save, rb_save_theta,
};
use crate::entropy_sgd::{rb_entropy_sgd_default, rb_entropy_sgd_init_sized};
use crate::error::{rb_error, rb_error_detail};
use crate::flash::rb_flash;
use crate::optimizer::{
    rb_begin, rb_gradient, rb_last_error, rb_optimizer, rb_request, rb_steps, rb_tell_gradient,
    rb_tell_loss,
};
use crate::sam::{rb_sam_default, rb_sam_init_sized};
use crate::schedule::rb_constant;
use crate::sgd::{rb_sgd_default, rb_sgd_init_sized};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use nor_flash::{Damage, NorFlashModel};
use rolling_ball::{
    Adam, AdamConfig, Checkpoints, ClipNorm, EntropySgd, EntropySgdConfig, Optimizer, Resumable,
    RollingBall, RollingBallConfig, Sam, SamConfig, Schedule, Sgd, SgdConfig, step,
};

const ERASE: usize = 1024;
type Model = NorFlashModel<8, ERASE>;
const CAPACITY: u32 = 8 * ERASE as u32;
const START: u32 = ERASE as u32;

fn answer<E>(result: Result<(), E>) -> i32 {
    i32::from(result.is_err())
}

unsafe extern "C" fn read(context: *mut c_void, offset: u32, bytes: *mut u8, length: usize) -> i32 {
    // SAFETY: the context is a model, and the library hands over a slice.
    unsafe {
        let bytes = core::slice::from_raw_parts_mut(bytes, length);
        answer(ReadNorFlash::read(&mut *context.cast::<Model>(), offset, bytes))
    }
}

unsafe extern "C" fn write(
    context: *mut c_void,
    offset: u32,
    bytes: *const u8,
    length: usize,
) -> i32 {
    // SAFETY: as above.
    unsafe {
        let bytes = core::slice::from_raw_parts(bytes, length);
        answer(NorFlash::write(&mut *context.cast::<Model>(), offset, bytes))
    }
}

unsafe extern "C" fn erase(context: *mut c_void, from: u32, to: u32) -> i32 {
    // SAFETY: as above.
    unsafe { answer(NorFlash::erase(&mut *context.cast::<Model>(), from, to)) }
}

/// The model as C drives it.
fn driven(model: &mut Model) -> rb_flash {
    rb_flash {
        context: core::ptr::from_mut(model).cast(),
        read: Some(read),
        write: Some(write),
        erase: Some(erase),
        read_size: 1,
        write_size: 8,
        erase_size: ERASE as u32,
        start: START,
        end: CAPACITY,
    }
}

/// A training in C, whose buffers stay where they are.
struct Training {
    optimizer: Box<rb_optimizer>,
    theta: Vec<f32>,
    workspace: Vec<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    ClippedBall,
    Momentum,
    ClippedAdam,
    Sam,
    EntropySgd,
}

impl Training {
    fn new(way: Way) -> Self {
        // SAFETY: zeros are a content.
        let optimizer = Box::new(unsafe { MaybeUninit::<rb_optimizer>::zeroed().assume_init() });
        let mut training = Self { optimizer, theta: start(), workspace: vec![0.0; 3 * N] };
        let Self { optimizer, theta, workspace } = &mut training;
        let (optimizer, theta) = (&raw mut **optimizer, theta.as_mut_ptr());
        let workspace = workspace.as_mut_ptr();
        // SAFETY: all pointers are to live buffers of these lengths.
        let errors = unsafe {
            match way {
                Way::ClippedBall => [
                    rb_ball_init_sized(
                        optimizer,
                        SIZE,
                        RB_VERSION,
                        &rb_ball_fine_tuning(STEPS),
                        theta,
                        N,
                        workspace,
                        2 * N,
                    ),
                    rb_ball_clip_norm(optimizer, 0.5),
                ],
                Way::Momentum => {
                    let mut config = rb_sgd_default();
                    (config.momentum, config.learning_rate) = (0.9, rb_constant(0.05));
                    [
                        rb_sgd_init_sized(
                            optimizer,
                            SIZE,
                            RB_VERSION,
                            &config,
                            theta,
                            N,
                            workspace,
                            2 * N,
                        ),
                        rb_error::None,
                    ]
                }
                Way::ClippedAdam => [
                    rb_adam_init_sized(
                        optimizer,
                        SIZE,
                        RB_VERSION,
                        &rb_adam_default(),
                        theta,
                        N,
                        workspace,
                        3 * N,
                    ),
                    rb_adam_clip_norm(optimizer, 0.5),
                ],
                Way::Sam => [
                    rb_sam_init_sized(
                        optimizer,
                        SIZE,
                        RB_VERSION,
                        &rb_sam_default(),
                        theta,
                        N,
                        workspace,
                        2 * N,
                    ),
                    rb_error::None,
                ],
                Way::EntropySgd => {
                    let mut config = rb_entropy_sgd_default();
                    config.moves = 2;
                    let made = rb_entropy_sgd_init_sized(
                        optimizer,
                        SIZE,
                        RB_VERSION,
                        &config,
                        theta,
                        N,
                        workspace,
                        3 * N,
                    );
                    [made, rb_error::None]
                }
            }
        };
        assert_eq!(errors, [rb_error::None; 2], "{way:?}");
        training
    }

    fn step(&mut self) {
        let optimizer = &raw mut *self.optimizer;
        let mut request = rb_request::Done;
        // SAFETY: the optimizer is initialised, and its buffers are alive.
        unsafe {
            assert_eq!(rb_begin(optimizer, &mut request), rb_error::None);
            while request != rb_request::Done {
                let error = if request == rb_request::Gradient {
                    let slopes = core::slice::from_raw_parts_mut(rb_gradient(optimizer), N);
                    let loss = evaluate(&self.theta, Some(slopes));
                    rb_tell_gradient(optimizer, loss, &mut request)
                } else {
                    rb_tell_loss(optimizer, evaluate(&self.theta, None), &mut request)
                };
                assert_eq!(error, rb_error::None);
            }
        }
    }

    fn save(&mut self, flash: &rb_flash) -> rb_error {
        // SAFETY: the optimizer is initialised, and the flash drives a model that is alive.
        unsafe { rb_save(flash, &raw mut *self.optimizer) }
    }

    fn resume(&mut self, flash: &rb_flash) -> rb_error {
        // SAFETY: as above.
        unsafe { rb_resume(flash, &raw mut *self.optimizer) }
    }

    fn steps(&mut self) -> u32 {
        let mut steps = u32::MAX;
        // SAFETY: as above.
        let error = unsafe { rb_steps(&raw mut *self.optimizer, &mut steps) };
        assert_eq!(error, rb_error::None);
        steps
    }

    fn last_error(&mut self) -> rb_error_detail {
        let mut detail = MaybeUninit::uninit();
        // SAFETY: as above; the details are written where there is no error.
        unsafe {
            assert_eq!(
                rb_last_error(&raw const *self.optimizer, detail.as_mut_ptr()),
                rb_error::None
            );
            detail.assume_init()
        }
    }
}

/// Trains, saves and resumes the same in both languages, each from the other's image.
fn interchanges(way: Way, make: impl Fn() -> Box<dyn Erased>) {
    let mut training = Training::new(way);
    let mut model = Model::new(CAPACITY as usize);
    let (mut theta, mut optimizer) = (start(), make());
    let mut own = Model::new(CAPACITY as usize);
    for _ in 0..2 {
        training.step();
        optimizer.step(&mut theta);
        assert_eq!(training.save(&driven(&mut model)), rb_error::None);
        optimizer.save(&mut own, &theta);
    }
    assert_eq!(model.bytes, own.bytes, "{way:?}");

    // Each goes on from the image of the other.
    let mut resumed = Training::new(way);
    assert_eq!(resumed.resume(&driven(&mut own)), rb_error::None);
    assert_eq!(resumed.steps(), 2);
    let (mut resumed_theta, mut resumed_optimizer) = (start(), make());
    resumed_optimizer.resume(&mut model, &mut resumed_theta);
    resumed.step();
    resumed_optimizer.step(&mut resumed_theta);
    optimizer.step(&mut theta);
    assert_eq!(bits(&resumed.theta), bits(&theta), "{way:?}");
    assert_eq!(bits(&resumed_theta), bits(&theta), "{way:?}");
}

/// An optimizer of Rust with a flash of Rust.
trait Erased {
    fn step(&mut self, theta: &mut [f32]);
    fn save(&mut self, model: &mut Model, theta: &[f32]);
    fn resume(&mut self, model: &mut Model, theta: &mut [f32]);
}

impl<O: Optimizer + Resumable> Erased for O {
    fn step(&mut self, theta: &mut [f32]) {
        step(self, &mut super::Batch, theta).unwrap();
    }

    fn save(&mut self, model: &mut Model, theta: &[f32]) {
        Checkpoints::new(model, START..CAPACITY).unwrap().save(theta, self).unwrap();
    }

    fn resume(&mut self, model: &mut Model, theta: &mut [f32]) {
        let resumed = Checkpoints::new(model, START..CAPACITY).unwrap().resume(theta, self);
        assert_eq!(resumed, Ok(Some(2)));
    }
}

#[test]
fn every_optimizer_saves_and_resumes_the_images_of_rust() {
    interchanges(Way::ClippedBall, || {
        let ball = RollingBall::new(RollingBallConfig::fine_tuning(STEPS), vectors()).unwrap();
        Box::new(ClipNorm::new(ball, 0.5).unwrap())
    });
    interchanges(Way::Momentum, || {
        let learning_rate = Schedule::Constant(0.05);
        let config = SgdConfig { momentum: 0.9, learning_rate, ..SgdConfig::default() };
        Box::new(Sgd::new(config, vec![0.0; N], Some(vec![0.0; N])).unwrap())
    });
    interchanges(Way::ClippedAdam, || {
        let adam = Adam::new(AdamConfig::default(), vectors()).unwrap();
        Box::new(ClipNorm::new(adam, 0.5).unwrap())
    });
    interchanges(Way::Sam, || Box::new(Sam::new(SamConfig::default(), vectors()).unwrap()));
    interchanges(Way::EntropySgd, || {
        let config = EntropySgdConfig { moves: 2, ..EntropySgdConfig::default() };
        Box::new(EntropySgd::new(config, vectors()).unwrap())
    });
}

#[test]
fn a_flash_that_fails_in_any_operation_leaves_the_checkpoint_before() {
    let mut training = Training::new(Way::ClippedBall);
    let mut whole = Model::new(CAPACITY as usize);
    training.step();
    assert_eq!(training.save(&driven(&mut whole)), rb_error::None);
    let saved = bits(&training.theta);
    training.step();
    let (from, mut failures) = (whole.operations, 0);
    for cut in from.. {
        let mut model = whole.clone();
        model.power_cut = Some((cut, Damage::Half));
        let error = training.save(&driven(&mut model));
        if error == rb_error::None {
            break;
        }
        assert_eq!((error, training.last_error().error), (rb_error::Flash, rb_error::Flash));
        failures += 1;
        model.reboot();
        let mut resumed = Training::new(Way::ClippedBall);
        assert_eq!(resumed.resume(&driven(&mut model)), rb_error::None);
        assert_eq!((resumed.steps(), bits(&resumed.theta)), (1, saved.clone()));
    }
    assert!(failures > 5, "{failures}");
}

#[test]
fn what_a_checkpoint_is_refused_for_is_told_in_detail() {
    let mut model = Model::new(CAPACITY as usize);
    let flash = driven(&mut model);
    let mut training = Training::new(Way::ClippedBall);
    assert_eq!(training.resume(&flash), rb_error::NoCheckpoint);
    assert_eq!(training.save(&flash), rb_error::None);
    assert_eq!(Training::new(Way::Momentum).resume(&flash), rb_error::Kind);

    let mut other = Training::new(Way::ClippedBall);
    // SAFETY: the optimizer is initialised.
    let clipped = unsafe { rb_ball_clip_norm(&raw mut *other.optimizer, 0.25) };
    assert_eq!((clipped, other.resume(&flash)), (rb_error::None, rb_error::Setting));
    let what = other.last_error().what;
    // SAFETY: a text is as long as it says.
    let what = unsafe { core::slice::from_raw_parts(what.start.cast::<u8>(), what.length) };
    assert_eq!(what, b"clip norm");

    let small = rb_flash { end: START + ERASE as u32, ..flash };
    assert_eq!(training.save(&small), rb_error::Room);
    assert_eq!(training.last_error().actual_length, ERASE);
    for wrong in [
        rb_flash { erase_size: 0, ..flash },
        rb_flash { write_size: 3, ..flash },
        rb_flash { start: 7, ..flash },
    ] {
        assert_eq!(training.save(&wrong), rb_error::Setting);
    }
    assert_eq!(training.save(&rb_flash { erase: None, ..flash }), rb_error::Null);

    let mut theta = vec![0.0; N];
    // SAFETY: the pointers are to live buffers of these lengths, or null.
    unsafe {
        assert_eq!(rb_resume_theta(&flash, theta.as_mut_ptr(), N - 1), rb_error::Length);
        assert_eq!(rb_resume_theta(&flash, theta.as_mut_ptr(), N), rb_error::None);
        assert_eq!(bits(&theta), bits(&training.theta));
        theta.fill(0.5);
        assert_eq!(rb_save_theta(&flash, theta.as_ptr(), N), rb_error::None);
        assert_eq!(rb_resume_theta(core::ptr::null(), theta.as_mut_ptr(), N), rb_error::Null);
        assert_eq!(training.resume(&flash), rb_error::Kind);
        assert_eq!(rb_erase_checkpoints(&flash), rb_error::None);
        assert_eq!(rb_resume_theta(&flash, theta.as_mut_ptr(), N), rb_error::NoCheckpoint);
    }
}

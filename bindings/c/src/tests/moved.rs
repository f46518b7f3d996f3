//! Objects and buffers that move.

use super::{N, RB_VERSION, SIZE, STEPS, bits, evaluate, start};
use crate::adam::{rb_adam_default, rb_adam_init_sized};
use crate::ball::{
    rb_ball_clip_norm, rb_ball_fine_tuning, rb_ball_init_sized, rb_contact_ball_clip_norm,
    rb_contact_ball_init_sized,
};
use crate::entropy_sgd::{rb_entropy_sgd_default, rb_entropy_sgd_init_sized};
use crate::error::rb_error;
use crate::optimizer::{
    rb_begin, rb_gradient, rb_optimizer, rb_rebind, rb_request, rb_tell_gradient, rb_tell_loss,
};
use crate::sam::{rb_sam_default, rb_sam_init_sized};
use crate::sgd::{rb_sgd_default, rb_sgd_init_sized};
use crate::zeroth_order_ball::{rb_zeroth_order_ball_init_sized, rb_zeroth_order_ball_shrinking};
use core::mem::MaybeUninit;
use core::{ptr, slice};

type Init = fn(*mut rb_optimizer, *mut f32, *mut f32) -> rb_error;

/// Makes an init function of a kind an [`Init`].
macro_rules! init {
    ($init:path, $config:expr, $vectors:literal) => {
        (
            // SAFETY: all pointers are to live buffers of these lengths.
            |optimizer, theta, workspace| unsafe {
                let config = $config;
                let length = $vectors * N;
                $init(optimizer, SIZE, RB_VERSION, &config, theta, N, workspace, length)
            },
            $vectors,
        )
    };
}

/// An object and its buffers, which are used through pointers alone, as C does it.
struct Place {
    optimizer: *mut rb_optimizer,
    theta: *mut f32,
    workspace: *mut f32,
    length: usize,
}

impl Place {
    /// Memory that stays until the end of the test process.
    fn new(length: usize) -> Self {
        let leaked = |length| Box::leak(vec![0.0f32; length].into_boxed_slice()).as_mut_ptr();
        let optimizer = Box::leak(Box::new(MaybeUninit::<rb_optimizer>::zeroed())).as_mut_ptr();
        Self { optimizer, theta: leaked(N), workspace: leaked(length), length }
    }

    /// Takes over what another place holds, and spoils it there.
    fn take(&self, from: &Self) {
        // SAFETY: both are live memory of the same lengths.
        unsafe {
            self.optimizer.copy_from(from.optimizer, 1);
            self.theta.copy_from(from.theta, N);
            self.workspace.copy_from(from.workspace, self.length);
            from.optimizer.write_bytes(0xa5, 1);
            slice::from_raw_parts_mut(from.theta, N).fill(f32::NAN);
            slice::from_raw_parts_mut(from.workspace, self.length).fill(f32::NAN);
        }
    }

    /// Answers one request.
    fn answer(&self, request: &mut rb_request) -> rb_error {
        // SAFETY: the buffers are alive, and no slice of them lives across a call.
        unsafe {
            if *request == rb_request::Gradient {
                let gradient = slice::from_raw_parts_mut(rb_gradient(self.optimizer), N);
                let loss = evaluate(slice::from_raw_parts(self.theta, N), Some(gradient));
                rb_tell_gradient(self.optimizer, loss, request)
            } else {
                let loss = evaluate(slice::from_raw_parts(self.theta, N), None);
                rb_tell_loss(self.optimizer, loss, request)
            }
        }
    }
}

/// Trains; where `moves`, everything is elsewhere after each answer.
fn train(init: Init, vectors: usize, moves: bool) -> Vec<u32> {
    let mut place = Place::new(vectors * N);
    // SAFETY: the memory is alive, here and below.
    unsafe { slice::from_raw_parts_mut(place.theta, N).copy_from_slice(&start()) };
    assert_eq!(init(place.optimizer, place.theta, place.workspace), rb_error::None);
    for _ in 0..STEPS.min(4) {
        let mut request = rb_request::Done;
        // SAFETY: the object and its buffers are alive.
        assert_eq!(unsafe { rb_begin(place.optimizer, &mut request) }, rb_error::None);
        while request != rb_request::Done {
            assert_eq!(place.answer(&mut request), rb_error::None);
            if moves {
                let next = Place::new(place.length);
                next.take(&place);
                let mut asked = rb_request::Loss;
                // SAFETY: as above. Where it has no workspace, none is named.
                unsafe {
                    assert_eq!(rb_begin(next.optimizer, &mut asked), rb_error::Moved);
                    let own = if vectors > 0 { next.workspace } else { ptr::null_mut() };
                    let bound = rb_rebind(next.optimizer, next.theta, N, own, next.length);
                    assert_eq!(bound, rb_error::None);
                }
                place = next;
            }
        }
    }
    // SAFETY: the buffer is alive, and nothing else uses it.
    bits(unsafe { slice::from_raw_parts(place.theta, N) })
}

#[test]
fn an_optimizer_whose_object_and_buffers_move_goes_on_with_the_same_bits() {
    let mut kinds: Vec<(Init, usize)> = vec![
        init!(rb_ball_init_sized, rb_ball_fine_tuning(STEPS), 2),
        init!(rb_contact_ball_init_sized, rb_ball_fine_tuning(STEPS), 2),
        init!(rb_sgd_init_sized, rb_sgd_default(), 1),
        init!(rb_adam_init_sized, rb_adam_default(), 3),
        init!(rb_sam_init_sized, rb_sam_default(), 2),
        init!(rb_entropy_sgd_init_sized, rb_entropy_sgd_default(), 3),
    ];
    kinds.push((
        |optimizer, theta, workspace| {
            let mut momentum = rb_sgd_default();
            momentum.momentum = 0.9;
            // SAFETY: all pointers are to live buffers of these lengths.
            unsafe {
                let length = 2 * N;
                let config = &momentum;
                rb_sgd_init_sized(optimizer, SIZE, RB_VERSION, config, theta, N, workspace, length)
            }
        },
        2,
    ));
    kinds.push((
        |optimizer, theta, workspace| {
            let ((init, _), clipped): ((Init, usize), _) =
                (init!(rb_ball_init_sized, rb_ball_fine_tuning(STEPS), 2), 0.05);
            assert_eq!(init(optimizer, theta, workspace), rb_error::None);
            // SAFETY: the object is alive.
            unsafe { rb_ball_clip_norm(optimizer, clipped) }
        },
        2,
    ));
    kinds.push((
        |optimizer, theta, _| {
            let config = rb_zeroth_order_ball_shrinking(0.5, N, STEPS);
            // SAFETY: all pointers are to live buffers.
            unsafe { rb_zeroth_order_ball_init_sized(optimizer, SIZE, RB_VERSION, &config, theta) }
        },
        0,
    ));
    for (index, (init, vectors)) in kinds.into_iter().enumerate() {
        assert_eq!(train(init, vectors, true), train(init, vectors, false), "kind {index}");
    }
}

#[test]
fn a_ball_of_the_preset_form_has_the_bits_of_any_ball_clipped_or_not() {
    let (any, _): (Init, usize) = init!(rb_ball_init_sized, rb_ball_fine_tuning(STEPS), 2);
    let (one, _): (Init, usize) = init!(rb_contact_ball_init_sized, rb_ball_fine_tuning(STEPS), 2);
    assert_eq!(train(one, 2, false), train(any, 2, false));
    let clipped: [Init; 2] = [
        |optimizer, theta, workspace| {
            let (any, _): (Init, usize) = init!(rb_ball_init_sized, rb_ball_fine_tuning(STEPS), 2);
            assert_eq!(any(optimizer, theta, workspace), rb_error::None);
            // SAFETY: the object is alive.
            unsafe { rb_ball_clip_norm(optimizer, 0.05) }
        },
        |optimizer, theta, workspace| {
            let (one, _): (Init, usize) =
                init!(rb_contact_ball_init_sized, rb_ball_fine_tuning(STEPS), 2);
            assert_eq!(one(optimizer, theta, workspace), rb_error::None);
            // SAFETY: the object is alive.
            unsafe { rb_contact_ball_clip_norm(optimizer, 0.05) }
        },
    ];
    let [any_clipped, one_clipped] = clipped.map(|init| train(init, 2, false));
    assert_eq!(one_clipped, any_clipped);
    assert_ne!(one_clipped, train(one, 2, false), "nothing was clipped");
}

//! The network `@name@` for C, as `rolling-ball import --c-library` wrote it: do not edit.

#![no_std]
#![allow(non_upper_case_globals, reason = "the names of the C header")]

#[path = "@name@.rs"]
mod network;

use network::{Network, THETA, network};
use rolling_ball_c::fine_tuning;
use rolling_ball_c::network::{self as c, Evaluated};
use rolling_ball_c::{
    Declared, rb_error, rb_fine_tuning, rb_fine_tuning_arrays, rb_fine_tuning_config,
    rb_fine_tuning_report, rb_flash, rb_input,
};

/// What @name@.h says is what the network says.
const _: () = assert!(
    Network::INPUTS == @inputs@
        && Network::OUTPUTS == @outputs@
        && Network::PARAMETERS == @parameters@
        && Network::FEATURES == @features@
        && Network::FEATURE_BYTES == @feature_bytes@
        && Network::SCRATCH == @scratch@
        && Network::RAM_BYTES == @ram_bytes@,
    "the import has other sizes than the library: take both of one version"
);

#[unsafe(no_mangle)]
pub static @name@_theta: [f32; Network::PARAMETERS] = THETA;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_predict(
    theta: *const f32,
    input: rb_input,
    scratch: *mut f32,
    output: *mut *const f32,
) -> rb_error {
    // SAFETY: the caller promises what the header asks; here and below.
    unsafe { c::predict(network(), theta, input, scratch, output) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_classify(
    theta: *const f32,
    input: rb_input,
    scratch: *mut f32,
    label: *mut u32,
) -> rb_error {
    unsafe { c::classify(network(), theta, input, scratch, label) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_features(
    input: rb_input,
    scratch: *mut f32,
    features: *mut @feature@,
) -> rb_error {
    unsafe { c::features(network(), input, scratch, features) }
}

#[unsafe(no_mangle)]
pub extern "C" fn @name@_kept(features: *const @feature@) -> rb_input {
    rb_input::kept(features)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_cross_entropy(
    theta: *const f32,
    input: rb_input,
    label: u32,
    weight: f32,
    scratch: *mut f32,
    gradient: *mut f32,
    loss: *mut f32,
) -> rb_error {
    let evaluated = Evaluated { theta, input, weight, scratch, gradient, loss };
    unsafe { c::cross_entropy(network(), evaluated, label) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_squared_error(
    theta: *const f32,
    input: rb_input,
    target: *const f32,
    weight: f32,
    scratch: *mut f32,
    gradient: *mut f32,
    loss: *mut f32,
) -> rb_error {
    let evaluated = Evaluated { theta, input, weight, scratch, gradient, loss };
    unsafe { c::squared_error(network(), evaluated, target) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_binary_cross_entropy(
    theta: *const f32,
    input: rb_input,
    target: *const f32,
    weight: f32,
    scratch: *mut f32,
    gradient: *mut f32,
    loss: *mut f32,
) -> rb_error {
    let evaluated = Evaluated { theta, input, weight, scratch, gradient, loss };
    unsafe { c::binary_cross_entropy(network(), evaluated, target) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_huber(
    theta: *const f32,
    input: rb_input,
    target: *const f32,
    delta: f32,
    weight: f32,
    scratch: *mut f32,
    gradient: *mut f32,
    loss: *mut f32,
) -> rb_error {
    let evaluated = Evaluated { theta, input, weight, scratch, gradient, loss };
    unsafe { c::huber(network(), evaluated, target, delta) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_fine_tuning_init_sized(
    tuning: *mut rb_fine_tuning,
    size: usize,
    version: u32,
    config: *const rb_fine_tuning_config,
    arrays: *const rb_fine_tuning_arrays,
) -> rb_error {
    let declared = Declared { size, version };
    unsafe { fine_tuning::init(network(), tuning, declared, config, arrays) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_fine_tuning_rebind(
    tuning: *mut rb_fine_tuning,
    arrays: *const rb_fine_tuning_arrays,
) -> rb_error {
    unsafe { fine_tuning::rebind(network(), tuning, arrays) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_fine_tuning_poll(
    tuning: *mut rb_fine_tuning,
    report: *mut rb_fine_tuning_report,
) -> rb_error {
    unsafe { fine_tuning::poll(network(), tuning, report) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_fine_tuning_save(
    flash: *const rb_flash,
    tuning: *mut rb_fine_tuning,
) -> rb_error {
    unsafe { fine_tuning::save(network(), flash, tuning) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn @name@_fine_tuning_resume(
    flash: *const rb_flash,
    tuning: *mut rb_fine_tuning,
) -> rb_error {
    unsafe { fine_tuning::resume(network(), flash, tuning) }
}

/// Nothing above can reach this.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

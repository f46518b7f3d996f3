//! The passes over vectors of a device, by what each does to its vectors. What they do to the
//! elements is in formulas.wgsl.

mod pass;

use super::{Error, Vector};
use crate::kernels::{AdamCoefficients, ContactSums, FootpointSums, VectorOps};
use pass::Access::{Read, Update, Write};
use pass::{Access, Pass};

const FILL: Pass<1, 0> = pass("fill", [Write]);
const SCALE: Pass<1, 0> = pass("scale", [Update]);
const DOT: Pass<2, 1> = pass("dot_product", [Read, Read]);
const SQUARED_NORMS: Pass<2, 2> = pass("squared_norms", [Read, Read]);
const FOOTPOINT_SUMS: Pass<3, 3> = pass("footpoint_sums", [Read, Read, Read]);
const CONTACT_SUMS: Pass<3, 4> = pass("contact_sums", [Read, Read, Read]);
const ADD_SCALED: Pass<2, 0> = pass("add_scaled", [Update, Read]);
const DECAY_AND_ADD: Pass<2, 1> = pass("decay_and_add", [Update, Read]);
const SCALE_INTO: Pass<2, 0> = pass("scale_into", [Write, Read]);
const INTERPOLATE_INTO: Pass<3, 0> = pass("interpolate_into", [Write, Read, Read]);
const RESCALE_MOVE: Pass<2, 0> = pass("rescale_move", [Update, Read]);
const REPEAT_MOVE: Pass<2, 0> = pass("repeat_move", [Update, Update]);
const DISPLACE: Pass<3, 0> = pass("displace", [Update, Write, Update]);
const GAUSS_NEWTON_MOVE: Pass<3, 0> = pass("gauss_newton_move", [Update, Read, Update]);
const PROJECT: Pass<3, 0> = pass("project", [Update, Read, Update]);
const ROLL: Pass<3, 1> = pass("roll", [Update, Update, Update]);
const DESCEND: Pass<2, 2> = pass("descend", [Update, Update]);
const DESCEND_WITH_MOMENTUM: Pass<3, 1> = pass("descend_with_momentum", [Update, Update, Update]);
const ADAM: Pass<4, 1> = pass("adam", [Update, Update, Update, Update]);
const PERTURB: Pass<3, 0> = pass("perturb", [Update, Write, Read]);
const DESCEND_FROM: Pass<3, 0> = pass("descend_from", [Write, Read, Read]);

const fn pass<const V: usize, const S: usize>(
    name: &'static str,
    vectors: [Access; V],
) -> Pass<V, S> {
    Pass { name, vectors }
}

/// The settings of a pass, with zeros for those that it does not have.
fn settings<const N: usize>(told: [f32; N]) -> [f32; 8] {
    let mut settings = [0.0; 8];
    for (setting, told) in settings.iter_mut().zip(told) {
        *setting = told;
    }
    settings
}

/// The [`VectorOps`] over vectors of one device. Each pass goes up to the end of the shortest
/// vector, and one without sums returns at once. When the device fails it remembers that, see
/// [`Device::failure`](super::Device::failure): vectors then keep what they hold, and sums are NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shaders;

/// Copies with the device's own copy, without a shader.
fn copy(to: &Vector, from: &Vector) -> Result<(), Error> {
    let device = to.device();
    device.check()?;
    device.check_here([from])?;
    let mut commands = device.wgpu().create_command_encoder(&Default::default());
    for (to, from) in to.chunks().zip(from.chunks()) {
        let bytes = to.size().min(from.size());
        commands.copy_buffer_to_buffer(from, 0, to, 0, bytes);
    }
    device.queue().submit([commands.finish()]);
    Ok(())
}

impl crate::kernels::Vector for Vector {
    fn length(&self) -> usize {
        self.len()
    }

    fn fill(&mut self, value: f32) {
        FILL.run([self], settings([value]));
    }

    fn scale(&mut self, factor: f32) {
        SCALE.run([self], settings([factor]));
    }

    fn copy_from(&mut self, other: &Self) {
        let device = self.device();
        device.or_remember(copy(self, other));
    }
}

impl VectorOps for Shaders {
    type Vector = Vector;

    fn dot(a: &Vector, b: &Vector) -> f32 {
        let [sum] = DOT.run([a, b], settings([]));
        sum
    }

    fn squared_norms(a: &Vector, b: &Vector) -> (f32, f32) {
        let [a, b] = SQUARED_NORMS.run([a, b], settings([]));
        (a, b)
    }

    fn footpoint_sums(theta: &Vector, displaced: &Vector, gradient: &Vector) -> FootpointSums {
        let [distance, along, gradient] =
            FOOTPOINT_SUMS.run([theta, displaced, gradient], settings([]));
        FootpointSums { distance, along, gradient }
    }

    fn contact_sums(theta: &Vector, offset: &Vector, gradient: &Vector) -> ContactSums {
        let [theta, gradient, offset, along] =
            CONTACT_SUMS.run([theta, offset, gradient], settings([]));
        ContactSums { theta, gradient, offset, along }
    }

    fn add_scaled(y: &mut Vector, scale: f32, x: &Vector) {
        ADD_SCALED.run([y, x], settings([scale]));
    }

    fn decay_and_add(sum: &mut Vector, x: &Vector, decay: f32, scale: f32) -> f32 {
        let [length] = DECAY_AND_ADD.run([sum, x], settings([decay, scale]));
        length
    }

    fn scale_into(y: &mut Vector, scale: f32, x: &Vector) {
        SCALE_INTO.run([y, x], settings([scale]));
    }

    fn interpolate_into(y: &mut Vector, x: &Vector, z: &Vector, scale: f32) {
        INTERPOLATE_INTO.run([y, x, z], settings([scale]));
    }

    fn rescale_move(theta: &mut Vector, start: &Vector, scale: f32) {
        RESCALE_MOVE.run([theta, start], settings([scale]));
    }

    fn repeat_move(theta: &mut Vector, before: &mut Vector, scale: f32) {
        REPEAT_MOVE.run([theta, before], settings([scale]));
    }

    fn displace(
        theta: &mut Vector,
        displaced: &mut Vector,
        gradient: &mut Vector,
        rate: f32,
        reach: f32,
    ) {
        DISPLACE.run([theta, displaced, gradient], settings([rate, reach]));
    }

    fn gauss_newton_move(
        theta: &mut Vector,
        displaced: &Vector,
        gradient: &mut Vector,
        scale: f32,
    ) {
        GAUSS_NEWTON_MOVE.run([theta, displaced, gradient], settings([scale]));
    }

    fn project(
        theta: &mut Vector,
        displaced: &Vector,
        gradient: &mut Vector,
        step: f32,
        pull: f32,
    ) {
        PROJECT.run([theta, displaced, gradient], settings([step, pull]));
    }

    fn roll(
        theta: &mut Vector,
        offset: &mut Vector,
        gradient: &mut Vector,
        rate: f32,
        reach: f32,
    ) -> f32 {
        let [moved] = ROLL.run([theta, offset, gradient], settings([rate, reach]));
        moved
    }

    fn descend(theta: &mut Vector, gradient: &mut Vector, rate: f32) -> (f32, f32) {
        let [theta, gradient] = DESCEND.run([theta, gradient], settings([rate]));
        (theta, gradient)
    }

    fn descend_with_momentum(
        theta: &mut Vector,
        velocity: &mut Vector,
        gradient: &mut Vector,
        rate: f32,
        momentum: f32,
        nesterov: bool,
    ) -> f32 {
        let nesterov = if nesterov { 1.0 } else { 0.0 };
        let [moved] = DESCEND_WITH_MOMENTUM
            .run([theta, velocity, gradient], settings([rate, momentum, nesterov]));
        moved
    }

    fn adam(
        theta: &mut Vector,
        mean: &mut Vector,
        variance: &mut Vector,
        gradient: &mut Vector,
        coefficients: AdamCoefficients,
    ) -> f32 {
        let AdamCoefficients { beta1, beta2, rate, second_correction, epsilon, decay } =
            coefficients;
        let [moved] = ADAM.run(
            [theta, mean, variance, gradient],
            [beta1, 1.0 - beta1, beta2, 1.0 - beta2, rate, second_correction, epsilon, decay],
        );
        moved
    }

    fn perturb(theta: &mut Vector, kept: &mut Vector, gradient: &Vector, scale: f32) {
        PERTURB.run([theta, kept, gradient], settings([scale]));
    }

    fn descend_from(theta: &mut Vector, kept: &Vector, gradient: &Vector, rate: f32) {
        DESCEND_FROM.run([theta, kept, gradient], settings([rate]));
    }
}

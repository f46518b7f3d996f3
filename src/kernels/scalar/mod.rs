//! Plain loops, written by hand, for cores without a vector unit. The parity tests compare them
//! with the passes of `wide`.

mod array;
mod blocks;
mod elements;
mod pause;
mod rows;
mod rows_in_pieces;

#[cfg(fpu)]
use super::cortex_m as by_block;
use super::{
    AdamCoefficients, ContactSums, Factors, FootpointSums, Kernels, LANES, NOTHING, PANEL, SEGMENT,
    Task, Unit, VectorOps, sum_lanes,
};
use crate::chunks::Chunked;
use array::Array;
#[cfg(not(fpu))]
use blocks as by_block;
#[cfg(fpu)]
pub(super) use blocks::Block;
use by_block::SPAN;
pub(crate) use by_block::sqrt;
use core::hint::black_box;
use core::marker::PhantomData;
use pause::in_pieces;
pub use pause::{Never, Pause, Pausing, Scalar};

/// The unit of a core that has few registers and no vectors.
struct Plain<P>(PhantomData<P>);

impl<P: Pause> Unit for Plain<P> {
    type SimdVector = Array;
    const TILE: usize = 0;

    #[inline(always)]
    fn dot(a: &[f32], b: &[f32]) -> f32 {
        Scalar::dot(a, b)
    }

    #[inline(always)]
    fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
        blocks::add_scaled(y, scale, x);
    }

    #[inline(always)]
    fn pause() {
        P::pause();
    }
}

/// The partial sums of a pass.
pub(super) type Lanes<const SUMS: usize> = [[f32; LANES]; SUMS];

/// A running total, to which panels are added in the order of the contract.
struct Total<const SUMS: usize> {
    sums: [f32; SUMS],
    segment: Lanes<SUMS>,
    panels: usize,
}

impl<const SUMS: usize> Total<SUMS> {
    #[inline(always)]
    fn new() -> Self {
        Self { sums: [NOTHING; SUMS], segment: [[NOTHING; LANES]; SUMS], panels: 0 }
    }

    #[inline(always)]
    fn add(&mut self, panel: &Lanes<SUMS>) {
        self.make_room(1);
        self.add_last(panel);
    }

    /// Where passes end panels by themselves, whole ones are added before the span ends.
    #[inline(always)]
    fn begin_span<P: Pause>(&mut self) {
        if SPAN > PANEL {
            self.make_room(span::<P>() / PANEL);
        }
    }

    /// Adds the panel that a span ends with.
    #[inline(always)]
    fn end_span(&mut self, panel: &Lanes<SUMS>) {
        if SPAN > PANEL {
            self.add_last(panel);
        } else {
            self.add(panel);
        }
    }

    /// Ends the segment where it has no room for so many panels more.
    #[inline(always)]
    fn make_room(&mut self, panels: usize) {
        if self.panels == SEGMENT / PANEL {
            self.end_segment();
        }
        self.panels = self.panels.wrapping_add(panels);
    }

    #[inline(always)]
    fn add_last(&mut self, panel: &Lanes<SUMS>) {
        for (segment, panel) in self.segment.iter_mut().zip(panel) {
            for (lane, term) in segment.iter_mut().zip(panel) {
                *lane += term;
            }
        }
    }

    #[inline(always)]
    fn end_segment(&mut self) {
        for (sum, lanes) in self.sums.iter_mut().zip(&mut self.segment) {
            end_segment(sum, lanes);
        }
        self.panels = 0;
    }

    #[inline(always)]
    fn sums(&mut self) -> [f32; SUMS] {
        self.end_segment();
        self.sums
    }
}

/// How many terms a pass takes at once, after which it pauses.
const fn span<P: Pause>() -> usize {
    if P::PAUSES { PANEL } else { SPAN }
}

/// Adds the lanes of a segment to a sum. It is a call, since it happens once in a pass over fewer
/// parameters than a segment has, and would otherwise be in the code of each pass twice.
#[inline(never)]
fn end_segment(sum: &mut f32, lanes: &mut [f32; LANES]) {
    *sum += sum_lanes(*lanes);
    *lanes = [NOTHING; LANES];
}

// What follows is compiled here, whatever else the core has to do: each panel or span is a function
// of its own, so that its sums have all registers to themselves and the compiler knows that the
// slices do not overlap.

#[inline(never)]
fn footpoint_panel(total: &mut Total<3>, theta: &[f32], displaced: &[f32], gradient: &[f32]) {
    let (theta_blocks, theta_rest) = theta.as_chunks::<LANES>();
    let (displaced_blocks, displaced_rest) = displaced.as_chunks::<LANES>();
    let (gradient_blocks, gradient_rest) = gradient.as_chunks::<LANES>();
    let mut lanes = [[NOTHING; LANES]; 3];
    for ((theta, displaced), gradient) in
        theta_blocks.iter().zip(displaced_blocks).zip(gradient_blocks)
    {
        footpoint_block(&mut lanes, theta, displaced, gradient);
    }
    footpoint_block(&mut lanes, theta_rest, displaced_rest, gradient_rest);
    total.add(&lanes);
}

#[inline(never)]
fn momentum_panel(
    total: &mut Total<1>,
    theta: &mut [f32],
    velocity: &mut [f32],
    gradient: &mut [f32],
    settings: (f32, f32, bool),
) {
    let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
    let (velocity_blocks, velocity_rest) = velocity.as_chunks_mut::<LANES>();
    let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
    let mut lanes = [NOTHING; LANES];
    for ((theta, velocity), gradient) in
        theta_blocks.iter_mut().zip(velocity_blocks).zip(gradient_blocks)
    {
        momentum_block(&mut lanes, theta, velocity, gradient, settings);
    }
    momentum_block(&mut lanes, theta_rest, velocity_rest, gradient_rest, settings);
    total.add(&[lanes]);
}

#[inline(never)]
fn descend_span(total: &mut Total<2>, theta: &mut [f32], gradient: &mut [f32], rate: f32) {
    let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
    let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
    let mut lanes = [[NOTHING; LANES]; 2];
    by_block::descend(&mut total.segment, &mut lanes, theta_blocks, gradient_blocks, rate);
    descend_block(&mut lanes, theta_rest, gradient_rest, rate);
    total.end_span(&lanes);
}

#[inline(never)]
fn roll_span(
    total: &mut Total<1>,
    theta: &mut [f32],
    offset: &mut [f32],
    gradient: &mut [f32],
    (rate, reach): (f32, f32),
) {
    let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
    let (offset_blocks, offset_rest) = offset.as_chunks_mut::<LANES>();
    let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
    let mut lanes = [NOTHING; LANES];
    let [segment] = &mut total.segment;
    let blocks = (theta_blocks, offset_blocks, gradient_blocks);
    by_block::roll(segment, &mut lanes, blocks, (rate, reach));
    roll_block(&mut lanes, theta_rest, offset_rest, gradient_rest, rate, reach);
    total.end_span(&[lanes]);
}

#[inline(never)]
fn decay_and_add_panel(total: &mut Total<1>, sum: &mut [f32], x: &[f32], factors: (f32, f32)) {
    let (sum_blocks, sum_rest) = sum.as_chunks_mut::<LANES>();
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let mut lanes = [NOTHING; LANES];
    for (sum, x) in sum_blocks.iter_mut().zip(x_blocks) {
        decay_and_add_block(&mut lanes, sum, x, factors);
    }
    decay_and_add_block(&mut lanes, sum_rest, x_rest, factors);
    total.add(&[lanes]);
}

/// Computes `(x . x, y . y)` in one pass. It is a call, so that its totals leave the stack.
#[inline(never)]
fn squares<P: Pause>(x: &[f32], y: &[f32]) -> [f32; 2] {
    let mut total = Total::new();
    for (x, y) in x.chunks_up_to(span::<P>()).zip(y.chunks_up_to(span::<P>())) {
        total.begin_span::<P>();
        squares_span(&mut total, x, y);
        P::pause();
    }
    total.sums()
}

#[inline(never)]
fn squares_span(total: &mut Total<2>, x: &[f32], y: &[f32]) {
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (y_blocks, y_rest) = y.as_chunks::<LANES>();
    let mut lanes = [[NOTHING; LANES]; 2];
    by_block::squares(&mut total.segment, &mut lanes, x_blocks, y_blocks);
    let [first, second] = &mut lanes;
    accumulate(first, x_rest, x_rest);
    accumulate(second, y_rest, y_rest);
    total.end_span(&lanes);
}

/// Computes `(x . x, x . y)` in one pass. It is a call, so that its totals leave the stack.
#[inline(never)]
fn square_and_dot<P: Pause>(x: &[f32], y: &[f32]) -> [f32; 2] {
    let mut total = Total::new();
    for (x, y) in x.chunks_up_to(span::<P>()).zip(y.chunks_up_to(span::<P>())) {
        total.begin_span::<P>();
        square_and_dot_span(&mut total, x, y);
        P::pause();
    }
    total.sums()
}

#[inline(never)]
fn square_and_dot_span(total: &mut Total<2>, x: &[f32], y: &[f32]) {
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (y_blocks, y_rest) = y.as_chunks::<LANES>();
    let mut lanes = [[NOTHING; LANES]; 2];
    by_block::square_and_dot(&mut total.segment, &mut lanes, x_blocks, y_blocks);
    let [first, second] = &mut lanes;
    accumulate(first, x_rest, x_rest);
    accumulate(second, x_rest, y_rest);
    total.end_span(&lanes);
}

/// Computes the sums of `a . c` and `b . c`, of which a value of `c` is loaded once for both.
#[inline(always)]
fn dot_two_panel(a: &[f32], b: &[f32], c: &[f32]) -> Lanes<2> {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let (c_blocks, c_rest) = c.as_chunks::<LANES>();
    let mut lanes = [[NOTHING; LANES]; 2];
    let [first, second] = &mut lanes;
    for ((a, b), c) in a_blocks.iter().zip(b_blocks).zip(c_blocks) {
        accumulate(first, a, c);
        accumulate(second, b, c);
    }
    accumulate(first, a_rest, c_rest);
    accumulate(second, b_rest, c_rest);
    lanes
}

#[inline(never)]
fn dot_two_panels(a: &[f32], b: &[f32], c: &[f32]) -> [f32; 2] {
    let mut total = Total::new();
    for ((a, b), c) in a.chunks_up_to(PANEL).zip(b.chunks_up_to(PANEL)).zip(c.chunks_up_to(PANEL)) {
        total.add(&dot_two_panel(a, b, c));
    }
    total.sums()
}

/// `(a . c, b . c)`
#[inline(always)]
fn dot_two(a: &[f32], b: &[f32], c: &[f32]) -> [f32; 2] {
    if c.len() <= PANEL { dot_two_panel(a, b, c).map(sum_lanes) } else { dot_two_panels(a, b, c) }
}

#[inline(always)]
fn dot_panel(a: &[f32], b: &[f32]) -> [f32; LANES] {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut lanes = [NOTHING; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        accumulate(&mut lanes, a, b);
    }
    accumulate(&mut lanes, a_rest, b_rest);
    lanes
}

#[inline(never)]
fn dot_panels<P: Pause>(a: &[f32], b: &[f32]) -> f32 {
    let mut total = Total::new();
    for (a, b) in a.chunks_up_to(PANEL).zip(b.chunks_up_to(PANEL)) {
        total.add(&[dot_panel(a, b)]);
        P::pause();
    }
    let [sum] = total.sums();
    sum
}

/// Adds the products of one block to the lanes, one product to each lane.
#[inline(always)]
fn accumulate(lanes: &mut [f32; LANES], a: &[f32], b: &[f32]) {
    for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
        *lane += a * b;
    }
}

/// Puts the new theta in its place, leaves the old one in `gradient`, and adds the square of the
/// move to the lane.
#[inline(always)]
fn replace(lane: &mut f32, theta: &mut f32, gradient: &mut f32, new: f32) {
    let moved = new - *theta;
    *lane += moved * moved;
    *gradient = *theta;
    *theta = new;
}

#[inline(always)]
fn footpoint_block(
    [distance, along, norm]: &mut Lanes<3>,
    theta: &[f32],
    displaced: &[f32],
    gradient: &[f32],
) {
    let mut d = [0.0; LANES];
    for ((d, displaced), theta) in d.iter_mut().zip(displaced).zip(theta) {
        *d = displaced - theta;
    }
    let d = d.get(..gradient.len()).unwrap_or_default();
    accumulate(distance, d, d);
    accumulate(along, gradient, d);
    accumulate(norm, gradient, gradient);
}

#[inline(always)]
fn roll_block(
    lanes: &mut [f32; LANES],
    theta: &mut [f32],
    offset: &mut [f32],
    gradient: &mut [f32],
    rate: f32,
    reach: f32,
) {
    for (((lane, theta), offset), gradient) in lanes.iter_mut().zip(theta).zip(offset).zip(gradient)
    {
        let centre = (*theta - *offset) - rate * *gradient;
        *offset = reach * *gradient;
        replace(lane, theta, gradient, centre + *offset);
    }
}

#[inline(always)]
fn descend_block(
    [theta_lanes, gradient_lanes]: &mut Lanes<2>,
    theta: &mut [f32],
    gradient: &mut [f32],
    rate: f32,
) {
    let lanes = theta_lanes.iter_mut().zip(gradient_lanes);
    for ((theta, gradient), (theta_lane, gradient_lane)) in
        theta.iter_mut().zip(gradient).zip(lanes)
    {
        *theta_lane += *theta * *theta;
        *gradient_lane += *gradient * *gradient;
        let new = *theta - rate * *gradient;
        *gradient = *theta;
        *theta = new;
    }
}

#[inline(always)]
fn decay_and_add_block(
    lanes: &mut [f32; LANES],
    sum: &mut [f32],
    x: &[f32],
    (decay, scale): (f32, f32),
) {
    for ((lane, sum), x) in lanes.iter_mut().zip(sum).zip(x) {
        *sum = decay * *sum + scale * x;
        *lane += sum.abs();
    }
}

#[inline(always)]
fn momentum_block(
    lanes: &mut [f32; LANES],
    theta: &mut [f32],
    velocity: &mut [f32],
    gradient: &mut [f32],
    (rate, momentum, nesterov): (f32, f32, bool),
) {
    for (((lane, theta), velocity), gradient) in
        lanes.iter_mut().zip(theta).zip(velocity).zip(gradient)
    {
        *velocity = momentum * *velocity + *gradient;
        let direction = if nesterov { *gradient + momentum * *velocity } else { *velocity };
        let new = *theta - rate * direction;
        replace(lane, theta, gradient, new);
    }
}

#[inline(always)]
fn adam_block(
    lanes: &mut [f32; LANES],
    theta: &mut [f32],
    mean: &mut [f32],
    variance: &mut [f32],
    gradient: &mut [f32],
    c: AdamCoefficients,
) {
    for ((((lane, theta), mean), variance), gradient) in
        lanes.iter_mut().zip(theta).zip(mean).zip(variance).zip(gradient)
    {
        *mean = c.beta1 * *mean + (1.0 - c.beta1) * *gradient;
        *variance = c.beta2 * *variance + (1.0 - c.beta2) * (*gradient * *gradient);
        let root = sqrt(*variance * c.second_correction) + c.epsilon;
        let new = (*theta - c.decay * *theta) - (c.rate * *mean) / root;
        replace(lane, theta, gradient, new);
    }
}

/// Passes a width on in a form that the compiler may know where a layer's shape is constant. The
/// compiler then makes loops of constant length for each shape anew. On a core with a
/// floating-point unit that saved 12 % of a step on the digits; on others it would only cost flash.
/// Of wide rows it makes no loops but a line of single instructions, where a core with vectors
/// takes twice as many.
#[inline(always)]
fn known(width: usize) -> usize {
    let pays = cfg!(target_abi = "eabihf") && (width <= WIDEST || !cfg!(mve));
    if pays { width } else { black_box(width) }
}

/// The widest row of which a core with vectors has a line of instructions of its own.
const WIDEST: usize = 32;

impl<P: Pause> VectorOps for Pausing<P> {
    type Vector = [f32];

    #[inline(always)]
    fn dot(a: &[f32], b: &[f32]) -> f32 {
        if a.len() <= PANEL { sum_lanes(dot_panel(a, b)) } else { dot_panels::<P>(a, b) }
    }

    fn squared_norms(a: &[f32], b: &[f32]) -> (f32, f32) {
        let [a, b] = squares::<P>(a, b);
        (a, b)
    }

    fn footpoint_sums(theta: &[f32], displaced: &[f32], gradient: &[f32]) -> FootpointSums {
        let mut total = Total::new();
        let slices = theta.chunks_up_to(PANEL).zip(displaced.chunks_up_to(PANEL));
        for ((theta, displaced), gradient) in slices.zip(gradient.chunks_up_to(PANEL)) {
            footpoint_panel(&mut total, theta, displaced, gradient);
            P::pause();
        }
        let [distance, along, gradient] = total.sums();
        FootpointSums { distance, along, gradient }
    }

    /// Computes the sums in two passes, since the registers of a Cortex-M4F hold two of them beside
    /// what they are made of.
    fn contact_sums(theta: &[f32], offset: &[f32], gradient: &[f32]) -> ContactSums {
        let [theta, squared] = squares::<P>(theta, gradient);
        let [offset, along] = square_and_dot::<P>(offset, gradient);
        ContactSums { theta, gradient: squared, offset, along }
    }

    #[inline]
    fn add_scaled(y: &mut [f32], scale: f32, x: &[f32]) {
        in_pieces::<P, _>((y, x), |(y, x)| by_block::add_scaled(y, scale, x));
    }

    fn decay_and_add(sum: &mut [f32], x: &[f32], decay: f32, scale: f32) -> f32 {
        let mut total = Total::new();
        for (sum, x) in sum.chunks_up_to_mut(PANEL).zip(x.chunks_up_to(PANEL)) {
            decay_and_add_panel(&mut total, sum, x, (decay, scale));
            P::pause();
        }
        let [length] = total.sums();
        length
    }

    fn scale_into(y: &mut [f32], scale: f32, x: &[f32]) {
        in_pieces::<P, _>((y, x), |(y, x)| elements::scale_into(y, scale, x));
    }

    fn interpolate_into(y: &mut [f32], x: &[f32], z: &[f32], scale: f32) {
        in_pieces::<P, _>(((y, x), z), |((y, x), z)| elements::interpolate_into(y, x, z, scale));
    }

    fn rescale_move(theta: &mut [f32], start: &[f32], scale: f32) {
        in_pieces::<P, _>((theta, start), |(theta, start)| {
            elements::rescale_move(theta, start, scale)
        });
    }

    fn repeat_move(theta: &mut [f32], before: &mut [f32], scale: f32) {
        in_pieces::<P, _>((theta, before), |(theta, before)| {
            elements::repeat_move(theta, before, scale)
        });
    }

    fn displace(
        theta: &mut [f32],
        displaced: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        reach: f32,
    ) {
        in_pieces::<P, _>(((theta, displaced), gradient), |((theta, displaced), gradient)| {
            elements::displace(theta, displaced, gradient, rate, reach)
        });
    }

    fn gauss_newton_move(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], scale: f32) {
        in_pieces::<P, _>(((theta, displaced), gradient), |((theta, displaced), gradient)| {
            elements::gauss_newton_move(theta, displaced, gradient, scale)
        });
    }

    fn project(theta: &mut [f32], displaced: &[f32], gradient: &mut [f32], step: f32, pull: f32) {
        in_pieces::<P, _>(((theta, displaced), gradient), |((theta, displaced), gradient)| {
            elements::project(theta, displaced, gradient, step, pull)
        });
    }

    fn roll(
        theta: &mut [f32],
        offset: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        reach: f32,
    ) -> f32 {
        let mut total = Total::new();
        let span = span::<P>();
        let slices = theta.chunks_up_to_mut(span).zip(offset.chunks_up_to_mut(span));
        for ((theta, offset), gradient) in slices.zip(gradient.chunks_up_to_mut(span)) {
            total.begin_span::<P>();
            roll_span(&mut total, theta, offset, gradient, (rate, reach));
            P::pause();
        }
        let [moved] = total.sums();
        moved
    }

    #[inline(never)]
    fn descend(theta: &mut [f32], gradient: &mut [f32], rate: f32) -> (f32, f32) {
        let mut total = Total::new();
        let span = span::<P>();
        for (theta, gradient) in theta.chunks_up_to_mut(span).zip(gradient.chunks_up_to_mut(span)) {
            total.begin_span::<P>();
            descend_span(&mut total, theta, gradient, rate);
            P::pause();
        }
        let [theta, gradient] = total.sums();
        (theta, gradient)
    }

    fn descend_with_momentum(
        theta: &mut [f32],
        velocity: &mut [f32],
        gradient: &mut [f32],
        rate: f32,
        momentum: f32,
        nesterov: bool,
    ) -> f32 {
        let settings = (rate, momentum, nesterov);
        let mut total = Total::new();
        let slices = theta.chunks_up_to_mut(PANEL).zip(velocity.chunks_up_to_mut(PANEL));
        for ((theta, velocity), gradient) in slices.zip(gradient.chunks_up_to_mut(PANEL)) {
            momentum_panel(&mut total, theta, velocity, gradient, settings);
            P::pause();
        }
        let [moved] = total.sums();
        moved
    }

    fn adam(
        theta: &mut [f32],
        mean: &mut [f32],
        variance: &mut [f32],
        gradient: &mut [f32],
        coefficients: AdamCoefficients,
    ) -> f32 {
        let mut total = Total::new();
        let moments = mean.chunks_up_to_mut(PANEL).zip(variance.chunks_up_to_mut(PANEL));
        let slices =
            theta.chunks_up_to_mut(PANEL).zip(gradient.chunks_up_to_mut(PANEL)).zip(moments);
        for ((theta, gradient), (mean, variance)) in slices {
            let (theta_blocks, theta_rest) = theta.as_chunks_mut::<LANES>();
            let (gradient_blocks, gradient_rest) = gradient.as_chunks_mut::<LANES>();
            let (mean_blocks, mean_rest) = mean.as_chunks_mut::<LANES>();
            let (variance_blocks, variance_rest) = variance.as_chunks_mut::<LANES>();
            let mut lanes = [NOTHING; LANES];
            for (((theta, mean), variance), gradient) in
                theta_blocks.iter_mut().zip(mean_blocks).zip(variance_blocks).zip(gradient_blocks)
            {
                adam_block(&mut lanes, theta, mean, variance, gradient, coefficients);
            }
            adam_block(
                &mut lanes,
                theta_rest,
                mean_rest,
                variance_rest,
                gradient_rest,
                coefficients,
            );
            total.add(&[lanes]);
            P::pause();
        }
        let [moved] = total.sums();
        moved
    }

    fn perturb(theta: &mut [f32], kept: &mut [f32], gradient: &[f32], scale: f32) {
        in_pieces::<P, _>(((theta, kept), gradient), |((theta, kept), gradient)| {
            elements::perturb(theta, kept, gradient, scale)
        });
    }

    fn descend_from(theta: &mut [f32], kept: &[f32], gradient: &[f32], rate: f32) {
        in_pieces::<P, _>(((theta, kept), gradient), |((theta, kept), gradient)| {
            elements::descend_from(theta, kept, gradient, rate)
        });
    }
}

impl<P: Pause> Kernels for Pausing<P> {
    fn run<T: Task>(task: T) -> T::Output {
        task.run::<Plain<P>>()
    }

    #[inline(always)]
    fn pause() {
        P::pause();
    }

    #[inline(always)]
    fn transform(
        width: usize,
        weights: &[f32],
        biases: &[f32],
        inputs: &[f32],
        outputs: &mut [f32],
    ) {
        if P::PAUSES {
            return rows_in_pieces::transform::<P>(width, weights, biases, inputs, outputs);
        }
        rows::transform(known(width), weights, biases, inputs, outputs);
    }

    #[inline(always)]
    fn combine(width: usize, factors: Factors, rows: &[f32], targets: &mut [f32], add: bool) {
        if P::PAUSES {
            return rows_in_pieces::combine::<P>(width, factors, rows, targets, add);
        }
        rows::combine(width, factors, rows, targets, add);
    }
}

//! How a loss is curved at a point, by gradients alone.

use crate::kernels::{Active, Vector, VectorOps};
use crate::random::{INCREMENT, mixed};
use crate::{Error, Objective};

/// The curvature of a loss at a point: what can be said of its Hessian where only gradients are at
/// hand. A product of the Hessian with a direction is the difference of the gradients on either
/// side of theta, `H u = (g(theta + step u) - g(theta - step u)) / (2 step)`, so no network needs
/// second derivatives, and any [`Objective`] will do. Random directions are made of integers: the
/// same bits on every target.
///
/// ```
/// use rolling_ball::landscapes::Quadratic;
/// use rolling_ball::probe::Curvature;
///
/// // A bowl with the curvatures 1, 3 and 9.
/// let mut bowl = Quadratic { condition: 9.0 };
/// let curvature = Curvature { theta: &[0.5, -1.0, 2.0], step: 0.02, seed: 1 };
///
/// let [direction, first, second, third] = &mut [[0.0; 3]; 4];
/// let largest = curvature.largest(&mut bowl, 20, direction, [first, second, third])?;
/// assert!((largest.value - 9.0).abs() < 1e-3 && largest.residual < 1e-2);
///
/// let trace = curvature.trace(&mut bowl, 10, [first, second])?;
/// assert!((trace.value - 13.0).abs() < 1e-3);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Curvature<'a> {
    /// Where the curvature is measured.
    pub theta: &'a [f32],
    /// How far from theta the gradients are taken, as a distance between thetas. A hundredth of
    /// theta's length serves most networks. Where the step is much smaller, the rounding of the
    /// gradients is measured instead; where it is larger, the mean curvature of the surroundings,
    /// kinks of a ReLU among them.
    pub step: f32,
    /// Decides the random directions.
    pub seed: u32,
}

/// An eigenvalue of a Hessian.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Eigenvalue {
    /// The eigenvalue: the curvature along the direction that was found.
    pub value: f32,
    /// `|H u - value u|` for the direction `u`: there is an eigenvalue as near to the value as
    /// this. Where it is not small beside the value, more iterations are needed.
    pub residual: f32,
}

/// An estimate of a Hessian's trace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Trace {
    /// The sum of all eigenvalues, estimated.
    pub value: f32,
    /// The standard error of the estimate, from the spread over the directions; infinite where
    /// there was only one.
    pub error: f32,
}

/// Where the cosine between `u` and `H u` is below this, `u` is no eigenvector yet, or one along
/// which the loss bends down.
const ALIGNED: f32 = 0.99;

impl Curvature<'_> {
    /// The Hessian's largest eigenvalue, and a unit vector along its eigenvector, by power
    /// iteration from a random direction. All lengths are those of theta; `direction` and `scratch`
    /// are overwritten.
    ///
    /// An iteration makes `H u` the next direction, so the direction turns to the eigenvalue that
    /// is largest without its sign. At a minimum no other comes near. Where the direction does not
    /// settle, or where the loss bends down along it, the iteration goes on with that magnitude
    /// added to every eigenvalue: none is below 0 then, and the largest one leads.
    ///
    /// The error of the direction shrinks in each iteration by the ratio of the second largest
    /// eigenvalue to the largest, that of the value by its square: 20 to 50 iterations serve most
    /// networks, and the residual says whether they did. Source: von Mises and Pollaczek-Geiringer
    /// 1929; for networks, LeCun, Simard and Pearlmutter 1993, and Yao et al. 2020, "PyHessian".
    ///
    /// Cost: two gradient evaluations an iteration, and two for the value; twice as many where the
    /// iteration goes on. Memory: four vectors of theta's length, the direction among them.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where theta is empty, or a slice is not as long; [`Error::Setting`] where
    /// the step is not above 0, or so small that theta does not change, or where there is no
    /// iteration; [`Error::NonFiniteParameters`], [`Error::NonFiniteLoss`],
    /// [`Error::NonFiniteGradient`]; and the errors of the objective.
    pub fn largest<F: Objective + ?Sized>(
        &self,
        objective: &mut F,
        iterations: u32,
        direction: &mut [f32],
        scratch: [&mut [f32]; 3],
    ) -> Result<Eigenvalue, Error> {
        let [point, product, back] = scratch;
        Error::check_count("iterations", iterations)?;
        self.check(&[direction, point, product, back])?;
        let mut iterate = |direction: &mut [f32], shift: f32| {
            for _ in 0..iterations {
                self.multiply(objective, direction, point, product, back)?;
                Active::add_scaled(product, shift, direction);
                let length = norm(product);
                if length > 0.0 {
                    Active::scale_into(direction, 1.0 / length, product);
                } else {
                    // Nothing is left of it: another one must begin.
                    self.begin(direction);
                }
            }
            self.multiply(objective, direction, point, product, back)?;
            let (value, magnitude) = (Active::dot(direction, product), norm(product));
            Active::add_scaled(product, -value, direction);
            Ok((Eigenvalue { value, residual: norm(product) }, magnitude))
        };
        self.begin(direction);
        let (found, magnitude) = iterate(direction, 0.0)?;
        if found.value >= ALIGNED * magnitude {
            return Ok(found);
        }
        iterate(direction, magnitude).map(|(found, _)| found)
    }

    /// The Hessian's trace, which is the sum of its eigenvalues, by Hutchinson's estimator: the
    /// mean of `z . H z` over random vectors `z` of ones and minus ones. `scratch` is overwritten;
    /// each of the two is as long as theta.
    ///
    /// The estimate has no bias, and is exact where the Hessian has nothing off its diagonal. Else
    /// its error is that of a mean over the directions: four times as many halve it. Source:
    /// Hutchinson 1989, "A stochastic estimator of the trace of the influence matrix".
    ///
    /// Cost: two gradient evaluations a direction. Memory: two vectors of theta's length.
    ///
    /// # Errors
    ///
    /// As [`largest`](Self::largest), with a number of directions in place of iterations.
    pub fn trace<F: Objective + ?Sized>(
        &self,
        objective: &mut F,
        directions: u32,
        scratch: [&mut [f32]; 2],
    ) -> Result<Trace, Error> {
        let [point, gradient] = scratch;
        Error::check_count("directions", directions)?;
        self.check(&[point, gradient])?;
        let parameters = self.theta.len() as f32;
        let length = crate::math::sqrt(parameters);
        let (mut mean, mut squares) = (0.0, 0.0);
        for index in 0..directions {
            // The direction has length 1, and is computed anew where it would need a vector.
            let direct = |into: &mut [f32]| {
                self.fill(index.wrapping_add(1), into, |bits| sign(bits) / length)
            };
            let mut difference = 0.0;
            for side in [1.0, -1.0] {
                direct(gradient);
                Active::descend_from(point, self.theta, gradient, -side * self.step);
                self.check_moved(point)?;
                check_finite(objective.gradient(point, gradient)?)?;
                direct(point);
                difference += side * Active::dot(point, gradient);
            }
            let estimate = parameters * (difference / (2.0 * self.step));
            if !estimate.is_finite() {
                return Err(Error::NonFiniteGradient);
            }
            // Welford's: mean and squares about it, without a list of the estimates.
            let away = estimate - mean;
            mean += away / (index as f32 + 1.0);
            squares += away * (estimate - mean);
        }
        let count = directions as f32;
        let error = crate::math::sqrt(squares / count / (count - 1.0));
        let error = if directions == 1 { f32::INFINITY } else { error };
        Ok(Trace { value: mean, error })
    }

    fn check(&self, slices: &[&mut [f32]]) -> Result<(), Error> {
        if self.theta.is_empty() {
            return Err(Error::Length { what: "theta", expected: 1, actual: 0 });
        }
        for slice in slices {
            Error::check_length("direction and scratch", self.theta.len(), slice.len())?;
        }
        Error::check_positive("step", self.step)?;
        if Active::dot(self.theta, self.theta).is_finite() {
            Ok(())
        } else {
            Err(Error::NonFiniteParameters)
        }
    }

    /// Writes the product of the Hessian with a direction of length 1.
    fn multiply<F: Objective + ?Sized>(
        &self,
        objective: &mut F,
        direction: &[f32],
        point: &mut [f32],
        product: &mut [f32],
        back: &mut [f32],
    ) -> Result<(), Error> {
        Active::descend_from(point, self.theta, direction, -self.step);
        self.check_moved(point)?;
        check_finite(objective.gradient(point, product)?)?;
        Active::descend_from(point, self.theta, direction, self.step);
        check_finite(objective.gradient(point, back)?)?;
        Active::add_scaled(product, -1.0, back);
        product.scale(0.5 / self.step);
        if norm(product).is_finite() { Ok(()) } else { Err(Error::NonFiniteGradient) }
    }

    /// Checks that the step was not lost in the rounding of theta.
    fn check_moved(&self, point: &[f32]) -> Result<(), Error> {
        if point == self.theta {
            let expected = "a step that changes theta, such as a hundredth of its length";
            return Err(Error::Setting { name: "step", value: self.step, expected });
        }
        Ok(())
    }

    /// Writes the direction in which the power iteration begins.
    fn begin(&self, direction: &mut [f32]) {
        // Not of signs alone: those may lie at a right angle to an eigenvector.
        self.fill(0, direction, uniform);
        direction.scale(1.0 / norm(direction));
    }

    fn fill(&self, stream: u32, vector: &mut [f32], number: impl Fn(u64) -> f32) {
        for (element, bits) in vector.iter_mut().zip(self.numbers(stream)) {
            *element = number(bits);
        }
    }

    /// Random bits, for each stream others.
    fn numbers(&self, stream: u32) -> impl Iterator<Item = u64> {
        let mut state = mixed(u64::from(self.seed) << 32 | u64::from(stream));
        core::iter::repeat_with(move || {
            state = state.wrapping_add(INCREMENT);
            mixed(state)
        })
    }
}

fn norm(vector: &[f32]) -> f32 {
    crate::math::sqrt(Active::dot(vector, vector))
}

fn check_finite(loss: f32) -> Result<(), Error> {
    if loss.is_finite() { Ok(()) } else { Err(Error::NonFiniteLoss) }
}

/// One or minus one.
fn sign(bits: u64) -> f32 {
    if bits >> 63 == 0 { 1.0 } else { -1.0 }
}

/// From -1 up to 1, in odd multiples of `2^-23`, so never 0.
fn uniform(bits: u64) -> f32 {
    let odd = (bits >> 40 | 1) as f32;
    odd * (1.0 / 8_388_608.0) - 1.0
}

//! Directions in which a loss is worth a look.

use crate::Error;
use crate::kernels::{Active, VectorOps};
use crate::nn::Layer;

/// Gives each filter of a direction the length of the same filter of theta, so that a step along
/// the direction changes every filter by the same fraction. Li et al. (2018, "Visualizing the loss
/// landscape of neural nets") do this with random directions.
///
/// A filter is the set of parameters that makes one output, such as a row of a dense layer's
/// weights. A filter of a single parameter, such as a bias, stays where it is: its part of the
/// direction becomes 0. [`normalise_layers`] knows the filters of a network of [`nn`](crate::nn).
///
/// ```
/// use rolling_ball::probe::normalise_filters;
///
/// let theta = [3.0, 4.0, 1.0];
/// let mut direction = [0.0, -2.0, 7.0];
/// normalise_filters(&mut direction, &theta, [2, 1])?;
/// assert_eq!(direction, [0.0, -5.0, 0.0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Length`] where the direction or all filters together are not as long as theta.
pub fn normalise_filters(
    direction: &mut [f32],
    theta: &[f32],
    filters: impl IntoIterator<Item = usize>,
) -> Result<(), Error> {
    let mut normaliser = Normaliser::new(direction, theta)?;
    for length in filters {
        normaliser.normalise(length);
    }
    normaliser.finish()
}

/// Does what [`normalise_filters`] does, with the filters of a network's layers.
///
/// ```
/// use rolling_ball::nn::{Dense, Relu};
/// use rolling_ball::probe::normalise_layers;
///
/// // One unit of two weights and a bias, then one of one weight and a bias.
/// type Layers = (Dense<2, 1>, Relu<1>, Dense<1, 1>);
/// let theta = [3.0, 4.0, 1.0, 2.0, 1.0];
/// let mut direction = [0.0, -2.0, 7.0, 5.0, 7.0];
/// normalise_layers::<Layers>(&mut direction, &theta)?;
/// assert_eq!(direction, [0.0, -5.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), rolling_ball::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Length`] where the direction or theta is not as long as the trained parameters of the
/// layers.
pub fn normalise_layers<L: Layer>(direction: &mut [f32], theta: &[f32]) -> Result<(), Error> {
    let mut normaliser = Normaliser::new(direction, theta)?;
    L::filters(&mut |filter| normaliser.normalise(filter.length));
    normaliser.finish()
}

/// Normalises a direction filter by filter.
struct Normaliser<'a> {
    direction: &'a mut [f32],
    theta: &'a [f32],
    /// The length of theta.
    length: usize,
    /// The length of the filters so far.
    told: usize,
}

impl<'a> Normaliser<'a> {
    fn new(direction: &'a mut [f32], theta: &'a [f32]) -> Result<Self, Error> {
        Error::check_length("direction", theta.len(), direction.len())?;
        Ok(Self { direction, theta, length: theta.len(), told: 0 })
    }

    /// Normalises the next filter; one that lies beyond the end is only counted.
    fn normalise(&mut self, length: usize) {
        self.told = self.told.saturating_add(length);
        let direction = core::mem::take(&mut self.direction);
        let parts = direction.split_at_mut_checked(length).zip(self.theta.split_at_checked(length));
        let Some(((filter, rest), (own, others))) = parts else {
            return;
        };
        let (length, wanted) = (norm(filter), norm(own));
        if filter.len() == 1 || length == 0.0 {
            filter.fill(0.0);
        } else {
            scale(filter, wanted / length);
        }
        (self.direction, self.theta) = (rest, others);
    }

    fn finish(self) -> Result<(), Error> {
        Error::check_length("filters", self.length, self.told)
    }
}

/// Makes a direction orthogonal to another one, by subtracting its component along the other.
///
/// # Errors
///
/// [`Error::Length`] where the two are not equally long; [`Error::Setting`] where the other
/// direction has length 0.
pub fn orthogonalise(direction: &mut [f32], other: &[f32]) -> Result<(), Error> {
    Error::check_length("direction", other.len(), direction.len())?;
    let squared = Active::dot(other, other);
    Error::check_positive("the other direction's squared length", squared)?;
    Active::add_scaled(direction, -Active::dot(direction, other) / squared, other);
    Ok(())
}

/// Turns a direction to the one in which the points lie farthest from the origin: their first
/// principal component about that origin, of length 1. The points may be the thetas of a training,
/// with the last of them as the origin.
///
/// The result is orthogonal to the components that were found before, so with one of them it is the
/// second component. The direction that is given must not be orthogonal to the result. `scratch` is
/// as long as theta.
///
/// Cost: a power iteration, which makes `2 points iterations` passes over theta.
///
/// # Errors
///
/// [`Error::Length`] where slices are not equally long; [`Error::Setting`] where all points lie at
/// the origin, or along the components that were found before.
pub fn principal_direction<P: AsRef<[f32]>>(
    points: &[P],
    origin: &[f32],
    found: &[&[f32]],
    direction: &mut [f32],
    scratch: &mut [f32],
) -> Result<(), Error> {
    Error::check_length("direction", origin.len(), direction.len())?;
    Error::check_length("scratch", origin.len(), scratch.len())?;
    for point in points {
        Error::check_length("point", origin.len(), point.as_ref().len())?;
    }
    for _ in 0..ITERATIONS {
        scratch.fill(0.0);
        let at_origin = Active::dot(origin, direction);
        let mut total = 0.0;
        for point in points {
            let along = Active::dot(point.as_ref(), direction) - at_origin;
            Active::add_scaled(scratch, along, point.as_ref());
            total += along;
        }
        Active::add_scaled(scratch, -total, origin);
        for other in found {
            orthogonalise(scratch, other)?;
        }
        let length = norm(scratch);
        Error::check_positive("the points' spread", length)?;
        Active::scale_into(direction, 1.0 / length, scratch);
    }
    Ok(())
}

/// How many iterations the power iteration makes.
const ITERATIONS: usize = 100;

fn norm(vector: &[f32]) -> f32 {
    crate::math::sqrt(Active::dot(vector, vector))
}

fn scale(vector: &mut [f32], factor: f32) {
    for element in vector {
        *element *= factor;
    }
}

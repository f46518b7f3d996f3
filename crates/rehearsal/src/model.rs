//! A network to train, and where its theta starts.

use crate::Image;
use rolling_ball::Error;
use rolling_ball::nn::{Layer, Network, Nothing};

/// A network, the parameters that its theta starts from, and the image that it learns from.
#[derive(Debug)]
pub struct Model<'a, T, F = Nothing> {
    /// The network.
    pub network: Network<'a, T, F>,
    /// The parameters to start from, as many as theta has.
    pub start: &'a [f32],
    /// The settings and the samples.
    pub image: Image<'a>,
}

impl<T, F> Model<'_, T, F> {
    /// Sets theta to where it starts.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where theta has another length; it is unchanged then.
    pub fn load(&self, theta: &mut [f32]) -> Result<(), Error> {
        let (expected, actual) = (theta.len(), self.start.len());
        if expected != actual {
            return Err(Error::Length { what: "weights in the image", expected, actual });
        }
        theta.copy_from_slice(self.start);
        Ok(())
    }
}

/// A network of which everything is trained.
///
/// # Errors
///
/// None: a network without frozen parameters has none that could be missing.
pub fn whole<'a, T: Layer>(image: &Image<'a>) -> Result<Model<'a, T>, Error> {
    Ok(Model { network: Network::new(&[])?, start: image.weights, image: *image })
}

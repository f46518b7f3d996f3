//! What is trained: a network, and where its theta starts.

use crate::Image;
use rolling_ball::Error;
use rolling_ball::nn::{Layer, Network, Nothing};

/// A network, the parameters that its theta starts from, and the image that it learns from.
#[derive(Debug)]
pub struct Model<'a, T, F = Nothing> {
    /// The network.
    pub network: Network<'a, T, F>,
    /// As long as theta.
    pub start: &'a [f32],
    /// Settings and samples.
    pub image: Image<'a>,
}

impl<T, F> Model<'_, T, F> {
    /// Puts theta where it starts.
    ///
    /// # Errors
    /// [`Error::Length`]; theta is unchanged.
    pub fn load(&self, theta: &mut [f32]) -> Result<(), Error> {
        let (expected, actual) = (theta.len(), self.start.len());
        if expected != actual {
            return Err(Error::Length { what: "weights in the image", expected, actual });
        }
        theta.copy_from_slice(self.start);
        Ok(())
    }
}

/// A network of which all is trained.
///
/// # Errors
/// None: a network without frozen parameters has none that could be missing.
pub fn whole<'a, T: Layer>(image: &Image<'a>) -> Result<Model<'a, T>, Error> {
    Ok(Model { network: Network::new(&[])?, start: image.weights, image: *image })
}

//! The desktop rehearsal: the firmware's own code on the firmware's own image.

use anyhow::{Context, Result};
use rolling_ball::kernels::{Kernels, Scalar, Wide};
use rolling_ball::nn::{Layer, Network};
use scenario::{Event, Image, Memory, fine_tune};

/// One run's events, without a device's instruction counts and RAM.
fn rehearse<T: Layer, K: Kernels + Copy>(
    kernels: K,
    image: &Image,
    mut tell: impl FnMut(&Event),
) -> Result<Vec<Event>> {
    let network = Network::<T>::new(&[])?.with_kernels(kernels);
    let mut vectors = [const { Vec::<f32>::new() }; 4].map(|_| vec![0.0; T::PARAMETERS]);
    let [theta, gradient, first, second] = &mut vectors;
    let mut scratch = vec![0.0; Network::<T>::SCRATCH];
    let memory = Memory { theta, workspace: [gradient, first, second], scratch: &mut scratch };
    let mut events = Vec::new();
    fine_tune(
        kernels,
        &network,
        image,
        memory,
        || 0,
        |event| {
            tell(&event);
            events.push(event);
        },
    )
    .context("the rehearsal failed")?;
    Ok(events)
}

/// The rehearsal with scalar and with wide kernels.
pub struct Rehearsals {
    /// Events of the scalar kernels.
    pub scalar: Vec<Event>,
    /// Events of the wide kernels.
    pub wide: Vec<Event>,
}

/// Rehearses an image with both kernels.
pub fn rehearse_both<T: Layer>(image: &Image, tell: impl FnMut(&Event)) -> Result<Rehearsals> {
    Ok(Rehearsals {
        scalar: rehearse::<T, _>(Scalar, image, |_| {})?,
        wide: rehearse::<T, _>(Wide, image, tell)?,
    })
}

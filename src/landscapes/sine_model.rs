//! The fit of a sine to data.

use super::{Landscape, objective};

/// `mean_i (b sin(a x_i) - y_i)^2` as a function of the parameters `(a, b)`: the mean squared error
/// of the frequency and the amplitude of a sine. This is the paper's fourth landscape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SineModel<'a> {
    /// The inputs `x_i`.
    pub inputs: &'a [f32],
    /// The targets `y_i`, as many as there are inputs.
    pub targets: &'a [f32],
}

impl SineModel<'_> {
    pub(crate) fn samples(&self) -> impl Iterator<Item = (f32, f32)> {
        self.inputs.iter().zip(self.targets).map(|(x, y)| (*x, *y))
    }

    fn count(&self) -> f32 {
        self.samples().fold(0, |count: usize, _| count.saturating_add(1)).max(1) as f32
    }
}

impl Landscape for SineModel<'_> {
    const PARAMETERS: Option<usize> = Some(2);

    fn value(&self, theta: &[f32]) -> f32 {
        let [frequency, amplitude] = *theta.first_chunk().unwrap_or(&[0.0; 2]);
        let mut loss = 0.0;
        for (x, y) in self.samples() {
            let residual = amplitude * libm::sinf(frequency * x) - y;
            loss += residual * residual;
        }
        loss / self.count()
    }

    fn slope(&self, theta: &[f32], gradient: &mut [f32]) -> f32 {
        let [frequency, amplitude] = *theta.first_chunk().unwrap_or(&[0.0; 2]);
        let mut slopes = [0.0; 2];
        for (x, y) in self.samples() {
            let (sine, cosine) = (libm::sinf(frequency * x), libm::cosf(frequency * x));
            let residual = amplitude * sine - y;
            let [along_frequency, along_amplitude] = &mut slopes;
            *along_frequency += 2.0 * residual * amplitude * x * cosine;
            *along_amplitude += 2.0 * residual * sine;
        }
        for (place, slope) in gradient.iter_mut().zip(slopes) {
            *place = slope / self.count();
        }
        self.value(theta)
    }
}

objective!(SineModel<'_>);

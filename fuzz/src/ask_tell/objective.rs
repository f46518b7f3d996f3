//! What the optimizers are told: a function of theta, or anything.

use super::LONGEST;
use crate::input::Input;

/// A loss and its gradient.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub loss: f32,
    pub gradient: [f32; LONGEST],
}

/// What answers.
#[derive(Clone, Copy, Debug)]
pub enum Oracle {
    /// The input, with no regard to theta.
    Input,
    /// `scale * form(theta)`
    Function { form: Form, scale: f32 },
}

#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// `|theta|^2 / 2`, ten times as steep along every other axis.
    Bowl,
    /// It falls without end, and is not defined beyond a cliff.
    Cliff,
    /// A bowl with ripples.
    Ripples,
    /// The same everywhere.
    Plateau,
    /// The fourth power, which soon overflows.
    Quartic,
    /// A kink at 0.
    Kink,
    /// Not continuous, and the gradient knows nothing of it.
    Steps,
}

const FORMS: [Form; 7] =
    [Form::Bowl, Form::Cliff, Form::Ripples, Form::Plateau, Form::Quartic, Form::Kink, Form::Steps];

impl Form {
    /// The loss along an axis, and its slope.
    fn along(self, axis: usize, t: f32) -> (f32, f32) {
        let steep = if axis.is_multiple_of(2) { 1.0 } else { 10.0 };
        match self {
            Self::Bowl => (steep * t * t / 2.0, steep * t),
            Self::Cliff => (if t > 1.5 { f32::NAN } else { -t }, -1.0),
            Self::Ripples => {
                // A sawtooth made smooth: no library's sine.
                let wave = t * 8.0 - (t * 8.0).round();
                (t * t / 2.0 + wave * wave / 4.0, t + 4.0 * wave)
            }
            Self::Plateau => (1.0, 0.0),
            Self::Quartic => (t * t * t * t / 4.0, t * t * t),
            Self::Kink => (t.abs(), if t < 0.0 { -1.0 } else { 1.0 }),
            Self::Steps => ((t * 4.0).floor() * (t * 4.0).floor(), 2.0 * t),
        }
    }
}

impl Oracle {
    pub fn read(input: &mut Input<'_>) -> Self {
        if input.below(3) == 0 {
            return Self::Input;
        }
        let form = FORMS[input.below(FORMS.len())];
        let scale = if input.flag() { 1.0 } else { input.finite() };
        Self::Function { form, scale }
    }

    pub fn is_function(&self) -> bool {
        matches!(self, Self::Function { .. })
    }

    /// The answer at theta.
    pub fn answer(&self, theta: &[f32], input: &mut Input<'_>) -> Answer {
        let mut answer = Answer { loss: 0.0, gradient: [0.0; LONGEST] };
        match *self {
            Self::Input => {
                answer.loss = input.float();
                let (slope, growth) = (input.float(), f32::from(input.byte()) / 16.0);
                for (axis, place) in answer.gradient.iter_mut().enumerate() {
                    *place = slope * (1.0 + growth * axis as f32);
                }
            }
            Self::Function { form, scale } => {
                for (axis, (place, t)) in answer.gradient.iter_mut().zip(theta).enumerate() {
                    let (loss, slope) = form.along(axis, *t);
                    answer.loss += scale * loss;
                    *place = scale * slope;
                }
            }
        }
        answer
    }

    /// The loss alone.
    pub fn loss(&self, theta: &[f32], input: &mut Input<'_>) -> f32 {
        match *self {
            Self::Input => input.float(),
            Self::Function { form, scale } => {
                let along = |(axis, t): (usize, &f32)| scale * form.along(axis, *t).0;
                // From +0, as the answer with the gradient does.
                theta.iter().enumerate().map(along).fold(0.0, |sum, loss| sum + loss)
            }
        }
    }
}

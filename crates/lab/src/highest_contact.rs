//! A ball that also asks what it would hit elsewhere: its contact is the highest of several
//! candidates.

use oorandom::Rand32;
use rolling_ball::{Error, Evaluation, Evaluations, Optimizer, Request, Schedule, StepReport};
use workbench::statistics::normal;

/// A centre that stays, and before each step losses at random places under the ball: the one that
/// would hold it up highest becomes its contact, whose gradient moves the centre. An experiment of
/// the laboratory, not an optimizer of the library.
pub struct HighestContact {
    radius: f32,
    rate: Schedule,
    /// Places beside the old contact.
    probes: u32,
    random: Rand32,
    steps: u32,
    centre: Vec<f32>,
    offset: Vec<f32>,
    gradient: Vec<f32>,
    /// The losses that the step in progress has asked for.
    asked: u32,
    highest: f32,
    best: Vec<f32>,
    in_progress: bool,
}

impl HighestContact {
    /// Makes a ball for this many parameters.
    pub fn new(parameters: usize, radius: f32, rate: Schedule, probes: u32) -> Self {
        let zeros = || vec![0.0; parameters];
        Self {
            radius,
            rate,
            probes,
            random: Rand32::new(1),
            steps: 0,
            centre: zeros(),
            offset: zeros(),
            gradient: zeros(),
            asked: 0,
            highest: f32::NEG_INFINITY,
            best: zeros(),
            in_progress: false,
        }
    }
    /// A place under the ball: anywhere on its disc, or, every other time, near the best so far.
    fn draw(&mut self, theta: &mut [f32]) {
        for t in theta.iter_mut() {
            *t = normal(&mut self.random);
        }
        if self.asked.is_multiple_of(2) {
            let near = NEAR * self.radius * self.random.rand_float();
            for (t, best) in theta.iter_mut().zip(&self.best) {
                *t = best + near * *t;
            }
            if self.away(theta) <= self.radius * self.radius {
                return;
            }
        }
        let length = norm(theta).max(f32::MIN_POSITIVE);
        let reach = self.random.rand_float().powf(1.0 / theta.len() as f32) * self.radius / length;
        for (t, centre) in theta.iter_mut().zip(&self.centre) {
            *t = centre + reach * *t;
        }
    }

    fn away(&self, theta: &[f32]) -> f32 {
        let squares = theta.iter().zip(&self.centre).map(|(t, centre)| (t - centre) * (t - centre));
        squares.sum()
    }
}

/// How far from the best it is looked, at most, in radii.
const NEAR: f32 = 0.1;

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|element| element * element).sum::<f32>().sqrt()
}

impl Optimizer for HighestContact {
    fn begin(&mut self, theta: &mut [f32]) -> Result<Request, Error> {
        for ((centre, t), offset) in self.centre.iter_mut().zip(theta.iter()).zip(&self.offset) {
            *centre = t - offset;
        }
        (self.asked, self.highest, self.in_progress) = (0, f32::NEG_INFINITY, true);
        Ok(Request::Loss)
    }

    fn tell_loss(&mut self, theta: &mut [f32], loss: f32) -> Result<Request, Error> {
        let height = loss + (self.radius * self.radius - self.away(theta)).max(0.0).sqrt();
        if height > self.highest {
            self.highest = height;
            self.best.copy_from_slice(theta);
        }
        self.asked += 1;
        if self.asked <= self.probes {
            self.draw(theta);
            return Ok(Request::Loss);
        }
        theta.copy_from_slice(&self.best);
        Ok(Request::Gradient)
    }

    fn tell_gradient(&mut self, theta: &mut [f32], loss: f32) -> Result<Request, Error> {
        let norm = norm(&self.gradient);
        if !norm.is_finite() {
            return Err(Error::NonFiniteGradient);
        }
        let rate = self.rate.at(self.steps);
        for (centre, slope) in self.centre.iter_mut().zip(&self.gradient) {
            *centre -= rate * slope;
        }
        // The contact stays where it is, or as near as it is still under the ball.
        let away = self.away(theta).sqrt();
        let part = if away > self.radius { self.radius / away } else { 1.0 };
        for ((t, centre), offset) in theta.iter_mut().zip(&self.centre).zip(&mut self.offset) {
            *offset = part * (*t - centre);
            *t = centre + *offset;
        }
        self.steps += 1;
        self.in_progress = false;
        Ok(Request::Done(StepReport {
            step: self.steps - 1,
            loss_before: loss,
            gradient_norm: Some(norm),
            learning_rate: rate,
            evaluations: Evaluations { gradients: 1, losses: self.asked },
            ..StepReport::default()
        }))
    }

    fn gradient_mut(&mut self) -> &mut [f32] {
        &mut self.gradient
    }

    fn awaits(&self) -> Option<Evaluation> {
        let next = if self.asked > self.probes { Evaluation::Gradient } else { Evaluation::Loss };
        self.in_progress.then_some(next)
    }

    fn abandon(&mut self) {
        self.in_progress = false;
    }

    fn steps(&self) -> u32 {
        self.steps
    }

    /// An experiment ends where a step is refused.
    fn refused(&self) -> u32 {
        0
    }

    fn halve_when_refused(&mut self, _: bool) {}

    fn restart(&mut self) -> Result<(), Error> {
        self.steps = 0;
        Ok(())
    }

    fn set_schedule_steps(&mut self, steps: u32) {
        self.rate.set_steps(steps);
    }

    fn set_learning_rate(&mut self, rate: Schedule) -> Result<(), Error> {
        self.rate = rate;
        Ok(())
    }

    fn centre<'a>(&'a mut self, _: &'a [f32]) -> Result<&'a [f32], Error> {
        Ok(&self.centre)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Result;
    use rolling_ball::landscapes::Quadratic;
    use rolling_ball::step;

    #[test]
    fn on_a_bowl_that_it_fits_into_it_goes_to_the_bottom() -> Result<()> {
        let mut ball = HighestContact::new(3, 0.3, 0.1.into(), 4);
        let mut theta = [1.0, -2.0, 0.5];
        for _ in 0..300 {
            let report = step(&mut ball, &mut Quadratic { condition: 2.0 }, &mut theta)?;
            assert_eq!(report.evaluations, Evaluations { gradients: 1, losses: 5 });
        }
        assert!(norm(&theta) < 0.1, "{theta:?}");
        Ok(())
    }

    #[test]
    fn what_it_asks_about_lies_under_the_ball() {
        let mut ball = HighestContact::new(2, 0.5, 0.1.into(), 4);
        ball.centre = vec![1.0, 2.0];
        ball.best = vec![1.4, 2.1];
        for _ in 0..100 {
            let mut place = [0.0; 2];
            ball.draw(&mut place);
            assert!(ball.away(&place) <= 0.2501);
            ball.asked += 1;
        }
    }
}

//! Maps of where balls end, with one invocation of a shader for each ball.

mod pace;
mod plane;

pub use plane::{PlaneFormula, ShadedPlane};

use super::program::{Program, words};
use super::std::{sync::Arc, time::Instant, vec::Vec};
use super::{Device, Error, Vector};
use crate::probe::basins::{Settings, Starts};
use pace::{MOST_STEPS, Pace};

/// How many invocations a workgroup has.
const WORKGROUP: u32 = 64;

/// How many words a ball takes: two for theta, two for the offset, one for the state.
const BALL: usize = 5;

/// How many balls roll together: as many as the largest GPUs run at once. More balls roll in
/// several parts, one after the other.
const MOST_BALLS: usize = 1 << 18;

/// The state of a ball that was lost.
const LOST: u32 = 2;

/// Returns where the ball from each start ends, like [`basins::roll`](crate::probe::basins::roll);
/// NaN where a ball was lost.
///
/// On a Vulkan that runs on the processor, the bits are those of
/// [`basins::roll`](crate::probe::basins::roll). A GPU may round a division or a root differently,
/// and subnormal numbers to 0. Where small balls roll, the ends then differ by roundings. Where
/// balls are so large that the last bit of a step decides in which minimum they end, the maps agree
/// in their statistics, but not ball by ball.
///
/// Whenever work is done, `done` is called with the number of starts that it amounts to; together
/// these are all starts.
///
/// Cost: for each start, `steps` gradient evaluations and at most `settling_steps` more. Each start
/// is one invocation, and 2^18 of them run at once. They are submitted in parts of some hundredths
/// of a second, each of which is waited for, so that a screen that the same GPU serves goes on and
/// no driver thinks that the GPU is stuck. Memory: 20 bytes for each start that runs at once, and
/// the numbers of the plane.
///
/// # Errors
///
/// [`Error::Step`] where the starts or the settings are refused, as
/// [`basins::roll`](crate::probe::basins::roll) does; [`Error::Limit`] where the plane has more
/// numbers than a pass can see; [`Error::Refused`] where the WGSL of a plane of your own does not
/// compile; [`Error::OutOfMemory`], [`Error::Timeout`] and [`Error::Lost`].
pub fn roll(
    device: &Device,
    plane: &impl ShadedPlane,
    starts: &Starts,
    settings: &Settings,
    mut done: impl FnMut(usize),
) -> Result<Vec<[f32; 2]>, Error> {
    starts.check()?;
    let schedule = settings.schedule()?;
    let mut course = Course::new(device, plane, settings, &schedule)?;
    let at_once = MOST_BALLS.min(device.chunk() / BALL);
    let mut ends = Vec::new();
    for first in (0..starts.count()).step_by(at_once) {
        let together = first..starts.count().min(first.saturating_add(at_once));
        let mut balls = Vec::with_capacity(BALL * together.len());
        for index in together {
            let [x, y] = starts.place(index);
            balls.extend([x, y, 0.0, 0.0, 0.0]);
        }
        ends.extend(course.run(&balls, &mut done)?);
    }
    Ok(ends)
}

/// What happens to the balls, and what that needs on the device.
struct Course<'a> {
    device: &'a Device,
    program: Arc<Program>,
    settings: &'a Settings,
    /// The radius and the learning rate of each step.
    schedule: &'a [[f32; 2]],
    /// The part of the schedule that a submission runs.
    part: Vector,
    numbers: Vector,
    integers: Vector,
    /// Whether any ball is still on its way.
    moving: Vector,
    pace: Pace,
}

/// What a submission does.
#[derive(Clone, Copy, Default)]
struct Run {
    steps: usize,
    begins: bool,
    ends: bool,
    settles: bool,
}

impl<'a> Course<'a> {
    fn new(
        device: &'a Device,
        plane: &impl ShadedPlane,
        settings: &'a Settings,
        schedule: &'a [[f32; 2]],
    ) -> Result<Self, Error> {
        let PlaneFormula { name, source, mut numbers, mut integers } = plane.formula();
        device.check_whole("bytes of a plane's numbers in a binding", numbers.len())?;
        device.check_whole("bytes of a plane's integers in a binding", integers.len())?;
        // A binding must never be empty.
        if numbers.is_empty() {
            numbers.push(0.0);
        }
        if integers.is_empty() {
            integers.push(0);
        }
        let program = device.compiled(name, include_str!("ball.wgsl"), source)?;
        Ok(Self {
            device,
            program,
            settings,
            schedule,
            part: Vector::zeros(device, 4 * MOST_STEPS)?,
            numbers: Vector::from_slice(device, &numbers)?,
            integers: Vector::from_slice(device, bytemuck::cast_slice(&integers))?,
            moving: Vector::zeros(device, 1)?,
            pace: Pace::new(),
        })
    }

    /// Lets the balls roll and then settle.
    fn run(&mut self, balls: &[f32], done: &mut impl FnMut(usize)) -> Result<Vec<[f32; 2]>, Error> {
        let count = balls.len() / BALL;
        let balls = Vector::from_slice(self.device, balls)?;
        let (rolls, settles) = (self.schedule.len(), self.settings.settling_steps as usize);
        let mut progress =
            Progress { balls: count, steps: rolls.saturating_add(settles), reported: 0 };
        let (mut made, mut moving) = (0, true);
        while moving && made < rolls {
            let steps = self.pace.steps().min(rolls - made);
            let run = Run { steps, begins: made == 0, ends: made + steps == rolls, settles: false };
            self.tell(made..made + steps)?;
            moving = self.submit(&balls, count, run)?;
            made += steps;
            progress.report(made, done);
        }
        while moving && made < rolls + settles {
            let steps = self.pace.steps().min(rolls + settles - made);
            moving = self.submit(&balls, count, Run { steps, settles: true, ..Run::default() })?;
            made += steps;
            progress.report(made, done);
        }
        progress.report(rolls + settles, done);
        Ok(balls.read()?.chunks(BALL).map(end).collect())
    }

    /// Writes these steps of the schedule to the device.
    fn tell(&mut self, steps: core::ops::Range<usize>) -> Result<(), Error> {
        let scale = self.settings.loss_scale;
        let steps = self.schedule.get(steps).unwrap_or_default().iter();
        let mut part: Vec<f32> = steps
            .flat_map(|[radius, rate]| [*radius, *rate, radius * scale, rate * scale])
            .collect();
        part.resize(self.part.len(), 0.0);
        self.part.write(&part)
    }

    /// Makes some steps of all balls. Returns whether any ball is still on its way afterwards.
    fn submit(&mut self, balls: &Vector, count: usize, run: Run) -> Result<bool, Error> {
        let begin = Instant::now();
        let device = self.device;
        let grid = device.grid(count as u32, WORKGROUP);
        let flags = [run.begins, run.ends, run.settles].map(u32::from);
        let Settings { loss_scale, settling_rate, .. } = *self.settings;
        let rates = [loss_scale, loss_scale * loss_scale, settling_rate].map(f32::to_bits);
        let told = [count as u32, grid.0, run.steps as u32].into_iter().chain(flags).chain(rates);
        let words = words(told);
        let vectors = [balls, &self.part, &self.numbers, &self.integers, &self.moving];
        let bindings = (0..).zip(vectors.into_iter().flat_map(Vector::chunks));
        let Some(moving) = self.moving.chunks().next() else { return Ok(false) };
        let mut commands = device.wgpu().create_command_encoder(&Default::default());
        commands.clear_buffer(moving, 0, None);
        let mut pass = commands.begin_compute_pass(&Default::default());
        self.program.dispatch(device.wgpu(), &mut pass, bindings, &words, grid);
        drop(pass);
        let mut any = false;
        device.scratch().read(device, commands, moving, 0, 4, |flag| {
            any = flag.iter().any(|flag| flag.to_bits() != 0);
        })?;
        self.pace.keep(run.steps, begin.elapsed());
        Ok(any)
    }
}

/// Returns where a ball ends.
fn end(ball: &[f32]) -> [f32; 2] {
    match *ball {
        [x, y, .., state] if state.to_bits() != LOST && x.is_finite() && y.is_finite() => [x, y],
        _ => [f32::NAN; 2],
    }
}

/// How much of the work of some balls was reported so far, counted in balls.
struct Progress {
    balls: usize,
    steps: usize,
    reported: usize,
}

impl Progress {
    fn report(&mut self, made: usize, done: &mut impl FnMut(usize)) {
        // There are less than 2^18 balls and 2^33 steps, so the product does not overflow.
        let part = (self.balls as u64 * made as u64).checked_div(self.steps as u64);
        let amount = part.map_or(self.balls, |balls| balls as usize);
        if amount > self.reported {
            done(amount - self.reported);
            self.reported = amount;
        }
    }
}

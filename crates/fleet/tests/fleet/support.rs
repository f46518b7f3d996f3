//! A device that trains for real, and a gateway that goes through a round with it.

use crate::nor_flash::{Failure, NorFlashModel};
use rolling_ball::landscapes::Quadratic;
use rolling_ball::{Checkpoints, Optimizer, RollingBall, RollingBallConfig, step};
use rolling_ball_fleet::{
    Answer, Begin, Device, DeviceConfig, DeviceError, Encoding, Frame, Gateway, GatewayError,
    Heard, Metrics, Request, RoundId, Stage,
};
use std::ops::Range;

/// More than two frames of bytes, and no multiple of anything.
pub const N: usize = 300;
pub const MODEL: u32 = 0xabcd_0123;
pub const STEPS: u16 = 5;

pub type Ball = RollingBall<Vec<f32>>;

pub fn id(federation: u32, round: u32) -> RoundId {
    RoundId { federation, round }
}

pub fn begin(round: u32, encoding: Encoding) -> Begin {
    Begin {
        id: id(3, round),
        model: MODEL,
        steps: STEPS,
        radius: 0.05,
        learning_rate: 0.1,
        encoding,
        ..Begin::default()
    }
}

/// A theta of a round.
pub fn theta(round: u32) -> Vec<f32> {
    (0..N).map(|index| ((index as f32 + round as f32) * 0.37).sin()).collect()
}

fn ball(begin: &Begin) -> Ball {
    let config =
        RollingBallConfig::shrinking(begin.radius, begin.learning_rate, begin.steps.into());
    Ball::new(config, [vec![0.0; N], vec![0.0; N]]).unwrap()
}

const LANDSCAPE: Quadratic = Quadratic { condition: 10.0 };

/// What a round's training ends with.
pub fn trained(begin: &Begin, start: &[f32]) -> Vec<f32> {
    let (mut theta, mut ball) = (start.to_vec(), ball(begin));
    for _ in 0..begin.steps {
        step(&mut ball, &mut { LANDSCAPE }, &mut theta).unwrap();
    }
    theta
}

/// Whether an answer is lost.
#[derive(PartialEq)]
pub struct Lost(pub bool);

pub struct Board<const WRITE: usize = 4, const ERASE: usize = 1024, const READ: usize = 1> {
    pub flash: NorFlashModel<WRITE, ERASE, READ>,
    pub device: Device,
    pub theta: Vec<f32>,
    pub trainings: usize,
}

impl<const WRITE: usize, const ERASE: usize, const READ: usize> Board<WRITE, ERASE, READ> {
    pub const FLEET: u32 = Device::bytes(ERASE, N) as u32;
    const CHECKPOINTS: u64 = Checkpoints::<NorFlashModel<WRITE, ERASE, READ>>::bytes::<Ball>(N, 2);

    pub fn checkpoints() -> Range<u32> {
        ERASE as u32 + Self::FLEET..ERASE as u32 + Self::FLEET + Self::CHECKPOINTS as u32
    }

    pub fn config() -> DeviceConfig {
        DeviceConfig {
            model: MODEL,
            parameters: N as u32,
            samples: 20,
            range: ERASE as u32..ERASE as u32 + Self::FLEET,
            checkpoints: Self::checkpoints(),
        }
    }

    /// A flash with other things before and behind the ranges.
    pub fn flash() -> NorFlashModel<WRITE, ERASE, READ> {
        NorFlashModel::holding(vec![0xa5; Self::checkpoints().end as usize + ERASE])
    }

    pub fn new() -> Self {
        Self::boot(Self::flash())
    }

    pub fn boot(mut flash: NorFlashModel<WRITE, ERASE, READ>) -> Self {
        let device = Device::new(&mut flash, Self::config()).unwrap();
        // What RAM holds after a reset.
        Self { flash, device, theta: vec![f32::NAN; N], trainings: 0 }
    }

    pub fn reboot(self) -> Self {
        let mut flash = self.flash;
        flash.reboot();
        Self::boot(flash)
    }

    /// What is answered to these bytes.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Self { flash, device, theta, .. } = self;
        let mut answer = Vec::new();
        for byte in bytes {
            answer.extend(device.hear(*byte, flash, theta).unwrap_or_default());
        }
        answer
    }

    /// What is answered to a request.
    pub fn ask<T>(&mut self, request: Request, look: impl FnOnce(Answer) -> T) -> T {
        let answer = self.hear(request.frame(&mut Frame::new()).unwrap());
        let mut frame = Frame::new();
        let (end, rest) = answer.split_last().expect("an answer");
        assert!(rest.iter().all(|byte| frame.push(*byte).is_none()));
        look(Answer::read(frame.push(*end).expect("a whole frame")).expect("a message"))
    }

    /// Sends all of a theta.
    pub fn send(&mut self, id: RoundId, theta: &[f32]) {
        for (index, values) in theta.chunks(32).enumerate() {
            let values: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let offset = 32 * index as u32;
            self.ask(Request::Theta { id, offset, values: &values }, |answer| {
                assert!(matches!(answer, Answer::Status(_)));
            });
        }
    }

    /// Trains where a round is to be trained, with a checkpoint after every other step.
    pub fn work(&mut self) -> Result<(), DeviceError<Failure>> {
        if self.device.stage() != Stage::Training {
            return Ok(());
        }
        let round = *self.device.round().unwrap();
        self.trainings += 1;
        self.device.start(&mut self.flash, &mut self.theta)?;
        let mut ball = ball(&round);
        let mut checkpoints = Checkpoints::new(&mut self.flash, Self::checkpoints()).unwrap();
        // What cannot be read is no checkpoint.
        let _ = checkpoints.resume(&mut self.theta, &mut ball);
        while ball.steps() < round.steps.into() {
            if step(&mut ball, &mut { LANDSCAPE }, &mut self.theta).is_err() {
                self.device.give_up(round.id);
                return Ok(());
            }
            if ball.steps() % 2 == 0 && checkpoints.save(&self.theta, &ball).is_err() {
                return Err(DeviceError::Flash(Failure));
            }
        }
        let metrics = Metrics { samples: 20, kept: 1.0, ..Metrics::default() };
        self.device.trained(round.id, &self.theta, metrics).unwrap();
        Ok(())
    }

    /// Goes through a round. `look` sees the board after every answer, which is lost where it says
    /// so.
    pub fn round(
        &mut self,
        begin: Begin,
        start: &[f32],
        update: &mut [f32],
        mut look: impl FnMut(&mut Self) -> Lost,
    ) -> Result<Metrics, GatewayError> {
        let mut gateway = Gateway::new(begin, start, update)?;
        let mut silent = 0;
        loop {
            let mut answer = self.hear(gateway.request());
            if look(self) == Lost(true) {
                answer.clear();
            }
            let _ = self.work();
            silent = if answer.is_empty() { silent + 1 } else { 0 };
            assert!(silent < 100, "the device does not answer");
            for byte in answer {
                match gateway.hear(byte)? {
                    Heard::Update => gateway.end(),
                    Heard::End => return Ok(*gateway.metrics()),
                    Heard::Nothing | Heard::Answer | Heard::Busy => {}
                }
            }
        }
    }
}

//! A device of a fleet, and its gateway.

use crate::flash::Flash;
use crate::{N, Net};
use core::hint::black_box;
use rolling_ball::Error;
use rolling_ball::nn::{Credibility, Samples};
use rolling_ball_fleet::{
    Begin, Device, DeviceConfig, Encoding, Gateway, Heard, Metrics, RoundId, Stage,
    TrainingBuffers, checksum, model_hash, rehearse_update, train,
};

/// Both halves of a round, as whatever the bytes say.
pub fn rounds(
    network: &Net,
    samples: impl Samples<Input: rolling_ball::nn::FeatureSource<crate::Backbone>, Target = usize>,
    theta: &mut [f32; N],
) -> Result<(), Error> {
    let mut flash = Flash([0xff; 4096]);
    let model = model_hash(black_box(1), 2, N as u32, &[&[black_box(3)]]);
    let config = DeviceConfig {
        model,
        parameters: N as u32,
        samples: 3,
        range: black_box(0..2048),
        checkpoints: black_box(2048..4096),
    };
    let Ok(mut device) = Device::new(&mut flash, config) else { return Err(Error::NoSamples) };
    let begin = Begin {
        id: RoundId { federation: black_box(1), round: black_box(1) },
        model,
        steps: black_box(3),
        radius: black_box(0.1),
        learning_rate: black_box(0.1),
        encoding: if black_box(true) { Encoding::Int8 } else { Encoding::F32 },
        guarded: black_box(true),
        ..Begin::default()
    };
    let start = black_box(*theta);
    let mut update = [0.0; N];
    let Ok(mut gateway) = Gateway::new(begin, &start, &mut update) else {
        return Err(Error::NoSamples);
    };
    for _ in 0..black_box(9) {
        for byte in gateway.request() {
            let answer = device.hear(black_box(*byte), &mut flash, theta).unwrap_or_default();
            black_box(answer);
        }
        if device.stage() == Stage::Training {
            device.start(&mut flash, theta).map_err(|_| Error::NoSamples)?;
            learn(network, samples, &start, &mut device, theta)?;
        }
        match gateway.hear(black_box(1)) {
            Ok(Heard::Update) => gateway.end(),
            other => {
                let _ = black_box(other);
            }
        }
        black_box((gateway.progress(), *gateway.metrics(), *gateway.hello()));
    }
    device.set_samples(black_box(4));
    device.give_up(black_box(begin.id));
    device.forget(&mut flash).map_err(|_| Error::NoSamples)?;
    let mut left = [0.0; N];
    rehearse_update(&start, theta, black_box(begin.encoding), &mut left, &mut update);
    black_box((left, checksum(&update)));
    Ok(())
}

fn learn(
    network: &Net,
    samples: impl Samples<Input: rolling_ball::nn::FeatureSource<crate::Backbone>, Target = usize>,
    start: &[f32; N],
    device: &mut Device,
    theta: &mut [f32; N],
) -> Result<(), Error> {
    let Some(round) = device.round().copied() else { return Err(Error::NoSamples) };
    let [mut one, mut other] = [[0.0; N]; 2];
    let mut scratch = [0.0; Net::SCRATCH];
    let mut credibilities = [Credibility::NEW; 3];
    let buffers = TrainingBuffers {
        theta,
        vectors: [&mut one, &mut other],
        scratch: &mut scratch,
        credibilities: &mut credibilities,
    };
    let metrics: Option<Metrics> = train(network, samples, start, &round, buffers, &mut ())?;
    if let Some(metrics) = metrics {
        device.trained(round.id, theta, metrics).map_err(|_| Error::NoSamples)?;
    }
    Ok(())
}

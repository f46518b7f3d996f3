//! What a round costs a device and a server, and how many rounds an accuracy takes.

use super::{Fleet, per_cent};
use crate::demo::outcome::Outcome;
use crate::demo::plan::PlanArgs;
use anyhow::{Context, Result};
use rolling_ball_fleet::{
    Answer, Begin, CHUNK, CHUNK_BYTES, Encoding, FRAME_BYTES, Frame, Hello, Request, RoundId,
    Status,
};
use workbench::progress;
use workbench::table::{grouped, markdown};

/// Federations that are rehearsed.
const MEASURED: [u32; 5] = [10, 30, 100, 300, 1000];
/// Those for which bytes are computed.
const COMPUTED: [u32; 7] = [10, 30, 100, 300, 1000, 3000, 10_000];
const ROUNDS: u32 = 20;
/// The accuracies that are waited for.
const TARGETS: [f64; 3] = [0.75, 0.80, 0.85];
/// The training of a round, as the app's settings have it where nobody says otherwise.
const STEPS: u32 = 20;
const BATCH: u32 = 10;
/// The bytes of a round over a device's wire, where nothing is lost and nobody waits.
struct Wire {
    to_device: usize,
    from_device: usize,
}

impl Wire {
    /// What gateway and device say in a round, frame by frame, with values of no zero byte.
    fn of(parameters: usize, encoding: Encoding) -> Self {
        let (id, values) = (RoundId::default(), [1; CHUNK_BYTES]);
        let (mut to_device, mut from_device) = (0, 0);
        let mut say = |request: &Request, answer: &Answer| {
            to_device += request.frame(&mut Frame::new()).map_or(0, <[u8]>::len);
            from_device += answer.frame(&mut Frame::new()).map_or(0, <[u8]>::len);
        };
        let status = Answer::Status(Status::default());
        say(&Request::Hello, &Answer::Hello(Hello::default()));
        say(&Request::Begin(Begin::default()), &status);
        for first in (0..parameters).step_by(CHUNK) {
            let length = 4 * CHUNK.min(parameters - first);
            let values = values.get(..length).unwrap_or_default();
            say(&Request::Theta { id, offset: first as u32, values }, &status);
        }
        say(&Request::Status { id }, &status);
        for first in (0..parameters).step_by(encoding.chunk()) {
            let length = encoding.bytes() * encoding.chunk().min(parameters - first);
            let (offset, values) = (first as u32, values.get(..length).unwrap_or_default());
            say(
                &Request::Update { id, offset },
                &Answer::Update { id, offset, encoding, scale: 1.0, values },
            );
        }
        say(&Request::Done { id, theta: 1 }, &status);
        Self { to_device, from_device }
    }
}

/// Computes, and rehearses.
pub fn measure(fleet: &Fleet) -> Result<String> {
    let parameters = fleet.model.parameters();
    let encodings = [("`f32`", Encoding::F32), ("eight bits", Encoding::Int8)];
    let wires = encodings.map(|(name, encoding)| {
        let Wire { to_device, from_device } = Wire::of(parameters, encoding);
        vec![name.to_owned(), grouped(to_device as u64), grouped(from_device as u64)]
    });
    let columns = ["update in", "to the device, bytes a round", "from the device"];
    let wire = markdown(columns.map(str::to_owned).to_vec(), wires.into_iter());
    let rows = COMPUTED.map(|devices| {
        let all = |bytes: usize| grouped(u64::from(devices) * bytes as u64 / 1000);
        let memory = u64::from(devices) * 4 * parameters as u64 / 1000;
        vec![devices.to_string(), all(4 * parameters), all(4 * parameters), grouped(memory)]
    });
    let columns = ["devices", "down, kB a round", "up, kB a round", "changes in memory, kB"];
    let server = markdown(columns.map(str::to_owned).to_vec(), rows.into_iter());
    Ok(format!(
        "`cargo xtask fleet --only costs`. On paper, for {} parameters, over a device's wire, in \
         frames of at most {FRAME_BYTES} bytes: all requests and all answers of a round in which \
         the device need not be waited for and nothing is sent \
         again.\n\n{wire}{}\n\nBetween gateways and the server changes are `f32` (arithmetic, \
         without Flower's own records):\n\n{server}\n\nRounds until the held-out samples reach \
         an accuracy, rehearsed: up to {ROUNDS} rounds; those of 3,000 and 10,000 devices were not \
         run.\n\n{}",
        grouped(parameters as u64),
        instructions(fleet)?,
        rounds(fleet)?
    ))
}

/// What the training of a round takes on a board, in a sentence.
fn instructions(fleet: &Fleet) -> Result<String> {
    if !fleet.spoken {
        return Ok(String::new());
    }
    let clips = PlanArgs::speaker(&fleet.model.data, 2, BATCH as u16);
    let plan = PlanArgs { batch: BATCH, steps: STEPS, ..clips };
    let summary = Outcome::of(&plan, false)?.summary()?;
    let step = summary.instructions_per_step.context("the board has counted nothing")?;
    Ok(format!(
        "\n\nThe training of a round, {STEPS} steps over {BATCH} clips, takes {} million \
         instructions of an emulated Cortex-M4F: {STEPS} times the {} of such a step, counted in \
         a run of {STEPS}.",
        (u64::from(STEPS) * step).div_ceil(1_000_000),
        grouped(step),
    ))
}

fn rounds(fleet: &Fleet) -> Result<String> {
    let bar = progress::bar("rounds to an accuracy", "federations");
    bar.set_length(MEASURED.len() as u64);
    let mut rows = Vec::new();
    for devices in MEASURED {
        let run = fleet.run(&format!("costs-{devices}"))?.with("devices", devices);
        let curve = run.with("rounds", ROUNDS).rehearse(&fleet.environment)?.curve("held-out");
        let mut row = vec![devices.to_string()];
        for target in TARGETS {
            let reached = curve.iter().find(|(_, accuracy)| *accuracy >= target);
            row.push(
                reached
                    .map_or_else(|| "not reached".to_owned(), |(round, _)| format!("{round:.0}")),
            );
        }
        row.push(curve.last().map_or_else(String::new, |(_, accuracy)| per_cent(*accuracy)));
        rows.push(row);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut columns = vec!["devices".to_owned()];
    columns.extend(TARGETS.map(|target| format!("to {:.0} %", 100.0 * target)));
    columns.push(format!("after {ROUNDS} rounds, %"));
    Ok(markdown(columns, rows.into_iter()))
}

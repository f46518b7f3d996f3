//! The gateway's half of a round with a device. Bytes are moved by a function of Python's,
//! `exchange`, which sends a frame, or nothing, and returns what has come then, or nothing after a
//! while.

use crate::arrays::{floats, floats_mut};
use numpy::PyArray1;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::{create_exception, intern};
use rolling_ball_fleet as core;
use rolling_ball_fleet::{
    Answer, Begin, Encoding, Frame, GatewayError, Heard, Refusal, Request, RoundId, Stage, Status,
};

create_exception!(
    rolling_ball.fleet,
    Refused,
    PyException,
    "A device has refused, or is none for this round. Its argument is the reason."
);

fn refused(error: GatewayError) -> PyErr {
    match error {
        GatewayError::Length { .. } | GatewayError::Setting => {
            PyValueError::new_err(error.to_string())
        }
        _ => Refused::new_err(error.to_string()),
    }
}

/// How a device is to send its update.
fn encoding(name: &str) -> PyResult<Encoding> {
    match name {
        "f32" => Ok(Encoding::F32),
        "int8" => Ok(Encoding::Int8),
        other => {
            let said = format!("encoding: expected int8 or f32, found {other:?}");
            Err(PyValueError::new_err(said))
        }
    }
}

/// How far a device is, in a word.
fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle => "idle",
        Stage::Receiving => "receiving",
        Stage::Training => "training",
        Stage::Ready => "ready",
        Stage::Done => "done",
        Stage::Failed => "failed",
    }
}

/// Who a device is.
#[pyclass(module = "rolling_ball.fleet", frozen, get_all)]
pub struct Hello {
    version: u8,
    model: u32,
    parameters: u32,
    samples: u32,
    federation: u32,
    round: u32,
    stage: &'static str,
    chunk: u16,
}

impl From<&core::Hello> for Hello {
    fn from(told: &core::Hello) -> Self {
        let core::Hello { version, model, parameters, samples, id, chunk, .. } = *told;
        let RoundId { federation, round } = id;
        let stage = stage(told.stage);
        Self { version, model, parameters, samples, federation, round, stage, chunk }
    }
}

#[pymethods]
impl Hello {
    fn __repr__(&self) -> String {
        let Self { model, parameters, samples, federation, round, stage, .. } = self;
        format!(
            "Hello(model {model:#010x}, {parameters} parameters, {samples} samples, round \
             {federation}.{round}, {stage})"
        )
    }
}

/// What a device tells of its training.
#[pyclass(module = "rolling_ball.fleet", frozen, get_all)]
pub struct Metrics {
    samples: u32,
    correct_before: u32,
    correct_after: u32,
    loss_before: f32,
    loss_after: f32,
    kept: f32,
    wrong_labels: f32,
    steps: u32,
    hash: u32,
}

impl From<&core::Metrics> for Metrics {
    fn from(told: &core::Metrics) -> Self {
        let core::Metrics { samples, correct_before, correct_after, loss_before, .. } = *told;
        let core::Metrics { loss_after, kept, wrong_labels, steps, theta: hash, .. } = *told;
        Self {
            samples,
            correct_before,
            correct_after,
            loss_before,
            loss_after,
            kept,
            wrong_labels,
            steps,
            hash,
        }
    }
}

#[pymethods]
impl Metrics {
    fn __repr__(&self) -> String {
        let Self { samples, loss_before, loss_after, kept, hash, .. } = self;
        format!(
            "Metrics({samples} samples, loss {loss_before} to {loss_after}, kept {kept}, hash \
             {hash:#010x})"
        )
    }
}

/// Asks until something comes of the answer.
fn ask<T>(
    exchange: &Bound<'_, PyAny>,
    request: &Request<'_>,
    mut heard: impl FnMut(Answer<'_>) -> PyResult<Option<T>>,
) -> PyResult<T> {
    let (mut asked, mut frame) = (Frame::new(), Frame::new());
    let bytes = request.frame(&mut asked).unwrap_or_default();
    // What is no answer may be one to an earlier request: asked is again when nothing comes.
    let mut again = true;
    loop {
        let came: Vec<u8> = exchange.call1((if again { bytes } else { &[] },))?.extract()?;
        again = came.is_empty();
        for byte in came {
            if let Some(answer) = frame.push(byte).and_then(Answer::read)
                && let Some(found) = heard(answer)?
            {
                return Ok(found);
            }
        }
    }
}

/// Asks a device who it is.
#[pyfunction]
pub fn hello(exchange: &Bound<'_, PyAny>) -> PyResult<Hello> {
    ask(exchange, &Request::Hello, |answer| match answer {
        Answer::Hello(hello) if hello.version == core::VERSION => Ok(Some((&hello).into())),
        Answer::Hello(hello) => Err(refused(GatewayError::Version(hello.version))),
        _ => Ok(None),
    })
}

/// The update of a round, what the device tells of its training, and who it is.
type Updated<'py> = (Bound<'py, PyArray1<f32>>, Metrics, Hello);

/// Makes a round with a device up to its update. `progress` hears of each answer how many values
/// the device has, how many of the update are here, and whether it trains, and waits where it does.
#[pyfunction]
#[pyo3(signature = (
    exchange, progress, theta, *, federation, round, model, steps, batch, radius, learning_rate,
    seed, encoding, guarded
))]
#[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
pub fn round<'py>(
    exchange: &Bound<'py, PyAny>,
    progress: &Bound<'py, PyAny>,
    theta: &Bound<'py, PyAny>,
    federation: u32,
    round: u32,
    model: u32,
    steps: u16,
    batch: u16,
    radius: f32,
    learning_rate: f32,
    seed: u32,
    encoding: &str,
    guarded: bool,
) -> PyResult<Updated<'py>> {
    let py = exchange.py();
    let length = theta.len()?;
    let theta = floats("theta", theta, &[length])?;
    // A copy: the array may change while the device is waited for.
    let theta = theta.get()?.to_vec();
    let begin = Begin {
        id: RoundId { federation, round },
        model,
        seed,
        steps,
        batch,
        radius,
        learning_rate,
        encoding: self::encoding(encoding)?,
        guarded,
        ..Begin::default()
    };
    let mut update = vec![0.0; length];
    let mut gateway = core::Gateway::new(begin, &theta, &mut update).map_err(refused)?;
    let mut again = true;
    let (metrics, hello) = 'round: loop {
        let request = if again { gateway.request() } else { &[] };
        let came: Vec<u8> = exchange.call1((request,))?.extract()?;
        again = came.is_empty();
        let (mut answered, mut busy) = (false, false);
        for byte in came {
            match gateway.hear(byte).map_err(refused)? {
                Heard::Nothing => {}
                Heard::Answer => (answered, busy) = (true, false),
                Heard::Busy => (answered, busy) = (true, true),
                Heard::Update | Heard::End => {
                    break 'round (gateway.metrics().into(), gateway.hello().into());
                }
            }
        }
        if answered {
            again = true;
            let (sent, fetched) = gateway.progress();
            progress.call1((sent, fetched, busy))?;
        }
    };
    Ok((PyArray1::from_vec(py, update), metrics, hello))
}

/// Tells a device that its update of a round was counted, which ends the round.
#[pyfunction]
pub fn end(exchange: &Bound<'_, PyAny>, federation: u32, round: u32, hash: u32) -> PyResult<()> {
    let id = RoundId { federation, round };
    ask(exchange, &Request::Done { id, theta: hash }, |answer| match answer {
        Answer::Status(Status { id: known, stage: Stage::Done, .. }) if known == id => Ok(Some(())),
        Answer::Status(Status { refusal: Refusal::None, .. }) => Ok(None),
        Answer::Status(Status { refusal, .. }) => Err(refused(GatewayError::Refused(refusal))),
        _ => Ok(None),
    })
}

/// The update that a device would send of a training, with its bits; `left` is what its last one
/// has left, and becomes what this one leaves.
#[pyfunction]
#[pyo3(signature = (start, theta, left, *, encoding="int8"))]
pub fn rehearse_update<'py>(
    py: Python<'py>,
    start: &Bound<'py, PyAny>,
    theta: &Bound<'py, PyAny>,
    left: &Bound<'py, PyAny>,
    encoding: &str,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let encoding = self::encoding(encoding)?;
    let length = start.getattr(intern!(py, "size"))?.extract()?;
    let (start, theta) = (floats("start", start, &[length])?, floats("theta", theta, &[length])?);
    let mut left = floats_mut("left", left, length)?;
    let left = left.as_slice_mut().map_err(|error| PyValueError::new_err(error.to_string()))?;
    let mut update = vec![0.0; length];
    core::rehearse_update(start.get()?, theta.get()?, encoding, left, &mut update);
    Ok(PyArray1::from_vec(py, update))
}

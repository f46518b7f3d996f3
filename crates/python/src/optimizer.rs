//! Any optimizer of the core, by ask and tell over arrays of numpy.

use crate::arrays::{floats, floats_mut};
use crate::error::of_core;
use crate::report::Report;
use numpy::{PyArray1, PyReadwriteArray1, ToPyArray};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat};
use rolling_ball::{
    ByPart, ClipNorm, Error, Evaluation, Optimizer as Asks, Part, Parts, Request, Resumable,
    STATE_WORDS, StepByPart,
};

/// What an optimizer of any kind can do here.
pub trait Held: Send + Sync {
    fn asks(&mut self) -> &mut dyn Asks;
    /// What it carries from step to step.
    fn save(&self) -> Result<Vec<u32>, Error>;
    /// Takes that back; whether it was as long as it must be.
    fn resume(&mut self, words: &[u32]) -> Result<bool, Error>;
}

impl<O: Asks + Resumable + Send + Sync> Held for O {
    fn asks(&mut self) -> &mut dyn Asks {
        self
    }

    fn save(&self) -> Result<Vec<u32>, Error> {
        let state = self.state()?;
        let mut words = vec![self.kind().id()];
        words.extend(state.words);
        for vector in state.vectors {
            words.extend(vector.iter().map(|value| value.to_bits()));
        }
        Ok(words)
    }

    fn resume(&mut self, words: &[u32]) -> Result<bool, Error> {
        let lengths = self.state()?.vectors.map(<[f32]>::len);
        let Some((kind, rest)) = words.split_first() else { return Ok(false) };
        let Some((first, mut rest)) = rest.split_first_chunk::<STATE_WORDS>() else {
            return Ok(false);
        };
        if *kind != self.kind().id() || rest.len() != lengths.iter().sum::<usize>() {
            return Ok(false);
        }
        for vector in Resumable::resume(self, *first)? {
            for place in vector.iter_mut() {
                let Some((word, further)) = rest.split_first() else { return Ok(false) };
                (*place, rest) = (f32::from_bits(*word), further);
            }
        }
        Ok(true)
    }
}

/// Parts of theta, each of so many parameters.
struct PartList(Vec<Part>);

impl Parts for PartList {
    fn each(&self, tell: &mut impl FnMut(Part)) {
        self.0.iter().for_each(|part| tell(*part));
    }
}

/// What may be put around every optimizer.
#[derive(Default)]
pub struct Around {
    pub clip: Option<f32>,
    /// Lengths, rates and decays of the parts of theta.
    pub parts: Option<Vec<(usize, f32, f32)>>,
}

/// Puts it around.
pub fn held<O>(optimizer: O, Around { clip, parts }: Around) -> PyResult<Optimizer>
where
    O: StepByPart + Resumable + Send + Sync + 'static,
{
    fn by_part<O>(optimizer: O, parts: Option<Vec<(usize, f32, f32)>>) -> PyResult<Box<dyn Held>>
    where
        O: StepByPart + Resumable + Send + Sync + 'static,
    {
        let Some(parts) = parts else { return Ok(Box::new(optimizer)) };
        let parts = parts.into_iter().map(|(length, rate, decay)| Part { length, rate, decay });
        let parts = PartList(parts.collect());
        Ok(Box::new(ByPart::new(optimizer, parts).map_err(of_core)?))
    }
    let parameters = optimizer.parameters();
    let inner = match clip {
        Some(largest) => by_part(ClipNorm::new(optimizer, largest).map_err(of_core)?, parts)?,
        None => by_part(optimizer, parts)?,
    };
    Ok(Optimizer { inner, parameters })
}

/// Any of the optimizers, by ask and tell: `begin`, and then `tell_loss` or `tell_gradient`, as
/// each call asks, until one returns a `Report`. `step` is this loop over functions. One thread at
/// a time may call it: another gets a `RuntimeError`.
#[pyclass(module = "rolling_ball", subclass)]
pub struct Optimizer {
    inner: Box<dyn Held>,
    parameters: usize,
}

/// What is asked for next: a word, or the report of the step that is done.
fn asked(py: Python<'_>, request: Request) -> PyResult<Py<PyAny>> {
    Ok(match request {
        Request::Loss => "loss".into_pyobject(py)?.into_any().unbind(),
        Request::Gradient => "gradient".into_pyobject(py)?.into_any().unbind(),
        Request::Done(report) => Report::from(report).into_pyobject(py)?.into_any().unbind(),
    })
}

impl Optimizer {
    /// Calls the core with theta, where no other thread of Python waits for it.
    fn told(
        &mut self,
        py: Python<'_>,
        theta: &mut PyReadwriteArray1<'_, f32>,
        tell: impl FnOnce(&mut dyn Asks, &mut [f32]) -> Result<Request, Error> + Send,
    ) -> PyResult<Request> {
        let theta = theta.as_slice_mut().map_err(|error| {
            PyValueError::new_err(format!("theta: expected it in one piece: {error}"))
        })?;
        let inner = &mut self.inner;
        py.detach(|| tell(inner.asks(), theta)).map_err(of_core)
    }

    /// Writes the gradient into the optimizer's buffer, where one is waited for.
    fn take(&mut self, gradient: &Bound<'_, PyAny>) -> PyResult<()> {
        let gradient = floats("gradient", gradient, &[self.parameters])?;
        let asks = self.inner.asks();
        if asks.awaits() == Some(Evaluation::Gradient) {
            asks.gradient_mut().copy_from_slice(gradient.get()?);
        }
        Ok(())
    }
}

#[pymethods]
impl Optimizer {
    /// How long theta is.
    #[getter]
    fn parameters(&self) -> usize {
        self.parameters
    }

    /// How many steps are done.
    #[getter]
    fn steps(&mut self) -> u32 {
        self.inner.asks().steps()
    }

    /// How many steps in a row were ended by an error, since one was done.
    #[getter]
    fn refused(&mut self) -> u32 {
        self.inner.asks().refused()
    }

    /// What the step in progress waits for: `loss`, `gradient`, or None where there is none.
    #[getter]
    fn awaits(&mut self) -> Option<&'static str> {
        self.inner.asks().awaits().map(|evaluation| match evaluation {
            Evaluation::Loss => "loss",
            Evaluation::Gradient => "gradient",
        })
    }

    /// Begins a step at theta, and says what to tell: `loss` or `gradient`.
    ///
    /// `theta` is float32 [parameters] in one piece, and is changed where it lies: between the
    /// calls it holds the point to evaluate. Raises `RuntimeError` while a step is in progress,
    /// `TypeError` and `ValueError` of another type, shape or layout.
    fn begin(&mut self, py: Python<'_>, theta: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let mut theta = floats_mut("theta", theta, self.parameters)?;
        let request = self.told(py, &mut theta, |asks, theta| asks.begin(theta))?;
        asked(py, request)
    }

    /// Tells the loss at theta, where that was asked for. Returns what to tell next, or the
    /// `Report` of the step that is done.
    ///
    /// Raises `RuntimeError` where it was not asked for; `FloatingPointError` where the loss is not
    /// finite: theta is then back where the step went on from.
    fn tell_loss(
        &mut self,
        py: Python<'_>,
        theta: &Bound<'_, PyAny>,
        loss: f32,
    ) -> PyResult<Py<PyAny>> {
        let mut theta = floats_mut("theta", theta, self.parameters)?;
        let request = self.told(py, &mut theta, move |asks, theta| asks.tell_loss(theta, loss))?;
        asked(py, request)
    }

    /// Tells the loss at theta and its gradient, float32 [parameters], where that was asked for.
    /// The gradient is copied, so it may be theta itself. Returns and raises as `tell_loss`.
    fn tell_gradient(
        &mut self,
        py: Python<'_>,
        theta: &Bound<'_, PyAny>,
        loss: f32,
        gradient: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        self.take(gradient)?;
        let mut theta = floats_mut("theta", theta, self.parameters)?;
        let request =
            self.told(py, &mut theta, move |asks, theta| asks.tell_gradient(theta, loss))?;
        asked(py, request)
    }

    /// Makes a whole step: calls `gradient(theta)`, which returns the loss and the gradient, and
    /// `loss(theta)`, which returns the loss alone (else `gradient` is called for that too).
    /// Returns the `Report`. What the functions raise ends the step, and theta is then the point
    /// that could not be evaluated; further errors are those of `tell_loss`.
    #[pyo3(signature = (theta, gradient, loss=None))]
    fn step(
        slf: &Bound<'_, Self>,
        theta: &Bound<'_, PyAny>,
        gradient: &Bound<'_, PyAny>,
        loss: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Report> {
        // Borrowed for each call only: the functions may look at the optimizer.
        let begun = {
            let this = &mut *slf.try_borrow_mut()?;
            let mut theta = floats_mut("theta", theta, this.parameters)?;
            this.told(slf.py(), &mut theta, |asks, theta| asks.begin(theta))?
        };
        let stepped = finish(slf, begun, theta, gradient, loss);
        if stepped.is_err() {
            slf.try_borrow_mut()?.inner.asks().abandon();
        }
        stepped
    }

    /// Gives up the step in progress; theta stays where it is.
    fn abandon(&mut self) {
        self.inner.asks().abandon();
    }

    /// Counts steps, and with them every schedule, from 0 again.
    fn restart(&mut self) -> PyResult<()> {
        self.inner.asks().restart().map_err(of_core)
    }

    /// Whether each step that is refused halves the learning rate of the next, and each that is
    /// done doubles it again, up to what the schedule says.
    fn halve_when_refused(&mut self, halve: bool) {
        self.inner.asks().halve_when_refused(halve);
    }

    /// Sets the learning rate, a number or a `Schedule`, from the next step on.
    fn set_learning_rate(&mut self, rate: crate::schedule::Rate) -> PyResult<()> {
        self.inner.asks().set_learning_rate(rate.schedule(None)).map_err(of_core)
    }

    /// Lets every schedule end after so many steps.
    fn set_schedule_steps(&mut self, steps: u32) {
        self.inner.asks().set_schedule_steps(steps);
    }

    /// The parameters to deploy, float32 [parameters]: theta itself, and for the ball its centre,
    /// which is better where many labels are wrong.
    fn centre<'py>(
        &mut self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let theta = floats("theta", theta, &[self.parameters])?;
        let centre = self.inner.asks().centre(theta.get()?).map_err(of_core)?;
        Ok(centre.to_pyarray(py))
    }

    /// What the optimizer carries from step to step, in bytes. Raises `RuntimeError` while a step
    /// is in progress.
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let words = self.inner.save().map_err(of_core)?;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Ok(PyBytes::new(py, &bytes))
    }

    /// Takes back what `save` gave of an optimizer of the same kind, settings and number of
    /// parameters: it goes on with the same bits. Raises `ValueError` of anything else.
    fn resume(&mut self, saved: &[u8]) -> PyResult<()> {
        let (words, rest) = saved.as_chunks::<4>();
        let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        if rest.is_empty() && self.inner.resume(&words).map_err(of_core)? {
            return Ok(());
        }
        Err(PyValueError::new_err(
            "saved: expected what save() gave of an optimizer of the same kind and as many \
             parameters",
        ))
    }
}

/// The rest of a step, with functions that evaluate.
fn finish(
    optimizer: &Bound<'_, Optimizer>,
    mut request: Request,
    theta: &Bound<'_, PyAny>,
    gradient: &Bound<'_, PyAny>,
    loss: Option<&Bound<'_, PyAny>>,
) -> PyResult<Report> {
    let py = optimizer.py();
    loop {
        let (value, slope) = match (request, loss) {
            (Request::Done(report), _) => return Ok(report.into()),
            (Request::Loss, Some(loss)) => (number(&loss.call1((theta,))?)?, None),
            (Request::Loss, None) => (pair(&gradient.call1((theta,))?)?.0, None),
            (Request::Gradient, _) => {
                let (value, slope) = pair(&gradient.call1((theta,))?)?;
                (value, Some(slope))
            }
        };
        let this = &mut *optimizer.try_borrow_mut()?;
        let has_gradient = slope.is_some();
        if let Some(slope) = slope {
            this.take(&slope)?;
        }
        let mut theta = floats_mut("theta", theta, this.parameters)?;
        request = this.told(py, &mut theta, move |asks, theta| {
            if has_gradient {
                asks.tell_gradient(theta, value)
            } else {
                asks.tell_loss(theta, value)
            }
        })?;
    }
}

/// A loss and its gradient.
fn pair<'py>(answer: &Bound<'py, PyAny>) -> PyResult<(f32, Bound<'py, PyAny>)> {
    let (value, slope): (Bound<'_, PyAny>, Bound<'_, PyAny>) = answer.extract().map_err(|_| {
        PyTypeError::new_err("gradient(theta): expected a pair: the loss, and its gradient")
    })?;
    Ok((number(&value)?, slope))
}

/// A loss, as a float of Python or of numpy.
fn number(value: &Bound<'_, PyAny>) -> PyResult<f32> {
    if let Ok(float) = value.cast::<PyFloat>() {
        return float.extract();
    }
    let float = value.getattr("__float__").map_err(|_| {
        let found = value.get_type();
        PyTypeError::new_err(format!("the loss: expected a number, found {found}"))
    })?;
    float.call0()?.extract()
}

//! A compiled network: what a device computes, with its bits.

use crate::arrays::{Rows, classes, floats, room};
use crate::error::of_library;
use crate::library;
use crate::report::{Accuracy, Step};
use numpy::{PyArray1, PyArray2, PyArrayMethods, ToPyArray};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use rolling_ball::nn::FineTuningConfig;
use rolling_ball_rehearsal::shared_library::{
    FineTune, FineTuned as Report, Functions, Gradient, Inputs, Outputs, Rehearse, Train,
    Trained as RoundTrained,
};
use rolling_ball_rehearsal::{Accuracy as CoreAccuracy, OptimizerKind, StepEvent};
use std::path::PathBuf;

/// A compiled network: what a device computes, with its bits. `Model.build` makes one; `path` is
/// the file of another. It may be pickled, and used by any threads: long calls do not hold them up.
/// No array may be changed by another thread during a call that reads it: what is computed then is
/// undefined. A count below 0, or too large, is an `OverflowError`. Raises `BuildError` where the
/// file is no library of a network, or one of another version of this package.
#[pyclass(module = "rolling_ball", frozen)]
pub struct Network {
    path: PathBuf,
    functions: &'static Functions,
}

/// A loss, and its gradient.
type LossAndGradient<'py> = (f32, Bound<'py, PyArray1<f32>>);

impl Network {
    pub fn load(path: PathBuf) -> PyResult<Self> {
        let path = std::path::absolute(path)?;
        let functions = library::load(&path)?;
        Ok(Self { path, functions })
    }

    /// What a byte stands for: as it was given, or else as the model says.
    fn byte(&self, scale: Option<f32>, offset: Option<f32>) -> (f32, f32) {
        let Functions { scale: own_scale, offset: own_offset, .. } = *self.functions;
        (scale.unwrap_or(own_scale), offset.unwrap_or(own_offset))
    }
}

#[pymethods]
impl Network {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        Self::load(path)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyAny>, (PathBuf,)) {
        (slf.get_type().into_any(), (slf.get().path.clone(),))
    }

    /// The file of the library, which `Network(path)` loads, also in another process.
    #[getter]
    fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// The network's name.
    #[getter]
    fn name(&self) -> String {
        String::from_utf8_lossy(self.functions.name.get()).into_owned()
    }

    /// How many values an input has.
    #[getter]
    fn inputs(&self) -> usize {
        self.functions.inputs
    }

    /// How many values an input has, and how many outputs there are.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        (self.functions.inputs, self.functions.network_outputs)
    }

    /// How many parameters are trained: the length of theta.
    #[getter]
    fn parameters(&self) -> usize {
        self.functions.parameters
    }

    /// As `Model.hash`.
    #[getter]
    fn hash(&self) -> u32 {
        self.functions.hash
    }

    /// What a byte of an input stands for, as (scale, offset), where a call does not say it.
    #[getter(byte)]
    fn own_byte(&self) -> (f32, f32) {
        self.byte(None, None)
    }

    /// Theta to start from, float32 [parameters]: a copy.
    #[getter]
    fn theta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.functions.theta.get().to_pyarray(py)
    }

    /// The outputs for inputs, float32 [n, outputs].
    ///
    /// `theta` is float32 [parameters]; `x` uint8 or float32 [n, inputs], channels last. A byte
    /// stands for `byte * scale + offset`, by default as the model says.
    /// Raises `TypeError` and `ValueError` of another type or shape, which say what was expected.
    #[pyo3(signature = (theta, x, *, scale=None, offset=None))]
    fn outputs<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        scale: Option<f32>,
        offset: Option<f32>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let functions = self.functions;
        let theta = floats("theta", theta, &[functions.parameters])?;
        let (count, rows) = Rows::new("x", x, functions.inputs, self.byte(scale, offset))?;
        let (theta, inputs) = (theta.get()?, rows.lent()?);
        let mut outputs = vec![0.0; count * functions.network_outputs];
        py.detach(|| {
            let outputs = outputs.as_mut_slice().into();
            let mut asked = Outputs { theta: theta.into(), inputs: inputs.into(), outputs };
            (functions.outputs)(&mut asked).into_result()
        })
        .map_err(of_library)?;
        PyArray1::from_vec(py, outputs).reshape([count, functions.network_outputs])
    }

    /// The mean loss over samples, and its gradient with respect to theta, float32 [parameters].
    ///
    /// `theta` is float32 [parameters]; `x` uint8 or float32 [n, inputs], channels last. A byte
    /// stands for `byte * scale + offset`, by default as the model says.
    /// `y` is a class for each input, whole numbers [n], for the loss `cross_entropy`; for
    /// `squared_error`, `binary_cross_entropy` and `huber` (whose largest slope is `delta`) it is
    /// float32 [n, outputs]. A loss that is not finite is returned as it is. Raises `TypeError` and
    /// `ValueError`, which say what was expected.
    #[pyo3(signature = (
        theta, x, y, *, loss="cross_entropy", delta=1.0, scale=None, offset=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn loss_and_gradient<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        loss: &str,
        delta: f32,
        scale: Option<f32>,
        offset: Option<f32>,
    ) -> PyResult<LossAndGradient<'py>> {
        let mut gradient = vec![0.0; self.functions.parameters];
        let byte = self.byte(scale, offset);
        let loss = self.evaluate(py, theta, x, y, (loss, delta), byte, &mut gradient)?;
        Ok((loss, PyArray1::from_vec(py, gradient)))
    }

    /// The mean loss alone; see `loss_and_gradient`. Cost: a third of that.
    #[pyo3(signature = (
        theta, x, y, *, loss="cross_entropy", delta=1.0, scale=None, offset=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn loss<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        loss: &str,
        delta: f32,
        scale: Option<f32>,
        offset: Option<f32>,
    ) -> PyResult<f32> {
        self.evaluate(py, theta, x, y, (loss, delta), self.byte(scale, offset), &mut [])
    }

    /// Makes the run of a device, with its bits: `steps` steps of an optimizer from `theta`,
    /// float32 [parameters], which is not changed. Returns a `Rehearsed`.
    ///
    /// `x` is uint8 [n, inputs], channels last, as the device has its samples, and `y` a class for
    /// each, whole numbers [n]. A byte stands for `byte * scale + offset`, by default as the model
    /// says. `optimizer` is `ball`, `sgd`, `momentum`, `adam`, `sam` or `zeroth-order-ball`.
    /// `radius`, in theta's units, is that of the balls and of SAM, `learning_rate` that of all but
    /// the last, which has its own. They are those at the start, and shrink to nothing on half a
    /// cosine, but SAM's radius stays, and that of the last shrinks to a thousandth. `batch` is the
    /// samples of a step, in their order and round again; 0 is all. `held_out`, a pair of inputs
    /// and classes, is what the accuracy before and after is of, else the samples themselves.
    /// `scalar` takes the kernels of a Cortex-M, which are slower and have the same bits.
    ///
    /// Raises `ValueError`, `TypeError`; `FloatingPointError` where a loss or a step is not finite.
    #[pyo3(signature = (
        theta, x, y, *, steps, optimizer="ball", batch=0, radius=0.03, learning_rate=1.0,
        held_out=None, scale=None, offset=None, scalar=false
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn rehearse<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        steps: u32,
        optimizer: &str,
        batch: u32,
        radius: f32,
        learning_rate: f32,
        held_out: Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
        scale: Option<f32>,
        offset: Option<f32>,
        scalar: bool,
    ) -> PyResult<Rehearsed> {
        let functions = self.functions;
        let optimizer = optimizer_kind(optimizer)?;
        let start = floats("theta", theta, &[functions.parameters])?;
        let (scale, offset) = self.byte(scale, offset);
        let samples = |what: [&str; 2], x: &Bound<'py, PyAny>, y: &Bound<'py, PyAny>| {
            let [x_name, y_name] = what;
            let (count, inputs) = Rows::bytes(x_name, x, functions.inputs)?;
            let labels = classes(y_name, y, count, functions.network_outputs)?.into_iter();
            let labels =
                labels.map(u8::try_from).collect::<Result<Vec<u8>, _>>().map_err(|_| {
                    let said = "expected classes up to 255, since a device stores one in a byte";
                    PyValueError::new_err(format!("{y_name}: {said}"))
                })?;
            Ok::<_, PyErr>((inputs, labels))
        };
        let (inputs, labels) = samples(["x", "y"], x, y)?;
        let held_out = match &held_out {
            Some((x, y)) => Some(samples(["held_out[0]", "held_out[1]"], x, y)?),
            None => None,
        };
        let (inputs, labels) = (inputs.get()?, labels.as_slice());
        let (held_out_inputs, held_out_labels) = match &held_out {
            Some((inputs, labels)) => (inputs.get()?, labels.as_slice()),
            None => (inputs, labels),
        };
        let start = start.get()?;
        let mut theta = vec![0.0; functions.parameters];
        let mut told = room::<StepEvent>(steps as usize)?;
        let mut accuracies = [CoreAccuracy::default(); 2];
        py.detach(|| {
            let mut asked = Rehearse {
                optimizer: optimizer.id(),
                steps,
                batch,
                radius,
                learning_rate,
                scalar: u32::from(scalar),
                scale,
                offset,
                start: start.into(),
                inputs: inputs.into(),
                labels: labels.into(),
                held_out_inputs: held_out_inputs.into(),
                held_out_labels: held_out_labels.into(),
                theta: theta.as_mut_slice().into(),
                told: told.as_mut_slice().into(),
                accuracies: accuracies.as_mut_slice().into(),
            };
            (functions.rehearse)(&mut asked).into_result()
        })
        .map_err(of_library)?;
        let [before, after] = accuracies;
        Ok(Rehearsed { theta, told, before: before.into(), after: after.into() })
    }

    /// Fine-tunes without a setting to tune, and keeps what held-out samples support, or nothing.
    /// Returns a `FineTuned`.
    ///
    /// `theta` is float32 [parameters]; `x` uint8 or float32 [n, inputs], channels last. A byte
    /// stands for `byte * scale + offset`, by default as the model says.
    /// `y` is a class for each input, of which some may be wrong. Samples of one number in
    /// `groups`, whole numbers [n], are held out together. `old` is a pair of inputs and classes of
    /// the old task, which count in the judgement too. `fold_steps`, `steps`, `batch`, `pull` and
    /// `seed` are those of `FineTuningConfig`, which nobody needs to change. Raises `ValueError`,
    /// `TypeError`.
    #[pyo3(signature = (
        theta, x, y, *, groups=None, old=None, fold_steps=None, steps=None, batch=0, pull=None,
        seed=None, scale=None, offset=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn fine_tune<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        groups: Option<Bound<'py, PyAny>>,
        old: Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
        fold_steps: Option<u32>,
        steps: Option<u32>,
        batch: u32,
        pull: Option<f32>,
        seed: Option<u32>,
        scale: Option<f32>,
        offset: Option<f32>,
    ) -> PyResult<FineTuned> {
        let functions = self.functions;
        let byte = self.byte(scale, offset);
        let start = floats("theta", theta, &[functions.parameters])?;
        let (count, rows) = Rows::new("x", x, functions.inputs, byte)?;
        let labels = classes("y", y, count, functions.network_outputs)?;
        let groups = match groups {
            Some(value) => crate::arrays::groups("groups", &value, count)?,
            None => Vec::new(),
        };
        let old = match &old {
            Some((x, y)) => {
                let (count, rows) = Rows::new("old[0]", x, functions.inputs, byte)?;
                Some((rows, classes("old[1]", y, count, functions.network_outputs)?))
            }
            None => None,
        };
        let (start, inputs) = (start.get()?, rows.lent()?);
        let old = match &old {
            Some((rows, labels)) => Some((rows.lent()?, labels.as_slice())),
            None => None,
        };
        let default = FineTuningConfig::default();
        let mut theta = vec![0.0; functions.parameters];
        let mut credibilities = vec![0.0; count];
        let mut report = Report::default();
        py.detach(|| {
            let (old_inputs, old_labels) = match old {
                Some((rows, labels)) => (rows.into(), labels),
                None => (Inputs::default(), &[][..]),
            };
            let mut asked = FineTune {
                start: start.into(),
                inputs: inputs.into(),
                labels: labels.as_slice().into(),
                groups: groups.as_slice().into(),
                old_inputs,
                old_labels: old_labels.into(),
                fold_steps: fold_steps.unwrap_or(default.fold_steps),
                steps: steps.unwrap_or(default.steps),
                mini_batch: batch,
                seed: seed.unwrap_or(default.seed),
                pull: pull.unwrap_or(default.pull),
                theta: theta.as_mut_slice().into(),
                credibilities: credibilities.as_mut_slice().into(),
                report: std::slice::from_mut(&mut report).into(),
            };
            (functions.fine_tune)(&mut asked).into_result()
        })
        .map_err(of_library)?;
        Ok(FineTuned { theta, credibilities, report })
    }

    /// The training of a round, as a device of a fleet makes it, with its bits. Returns a
    /// `Trained`.
    ///
    /// `theta` is float32 [parameters]; `x` uint8 or float32 [n, inputs], channels last. A byte
    /// stands for `byte * scale + offset`, by default as the model says.
    /// `y` is a class for each input. `steps` and `batch` (0 is all samples), `radius` and
    /// `learning_rate` are the round's; `seed` chooses the samples of the first step, or the folds
    /// of the guard, which keeps what held-out samples support where the round is `guarded`. Raises
    /// `ValueError`, `TypeError`; `FloatingPointError` where a loss or a step is not finite.
    #[pyo3(signature = (
        theta, x, y, *, steps, batch=0, radius=0.03, learning_rate=1.0, seed=0, guarded=false,
        scale=None, offset=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn train<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        steps: u16,
        batch: u16,
        radius: f32,
        learning_rate: f32,
        seed: u32,
        guarded: bool,
        scale: Option<f32>,
        offset: Option<f32>,
    ) -> PyResult<Trained> {
        let functions = self.functions;
        let start = floats("theta", theta, &[functions.parameters])?;
        let (count, rows) = Rows::new("x", x, functions.inputs, self.byte(scale, offset))?;
        let labels = classes("y", y, count, functions.network_outputs)?;
        let (start, inputs) = (start.get()?, rows.lent()?);
        let mut theta = vec![0.0; functions.parameters];
        let mut told = RoundTrained::default();
        py.detach(|| {
            let mut asked = Train {
                start: start.into(),
                inputs: inputs.into(),
                labels: labels.as_slice().into(),
                steps,
                batch,
                seed,
                radius,
                learning_rate,
                guarded: u32::from(guarded),
                theta: theta.as_mut_slice().into(),
                trained: std::slice::from_mut(&mut told).into(),
            };
            (functions.train)(&mut asked).into_result()
        })
        .map_err(of_library)?;
        Ok(Trained { theta, told })
    }

    fn __repr__(&self) -> String {
        let Functions { inputs, network_outputs, parameters, .. } = self.functions;
        let name = self.name();
        format!(
            "Network({name}: {inputs} inputs, {network_outputs} outputs, {parameters} parameters)"
        )
    }
}

impl Network {
    #[expect(clippy::too_many_arguments, reason = "named arguments of Python")]
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        theta: &Bound<'py, PyAny>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        (loss, delta): (&str, f32),
        byte: (f32, f32),
        gradient: &mut [f32],
    ) -> PyResult<f32> {
        let functions = self.functions;
        let kind = match loss {
            "cross_entropy" => Gradient::CROSS_ENTROPY,
            "squared_error" => Gradient::SQUARED_ERROR,
            "binary_cross_entropy" => Gradient::BINARY_CROSS_ENTROPY,
            "huber" => Gradient::HUBER,
            other => {
                return Err(PyValueError::new_err(format!(
                    "loss: expected cross_entropy, squared_error, binary_cross_entropy or huber, \
                     found {other:?}"
                )));
            }
        };
        let theta = floats("theta", theta, &[functions.parameters])?;
        let (count, rows) = Rows::new("x", x, functions.inputs, byte)?;
        let (labels, aims) = if kind == Gradient::CROSS_ENTROPY {
            (classes("y", y, count, functions.network_outputs)?, None)
        } else {
            (Vec::new(), Some(floats("y", y, &[count, functions.network_outputs])?))
        };
        let (theta, inputs) = (theta.get()?, rows.lent()?);
        let targets = match &aims {
            Some(aims) => aims.get()?,
            None => &[],
        };
        let mut value = 0.0;
        py.detach(|| {
            let mut asked = Gradient {
                theta: theta.into(),
                inputs: inputs.into(),
                labels: labels.as_slice().into(),
                targets: targets.into(),
                kind,
                delta,
                gradient: gradient.into(),
                loss: std::slice::from_mut(&mut value).into(),
            };
            (functions.gradient)(&mut asked).into_result()
        })
        .map_err(of_library)?;
        Ok(value)
    }
}

fn optimizer_kind(name: &str) -> PyResult<OptimizerKind> {
    let known = OptimizerKind::ALL.into_iter().find(|kind| kind.name() == name);
    known.ok_or_else(|| {
        let names: Vec<&str> = OptimizerKind::ALL.iter().map(|kind| kind.name()).collect();
        let names = names.join(", ");
        PyValueError::new_err(format!("optimizer: expected one of {names}, found {name:?}"))
    })
}

/// What a rehearsal told: `theta`, float32 [parameters], and its `hash`, which a device prints too;
/// the `hashes` after each step, uint32 [steps]; the `losses` at which they began, float32 [steps];
/// `reports`, a `Step` for each; and the accuracy `before` and `after`.
#[pyclass(module = "rolling_ball", frozen)]
pub struct Rehearsed {
    theta: Vec<f32>,
    told: Vec<StepEvent>,
    #[pyo3(get)]
    before: Accuracy,
    #[pyo3(get)]
    after: Accuracy,
}

#[pymethods]
impl Rehearsed {
    #[getter]
    fn theta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.theta.to_pyarray(py)
    }

    #[getter]
    fn hash(&self) -> u32 {
        rolling_ball_rehearsal::hash(&self.theta)
    }

    #[getter]
    fn hashes<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        PyArray1::from_iter(py, self.told.iter().map(|step| step.hash))
    }

    #[getter]
    fn losses<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        PyArray1::from_iter(py, self.told.iter().map(|step| step.loss))
    }

    #[getter]
    fn reports(&self) -> Vec<Step> {
        self.told.iter().map(Step::from).collect()
    }

    fn __repr__(&self) -> String {
        let (steps, hash) = (self.told.len(), self.hash());
        let (before, after) = (self.before.__repr__(), self.after.__repr__());
        format!("Rehearsed({steps} steps, hash {hash:#010x}, before {before}, after {after})")
    }
}

/// How the training of a round ended: `theta`, float32 [parameters], its `hash`, and what a device
/// tells: `samples`, `correct_before` and `correct_after` of them, the mean `loss_before` and
/// `loss_after` over them, the part of the move that the guard has `kept` (1 without one), the part
/// of `wrong_labels` that it finds, and the `steps`.
#[pyclass(module = "rolling_ball", frozen)]
pub struct Trained {
    theta: Vec<f32>,
    told: RoundTrained,
}

#[pymethods]
impl Trained {
    #[getter]
    fn theta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.theta.to_pyarray(py)
    }

    #[getter]
    fn hash(&self) -> u32 {
        rolling_ball_rehearsal::hash(&self.theta)
    }

    #[getter]
    fn samples(&self) -> u32 {
        self.told.samples
    }

    #[getter]
    fn correct_before(&self) -> u32 {
        self.told.correct_before
    }

    #[getter]
    fn correct_after(&self) -> u32 {
        self.told.correct_after
    }

    #[getter]
    fn loss_before(&self) -> f32 {
        self.told.loss_before
    }

    #[getter]
    fn loss_after(&self) -> f32 {
        self.told.loss_after
    }

    #[getter]
    fn kept(&self) -> f32 {
        self.told.kept
    }

    #[getter]
    fn wrong_labels(&self) -> f32 {
        self.told.wrong_labels
    }

    #[getter]
    fn steps(&self) -> u32 {
        self.told.steps
    }

    fn __repr__(&self) -> String {
        let RoundTrained { samples, loss_before, loss_after, kept, .. } = self.told;
        let hash = self.hash();
        format!(
            "Trained({samples} samples, loss {loss_before} to {loss_after}, kept {kept}, hash \
             {hash:#010x})"
        )
    }
}

/// How a fine-tuning ended: `theta`, float32 [parameters], and its `hash`; how much of the move was
/// `kept`, from 0 to 1, and at 0 the `refusal`, a sentence; the `credibilities` of the labels,
/// float32 [n], from 0 to 1; the part of `wrong_labels`; for the parts 0, 1/4, 1/2, 3/4 and 1 of
/// the move the `posterior` that each is best, and how many samples are `agreeing`, and of the old
/// task `old_agreeing`; and the number of `gradients`, `losses` and `judgements`.
#[pyclass(module = "rolling_ball", frozen)]
pub struct FineTuned {
    theta: Vec<f32>,
    credibilities: Vec<f32>,
    report: Report,
}

#[pymethods]
impl FineTuned {
    #[getter]
    fn theta<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.theta.to_pyarray(py)
    }

    #[getter]
    fn hash(&self) -> u32 {
        rolling_ball_rehearsal::hash(&self.theta)
    }

    #[getter]
    fn credibilities<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.credibilities.to_pyarray(py)
    }

    #[getter]
    fn kept(&self) -> f32 {
        self.report.kept
    }

    #[getter]
    fn refusal(&self) -> Option<String> {
        let index = (self.report.refusal as usize).checked_sub(1)?;
        Report::REFUSALS.get(index).map(ToString::to_string)
    }

    #[getter]
    fn wrong_labels(&self) -> f32 {
        self.report.wrong_labels
    }

    #[getter]
    fn posterior<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        self.report.posterior.to_pyarray(py)
    }

    #[getter]
    fn agreeing<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        self.report.agreeing.to_pyarray(py)
    }

    #[getter]
    fn old_agreeing<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        self.report.old_agreeing.to_pyarray(py)
    }

    #[getter]
    fn gradients(&self) -> u32 {
        self.report.gradients
    }

    #[getter]
    fn losses(&self) -> u32 {
        self.report.losses
    }

    #[getter]
    fn judgements(&self) -> u32 {
        self.report.judgements
    }

    fn __repr__(&self) -> String {
        let (kept, hash) = (self.report.kept, self.hash());
        let refusal = self.refusal().map_or_else(String::new, |said| format!(", since {said}"));
        format!("FineTuned(kept {kept}{refusal}, hash {hash:#010x})")
    }
}

/// The CRC-32 of the bits of theta, float32 [parameters], as a device prints it. Raises `TypeError`
/// and `ValueError` of another type or shape.
#[pyfunction]
pub fn hash(theta: &Bound<'_, PyAny>) -> PyResult<u32> {
    let length = theta.len().map_err(|_| {
        PyTypeError::new_err("theta: expected a numpy array of float32 of one dimension")
    })?;
    Ok(rolling_ball_rehearsal::hash(floats("theta", theta, &[length])?.get()?))
}

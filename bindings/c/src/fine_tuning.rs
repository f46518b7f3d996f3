//! Fine-tuning of an imported network as a transaction. What `rolling-ball import --c-library`
//! makes of one calls the generic functions; what does not depend on the network is in the header
//! of all.

use crate::checkpoints::checkpoints;
use crate::error::{Failure, rb_error, rb_error_detail};
use crate::flash::rb_flash;
use crate::input::{Seen, Width, rb_input};
use crate::mark::{Declared, Mark};
use crate::memory::{
    NOWHERE, Vector, check, check_apart, check_many, extent, read, slice, slice_mut, write,
};
use crate::network::Made;
use core::ffi::c_char;
use core::ops::Range;
use core::task::Poll;
use rolling_ball::nn::{
    Backbone, Credibility, FineTuning, FineTuningConfig, FineTuningReport, Layer, Network, Paused,
    Refusal, Sample, Samples, SoftmaxCrossEntropy,
};
use rolling_ball::{CheckpointError, Error, Rebind, RollingBall};

/// The size of an rb_fine_tuning, in words of 8 bytes.
pub const RB_FINE_TUNING_WORDS: usize = 100;

/// How many vectors a fine-tuning's workspace has, each as long as theta.
pub const RB_FINE_TUNING_VECTORS: usize = 2;

/// A fine-tuning. Its memory belongs to the caller: a static, or a local that starts as `{{0}}`.
/// Its content belongs to the library, and holds the addresses of the arrays. One that was copied,
/// moved or restored from elsewhere is refused by RB_ERROR_MOVED until NAME_fine_tuning_rebind
/// tells where they are now. Of those that another build has left, the same are recognised as of an
/// rb_optimizer; save one by NAME_fine_tuning_save to outlive an update.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fine_tuning {
    opaque: [u64; RB_FINE_TUNING_WORDS],
}

/// What is known of a labelled sample. Its content belongs to the library: rb_label_credibility
/// tells how credible the label is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_credibility {
    opaque: [u32; 8],
}

const _: () = assert!(
    size_of::<Credibility>() <= size_of::<rb_credibility>()
        && align_of::<Credibility>() <= align_of::<rb_credibility>(),
    "a credibility does not fit its C storage"
);

/// Labelled samples, which stay where they are, such as in flash.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_samples {
    /// The inputs one after another without a gap: rb_floats, rb_bytes or rb_int8 of all of them,
    /// or NAME_kept of all their features.
    pub inputs: rb_input,
    /// The class of each.
    pub labels: *const u8,
    /// The group of each, or null: samples of one group, such as clips of one recording, are held
    /// out together, as they judge each other too kindly.
    pub groups: *const u32,
    /// How many there are.
    pub count: usize,
}

/// The settings of a fine-tuning, which nobody needs to change. Start from rb_fine_tuning_default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fine_tuning_config {
    /// Steps of each of the five trainings without a fold.
    pub fold_steps: u32,
    /// Steps of the last training.
    pub steps: u32,
    /// How strongly theta is pulled to the start.
    pub pull: f32,
    /// How many samples a step sees; 0 for all of them.
    pub mini_batch: u32,
    /// Chooses the folds. One that is made of the samples lets a checkpoint tell others from them.
    pub seed: u32,
}

/// The arrays of a fine-tuning. They stay the caller's, must outlive it, and may be used between
/// its calls: the scratch for anything, the others to be read.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fine_tuning_arrays {
    /// What is learned from.
    pub samples: rb_samples,
    /// Samples of the old task, which count in the judgement of what was learned; their groups do
    /// not matter, and their count may be 0.
    pub old: rb_samples,
    /// Where theta begins, and where it ends if nothing is kept: NAME_PARAMETERS floats, such as
    /// NAME_theta in flash.
    pub start: *const f32,
    /// What is fine-tuned, of as many. Its content does not matter; an init function puts the start
    /// there.
    pub theta: *mut f32,
    /// RB_FINE_TUNING_VECTORS times as many.
    pub workspace: *mut f32,
    /// NAME_SCRATCH floats.
    pub scratch: *mut f32,
    /// One for each of the samples. What they hold does not matter at first.
    pub credibilities: *mut rb_credibility,
}

/// Why nothing was kept.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum rb_refusal {
    /// Something was kept.
    None = 0,
    /// Held-out samples speak for the start.
    StartIsBetter = 1,
    /// More labels seem wrong than can be judged: at least 60 %.
    WrongLabels = 2,
    /// Not one step could be made.
    NoStep = 3,
}

/// How far a fine-tuning is, and how it ended. Arrays are for the parts of the move that were
/// tried: 0 (the start), 1/4, 1/2, 3/4 and all of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_fine_tuning_report {
    /// 1 when theta is what to deploy. Before, all fields but the next two are 0.
    pub done: u32,
    /// How many steps are done since it began.
    pub steps: u32,
    /// How many there are in all, by default 115.
    pub all_steps: u32,
    /// How much of the move was kept, from 0 to 1. At 0 theta is the start, to the bit.
    pub kept: f32,
    /// Why nothing was.
    pub refusal: rb_refusal,
    /// The part of the labels that seem to be wrong.
    pub wrong_labels: f32,
    /// The probability that each part of the move is the one to keep.
    pub posterior: [f32; 5],
    /// How many samples there were.
    pub samples: u32,
    /// How many of them are answered with their label by a network that has not learned from them.
    pub agreeing: [u32; 5],
    /// How many samples of the old task there were.
    pub old_samples: u32,
    /// How many of them are answered with their label.
    pub old_agreeing: [u32; 5],
    /// How many gradients were evaluated, over all samples or mini-batches.
    pub gradients: u32,
    /// How many losses without a gradient.
    pub losses: u32,
    /// How often a sample was judged: a forward pass each.
    pub judgements: u32,
}

impl rb_fine_tuning_report {
    fn new([steps, all_steps]: [u32; 2], report: Option<FineTuningReport>) -> Self {
        let done = report.is_some();
        let report = report.unwrap_or_default();
        let refusal = match report.refusal().filter(|_| done) {
            None => rb_refusal::None,
            Some(Refusal::StartIsBetter) => rb_refusal::StartIsBetter,
            Some(Refusal::WrongLabels) => rb_refusal::WrongLabels,
            Some(Refusal::NoStep) => rb_refusal::NoStep,
        };
        Self {
            done: done.into(),
            steps,
            all_steps,
            kept: report.kept,
            refusal,
            wrong_labels: report.wrong_labels,
            posterior: report.posterior,
            samples: report.samples,
            agreeing: report.agreeing,
            old_samples: report.old_samples,
            old_agreeing: report.old_agreeing,
            gradients: report.evaluations.gradients,
            losses: report.evaluations.losses,
            judgements: report.judgements,
        }
    }
}

impl From<FineTuningConfig> for rb_fine_tuning_config {
    fn from(config: FineTuningConfig) -> Self {
        let FineTuningConfig { fold_steps, steps, pull, mini_batch, seed } = config;
        let mini_batch = mini_batch.map_or(0, |count| count as u32);
        Self { fold_steps, steps, pull, mini_batch, seed }
    }
}

impl From<rb_fine_tuning_config> for FineTuningConfig {
    fn from(config: rb_fine_tuning_config) -> Self {
        let rb_fine_tuning_config { fold_steps, steps, pull, mini_batch, seed } = config;
        let mini_batch = (mini_batch > 0).then_some(mini_batch as usize);
        Self { fold_steps, steps, pull, mini_batch, seed }
    }
}

/// Marks the start of an object on which an init function was called.
const MAGIC: u32 = 0x5242_4654;

type Ball = RollingBall<Vector>;

/// What an `rb_fine_tuning` holds.
#[repr(C)]
struct State {
    mark: Mark,
    error: Option<Failure>,
    /// `None` where the initialisation failed.
    begun: Option<Begun>,
}

const _: () = assert!(
    size_of::<State>() <= size_of::<rb_fine_tuning>()
        && align_of::<State>() <= align_of::<rb_fine_tuning>(),
    "a fine-tuning does not fit its C storage: raise RB_FINE_TUNING_WORDS"
);

struct Begun {
    paused: Paused<Ball>,
    arrays: rb_fine_tuning_arrays,
    shape: Shape,
}

/// What tells one network from another: the lengths of what it is given.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    width: Width,
    outputs: usize,
    parameters: usize,
    scratch: usize,
}

impl Shape {
    fn of<L: Layer, B: Backbone>() -> Self {
        Self {
            width: Width::of::<L, B>(),
            outputs: L::OUTPUTS,
            parameters: L::PARAMETERS,
            scratch: Network::<L, B>::SCRATCH,
        }
    }
}

/// Samples in arrays of C, after their pointers were checked.
struct InArrays<'a, L, B: 'static> {
    network: Network<'static, L, B>,
    inputs: rb_input,
    labels: &'a [u8],
}

impl<L, B: Copy> Clone for InArrays<'_, L, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L, B: Copy> Copy for InArrays<'_, L, B> {}

impl<'a, L: Layer, B: Backbone + 'static> Samples for InArrays<'a, L, B> {
    type Input = Seen<'a, B>;
    type Target = usize;

    fn len(&self) -> usize {
        self.labels.len()
    }

    fn get(&self, index: usize) -> Option<Sample<Seen<'a, B>, usize>> {
        let target = usize::from(*self.labels.get(index)?);
        // SAFETY: there are as many inputs as labels, which the caller has promised to keep.
        let input = unsafe { self.inputs.nth::<L, B>(index).read(&self.network) };
        Some(Sample { input: input.ok()?, target })
    }
}

impl rb_samples {
    /// Checks the pointers, unless there are none to follow.
    fn check<L: Layer, B: Backbone>(&self) -> Result<(), rb_error> {
        if self.count == 0 {
            return Ok(());
        }
        self.inputs.check_times::<L, B>(self.count)?;
        check_many(self.labels, self.count)?;
        if self.groups.is_null() { Ok(()) } else { check_many(self.groups, self.count) }
    }

    /// The ranges of addresses that the samples, their targets and their groups take.
    fn extents(&self, width: Width) -> [Range<usize>; 3] {
        if self.count == 0 {
            return [NOWHERE, NOWHERE, NOWHERE];
        }
        let groups = if self.groups.is_null() { NOWHERE } else { extent(self.groups, self.count) };
        let inputs = self.inputs.bytes(width).saturating_mul(self.count);
        [extent::<u8>(self.inputs.values.cast(), inputs), extent(self.labels, self.count), groups]
    }

    /// # Safety
    ///
    /// The pointers were checked, and lead to so many samples, which nobody writes while the result
    /// lives.
    unsafe fn read<'a, L: Layer, B: Backbone + 'static>(
        &self,
        network: Network<'static, L, B>,
    ) -> Result<InArrays<'a, L, B>, rb_error> {
        // SAFETY: the caller promises it.
        let labels = if self.count == 0 { &[] } else { unsafe { slice(self.labels, self.count)? } };
        Ok(InArrays { network, inputs: self.inputs, labels })
    }
}

impl rb_fine_tuning_arrays {
    /// The ranges of addresses that a fine-tuning writes.
    fn written(&self, shape: Shape) -> [Range<usize>; 4] {
        [
            extent(self.theta, shape.parameters),
            extent(self.workspace, shape.parameters.saturating_mul(RB_FINE_TUNING_VECTORS)),
            extent(self.scratch, shape.scratch),
            extent(self.credibilities, self.samples.count),
        ]
    }

    /// Those that it reads.
    fn read(&self, shape: Shape) -> [Range<usize>; 6] {
        let [inputs, labels, groups] = self.samples.extents(shape.width);
        // The groups of the others do not matter.
        let [old_inputs, old_labels, _] = self.old.extents(shape.width);
        let start = extent(self.start, shape.parameters);
        [start, inputs, labels, groups, old_inputs, old_labels]
    }

    /// Checks that what else a call writes has nothing in common with any of them.
    fn check_beside(&self, shape: Shape, written: Range<usize>) -> Result<(), rb_error> {
        let written = &[written];
        check_apart(written, &self.written(shape))?;
        check_apart(written, &self.read(shape))
    }
}

/// A fine-tuning during a call.
type Tuning<'a, L, B> = FineTuning<
    'a,
    Network<'static, L, B>,
    SoftmaxCrossEntropy<'a>,
    InArrays<'a, L, B>,
    Ball,
    InArrays<'a, L, B>,
>;

/// Begins a fine-tuning.
///
/// # Safety
///
/// What the header asks of pointers: each is null, misaligned, or leads to as much as the network
/// says.
pub unsafe fn init<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    storage: *mut rb_fine_tuning,
    declared: Declared,
    config: *const rb_fine_tuning_config,
    arrays: *const rb_fine_tuning_arrays,
) -> rb_error {
    if let Err(error) = declared.check(storage) {
        return error;
    }
    // SAFETY: the caller promises it.
    let begun = unsafe { begin(network, storage, config, arrays) };
    let error = begun.as_ref().err().copied();
    let state = State { mark: Mark::new(MAGIC, storage), error, begun: begun.ok() };
    // SAFETY: the pointer was checked above not to be null or misaligned, and the state fits.
    unsafe { storage.cast::<State>().write(state) };
    error.map_or(rb_error::None, rb_error::from)
}

/// Checks what an init function was given, and makes the fine-tuning.
///
/// # Safety
///
/// The same as for [`init`].
unsafe fn begin<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    storage: *const rb_fine_tuning,
    config: *const rb_fine_tuning_config,
    arrays_at: *const rb_fine_tuning_arrays,
) -> Result<Begun, Failure> {
    // SAFETY: the caller promises it.
    let (settings, arrays) = unsafe { (read(config)?, read(arrays_at)?) };
    let own = [extent(config, 1), extent(arrays_at, 1)];
    // SAFETY: the caller promises it.
    let (theta, workspace) = unsafe { check_arrays::<L, B>(&arrays, storage, own)? };
    let shape = Shape::of::<L, B>();
    let vectors = workspace.cut(shape.parameters).ok_or(rb_error::Length)?;
    let network = network?;
    // SAFETY: the caller promises it; all was checked.
    let paused = unsafe {
        for index in 0..arrays.samples.count {
            // They may hold anything, so they are no slice before.
            arrays.credibilities.cast::<Credibility>().wrapping_add(index).write(Credibility::NEW);
        }
        let samples = arrays.samples.read(network)?;
        let (start, records, scratch) = borrowed(&arrays, shape)?;
        let groups = arrays.samples.groups;
        let config = FineTuningConfig::from(settings);
        FineTuning::new(
            network,
            SoftmaxCrossEntropy::new(),
            samples,
            start,
            vectors,
            records,
            scratch,
        )?
        .keeping(arrays.old.read(network)?)
        .with_config(config)?
        .with_groups(|index| {
            if groups.is_null() { index } else { groups.wrapping_add(index).read() as usize }
        })
        .pause()
    };
    // A checkpoint before the first step would hold what happens to be there.
    workspace.clear();
    // SAFETY: the caller promises it; both were checked to be so long, and to be apart.
    unsafe { theta.start().copy_from_nonoverlapping(arrays.start, shape.parameters) };
    Ok(Begun { paused, arrays, shape })
}

/// Checks arrays, and that what is written has nothing in common with anything else. Gives theta
/// and the workspace.
///
/// # Safety
///
/// The same as for [`init`].
unsafe fn check_arrays<L: Layer, B: Backbone>(
    arrays: &rb_fine_tuning_arrays,
    storage: *const rb_fine_tuning,
    [config, arrays_at]: [Range<usize>; 2],
) -> Result<(Vector, Vector), Failure> {
    let shape @ Shape { parameters, scratch, .. } = Shape::of::<L, B>();
    arrays.samples.check::<L, B>()?;
    arrays.old.check::<L, B>()?;
    check_many(arrays.start, parameters)?;
    check_many(arrays.scratch, scratch)?;
    check_many(arrays.credibilities, arrays.samples.count)?;
    let work = parameters.saturating_mul(RB_FINE_TUNING_VECTORS);
    // SAFETY: the caller promises it; that nothing overlaps is checked.
    let (theta, workspace) = unsafe {
        (
            Vector::new("theta", arrays.theta, parameters)?,
            Vector::new("workspace", arrays.workspace, work)?,
        )
    };
    let [at_theta, at_workspace, at_scratch, at_records] = arrays.written(shape);
    let written = [at_theta, at_workspace, at_scratch, at_records, extent(storage, 1)];
    check_apart(&written, &[config, arrays_at])?;
    check_apart(&written, &arrays.read(shape))?;
    Ok((theta, workspace))
}

/// The start, the credibilities and the scratch.
type Borrowed<'a> = (&'a [f32], &'a mut [Credibility], &'a mut [f32]);

/// What a fine-tuning borrows for a call.
///
/// # Safety
///
/// The arrays were checked, their credibilities are, and nobody else uses them while the result
/// lives.
unsafe fn borrowed<'a>(
    arrays: &rb_fine_tuning_arrays,
    shape: Shape,
) -> Result<Borrowed<'a>, rb_error> {
    // SAFETY: the caller promises it.
    unsafe {
        Ok((
            slice(arrays.start, shape.parameters)?,
            slice_mut(arrays.credibilities.cast(), arrays.samples.count)?,
            slice_mut(arrays.scratch, shape.scratch)?,
        ))
    }
}

/// The state of an object on which an init function was called, wherever it was then.
///
/// # Safety
///
/// The storage must be the memory of an `rb_fine_tuning` with a defined content, which nobody else
/// uses during the call.
unsafe fn state<'a>(storage: *mut rb_fine_tuning) -> Result<&'a mut State, rb_error> {
    // SAFETY: the caller promises it, and an object is larger than its mark.
    unsafe { Mark::read(MAGIC, storage.cast_const())? };
    // SAFETY: only `init` writes the mark, and it does so together with the whole state.
    Ok(unsafe { &mut *storage.cast::<State>() })
}

/// Calls a fine-tuning with theta. What the call writes beside its arrays, and what it reads beside
/// them while it writes these, must be apart from them.
///
/// # Safety
///
/// The same as for [`state`], and nobody else may use its arrays during the call.
unsafe fn with_tuning<L: Layer, B: Backbone + 'static, T>(
    network: Made<L, B>,
    storage: *mut rb_fine_tuning,
    beside: Range<usize>,
    call: impl FnOnce(&mut Tuning<'_, L, B>, &mut [f32]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // SAFETY: the caller promises it.
    let State { mark, begun, .. } = unsafe { state(storage)? };
    let Some(Begun { arrays, shape, .. }) = begun.as_ref() else {
        return Err(rb_error::NotInitialised.into());
    };
    mark.check_place(storage.cast_const())?;
    let (arrays, shape) = (*arrays, *shape);
    // Another network would read and write beyond the arrays.
    if shape != Shape::of::<L, B>() {
        return Err(rb_error::Kind.into());
    }
    check_apart(core::slice::from_ref(&beside), &[extent(storage, 1)])?;
    arrays.check_beside(shape, beside)?;
    let network = network?;
    let paused = begun.take().ok_or(rb_error::NotInitialised)?.paused;
    // SAFETY: `init` has checked the arrays, and the caller promises that they are there still.
    unsafe {
        let (start, records, scratch) = borrowed(&arrays, shape)?;
        let (samples, old) = (arrays.samples.read(network)?, arrays.old.read(network)?);
        let theta = slice_mut(arrays.theta, shape.parameters)?;
        let loss = SoftmaxCrossEntropy::new();
        let old = Some(old);
        let mut tuning = paused.go_on(network, loss, samples, old, start, records, scratch)?;
        let called = call(&mut tuning, theta);
        *begun = Some(Begun { paused: tuning.pause(), arrays, shape });
        called
    }
}

/// Remembers how a call has ended, and gives its code. What the init function has found wrong
/// stays.
///
/// # Safety
///
/// The same as for [`state`].
unsafe fn ended(storage: *mut rb_fine_tuning, result: Result<(), Failure>) -> rb_error {
    // SAFETY: the caller promises it.
    if let Ok(State { error, begun: Some(_), .. }) = unsafe { state(storage) } {
        *error = result.err();
    }
    result.into()
}

/// Binds a fine-tuning to its arrays where they are now.
///
/// # Safety
///
/// The same must hold as for [`init`].
pub unsafe fn rebind<L: Layer, B: Backbone + 'static>(
    _network: Made<L, B>,
    storage: *mut rb_fine_tuning,
    arrays: *const rb_fine_tuning_arrays,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { ended(storage, bind_anew::<L, B>(storage, arrays)) }
}

/// # Safety
///
/// The same must hold as for [`init`].
unsafe fn bind_anew<L: Layer, B: Backbone + 'static>(
    storage: *mut rb_fine_tuning,
    arrays_at: *const rb_fine_tuning_arrays,
) -> Result<(), Failure> {
    // SAFETY: the caller promises it.
    let arrays = unsafe { read(arrays_at)? };
    // SAFETY: the same.
    let State { mark, begun, .. } = unsafe { state(storage)? };
    let known = begun.as_mut().ok_or(rb_error::NotInitialised)?;
    if known.shape != Shape::of::<L, B>() {
        return Err(rb_error::Kind.into());
    }
    for (what, before, now) in [
        ("samples", known.arrays.samples.count, arrays.samples.count),
        ("old samples", known.arrays.old.count, arrays.old.count),
    ] {
        if before != now {
            return Err(Error::Length { what, expected: before, actual: now }.into());
        }
    }
    // SAFETY: the caller promises it. The vector of before is compared by its address only.
    let (from, to) = unsafe {
        let length = known.shape.parameters.saturating_mul(RB_FINE_TUNING_VECTORS);
        (
            Vector::new("workspace", known.arrays.workspace, length)?,
            check_arrays::<L, B>(&arrays, storage, [NOWHERE, extent(arrays_at, 1)])?.1,
        )
    };
    known.paused.rebind(&mut |vector: &mut Vector| *vector = vector.moved(from, to));
    known.arrays = arrays;
    *mark = Mark::new(MAGIC, storage.cast_const());
    Ok(())
}

/// Makes a piece of a fine-tuning.
///
/// # Safety
///
/// The same must hold as for [`init`].
pub unsafe fn poll<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    storage: *mut rb_fine_tuning,
    report: *mut rb_fine_tuning_report,
) -> rb_error {
    let polled = check(report).map_err(Failure::from).and_then(|()| {
        // SAFETY: the caller promises it.
        unsafe {
            with_tuning(network, storage, extent(report, 1), |tuning, theta| {
                let (polled, all) = (tuning.poll(theta)?, tuning.all_steps());
                Ok(match polled {
                    Poll::Pending => rb_fine_tuning_report::new([tuning.steps(), all], None),
                    Poll::Ready(report) => rb_fine_tuning_report::new([all, all], Some(report)),
                })
            })
        }
    });
    // SAFETY: the caller promises it; that it is apart from all else was checked.
    let written =
        polled.and_then(|numbers| unsafe { write(report, numbers) }.map_err(Failure::from));
    // SAFETY: the caller promises it.
    unsafe { ended(storage, written) }
}

/// Saves a fine-tuning between two steps.
///
/// # Safety
///
/// The same must hold as for [`init`], and for the flash what `rb_save` asks.
pub unsafe fn save<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    flash: *const rb_flash,
    storage: *mut rb_fine_tuning,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe {
        let saved = with_tuning(network, storage, extent(flash, 1), |tuning, theta| {
            Ok(checkpoints(flash)?.save(theta, tuning)?)
        });
        ended(storage, saved)
    }
}

/// Takes a fine-tuning back from the newest checkpoint.
///
/// # Safety
///
/// The same must hold as for [`save`].
pub unsafe fn resume<L: Layer, B: Backbone + 'static>(
    network: Made<L, B>,
    flash: *const rb_flash,
    storage: *mut rb_fine_tuning,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe {
        let resumed = with_tuning(network, storage, extent(flash, 1), |tuning, theta| {
            let resumed = checkpoints(flash)?.resume(theta, tuning);
            if matches!(resumed, Err(CheckpointError::HalfResumed)) {
                tuning.restart();
            }
            resumed?.map(|_| ()).ok_or(Failure::from(rb_error::NoCheckpoint))
        });
        ended(storage, resumed)
    }
}

/// Returns an English sentence that says why nothing was kept, which ends in a zero byte and stays
/// valid for ever. Any number is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn rb_refusal_string(refusal: u32) -> *const c_char {
    let text = match refusal {
        0 => c"something was kept",
        1 => c"held-out samples speak for the start",
        2 => c"more labels seem wrong than can be judged",
        3 => c"no step could be made",
        _ => c"not a refusal",
    };
    text.as_ptr()
}

/// The settings that docs/untuned.md measures.
#[unsafe(no_mangle)]
pub extern "C" fn rb_fine_tuning_default() -> rb_fine_tuning_config {
    FineTuningConfig::default().into()
}

/// Tells how credible the label of a sample is, from 0 to 1: the probability that it is right, by
/// what networks that did not learn from it say. It is 1 until that is known, and NaN where the
/// pointer is null or misaligned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_label_credibility(credibility: *const rb_credibility) -> f32 {
    // SAFETY: the caller promises that an init function of a fine-tuning was given it.
    unsafe { read(credibility.cast::<Credibility>()) }.map_or(f32::NAN, |known| known.label())
}

/// Writes the details of what the last call on this fine-tuning answered, this function not
/// counted: RB_ERROR_NONE where it succeeded. After an init function that failed, it goes on to say
/// why.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_fine_tuning_last_error(
    tuning: *mut rb_fine_tuning,
    detail: *mut rb_error_detail,
) -> rb_error {
    let result = check(detail)
        .and_then(|()| check_apart(&[extent(detail, 1)], &[extent(tuning, 1)]))
        // SAFETY: the caller promises it.
        .and_then(|()| unsafe { state(tuning) })
        .and_then(|state| {
            if let Some(Begun { arrays, shape, .. }) = &state.begun {
                arrays.check_beside(*shape, extent(detail, 1))?;
            }
            let details = rb_error_detail::new(state.error);
            // SAFETY: the caller promises it.
            unsafe { write(detail, details) }
        });
    result.into()
}

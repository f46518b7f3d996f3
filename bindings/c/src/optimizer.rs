//! The protocol: an optimizer asks for evaluations, and is told the answers. There is one opaque
//! object for every kind, so that one set of functions drives them all; only the kinds whose init
//! functions are called are linked.

use crate::error::{Failure, rb_error, rb_error_detail};
use crate::mark::{Declared, Mark};
use crate::memory::{NOWHERE, Vector, check, check_apart, extent, read, write};
use crate::report::rb_step_report;
use crate::switch::switch;
use core::ptr;
use rolling_ball::{
    ClipNorm, Error, Optimizer, Rebind, Request, Resumable, STATE_VECTORS, STATE_WORDS,
    State as Carried, StepReport,
};

/// The size of an rb_optimizer, in words of 8 bytes.
pub const RB_OPTIMIZER_WORDS: usize = 80;

/// An optimizer. Its memory belongs to the caller: a static, or a local that starts as `{{0}}`. Its
/// content belongs to the library, and holds the addresses of theta and of the workspace. An object
/// that was copied, moved or restored from elsewhere is therefore refused by RB_ERROR_MOVED until
/// rb_rebind tells where its buffers are now.
///
/// It holds the address of a function too, so an object that another build of the program has left
/// in memory must not be used: to outlive an update, save it by rb_save. Most are recognised, and
/// are RB_ERROR_NOT_INITIALISED: those of a library of another RB_VERSION, those of another size,
/// and those of a program that has rb_version at another address. What is not recognised is an
/// object of a build whose library has the same version and rb_version at the same address, and
/// other functions elsewhere: where memory outlives an update, clear it when the program changes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rb_optimizer {
    opaque: [u64; RB_OPTIMIZER_WORDS],
}

/// What the optimizer needs next.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum rb_request {
    /// Nothing: the step is done, and theta is the new point. rb_report tells more about it.
    Done = 0,
    /// Evaluate the loss at theta, then call rb_tell_loss. Cost: 1/3 of a gradient evaluation.
    Loss = 1,
    /// Evaluate the loss and its gradient at theta, write the gradient to rb_gradient, then call
    /// rb_tell_gradient. When the request before was for a loss at this same theta, its forward
    /// pass may be used again. Cost: one gradient evaluation.
    Gradient = 2,
}

/// The kind of optimizer that an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    Ball,
    ContactBall,
    Sgd,
    Adam,
    Sam,
    EntropySgd,
    ZerothOrderBall,
}

/// Marks the start of an object on which an init function was called.
const MAGIC: u32 = 0x5242_4F31;

/// The part that every kind begins with.
#[repr(C)]
#[derive(Debug)]
struct Header {
    mark: Mark,
    /// `None` where the initialisation failed.
    initialised: Option<Initialised>,
    report: StepReport,
    error: Option<Failure>,
}

/// What an object knows whose initialisation succeeded.
#[derive(Clone, Copy, Debug)]
struct Initialised {
    kind: Kind,
    /// Whether the optimizer of this kind is inside a `ClipNorm`.
    clipped: bool,
    /// Finds the optimizer behind the header.
    find: FindOptimizer,
    theta: Vector,
    workspace: Vector,
}

type FindOptimizer = unsafe fn(*mut rb_optimizer) -> *mut dyn AnyOptimizer;

/// What every kind can do. It is [`Resumable`] for a kind that is known at run time only.
pub trait AnyOptimizer: Optimizer {
    fn kind(&self) -> rolling_ball::Kind;
    fn parameters(&self) -> usize;
    fn settings(&self, tell: &mut dyn FnMut(&'static str, &[u32]));
    fn state(&self) -> Result<Carried<'_>, Error>;
    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error>;
    fn rebind(&mut self, from: Vector, to: Vector);
}

/// An optimizer over vectors of C that an object can hold.
pub trait Kept: Optimizer + Resumable + Rebind<Vector> + 'static {}

impl<O: Optimizer + Resumable + Rebind<Vector> + 'static> Kept for O {}

impl<O: Kept> AnyOptimizer for O {
    fn kind(&self) -> rolling_ball::Kind {
        Resumable::kind(self)
    }

    fn parameters(&self) -> usize {
        Resumable::parameters(self)
    }

    fn settings(&self, tell: &mut dyn FnMut(&'static str, &[u32])) {
        Resumable::settings(self, &mut |name, words| tell(name, words));
    }

    fn state(&self) -> Result<Carried<'_>, Error> {
        Resumable::state(self)
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        Resumable::resume(self, words)
    }

    fn rebind(&mut self, from: Vector, to: Vector) {
        Rebind::rebind(self, &mut |vector: &mut Vector| *vector = vector.moved(from, to));
    }
}

/// What an `rb_optimizer` holds.
#[repr(C)]
struct State<O> {
    header: Header,
    optimizer: O,
}

impl<O: Kept> State<O> {
    /// Every kind fits on 32-bit and on 64-bit targets alike, whichever is compiled for.
    const FITS: () = assert!(
        size_of::<Self>() <= size_of::<rb_optimizer>()
            && align_of::<Self>() <= align_of::<rb_optimizer>(),
        "an optimizer does not fit its C storage: raise RB_OPTIMIZER_WORDS"
    );

    /// Finds the optimizer in its storage.
    ///
    /// # Safety
    ///
    /// The storage must hold a `State<O>`.
    unsafe fn find(storage: *mut rb_optimizer) -> *mut dyn AnyOptimizer {
        // SAFETY: the caller promises it. No reference is made, so the header may have one.
        unsafe { &raw mut (*storage.cast::<Self>()).optimizer }
    }
}

/// The buffers that an init function is given, not yet checked.
pub struct Buffers {
    pub theta: *mut f32,
    pub parameters: usize,
    pub workspace: *mut f32,
    pub workspace_length: usize,
}

/// Builds an optimizer of `COUNT` vectors in its storage, from a configuration that may be null or
/// name kinds that do not exist. What the storage held before is gone, whether that succeeds or
/// not.
///
/// # Safety
///
/// What the top of the header asks of pointers.
pub unsafe fn init<C, R, O, const COUNT: usize>(
    storage: *mut rb_optimizer,
    declared: Declared,
    kind: Kind,
    config: *const C,
    buffers: &Buffers,
    build: impl FnOnce(R, [Vector; COUNT]) -> Result<O, Error>,
) -> rb_error
where
    C: Copy,
    R: TryFrom<C, Error = Error>,
    O: Kept,
{
    let () = State::<O>::FITS;
    if let Err(error) = declared.check(storage) {
        return error;
    }
    // SAFETY: the caller promises it.
    let built = unsafe { assemble(storage, config, buffers, build) };
    let header = |initialised, error| Header {
        mark: Mark::new(MAGIC, storage),
        initialised,
        report: StepReport::default(),
        error,
    };
    match built {
        Ok((theta, workspace, optimizer)) => {
            // A checkpoint before the first step would hold what happens to be there.
            workspace.clear();
            let find = State::<O>::find;
            let initialised = Initialised { kind, clipped: false, find, theta, workspace };
            let header = header(Some(initialised), None);
            // SAFETY: the pointer was checked above not to be null or misaligned, and the state
            // fits.
            unsafe { storage.cast::<State<O>>().write(State { header, optimizer }) };
            rb_error::None
        }
        Err(failure) => {
            // SAFETY: the reason is the same as above; a header is the beginning of a state.
            unsafe { storage.cast::<Header>().write(header(None, Some(failure))) };
            failure.into()
        }
    }
}

/// Checks what an init function was given, and builds the optimizer over theta and the workspace.
///
/// # Safety
///
/// The same as for [`init`].
unsafe fn assemble<C, R, O, const COUNT: usize>(
    storage: *const rb_optimizer,
    config: *const C,
    buffers: &Buffers,
    build: impl FnOnce(R, [Vector; COUNT]) -> Result<O, Error>,
) -> Result<(Vector, Vector, O), Failure>
where
    C: Copy,
    R: TryFrom<C, Error = Error>,
{
    // SAFETY: the caller promises it; that the two vectors do not overlap is checked.
    let (settings, theta, workspace) = unsafe {
        (
            read(config)?,
            Vector::new("theta", buffers.theta, buffers.parameters)?,
            Vector::new("workspace", buffers.workspace, buffers.workspace_length)?,
        )
    };
    let written = [theta.extent(), workspace.extent(), extent(storage, 1)];
    check_apart(&written, &[extent(config, 1)])?;
    let vectors = workspace.cut(buffers.parameters);
    // A wrong setting is told before a wrong length, which may follow from it.
    let optimizer = build(settings.try_into()?, vectors.unwrap_or([Vector::EMPTY; COUNT]))?;
    if vectors.is_none() {
        let expected = buffers.parameters.saturating_mul(COUNT);
        let actual = buffers.workspace_length;
        return Err(Error::Length { what: "workspace", expected, actual }.into());
    }
    Ok((theta, workspace, optimizer))
}

/// The header of an object on which an init function was called, wherever it was then.
///
/// # Safety
///
/// The storage must be the memory of an `rb_optimizer` with a defined content, which nobody else
/// uses during the call.
unsafe fn header<'a>(storage: *const rb_optimizer) -> Result<&'a Header, rb_error> {
    // SAFETY: the caller promises it, and an object is larger than its mark.
    unsafe { Mark::read(MAGIC, storage)? };
    // SAFETY: only `init` writes the mark, and it does so together with the whole header.
    Ok(unsafe { &*storage.cast::<Header>() })
}

/// What an object knows whose initialisation succeeded, and which is where it was then.
///
/// # Safety
///
/// The same as for [`header`].
unsafe fn initialised(storage: *const rb_optimizer) -> Result<Initialised, rb_error> {
    // SAFETY: the caller promises it.
    let header = unsafe { header(storage)? };
    let initialised = header.initialised.ok_or(rb_error::NotInitialised)?;
    header.mark.check_place(storage)?;
    Ok(initialised)
}

/// Calls the optimizer with theta.
///
/// # Safety
///
/// The same as for [`header`], and nobody else may use theta and the workspace during the call.
pub unsafe fn with_optimizer<T, E: Into<Failure>>(
    storage: *mut rb_optimizer,
    call: impl FnOnce(&mut dyn AnyOptimizer, Vector) -> Result<T, E>,
) -> Result<T, Failure> {
    // SAFETY: the caller promises it.
    let Initialised { find, theta, .. } = unsafe { initialised(storage)? };
    // SAFETY: `init` stored the function together with what it finds, and nobody else has that
    // during the call.
    let optimizer = unsafe { &mut *find(storage) };
    call(optimizer, theta).map_err(E::into)
}

/// Remembers how a call has ended, for rb_last_error, and gives its code. What an init function
/// has found wrong stays.
///
/// # Safety
///
/// The same as for [`header`], to which no reference may be alive.
#[inline(never)]
pub unsafe fn ended(storage: *mut rb_optimizer, result: Result<(), Failure>) -> rb_error {
    // SAFETY: the caller promises it.
    if unsafe { header(storage) }.is_ok_and(|header| header.initialised.is_some()) {
        // SAFETY: it is an object that begins with a header.
        unsafe { (*storage.cast::<Header>()).error = result.err() };
    }
    result.into()
}

/// Calls the optimizer if it is of this kind.
///
/// # Safety
///
/// The same as for [`header`]. The kind must be that of `O`, and nobody else may use theta and the
/// workspace during the call.
pub unsafe fn with_kind<O: Kept, T>(
    storage: *mut rb_optimizer,
    kind: Kind,
    call: impl FnOnce(&mut O, Vector) -> Result<T, Error>,
) -> Result<T, Failure> {
    // SAFETY: the caller promises it.
    let initialised = unsafe { initialised(storage)? };
    if initialised.kind != kind {
        return Err(rb_error::Kind.into());
    }
    // SAFETY: it is of this kind, so `init` wrote a `State<O>`, or `clip` one with it inside, and
    // nobody else has that during the call.
    let optimizer = unsafe {
        if initialised.clipped {
            (*storage.cast::<State<ClipNorm<O>>>()).optimizer.inner_mut()
        } else {
            &mut (*storage.cast::<State<O>>()).optimizer
        }
    };
    Ok(call(optimizer, initialised.theta)?)
}

/// Clips the gradients of an optimizer of this kind to a norm from now on. A step in progress goes
/// on, as it is the optimizer's own.
///
/// # Safety
///
/// The same as for [`with_kind`].
pub unsafe fn clip<O: Kept>(
    storage: *mut rb_optimizer,
    kind: Kind,
    largest: f32,
) -> Result<(), Failure> {
    let () = State::<ClipNorm<O>>::FITS;
    // SAFETY: the caller promises it.
    let initialised = unsafe { initialised(storage)? };
    if initialised.kind != kind {
        return Err(rb_error::Kind.into());
    }
    let whole = storage.cast::<State<ClipNorm<O>>>();
    // SAFETY: the optimizer is taken out of the storage, which is written again before it is read:
    // with the optimizer inside the clipping one, or as it was. An optimizer has no destructor.
    let clipped = unsafe {
        let optimizer = if initialised.clipped {
            ptr::read(&raw const (*whole).optimizer).into_inner()
        } else {
            ptr::read(&raw const (*storage.cast::<State<O>>()).optimizer)
        };
        ClipNorm::new(optimizer, largest)?
    };
    let find = State::<ClipNorm<O>>::find;
    // SAFETY: an initialised storage begins with a header, to which no reference is alive, and the
    // state fits.
    unsafe {
        (*storage.cast::<Header>()).initialised =
            Some(Initialised { clipped: true, find, ..initialised });
        (&raw mut (*whole).optimizer).write(clipped);
    }
    Ok(())
}

/// Checks a pointer to what a function reads or writes beside an object, which must be apart from
/// it and from its buffers.
///
/// # Safety
///
/// The same as for [`header`].
pub unsafe fn check_beside<T>(
    storage: *const rb_optimizer,
    other: *const T,
) -> Result<(), rb_error> {
    check(other)?;
    // SAFETY: the caller promises it.
    let initialised = unsafe { header(storage)? }.initialised;
    let buffers = initialised
        .map_or([NOWHERE, NOWHERE], |Initialised { theta, workspace, .. }| {
            [theta.extent(), workspace.extent()]
        });
    check_apart(&[extent(other, 1)], &[extent(storage, 1)])?;
    check_apart(&[extent(other, 1)], &buffers)
}

/// What the caller does in a turn of the protocol.
#[derive(Clone, Copy)]
enum Turn {
    Begins,
    TellsLoss(f32),
    TellsGradient(f32),
}

/// Takes a turn of the protocol, and hands the next request out. It is one function, so that it is
/// in flash once.
///
/// # Safety
///
/// The same as for [`with_optimizer`]; the pointer to the request must point to one where it is not
/// null and aligned.
#[inline(never)]
unsafe fn turn(storage: *mut rb_optimizer, request: *mut rb_request, turn: Turn) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { ended(storage, take(storage, request, turn)) }
}

/// # Safety
///
/// The same as for [`turn`].
unsafe fn take(
    storage: *mut rb_optimizer,
    request: *mut rb_request,
    turn: Turn,
) -> Result<(), Failure> {
    // SAFETY: the caller promises it.
    let answer = unsafe {
        check_beside(storage, request)?;
        with_optimizer(storage, |optimizer, mut theta| {
            let theta = theta.as_mut();
            match turn {
                Turn::Begins => optimizer.begin(theta),
                Turn::TellsLoss(loss) => optimizer.tell_loss(theta, loss),
                Turn::TellsGradient(loss) => optimizer.tell_gradient(theta, loss),
            }
        })?
    };
    let asked = match answer {
        Request::Loss => rb_request::Loss,
        Request::Gradient => rb_request::Gradient,
        Request::Done(report) => {
            // SAFETY: the storage is initialised, or there would be no answer, and no reference to
            // the header is alive.
            unsafe { (*storage.cast::<Header>()).report = report };
            rb_request::Done
        }
    };
    // SAFETY: the caller promises it.
    unsafe { write(request, asked) }.map_err(Failure::from)
}

/// Starts a step at theta, and says in `*request` what to evaluate first: the gradient, or the loss
/// where the optimizer needs losses only.
///
/// Between the calls of a step theta holds the point to evaluate, and must not be changed. Between
/// steps it may be changed.
///
/// Errors: RB_ERROR_UNEXPECTED_ANSWER while a step is in progress; RB_ERROR_SETTING where a
/// schedule gives a value out of its range. Theta and `*request` are then unchanged. Cost: that of
/// computing the values of the schedules.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_begin(
    optimizer: *mut rb_optimizer,
    request: *mut rb_request,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { turn(optimizer, request, Turn::Begins) }
}

/// Answers RB_REQUEST_LOSS with the loss at theta, and says in `*request` what comes next.
///
/// Errors: RB_ERROR_UNEXPECTED_ANSWER where no loss was asked for; the step then goes on once it is
/// given the right answer. RB_ERROR_NON_FINITE_...: the step is over, theta is where the code says,
/// and rb_begin starts anew. `*request` is unchanged in both cases. Cost: at most one pass over
/// theta and the workspace.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_tell_loss(
    optimizer: *mut rb_optimizer,
    loss: f32,
    request: *mut rb_request,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { turn(optimizer, request, Turn::TellsLoss(loss)) }
}

/// Answers RB_REQUEST_GRADIENT with the loss at theta, where the gradient has been written to
/// rb_gradient. Says in `*request` what comes next.
///
/// Errors: the same as those of rb_tell_loss. Cost: some passes over theta and the workspace.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_tell_gradient(
    optimizer: *mut rb_optimizer,
    loss: f32,
    request: *mut rb_request,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { turn(optimizer, request, Turn::TellsGradient(loss)) }
}

/// Returns where the gradient must be written, as many floats as theta has. The address is the same
/// at every step: the start of the workspace. It is NULL where the optimizer is not initialised.
/// Between a tell and the next request for a gradient, the content belongs to the optimizer. It is
/// NULL too where the optimizer needs losses only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_gradient(optimizer: *const rb_optimizer) -> *mut f32 {
    // SAFETY: the caller promises it.
    unsafe { initialised(optimizer) }
        .ok()
        .filter(|initialised| initialised.kind != Kind::ZerothOrderBall)
        .map_or(ptr::null_mut(), |initialised| initialised.workspace.start())
}

/// Binds an optimizer to its buffers where they are now, after the object or they were moved,
/// copied or restored: theta, of `parameters` floats, and the workspace of the init function, or
/// null where it has none. Both must hold what they held when the object was copied, and it then
/// goes on with the same bits, in the middle of a step too. The object that it is a copy of must
/// not be used any more while both have the same buffers.
///
/// Errors: RB_ERROR_NOT_INITIALISED; RB_ERROR_LENGTH where a buffer is not as long as it was;
/// RB_ERROR_OVERLAP. Nothing was changed then. Cost: none.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_rebind(
    optimizer: *mut rb_optimizer,
    theta: *mut f32,
    parameters: usize,
    workspace: *mut f32,
    workspace_length: usize,
) -> rb_error {
    let buffers = Buffers { theta, parameters, workspace, workspace_length };
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, rebind(optimizer, buffers)) }
}

/// # Safety
///
/// What the top of the header asks of pointers.
unsafe fn rebind(storage: *mut rb_optimizer, buffers: Buffers) -> Result<(), Failure> {
    // SAFETY: the caller promises it.
    let known = unsafe { header(storage)? }.initialised.ok_or(rb_error::NotInitialised)?;
    let Buffers { theta, parameters, workspace, workspace_length } = buffers;
    let none = known.workspace.length() == 0 && workspace.is_null();
    let workspace = if none { known.workspace.start() } else { workspace };
    // SAFETY: the caller promises it; that the two vectors do not overlap is checked.
    let (theta, workspace) = unsafe {
        (
            Vector::new("theta", theta, parameters)?,
            Vector::new("workspace", workspace, workspace_length)?,
        )
    };
    for (what, new, old) in
        [("theta", theta, known.theta), ("workspace", workspace, known.workspace)]
    {
        let (expected, actual) = (old.length(), new.length());
        if expected != actual {
            return Err(Error::Length { what, expected, actual }.into());
        }
    }
    check_apart(&[theta.extent(), workspace.extent(), extent(storage, 1)], &[])?;
    // SAFETY: `init` stored the function together with what it finds, and nobody else has that
    // during the call. No reference to the header is alive.
    unsafe {
        (*(known.find)(storage)).rebind(known.workspace, workspace);
        let header = storage.cast::<Header>();
        (*header).mark = Mark::new(MAGIC, storage);
        (*header).initialised = Some(Initialised { theta, workspace, ..known });
    }
    Ok(())
}

/// Abandons the step in progress; theta stays where it is.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_abandon(optimizer: *mut rb_optimizer) -> rb_error {
    let abandon = |optimizer: &mut dyn AnyOptimizer, _| {
        optimizer.abandon();
        Ok::<_, Error>(())
    };
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, with_optimizer(optimizer, abandon)) }
}

/// Writes how many steps have been finished.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_steps(optimizer: *mut rb_optimizer, steps: *mut u32) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { write_count(optimizer, steps, |optimizer| optimizer.steps()) }
}

/// Writes how many steps in a row have been refused, which is to say ended by an error, since one
/// was finished. A step that is refused leaves theta where it was, and the next at the same rate
/// may be refused for the same reason: lower the rate, or stop.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_refused(optimizer: *mut rb_optimizer, refused: *mut u32) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { write_count(optimizer, refused, |optimizer| optimizer.refused()) }
}

/// Writes one of the counts that an optimizer keeps.
///
/// # Safety
/// The same as for [`with_optimizer`]; the output points to a count, is null or misaligned.
unsafe fn write_count(
    optimizer: *mut rb_optimizer,
    output: *mut u32,
    count: impl FnOnce(&dyn Optimizer) -> u32,
) -> rb_error {
    // SAFETY: the caller promises it.
    let result = unsafe {
        check_beside(optimizer, output)
            .map_err(Failure::from)
            .and_then(|()| {
                with_optimizer(optimizer, |optimizer, _| Ok::<_, Error>(count(optimizer)))
            })
            .and_then(|count| write(output, count).map_err(Failure::from))
    };
    result.into()
}

/// Says whether each step that is refused halves the learning rate of the next (1) or not (0, as at
/// first). Each step that is finished doubles it again, up to what the schedule says.
///
/// Errors: RB_ERROR_SETTING where `halve` is neither 0 nor 1.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_halve_when_refused(
    optimizer: *mut rb_optimizer,
    halve: u32,
) -> rb_error {
    let set = |optimizer: &mut dyn AnyOptimizer, _| {
        optimizer.halve_when_refused(switch("halve when refused", halve)?);
        Ok::<_, Error>(())
    };
    // SAFETY: the caller promises it.
    unsafe { ended(optimizer, with_optimizer(optimizer, set)) }
}

/// Writes the numbers of the last step that was finished; zeros where there is none.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_report(
    optimizer: *const rb_optimizer,
    report: *mut rb_step_report,
) -> rb_error {
    // SAFETY: the caller promises it.
    let result = unsafe {
        check_beside(optimizer, report)
            .and_then(|()| initialised(optimizer))
            .and_then(|_| header(optimizer))
            .map(|header| header.report.into())
            .and_then(|numbers| write(report, numbers))
    };
    result.into()
}

/// Writes the details of what the last call on this optimizer answered: RB_ERROR_NONE where it
/// succeeded. Calls that only ask (rb_gradient, rb_steps, rb_refused, rb_report and this) do not
/// count. After an init function that failed, it goes on to say why.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_last_error(
    optimizer: *const rb_optimizer,
    detail: *mut rb_error_detail,
) -> rb_error {
    // SAFETY: the caller promises it.
    let result = unsafe {
        check_beside(optimizer, detail)
            .and_then(|()| header(optimizer))
            .map(|header| rb_error_detail::new(header.error))
            .and_then(|details| write(detail, details))
    };
    result.into()
}

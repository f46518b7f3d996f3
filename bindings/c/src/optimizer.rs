//! The protocol: an optimizer asks for evaluations, and is told the answers. There is one opaque
//! object for every kind, so that one set of functions drives them all; only the kinds whose init
//! functions are called are linked.

use crate::error::{rb_error, rb_error_detail};
use crate::memory::{Vector, check, check_disjoint, extent, reference, write};
use crate::report::rb_step_report;
use core::ptr;
use rolling_ball::{Error, Optimizer, Request, StepReport};

/// The size of an rb_optimizer, in words of 8 bytes.
pub const RB_OPTIMIZER_WORDS: usize = 80;

/// An optimizer. Its memory belongs to the caller: a static, or a local that starts as `{{0}}`. Its
/// content belongs to the library. It holds no pointer to itself, so it may be copied, as long as
/// only one of the copies is used from then on.
///
/// While a function of this header runs on an optimizer, no other one may be called on it, neither
/// from an interrupt nor from another thread.
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
    Sgd,
    Adam,
    Sam,
}

/// Marks the start of an object on which an init function was called.
const MAGIC: u32 = 0x5242_4F31;

/// The part that every kind begins with.
#[repr(C)]
#[derive(Debug)]
struct Header {
    magic: u32,
    /// The kind, and the function that finds the optimizer behind this header; `None` where its
    /// initialisation failed.
    optimizer: Option<(Kind, FindOptimizer)>,
    theta: Vector,
    gradient: *mut f32,
    report: StepReport,
    error: Option<Error>,
}

type FindOptimizer = unsafe fn(*mut rb_optimizer) -> *mut dyn Optimizer;

/// What an `rb_optimizer` holds.
#[repr(C)]
struct State<O> {
    header: Header,
    optimizer: O,
}

impl<O: Optimizer + 'static> State<O> {
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
    unsafe fn find(storage: *mut rb_optimizer) -> *mut dyn Optimizer {
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

/// Builds an optimizer of `COUNT` vectors in its storage.
///
/// # Safety
///
/// What the top of the header asks of pointers.
pub unsafe fn init<O: Optimizer + 'static, const COUNT: usize>(
    storage: *mut rb_optimizer,
    kind: Kind,
    buffers: &Buffers,
    build: impl FnOnce([Vector; COUNT]) -> Result<O, Error>,
) -> Result<(), rb_error> {
    let () = State::<O>::FITS;
    check(storage)?;
    // SAFETY: the caller promises it; that the two do not overlap is checked.
    let (theta, workspace) = unsafe {
        (
            Vector::new(buffers.theta, buffers.parameters)?,
            Vector::new(buffers.workspace, buffers.workspace_length)?,
        )
    };
    check_disjoint(&theta.extent(), &workspace.extent())?;
    check_disjoint(&theta.extent(), &extent(storage, 1))?;
    check_disjoint(&workspace.extent(), &extent(storage, 1))?;
    let built = match workspace.cut(buffers.parameters) {
        Some(vectors) => build(vectors),
        None => Err(Error::Length {
            what: "workspace",
            expected: buffers.parameters.saturating_mul(COUNT),
            actual: buffers.workspace_length,
        }),
    };
    let find: FindOptimizer = State::<O>::find;
    let header = Header {
        magic: MAGIC,
        optimizer: built.as_ref().ok().map(|_| (kind, find)),
        theta,
        gradient: workspace.start(),
        report: StepReport::default(),
        error: built.as_ref().err().copied(),
    };
    match built {
        Ok(optimizer) => {
            // SAFETY: the pointer was checked above not to be null or misaligned, and the state
            // fits.
            unsafe { storage.cast::<State<O>>().write(State { header, optimizer }) };
            Ok(())
        }
        Err(error) => {
            // SAFETY: the reason is the same as above; a header is the beginning of a state.
            unsafe { storage.cast::<Header>().write(header) };
            Err(error.into())
        }
    }
}

/// The header of an object on which an init function was called.
///
/// # Safety
///
/// The storage must be the memory of an `rb_optimizer` with a defined content, which nobody else
/// uses during the call.
unsafe fn header<'a>(storage: *const rb_optimizer) -> Result<&'a Header, rb_error> {
    check(storage)?;
    // SAFETY: the pointer is not null and aligned, and any content is a u32.
    let magic = unsafe { storage.cast::<u32>().read() };
    if magic != MAGIC {
        return Err(rb_error::NotInitialised);
    }
    // SAFETY: only `init` writes the magic word, and it does so together with the whole header.
    Ok(unsafe { &*storage.cast::<Header>() })
}

/// The header of an object whose optimizer was built.
///
/// # Safety
///
/// The same as for [`header`].
unsafe fn initialised(
    storage: *mut rb_optimizer,
) -> Result<(Kind, FindOptimizer, Vector), rb_error> {
    // SAFETY: the caller promises it.
    let header = unsafe { header(storage)? };
    let (kind, find) = header.optimizer.ok_or(rb_error::NotInitialised)?;
    Ok((kind, find, header.theta))
}

/// Calls the optimizer with theta, and keeps the error, if there is one.
///
/// # Safety
///
/// The same as for [`header`], and nobody else may use theta and the workspace during the call.
unsafe fn with_optimizer<T>(
    storage: *mut rb_optimizer,
    call: impl FnOnce(&mut dyn Optimizer, &mut [f32]) -> Result<T, Error>,
) -> Result<T, rb_error> {
    // SAFETY: the caller promises it.
    let (_, find, mut theta) = unsafe { initialised(storage)? };
    // SAFETY: `init` stored the function together with what it finds, and nobody else has that
    // during the call.
    let optimizer = unsafe { &mut *find(storage) };
    // SAFETY: an initialised storage begins with a header, to which no reference is alive.
    unsafe { keep_error(storage, call(optimizer, theta.as_mut())) }
}

/// Keeps the error of a result in the header.
///
/// # Safety
///
/// The storage must be initialised, and no reference to its header may be alive.
unsafe fn keep_error<T>(
    storage: *mut rb_optimizer,
    answer: Result<T, Error>,
) -> Result<T, rb_error> {
    answer.map_err(|error| {
        // SAFETY: the caller promises it.
        unsafe { (*storage.cast::<Header>()).error = Some(error) };
        error.into()
    })
}

/// Calls the optimizer if it is of this kind.
///
/// # Safety
///
/// The same as for [`header`]. The kind must be that of `O`, and nobody else may use theta and the
/// workspace during the call.
pub unsafe fn with_kind<O: Optimizer + 'static, T>(
    storage: *mut rb_optimizer,
    kind: Kind,
    call: impl FnOnce(&mut O, &[f32]) -> Result<T, Error>,
) -> Result<T, rb_error> {
    // SAFETY: the caller promises it.
    let (actual, _, theta) = unsafe { initialised(storage)? };
    if actual != kind {
        return Err(rb_error::Kind);
    }
    // SAFETY: it is of this kind, so `init` wrote a `State<O>`, and nobody else has it during the
    // call.
    let optimizer = unsafe { &mut (*storage.cast::<State<O>>()).optimizer };
    // SAFETY: an initialised storage begins with a header, to which no reference is alive.
    unsafe { keep_error(storage, call(optimizer, theta.as_ref())) }
}

/// Takes a turn of the protocol, and hands the next request out.
///
/// # Safety
///
/// The same as for [`with_optimizer`]; the pointer to the request must point to one where it is not
/// null and aligned.
unsafe fn turn(
    storage: *mut rb_optimizer,
    request: *mut rb_request,
    call: impl FnOnce(&mut dyn Optimizer, &mut [f32]) -> Result<Request, Error>,
) -> Result<(), rb_error> {
    check(request)?;
    // SAFETY: the caller promises it.
    let asked = match unsafe { with_optimizer(storage, call)? } {
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
    unsafe { write(request, asked) }
}

/// Starts a step at theta, and says in `*request` what to evaluate first, which is always the
/// gradient.
///
/// Between the calls of a step theta holds the point to evaluate, and must not be changed. Between
/// steps it may be changed.
///
/// Errors: RB_ERROR_UNEXPECTED_ANSWER while a step is in progress; RB_ERROR_SETTING where a
/// schedule gives a value out of its range. Theta and `*request` are then unchanged. Cost: that of
/// computing the values of the schedules.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_begin(
    optimizer: *mut rb_optimizer,
    request: *mut rb_request,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { turn(optimizer, request, |optimizer, theta| optimizer.begin(theta)) }.into()
}

/// Answers RB_REQUEST_LOSS with the loss at theta, and says in `*request` what comes next.
///
/// Errors: RB_ERROR_UNEXPECTED_ANSWER where no loss was asked for; the step then goes on once it is
/// given the right answer. RB_ERROR_NON_FINITE_...: the step is over, theta is where the code says,
/// and rb_begin starts anew. `*request` is unchanged in both cases. Cost: at most one pass over
/// theta and the workspace.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_tell_loss(
    optimizer: *mut rb_optimizer,
    loss: f32,
    request: *mut rb_request,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { turn(optimizer, request, |optimizer, theta| optimizer.tell_loss(theta, loss)) }.into()
}

/// Answers RB_REQUEST_GRADIENT with the loss at theta, where the gradient has been written to
/// rb_gradient. Says in `*request` what comes next.
///
/// Errors: the same as those of rb_tell_loss. Cost: some passes over theta and the workspace.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_tell_gradient(
    optimizer: *mut rb_optimizer,
    loss: f32,
    request: *mut rb_request,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { turn(optimizer, request, |optimizer, theta| optimizer.tell_gradient(theta, loss)) }
        .into()
}

/// Returns where the gradient must be written, as many floats as theta has. The address is the same
/// at every step: the start of the workspace. It is NULL where the optimizer is not initialised.
/// Between a tell and the next request for a gradient, the content belongs to the optimizer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_gradient(optimizer: *const rb_optimizer) -> *mut f32 {
    // SAFETY: the caller promises it.
    match unsafe { header(optimizer) } {
        Ok(header) if header.optimizer.is_some() => header.gradient,
        _ => ptr::null_mut(),
    }
}

/// Abandons the step in progress; theta stays where it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_abandon(optimizer: *mut rb_optimizer) -> rb_error {
    let abandon = |optimizer: &mut dyn Optimizer, _: &mut [f32]| {
        optimizer.abandon();
        Ok(())
    };
    // SAFETY: the caller promises it.
    unsafe { with_optimizer(optimizer, abandon) }.into()
}

/// Writes how many steps have been finished.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_steps(optimizer: *mut rb_optimizer, steps: *mut u32) -> rb_error {
    // SAFETY: the caller promises it.
    let counted = unsafe { with_optimizer(optimizer, |optimizer, _| Ok(optimizer.steps())) };
    // SAFETY: the caller promises it.
    counted.and_then(|count| unsafe { write(steps, count) }).into()
}

/// Writes the numbers of the last step that was finished; zeros where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_report(
    optimizer: *const rb_optimizer,
    report: *mut rb_step_report,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe { header(optimizer).and_then(|header| write(report, header.report.into())) }.into()
}

/// Writes the details of the last error that an init function or a function of this optimizer found
/// in its arguments or answers; RB_ERROR_NONE where none did. Null, misaligned and overlapping
/// pointers are not recorded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rb_last_error(
    optimizer: *const rb_optimizer,
    detail: *mut rb_error_detail,
) -> rb_error {
    // SAFETY: the caller promises it.
    unsafe {
        header(optimizer).and_then(|header| write(detail, rb_error_detail::new(header.error)))
    }
    .into()
}

/// Builds an optimizer from a configuration in C, which may be null or name kinds that do not
/// exist.
///
/// # Safety
///
/// What the top of the header asks of pointers.
pub unsafe fn init_from<C, R, O, const COUNT: usize>(
    storage: *mut rb_optimizer,
    kind: Kind,
    config: *const C,
    buffers: &Buffers,
    build: impl FnOnce(R, [Vector; COUNT]) -> Result<O, Error>,
) -> rb_error
where
    C: Copy,
    R: TryFrom<C, Error = Error>,
    O: Optimizer + 'static,
{
    // SAFETY: the caller promises it.
    let built = unsafe {
        reference(config).and_then(|config| {
            init(storage, kind, buffers, |vectors| build(R::try_from(*config)?, vectors))
        })
    };
    built.into()
}

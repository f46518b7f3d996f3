//! A GPU: how it is chosen, what it holds for its vectors, and how it is waited for.

use super::adapter::{Adapter, adapters, chunk, facts, kind};
use super::program::{ARITHMETIC, Program, SINE, TRANSCENDENTAL};
use super::ready::ready;
use super::scratch::Scratch;
use super::settings::Settings;
use super::std::{
    collections::BTreeMap,
    format,
    panic::{AssertUnwindSafe, catch_unwind},
    string::{String, ToString},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use super::{Error, Vector};
use core::time::Duration;

/// An open GPU. A clone is the same device.
#[derive(Clone, Debug)]
pub struct Device(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: Adapter,
    longest_wait: Duration,
    chunk: usize,
    failure: Arc<Failure>,
    programs: Mutex<BTreeMap<String, Arc<Program>>>,
    scratch: Mutex<Scratch>,
}

/// What went wrong where no function could report it. That the device is lost says more than the
/// refusals that follow.
#[derive(Debug, Default)]
struct Failure {
    lost: OnceLock<Error>,
    other: OnceLock<Error>,
}

impl Device {
    /// Opens the best adapter that can run the passes. This takes up to a second, since drivers are
    /// loaded.
    ///
    /// # Errors
    ///
    /// [`Error::NoAdapter`]; where adapters exist but none can be used, what the best one lacks or
    /// what its driver says.
    pub fn new() -> Result<Self, Error> {
        Self::with(&Settings::default())
    }

    /// Opens the best adapter whose name contains this text; upper and lower case do not matter.
    ///
    /// # Errors
    ///
    /// [`Error::AdapterNotFound`], and otherwise the same as [`new`](Self::new).
    pub fn named(part_of_its_name: &str) -> Result<Self, Error> {
        Self::with(&Settings { name: Some(part_of_its_name.into()), ..Settings::default() })
    }

    /// Opens an adapter according to these settings.
    ///
    /// # Errors
    ///
    /// The same as [`new`](Self::new) and [`named`](Self::named), and [`Error::Limit`] where
    /// [`largest_binding`](Settings::largest_binding) is less than a segment.
    pub fn with(settings: &Settings) -> Result<Self, Error> {
        let mut adapters = adapters()?;
        if let Some(name) = &settings.name {
            let found = adapters.iter().map(|adapter| adapter.get_info().name).collect();
            let wanted = name.to_lowercase();
            adapters.retain(|adapter| adapter.get_info().name.to_lowercase().contains(&wanted));
            if adapters.is_empty() {
                return Err(Error::AdapterNotFound { name: name.clone(), found });
            }
        }
        adapters.sort_by_key(|adapter| kind(adapter.get_info().device_type));
        let mut first = None;
        for adapter in adapters {
            match Self::open(&adapter, settings) {
                Ok(device) => return Ok(device),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or(Error::NoAdapter))
    }

    fn open(adapter: &wgpu::Adapter, settings: &Settings) -> Result<Self, Error> {
        let limits = adapter.limits();
        let chunk = chunk(adapter, &limits, settings)?;
        let request = adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("rolling-ball"),
            required_features: wgpu::Features::IMMEDIATES,
            required_limits: limits.clone(),
            ..wgpu::DeviceDescriptor::default()
        });
        let (device, queue) = ready(request)?.map_err(|error| Error::Refused(text(&error)))?;
        let failure = Arc::new(Failure::default());
        let told = Arc::clone(&failure);
        device.set_device_lost_callback(move |_, why| {
            _ = told.lost.set(Error::Lost { why });
        });
        let told = Arc::clone(&failure);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            _ = told.other.set(refused(&error, 0));
        }));
        Ok(Self(Arc::new(Shared {
            device,
            queue,
            adapter: facts(&adapter.get_info(), &limits),
            longest_wait: settings.longest_wait,
            chunk,
            failure,
            programs: Mutex::default(),
            scratch: Mutex::default(),
        })))
    }

    /// Waits until everything that was submitted so far is done, to time it or to hear of a
    /// failure.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`], and whatever [`failure`](Self::failure) reports.
    pub fn finish(&self) -> Result<(), Error> {
        self.check()?;
        self.wait(self.0.queue.submit([]))
    }

    /// Facts about the adapter of this device.
    #[must_use]
    pub fn adapter(&self) -> &Adapter {
        &self.0.adapter
    }

    /// The first thing that went wrong where no function could report it: in a pass, or in the
    /// driver. From then on passes do nothing and their sums are NaN, and vectors can be neither
    /// made, written nor read. The only remedy is a new device.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        let Failure { lost, other } = &*self.0.failure;
        lost.get().or(other.get()).cloned()
    }

    pub(super) fn longest_wait(&self) -> Duration {
        self.0.longest_wait
    }

    pub(super) fn timeout(&self) -> Error {
        Error::Timeout { seconds: self.0.longest_wait.as_secs_f64() }
    }

    /// How many elements each buffer of a vector has, except for its last.
    pub(super) fn chunk(&self) -> usize {
        self.0.chunk
    }

    pub(super) fn wgpu(&self) -> &wgpu::Device {
        &self.0.device
    }

    pub(super) fn queue(&self) -> &wgpu::Queue {
        &self.0.queue
    }

    /// The buffers that the passes share. Whoever holds them may wait for the device.
    pub(super) fn scratch(&self) -> MutexGuard<'_, Scratch> {
        self.0.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many workgroups form a row, and how many rows there are, for so many invocations.
    pub(super) fn grid(&self, invocations: u32, of_a_workgroup: u32) -> (u32, u32) {
        let workgroups = invocations.div_ceil(of_a_workgroup).max(1);
        let columns = workgroups.min(self.0.adapter.workgroups);
        (columns, workgroups.div_ceil(columns))
    }

    /// Checks that vectors which are used together all live on this device.
    pub(super) fn check_here<'v>(
        &self,
        vectors: impl IntoIterator<Item = &'v Vector>,
    ) -> Result<(), Error> {
        let here = |vector: &Vector| Arc::ptr_eq(&self.0, &vector.device().0);
        if vectors.into_iter().all(here) { Ok(()) } else { Err(Error::SeveralDevices) }
    }

    /// Checks that a pass can see so many elements at once.
    pub(super) fn check_whole(&self, what: &'static str, elements: usize) -> Result<(), Error> {
        let [needed, available] = [elements, self.0.chunk].map(|count| 4 * count as u64);
        if elements > self.0.chunk { Err(Error::Limit { what, needed, available }) } else { Ok(()) }
    }

    /// Checks that a dispatch may have so many workgroups in one dimension.
    pub(super) fn check_workgroups(&self, what: &'static str, needed: usize) -> Result<(), Error> {
        let (needed, available) = (needed as u64, self.0.adapter.workgroups.into());
        if needed > available { Err(Error::Limit { what, needed, available }) } else { Ok(()) }
    }

    /// Remembers an error that no function can report.
    pub(super) fn or_remember(&self, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            self.remember(error);
        }
    }

    /// Returns the answer; where no error can be reported, a failing device answers NaN and
    /// remembers the error.
    pub(super) fn or_nan(&self, answer: Result<f32, Error>) -> f32 {
        answer.unwrap_or_else(|error| {
            self.remember(error);
            f32::NAN
        })
    }

    /// Remembers an error, unless there was one before.
    pub(super) fn remember(&self, error: Error) {
        _ = self.0.failure.other.set(error);
    }

    /// Refuses to go on once something went wrong.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.failure().map_or(Ok(()), Err)
    }

    /// A program of this library. Each has a name of its own and is compiled once.
    pub(super) fn program(
        &self,
        name: &str,
        source: impl FnOnce() -> String,
    ) -> Result<Arc<Program>, Error> {
        self.cached(name, name, source)
    }

    /// A program with a formula, which may be a user's, followed by the code that calls it and all
    /// functions of mathematics/. It is compiled once for each source, whatever its name; errors
    /// call it by its name.
    pub(super) fn compiled(
        &self,
        name: &str,
        caller: &str,
        formula: &str,
    ) -> Result<Arc<Program>, Error> {
        let source = [caller, ARITHMETIC, TRANSCENDENTAL, SINE, formula].concat();
        self.cached(&source, name, || source.clone())
    }

    fn cached(
        &self,
        key: &str,
        name: &str,
        source: impl FnOnce() -> String,
    ) -> Result<Arc<Program>, Error> {
        let mut programs = self.0.programs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = programs.get(key) {
            return Ok(Arc::clone(program));
        }
        let program = self.guard(0, || Program::new(&self.0.device, name, &source()))?;
        let program = Arc::new(program);
        programs.insert(key.to_string(), Arc::clone(&program));
        Ok(program)
    }

    /// A new buffer that is filled with zeros.
    pub(super) fn buffer(
        &self,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, Error> {
        let descriptor =
            wgpu::BufferDescriptor { label: None, size: bytes, usage, mapped_at_creation: false };
        if bytes > self.0.adapter.largest_buffer {
            return Err(Error::OutOfMemory { bytes });
        }
        self.guard(bytes, || self.0.device.create_buffer(&descriptor))
    }

    /// Does some work, and returns what `wgpu` refuses in the meantime. `bytes` is how much memory
    /// the work asks for.
    pub(super) fn guard<T>(&self, bytes: u64, work: impl FnOnce() -> T) -> Result<T, Error> {
        self.check()?;
        let memory = self.0.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.0.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.0.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let output = work();
        // The last scope that was pushed is the first to be popped.
        let internal = ready(internal.pop())?;
        let validation = ready(validation.pop())?;
        let memory = ready(memory.pop())?;
        let Some(error) = memory.or(internal).or(validation) else { return Ok(output) };
        // A lost device refuses everything, but only this call says that it is lost.
        self.poll(wgpu::PollType::Poll)?;
        Err(refused(&error, bytes))
    }

    /// Waits for what was submitted, but not longer than the settings allow.
    pub(super) fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), Error> {
        self.poll(wgpu::PollType::Wait {
            submission_index: Some(submission),
            timeout: Some(self.0.longest_wait),
        })
    }

    /// Lets `wgpu` report what happened, or refuses once something went wrong.
    fn poll(&self, poll: wgpu::PollType) -> Result<(), Error> {
        // Where the device is lost while it is waited for, wgpu panics; here that becomes an error
        // like any other.
        let polled = catch_unwind(AssertUnwindSafe(|| self.0.device.poll(poll)));
        if polled.is_err() {
            let why = "it failed while it was waited for".into();
            _ = self.0.failure.lost.set(Error::Lost { why });
        }
        self.check()?;
        match polled {
            Ok(Err(wgpu::PollError::Timeout)) => Err(self.timeout()),
            Ok(Err(error)) => {
                // What was to be waited for was never submitted.
                self.poll(wgpu::PollType::Poll)?;
                Err(Error::Refused(text(&error)))
            }
            _ => Ok(()),
        }
    }
}

fn refused(error: &wgpu::Error, bytes: u64) -> Error {
    match error {
        wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory { bytes },
        other => Error::Refused(text(other)),
    }
}

/// The text of an error and of everything that caused it.
fn text(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::Shaders;
    use super::*;
    use crate::kernels::{Vector as _, VectorOps};

    /// Works like the tests in tests/gpu: they are skipped where there is no adapter, unless one is
    /// required.
    fn device() -> Option<Device> {
        match Device::new() {
            Ok(device) => Some(device),
            Err(error) => {
                let required = super::super::std::env::var_os("ROLLING_BALL_REQUIRE_GPU");
                assert!(required.is_none(), "{error}");
                super::super::std::eprintln!("SKIPPED: {error}");
                None
            }
        }
    }

    #[test]
    fn a_lost_device_is_an_error_of_everything_on_it() {
        let Some(device) = device() else { return };
        let mut vector = Vector::from_slice(&device, &[1.0; 300]).unwrap();
        assert_eq!(Shaders::dot(&vector, &vector), 300.0);
        device.wgpu().destroy();
        vector.fill(2.0);
        assert!(Shaders::dot(&vector, &vector).is_nan());
        let lost = device.failure().unwrap();
        assert!(matches!(lost, Error::Lost { .. }), "{lost}");
        assert_eq!(vector.read().unwrap_err(), lost);
        assert_eq!(vector.write(&[2.0; 300]).unwrap_err(), lost);
        assert_eq!(Vector::zeros(&device, 3).unwrap_err(), lost);
    }

    #[test]
    fn to_read_from_a_lost_device_tells_that_it_is_lost() {
        let Some(device) = device() else { return };
        let vector = Vector::from_slice(&device, &[1.0; 300]).unwrap();
        assert_eq!(vector.read().unwrap(), [1.0; 300]);
        device.wgpu().destroy();
        let error = vector.read().unwrap_err();
        assert!(matches!(error, Error::Lost { .. }), "{error}");
    }
}

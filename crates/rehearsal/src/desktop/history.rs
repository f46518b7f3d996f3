//! The events of a run in their order, and the first step at which two runs differ.

use super::Error;
use crate::{Accuracy, Event, StepEvent};
use std::borrow::ToOwned;
use std::vec::Vec;

/// Reads the events from the lines that a run printed. Empty lines are skipped.
///
/// # Errors
///
/// [`Error::Line`] names the first line that no run prints.
pub fn events(printed: &str) -> Result<Vec<Event>, Error> {
    let lines = printed.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            line.parse().map_err(|expected| Error::Line { line: line.to_owned(), expected })
        })
        .collect()
}

/// The accuracy and the steps of one run, taken from all that it told.
#[derive(Clone, Debug, PartialEq)]
pub struct History<'a> {
    /// The accuracy before fine-tuning.
    pub before: Accuracy,
    /// The accuracy after fine-tuning.
    pub after: Accuracy,
    /// Every step, in order.
    pub steps: Vec<&'a StepEvent>,
}

impl<'a> History<'a> {
    /// Sorts the events of a run.
    ///
    /// # Errors
    ///
    /// [`Error::Incomplete`] where the run did not tell its accuracy before and after.
    pub fn new(events: &'a [Event]) -> Result<Self, Error> {
        let find = |wanted: fn(&Event) -> Option<Accuracy>| {
            events.iter().find_map(wanted).ok_or(Error::Incomplete)
        };
        Ok(Self {
            before: find(|event| match event {
                Event::Before(accuracy) => Some(*accuracy),
                _ => None,
            })?,
            after: find(|event| match event {
                Event::After(accuracy) => Some(*accuracy),
                _ => None,
            })?,
            steps: events
                .iter()
                .filter_map(|event| if let Event::Step(step) = event { Some(step) } else { None })
                .collect(),
        })
    }

    /// The loss where each step started.
    #[must_use]
    pub fn losses(&self) -> Vec<f32> {
        self.steps.iter().map(|step| step.loss).collect()
    }

    /// The hash of theta's bits after each step.
    #[must_use]
    pub fn hashes(&self) -> Vec<u32> {
        self.steps.iter().map(|step| step.hash).collect()
    }

    /// The sum of a figure over the steps, divided by `count` and rounded.
    #[must_use]
    pub fn per(&self, of: impl Fn(&StepEvent) -> u64, count: u32) -> u64 {
        let sum: u64 = self.steps.iter().map(|step| of(step)).sum();
        let count = u64::from(count.max(1));
        (sum + count / 2) / count
    }
}

/// The first step, counted from 0, after which theta differs in any bit, or which only one of the
/// runs made.
#[must_use]
pub fn first_difference(a: &History, b: &History) -> Option<usize> {
    let (a_hashes, b_hashes) = (a.hashes(), b.hashes());
    let differing = a_hashes.iter().zip(&b_hashes).position(|(a, b)| a != b);
    let shorter = a_hashes.len().min(b_hashes.len());
    differing.or((a_hashes.len() != b_hashes.len()).then_some(shorter))
}

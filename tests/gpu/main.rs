//! The library on a GPU, or on a Vulkan of the CPU, against the library on the processor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod basins;
mod devices;
mod landscapes;
mod passes;
mod training;
mod vectors;

use rolling_ball::gpu::{AdapterKind, Device, Error, Settings};
use rolling_ball::kernels::SEGMENT;
use std::io::Write;
use std::sync::OnceLock;
use support::numbers::bits;

/// Where no adapter is found, tests do nothing, and say so, unless this is set.
const REQUIRED: &str = "ROLLING_BALL_REQUIRE_GPU";

/// The device of all tests that need no other; none where there is no adapter.
fn device() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    DEVICE.get_or_init(|| opened(Device::new())).as_ref()
}

fn opened(device: Result<Device, Error>) -> Option<Device> {
    match device {
        Ok(device) => {
            tell(&format!("on {:?}", device.adapter()));
            Some(device)
        }
        Err(Error::NoAdapter) if std::env::var_os(REQUIRED).is_none() => {
            tell(&format!(
                "SKIPPED, which {REQUIRED}=1 turns into a failure: {}",
                Error::NoAdapter
            ));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Says something that the test harness does not capture.
fn tell(text: &str) {
    _ = writeln!(std::io::stderr(), "tests/gpu: {text}");
}

/// A device whose vectors are split after so many segments.
fn split(segments: u64) -> Option<Device> {
    device()?;
    let largest_binding = Some(segments * SEGMENT as u64 * 4);
    opened(Device::with(&Settings { largest_binding, ..Settings::default() }))
}

/// Demands equal bits of a device on the CPU; of a GPU, numbers that differ by a part of the
/// largest.
fn assert_alike(device: &Device, expected: &[f32], actual: &[f32], part: f32) {
    assert_eq!(device.failure(), None);
    assert_eq!(expected.len(), actual.len());
    if device.adapter().kind == AdapterKind::Cpu {
        assert_eq!(bits(expected), bits(actual));
    } else {
        assert_near(expected, actual, part);
    }
}

/// Demands numbers that differ by at most a part of the largest.
fn assert_near(expected: &[f32], actual: &[f32], part: f32) {
    let largest = expected.iter().fold(0.0f32, |largest, number| largest.max(number.abs()));
    for (expected, actual) in expected.iter().zip(actual) {
        let apart = (expected - actual).abs();
        assert!(
            apart <= part * largest,
            "expected {expected}, got {actual}; the largest is {largest}"
        );
    }
}

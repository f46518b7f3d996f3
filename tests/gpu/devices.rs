//! How a device is chosen and waited for.

use super::{device, opened};
use rolling_ball::gpu::{Device, Error, Settings, Shaders, Vector};
use rolling_ball::kernels::{SEGMENT, Vector as _, VectorOps};
use std::time::Duration;

#[test]
fn a_wait_ends_when_the_device_takes_too_long() {
    if device().is_none() {
        return;
    }
    let longest_wait = Duration::from_nanos(1);
    let device = opened(Device::with(&Settings { longest_wait, ..Settings::default() })).unwrap();
    let timeout = Error::Timeout { seconds: longest_wait.as_secs_f64() };
    let mut vector = Vector::zeros(&device, 4_000_000).unwrap();
    vector.fill(2.0);
    match vector.read() {
        Ok(elements) => assert_eq!(elements, vec![2.0; 4_000_000]),
        Err(error) => assert_eq!(error, timeout),
    }
    let sum = Shaders::dot(&vector, &vector);
    match device.failure() {
        None => assert_eq!(sum, 16e6),
        Some(error) => {
            assert!(sum.is_nan());
            assert_eq!(error, timeout);
            assert_eq!(Vector::zeros(&device, 1).unwrap_err(), timeout);
        }
    }
}

#[test]
fn an_adapter_is_found_by_a_part_of_its_name() {
    let Some(device) = device() else { return };
    let name = &device.adapter().name;
    let part = name.get(..4).unwrap().to_uppercase();
    assert!(Device::named(&part).unwrap().adapter().name.to_uppercase().contains(&part));
    match Device::named("no such adapter").unwrap_err() {
        Error::AdapterNotFound { found, .. } => assert!(found.contains(name)),
        other => panic!("{other}"),
    }
}

#[test]
fn a_buffer_that_holds_no_segment_is_refused() {
    if device().is_none() {
        return;
    }
    let segment = 4 * SEGMENT as u64;
    let settings = Settings { largest_binding: Some(segment - 1), ..Settings::default() };
    let what = "bytes of a buffer's binding";
    let error = Error::Limit { what, needed: segment, available: segment - 1 };
    assert_eq!(Device::with(&settings).unwrap_err(), error);
}

//! Vectors on a device: what is written to them, and read.

use super::support::random::Random;
use super::{bits, device, split};
use rolling_ball::gpu::{Error, Vector};
use rolling_ball::kernels::Vector as _;

#[test]
fn what_is_written_is_read() {
    let Some(whole) = device() else { return };
    let Some(split) = split(1) else { return };
    for device in [whole, &split] {
        for length in [0, 1, 65_536, 65_537, 200_000] {
            let first = Random(1).vector(length);
            let second = Random(2).vector(length);
            let mut vector = Vector::from_slice(device, &first).unwrap();
            assert_eq!(vector.read().unwrap(), first);
            vector.write(&second).unwrap();
            assert_eq!(vector.read().unwrap(), second);
            assert_eq!(vector.len(), length);
            assert_eq!(Vector::zeros(device, length).unwrap().read().unwrap(), vec![0.0; length]);
        }
    }
}

#[test]
fn a_vector_is_filled_and_copied_and_scaled() {
    let Some(whole) = device() else { return };
    let Some(split) = split(1) else { return };
    for device in [whole, &split] {
        let numbers = Random(3).vector(70_000);
        let x = Vector::from_slice(device, &numbers).unwrap();
        let mut y = Vector::zeros(device, 70_000).unwrap();
        y.fill(-0.75);
        assert_eq!(y.read().unwrap(), vec![-0.75; 70_000]);
        y.copy_from(&x);
        assert_eq!(bits(&y.read().unwrap()), bits(&numbers));
        y.scale(-0.3);
        let scaled: Vec<f32> = numbers.iter().map(|number| -0.3 * number).collect();
        assert_eq!(bits(&y.read().unwrap()), bits(&scaled));
    }
}

#[test]
fn a_vector_goes_to_the_device_and_back_in_several_pieces() {
    let Some(device) = device() else { return };
    let numbers = Random(4).vector((32 << 20) / 4 * 2 + 5);
    let vector = Vector::from_slice(device, &numbers).unwrap();
    assert!(vector.read().unwrap() == numbers);
}

#[test]
fn a_vector_too_large_for_the_device_is_refused() {
    let Some(device) = device() else { return };
    for length in [1 << 40, usize::MAX] {
        let bytes = (length as u64).saturating_mul(4);
        assert_eq!(Vector::zeros(device, length).unwrap_err(), Error::OutOfMemory { bytes });
    }
    assert_eq!(device.failure(), None);
    assert_eq!(Vector::zeros(device, 3).unwrap().read().unwrap(), [0.0; 3]);
}

#[test]
fn a_slice_of_another_length_is_refused() {
    let Some(device) = device() else { return };
    let mut vector = Vector::zeros(device, 3).unwrap();
    let expected = rolling_ball::Error::Length { what: "elements", expected: 3, actual: 2 };
    assert_eq!(vector.write(&[1.0, 2.0]).unwrap_err(), Error::Step(expected));
    assert_eq!(vector.read().unwrap(), [0.0; 3]);
}

//! How hands move: trajectories with the accelerations that follow from them.

use gesture::Gesture;
use libm::{cos, sin};
use oorandom::Rand64;
use std::f64::consts::PI;

/// Standard gravity, in m/s^2.
const GRAVITY: f64 = 9.806_65;

pub type Vector = [f64; 3];

/// A way of making gestures: how the device sits on the hand, and how the hand moves.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// Turned about the vertical, in radians.
    pub yaw: f64,
    /// Turned about the forearm, in radians.
    pub roll: f64,
    /// Left-handed: to the other side first, and around the other way.
    pub mirrored: bool,
    /// Duration of a gesture as a multiple of the usual one.
    pub slowness: f64,
}

impl User {
    /// Whom the start weights know: the right hand, the device worn as it should be.
    pub const USUAL: Self = Self { yaw: 0.0, roll: 0.0, mirrored: false, slowness: 1.0 };
}

/// One gesture by one user, with its own size, speed and tilt.
#[derive(Clone, Copy, Debug)]
pub struct Performance {
    gesture: Gesture,
    user: User,
    size: f64,
    duration: f64,
    tilt: Vector,
    repetitions: f64,
}

impl Performance {
    pub fn new(gesture: Gesture, user: User, random: &mut Rand64) -> Self {
        let mut around =
            |middle: f64, spread: f64| middle + spread * (2.0 * random.rand_float() - 1.0);
        Self {
            gesture,
            user,
            size: around(1.0, 0.25),
            duration: around(0.85, 0.12) * user.slowness,
            tilt: [around(0.0, 0.15), around(0.0, 0.15), around(0.0, 0.15)],
            repetitions: around(3.5, 0.6),
        }
    }

    /// What an accelerometer at rest on this hand, or in the gesture at a time in seconds, measures
    /// in g.
    pub fn measured(&self, time: f64) -> Vector {
        let side = if self.user.mirrored { -1.0 } else { 1.0 };
        let (length, time) = (self.duration, time.clamp(0.0, self.duration));
        let moved = match self.gesture {
            Gesture::Swipe => [side * there_and_back(0.4 * self.size, length, time), 0.0, 0.0],
            Gesture::Lift => [0.0, 0.0, there_and_back(0.4 * self.size, length, time)],
            Gesture::Circle => circle(0.15 * self.size, side, length, time),
            Gesture::Shake => [shake(0.03 * self.size, self.repetitions, length, time), 0.0, 0.0],
        };
        let [x, y, z] = moved.map(|acceleration| acceleration / GRAVITY);
        let worn = rotate([x, y, z + 1.0], [self.user.roll, 0.0, self.user.yaw]);
        rotate(worn, self.tilt)
    }
}

/// To a point and back, starting and ending at rest: the acceleration of `d sin^2(pi t / T)`, with
/// its edges smoothed.
fn there_and_back(distance: f64, length: f64, time: f64) -> f64 {
    let omega = 2.0 * PI / length;
    edge(length, time) * distance / 2.0 * omega * omega * cos(omega * time)
}

/// Once around in the vertical plane, from the lowest point.
fn circle(radius: f64, side: f64, length: f64, time: f64) -> Vector {
    let omega = 2.0 * PI / length;
    let inwards = edge(length, time) * radius * omega * omega;
    [-side * inwards * sin(omega * time), 0.0, inwards * cos(omega * time)]
}

fn shake(distance: f64, repetitions: f64, length: f64, time: f64) -> f64 {
    let omega = 2.0 * PI * repetitions / length;
    -edge(length, time) * distance * omega * omega * sin(omega * time)
}

/// Muscles do not start or stop at once: a tenth of the gesture each way.
fn edge(length: f64, time: f64) -> f64 {
    let rise = 0.1 * length;
    let nearest = time.min(length - time);
    if nearest >= rise { 1.0 } else { (1.0 - cos(PI * nearest / rise)) / 2.0 }
}

/// Turns a vector about x, then y, then z.
fn rotate([x, y, z]: Vector, [a, b, c]: Vector) -> Vector {
    let (y, z) = (cos(a) * y - sin(a) * z, sin(a) * y + cos(a) * z);
    let (x, z) = (cos(b) * x + sin(b) * z, cos(b) * z - sin(b) * x);
    [cos(c) * x - sin(c) * y, sin(c) * x + cos(c) * y, z]
}

/// What the sensor makes of it: noise, and the byte that the program keeps.
pub fn digitise(measured: Vector, random: &mut Rand64) -> gesture::Reading {
    measured.map(|g| {
        // The LIS3DH's noise, and the tremor of a hand: the sum of twelve is close to normal.
        let normal: f64 = (0..12).map(|_| random.rand_float()).sum::<f64>() - 6.0;
        (128.0 + 32.0 * (g + 0.01 * normal)).floor().clamp(0.0, 255.0) as u8
    })
}

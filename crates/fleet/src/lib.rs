//! Devices that learn together.
//!
//! A server has a network; each device fine-tunes it on its own samples, and sends what has
//! changed. This crate is what a device and its gateway say to each other meanwhile, over any
//! stream of bytes: [`Device`] is the one half, for firmware, and [`Gateway`] the other, without
//! input or output. Neither needs an allocator, and neither panics, whatever the other sends. A
//! device that is reset at any time goes on, and ends with the same bits.
//!
//! # The protocol, version 1
//!
//! The gateway asks, and the device answers, so a device has one buffer of a frame for both. Each
//! request may be sent again, as where a frame was lost: the answer is the same.
//!
//! **A frame** is the kind of a message, a byte; its body; and the CRC-32 (ISO-HDLC) of both, which
//! is the last four bytes. All numbers are little-endian. The whole is coded by consistent overhead
//! byte stuffing (Cheshire and Baker 1999), so that it has no zero, and a zero ends it. What is
//! damaged, or longer than [`FRAME_BYTES`], is passed over in silence; a frame that is whole but no
//! request of this version is answered with a hello.
//!
//! An `id` is the federation and the round, each a `u32`. It only grows, compared as a pair: what
//! was over does not begin again. The zeros of a device that knows no round are no id.
//!
//! The requests, with their kinds and bodies:
//!
//! - Hello, 1: nothing.
//! - Begin, 2: `id`; model's hash, parameters, theta's checksum, seed: `u32` each; steps, batch:
//!   `u16` each; radius, learning rate: `f32` each; encoding, guarded: `u8` each.
//! - Theta, 3: `id`; offset `u32`; values `f32` each, 32 of them or, at the end, what is left.
//! - Status, 4: `id`.
//! - Update, 5: `id`; offset `u32`, a multiple of what a frame has.
//! - Done, 6: `id`; checksum of the trained theta `u32`.
//!
//! The answers:
//!
//! - Hello, 0x81: version `u8`; model's hash, parameters, samples: `u32` each; `id`; stage `u8`;
//!   the floats of a frame `u16`.
//! - Status, 0x84: `id`; stage `u8`; values of theta that have come `u32`; refusal `u8`;
//!   [`Metrics`]: samples, right before and after `u32` each, loss before and after, part kept,
//!   part of wrong labels `f32` each, steps, checksum of the trained theta `u32` each.
//! - Update, 0x85: `id`; offset `u32`; encoding `u8`; scale `f32`; values: 32 `f32`, or 128 `i8`
//!   times the scale; at the end what is left.
//!
//! A hello is answered with a hello, an update with an update, and all else with a status. A status
//! also answers an update that there is not; its [`Refusal`] says why, by its number. The numbers
//! of [`Stage`], [`Refusal`] and [`Encoding`] are theirs in Rust. A checksum of theta is the CRC-32
//! of its bytes ([`checksum`]).
//!
//! **A round.** Begin erases the checkpoints of the training and is kept in flash. Theta is staged
//! in flash, in order, while the device goes on with the one that it has; it is taken when all has
//! come and has its checksum. A device that has it already is not sent it. Then the device trains,
//! which the gateway sees by the stage that Status tells, and the update may be read at any offset,
//! and again. Done says that it was counted.
//!
//! **An update** is what has changed, `theta - start`, and what the last one has left. In eight
//! bits, each frame has a scale: the largest change in it, divided by 127. What the rounding leaves
//! is kept in flash at Done and sent with the next update (error feedback: Seide et al. 2014), so
//! it is not lost, only late. The sum of `n` updates and what is left after them is the sum of `n`
//! changes, but for the rounding of `f32`: in each round at most `2^-24 (|d| + |u| + |r|)`, for the
//! change `d`, what is sent and left together `u`, and what is left `r`. What is left is at most
//! half a scale, and a rounding.
//!
//! # What the other side can do
//!
//! A checksum finds accidents; it is no authentication. Whoever can write to the stream can have a
//! device train from any finite theta, wear its flash by beginning rounds, and end all rounds by
//! one of the highest number, which [`Device::forget`] takes back. Where that matters, the
//! transport authenticates, such as by TLS, or by an HMAC behind each frame. No message makes
//! either side panic, read or write elsewhere, or take a value that is not finite.

#![no_std]

mod checksum;
mod device;
mod error;
mod fields;
mod frame;
mod gateway;
mod message;
mod region;
mod storage;
mod training;
mod update;

pub use checksum::{checksum, model_hash};
pub use device::{Device, DeviceConfig};
pub use error::DeviceError;
pub use frame::{FRAME_BYTES, Frame};
pub use gateway::{Gateway, GatewayError, Heard};
pub use message::{
    Answer, Begin, Encoding, Hello, Metrics, Refusal, Request, RoundId, Stage, Status, VERSION,
};
pub use training::{Between, TrainingBuffers, train};
pub use update::{int8, rehearse_update};

/// The floats of a frame.
pub const CHUNK: usize = 32;

/// The bytes of a frame's values.
pub const CHUNK_BYTES: usize = 4 * CHUNK;

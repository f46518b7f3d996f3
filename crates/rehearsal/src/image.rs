//! The image in flash: the settings, the pre-trained weights, the samples that the device labelled,
//! and held-out samples to test on.
//!
//! Its layout is little-endian and aligned to four bytes. First come a header and the weights as
//! f32 (those of the frozen part, then theta); then the inputs and the labels of the labelled
//! samples, and those of the held-out samples, one byte for each value. The header holds a CRC-32
//! of everything that follows the checksum. It is read in place, so big-endian targets can neither
//! read nor write one; what else is here they have.
#![cfg_attr(target_endian = "big", allow(dead_code, unused_imports))]

use crate::OptimizerKind;
use bytemuck::{Pod, Zeroable};
use core::fmt;
use rolling_ball::nn::QuantizedSamples;

const MAGIC: [u8; 4] = *b"RBI1";
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: [u8; 4],
    crc: u32,
    parameters: u32,
    inputs: u32,
    labelled: u32,
    held_out: u32,
    optimizer: u32,
    steps: u32,
    batch: u32,
    radius: f32,
    learning_rate: f32,
    scale: f32,
    offset: f32,
}

/// How to fine-tune.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The optimizer to use.
    pub optimizer: OptimizerKind,
    /// The number of steps.
    pub steps: u32,
    /// How many samples a step evaluates; 0 stands for all of them.
    pub batch: u32,
    /// The radius of the ball or of SAM.
    pub radius: f32,
    /// The learning rate at the start.
    pub learning_rate: f32,
}

impl Settings {
    /// Settings for so many steps of the ball, each over all samples. The radius and the learning
    /// rate shrink to nothing on half a cosine.
    #[must_use]
    pub const fn ball(steps: u32, radius: f32, learning_rate: f32) -> Self {
        Self { optimizer: OptimizerKind::Ball, steps, batch: 0, radius, learning_rate }
    }
}

/// An image, which is read where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// How to fine-tune.
    pub settings: Settings,
    /// The pre-trained parameters.
    pub weights: &'a [f32],
    /// The samples that the device learns from.
    pub labelled: QuantizedSamples<'a>,
    /// The samples that it is tested on.
    pub held_out: QuantizedSamples<'a>,
}

/// What is wrong with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// It does not start as an image of this version does.
    NotAnImage,
    /// Its address is not a multiple of four.
    Misaligned,
    /// Its length is not what its header says.
    Length {
        /// The length in bytes that the header gives.
        expected: usize,
        /// The length in bytes that it has.
        actual: usize,
    },
    /// The checksum of its content is not what its header says.
    Checksum,
    /// The labelled and the held-out samples differ in width, scale or offset, or the numbers of
    /// their inputs and labels differ. One header cannot describe them.
    Samples,
    /// It names an optimizer that this version does not know.
    Optimizer(u32),
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnImage => f.write_str("not a flash image of this version (expected RBI1)"),
            Self::Misaligned => f.write_str("the image must lie at a multiple of four bytes"),
            Self::Length { expected, actual } => {
                write!(f, "the image is {actual} bytes long, its header says {expected}")
            }
            Self::Checksum => f.write_str("the image is damaged: its checksum does not match"),
            Self::Samples => f.write_str(
                "the samples of an image must have one width, scale and offset, and a label each",
            ),
            Self::Optimizer(id) => write!(f, "the image names the unknown optimizer {id}"),
        }
    }
}

impl core::error::Error for ImageError {}

#[cfg(target_endian = "little")]
impl<'a> Image<'a> {
    /// Reads an image in place, which only little-endian targets can.
    ///
    /// # Errors
    ///
    /// [`ImageError`] says what is wrong with it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let actual = bytes.len();
        let size = size_of::<Header>();
        let (head, body) = bytes.split_at_checked(size).ok_or(ImageError::NotAnImage)?;
        let header: Header = bytemuck::pod_read_unaligned(head);
        if header.magic != MAGIC {
            return Err(ImageError::NotAnImage);
        }
        // No header overflows a u128.
        let sample = u128::from(header.inputs) + 1;
        let samples = u128::from(header.labelled) + u128::from(header.held_out);
        let expected = u128::from(header.parameters) * 4 + samples * sample + size as u128;
        if expected != actual as u128 {
            let expected = usize::try_from(expected).unwrap_or(usize::MAX);
            return Err(ImageError::Length { expected, actual });
        }
        if checksum(&header, [body]) != header.crc {
            return Err(ImageError::Checksum);
        }
        let mut rest = body;
        let mut take = |length: usize| {
            let (taken, left) = rest.split_at_checked(length).unwrap_or((&[], rest));
            rest = left;
            taken
        };
        let (width, labelled) = (header.inputs as usize, header.labelled as usize);
        let held_out = header.held_out as usize;
        let weights = bytemuck::try_cast_slice(take(header.parameters as usize * 4))
            .map_err(|_| ImageError::Misaligned)?;
        let (scale, offset) = (header.scale, header.offset);
        let mut samples = |count: usize| {
            let (inputs, labels) = (take(count * width), take(count));
            QuantizedSamples { inputs, labels, width, scale, offset }
        };
        let (labelled, held_out) = (samples(labelled), samples(held_out));
        let optimizer = OptimizerKind::from_id(header.optimizer)
            .ok_or(ImageError::Optimizer(header.optimizer))?;
        let settings = Settings {
            optimizer,
            steps: header.steps,
            batch: header.batch,
            radius: header.radius,
            learning_rate: header.learning_rate,
        };
        Ok(Self { settings, weights, labelled, held_out })
    }

    /// Passes the image's bytes to `write`, piece by piece, which only little-endian targets can.
    ///
    /// # Errors
    ///
    /// [`ImageError::Samples`], and then nothing is written.
    pub fn write(&self, mut write: impl FnMut(&[u8])) -> Result<(), ImageError> {
        let like = |samples: &QuantizedSamples| {
            (samples.width, samples.scale.to_bits(), samples.offset.to_bits())
        };
        let whole = |samples: &QuantizedSamples| {
            samples.inputs.len() == samples.labels.len() * samples.width
        };
        if like(&self.labelled) != like(&self.held_out)
            || !whole(&self.labelled)
            || !whole(&self.held_out)
        {
            return Err(ImageError::Samples);
        }
        let pieces = [
            bytemuck::cast_slice(self.weights),
            self.labelled.inputs,
            self.labelled.labels,
            self.held_out.inputs,
            self.held_out.labels,
        ];
        let mut header = Header {
            magic: MAGIC,
            crc: 0,
            parameters: self.weights.len() as u32,
            inputs: self.labelled.width as u32,
            labelled: self.labelled.labels.len() as u32,
            held_out: self.held_out.labels.len() as u32,
            optimizer: self.settings.optimizer.id(),
            steps: self.settings.steps,
            batch: self.settings.batch,
            radius: self.settings.radius,
            learning_rate: self.settings.learning_rate,
            scale: self.labelled.scale,
            offset: self.labelled.offset,
        };
        header.crc = checksum(&header, pieces);
        write(bytemuck::bytes_of(&header));
        for piece in pieces {
            write(piece);
        }
        Ok(())
    }
}

/// The checksum of everything after the checksum itself.
fn checksum<const N: usize>(header: &Header, pieces: [&[u8]; N]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(bytemuck::bytes_of(header).split_at_checked(8).map_or(&[], |(_, rest)| rest));
    for piece in pieces {
        digest.update(piece);
    }
    digest.finalize()
}

//! Vectors of floats in the memory of a device.

use super::scratch::PIECE;
use super::std::vec::Vec;
use super::{Device, Error};
use core::ops::Range;
use core::slice;
use wgpu::BufferUsages;

/// How many elements of a vector are written or read at once.
const PIECE_ELEMENTS: usize = PIECE as usize / 4;

/// How many buffers a vector has at most. A driver that promises memory without having it, like
/// that of the processor, is not asked for more; that would be 128 GiB there.
const MOST_CHUNKS: usize = 1024;

/// A vector of `f32` elements in the memory of a device. It takes four bytes an element; a vector
/// that is longer than the device's largest binding consists of several buffers.
#[derive(Debug)]
pub struct Vector {
    device: Device,
    chunks: Vec<wgpu::Buffer>,
    length: usize,
}

impl Vector {
    /// A vector of zeros.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] where the device has no room for it, or where it would need more than
    /// 1024 buffers.
    pub fn zeros(device: &Device, length: usize) -> Result<Self, Error> {
        device.check()?;
        let bytes = (length as u64).saturating_mul(4);
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        if length.div_ceil(device.chunk()) > MOST_CHUNKS {
            return Err(Error::OutOfMemory { bytes });
        }
        let mut chunks = Vec::new();
        let mut left = length;
        while left > 0 {
            let elements = left.min(device.chunk());
            let buffer =
                device.buffer(4 * elements as u64, usage).map_err(|error| match error {
                    Error::OutOfMemory { .. } => Error::OutOfMemory { bytes },
                    other => other,
                })?;
            chunks.push(buffer);
            left -= elements;
        }
        Ok(Self { device: device.clone(), chunks, length })
    }

    /// A vector with a copy of a slice.
    ///
    /// # Errors
    ///
    /// The same as [`zeros`](Self::zeros), and [`Error::Lost`].
    pub fn from_slice(device: &Device, elements: &[f32]) -> Result<Self, Error> {
        let mut vector = Self::zeros(device, elements.len())?;
        vector.write(elements)?;
        Ok(vector)
    }

    /// Replaces every element. It returns before the device has the elements, but they stay in
    /// order with the passes.
    ///
    /// # Errors
    ///
    /// [`Error::Step`] where the slice has another length; [`Error::OutOfMemory`] and
    /// [`Error::Lost`].
    pub fn write(&mut self, elements: &[f32]) -> Result<(), Error> {
        crate::Error::check_length("elements", self.length, elements.len())?;
        for (buffer, elements) in self.chunks.iter().zip(elements.chunks(self.device.chunk())) {
            let mut offset = 0;
            for piece in elements.chunks(PIECE_ELEMENTS) {
                let bytes: &[u8] = bytemuck::cast_slice(piece);
                self.device.guard(bytes.len() as u64, || {
                    self.device.queue().write_buffer(buffer, offset, bytes);
                    // Without this, the copies of all pieces would wait in memory.
                    self.device.queue().submit([]);
                })?;
                offset += bytes.len() as u64;
            }
        }
        Ok(())
    }

    /// Returns a copy of every element, once all passes so far are done.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] where the device is not done in time; the vector may then be read again
    /// later. [`Error::OutOfMemory`], [`Error::Lost`], and whatever [`Device::failure`] reports.
    pub fn read(&self) -> Result<Vec<f32>, Error> {
        let mut elements = Vec::with_capacity(self.length);
        for buffer in &self.chunks {
            self.read_bytes(buffer, 0..buffer.size(), &mut elements)?;
        }
        Ok(elements)
    }

    /// Returns a copy of a few elements, which must be in the first buffer, like
    /// [`read`](Self::read).
    pub(super) fn read_part(&self, part: Range<usize>) -> Result<Vec<f32>, Error> {
        let mut elements = Vec::with_capacity(part.len());
        if let Some(buffer) = self.chunks.first() {
            let bytes = 4 * part.start as u64..4 * part.end as u64;
            self.read_bytes(buffer, bytes, &mut elements)?;
        }
        Ok(elements)
    }

    fn read_bytes(
        &self,
        buffer: &wgpu::Buffer,
        bytes: Range<u64>,
        elements: &mut Vec<f32>,
    ) -> Result<(), Error> {
        self.device.check()?;
        let mut scratch = self.device.scratch();
        let mut offset = bytes.start;
        while offset < bytes.end {
            let piece = PIECE.min(bytes.end - offset);
            let commands = self.device.wgpu().create_command_encoder(&Default::default());
            scratch.read(&self.device, commands, buffer, offset, piece, |piece| {
                elements.extend_from_slice(piece);
            })?;
            offset += piece;
        }
        Ok(())
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The device on which the elements are.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The buffers. Each but the last has [`Device::chunk`] elements.
    pub(super) fn chunks(&self) -> slice::Iter<'_, wgpu::Buffer> {
        self.chunks.iter()
    }
}

impl AsRef<Self> for Vector {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsMut<Self> for Vector {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

//! Numbers in the memory of a device.

use super::scratch::PIECE;
use super::std::vec::Vec;
use super::{Device, Error};
use core::ops::Range;
use core::slice;
use wgpu::BufferUsages;

/// Vector of a piece that is written or read at once.
const PIECE_ELEMENTS: usize = PIECE as usize / 4;

/// Buffers of a vector. A driver that promises memory without having it, as that on the CPU does,
/// is not asked for more: 128 GiB there.
const MOST_CHUNKS: usize = 1024;

/// `f32` elements in the memory of a device. Four bytes an element; one longer than the device's
/// largest binding is several buffers.
#[derive(Debug)]
pub struct Vector {
    device: Device,
    chunks: Vec<wgpu::Buffer>,
    length: usize,
}

impl Vector {
    /// Zeros.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] where the device has no room for them, or they would be more than
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

    /// A copy of a slice.
    ///
    /// # Errors
    ///
    /// As [`zeros`](Self::zeros), and [`Error::Lost`].
    pub fn from_slice(device: &Device, elements: &[f32]) -> Result<Self, Error> {
        let mut vector = Self::zeros(device, elements.len())?;
        vector.write(elements)?;
        Ok(vector)
    }

    /// Replaces every element. Returns before the device has them, in order with the passes.
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
                    // Without it, the copies of all pieces would wait in memory.
                    self.device.queue().submit([]);
                })?;
                offset += bytes.len() as u64;
            }
        }
        Ok(())
    }

    /// A copy of every element, once all passes so far are done.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] where the device is not done in time, after which it may be read again;
    /// [`Error::OutOfMemory`], [`Error::Lost`], and what [`Device::failure`] tells.
    pub fn read(&self) -> Result<Vec<f32>, Error> {
        let mut elements = Vec::with_capacity(self.length);
        for buffer in &self.chunks {
            self.read_bytes(buffer, 0..buffer.size(), &mut elements)?;
        }
        Ok(elements)
    }

    /// A copy of a few elements, which must be in the first buffer; as [`read`](Self::read).
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

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Where the elements are.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The buffers, each but the last with [`Device::chunk`] elements.
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

//! Buffers that the passes of a device share: partial sums, sums of segments, and what is sent back
//! to the processor.

use super::std::{string::ToString, sync::mpsc::channel};
use super::{Device, Error};
use wgpu::BufferUsages;

/// How many bytes are sent to or from the device at once, so that the copies on the way stay small.
pub(super) const PIECE: u64 = 32 << 20;

/// The shared buffers of a device. Each is made when it is first needed, and made anew when a
/// larger one is needed.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub partials: Shelf,
    pub sums: Shelf,
    staging: Shelf,
}

/// Where a buffer is kept for the next pass.
#[derive(Debug, Default)]
pub(super) struct Shelf(Option<wgpu::Buffer>);

impl Shelf {
    /// Takes the buffer out, with room for at least so many bytes.
    pub fn take(
        &mut self,
        device: &Device,
        bytes: u64,
        usage: BufferUsages,
    ) -> Result<wgpu::Buffer, Error> {
        match self.0.take() {
            Some(buffer) if buffer.size() >= bytes => Ok(buffer),
            // The old buffer is freed first, since there may be no room for both.
            _ => device.buffer(bytes.next_power_of_two().max(256), usage),
        }
    }

    pub fn put_back(&mut self, buffer: wgpu::Buffer) {
        self.0 = Some(buffer);
    }
}

impl Scratch {
    /// Runs the commands, copies words of `source` from `offset` on to the processor, all in one
    /// submission, and hands them to `receive`. It copies at least one word and at most [`PIECE`]
    /// bytes.
    pub fn read(
        &mut self,
        device: &Device,
        mut commands: wgpu::CommandEncoder,
        source: &wgpu::Buffer,
        offset: u64,
        bytes: u64,
        receive: impl FnOnce(&[f32]),
    ) -> Result<(), Error> {
        let staging =
            self.staging.take(device, bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST)?;
        let (tell, told) = channel();
        let submission = device.guard(bytes, || {
            commands.copy_buffer_to_buffer(source, offset, &staging, 0, bytes);
            let submission = device.queue().submit([commands.finish()]);
            staging.map_async(wgpu::MapMode::Read, ..bytes, move |result| {
                _ = tell.send(result);
            });
            submission
        })?;
        device.wait(submission)?;
        // A thread that submits at the same time may have taken the answer and be about to pass it
        // on.
        match told.recv_timeout(device.longest_wait()) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Error::Refused(error.to_string())),
            Err(_) => return Err(device.timeout()),
        }
        {
            let view = staging
                .get_mapped_range(..bytes)
                .map_err(|_| Error::Refused("what the device copied is not mapped".into()))?;
            receive(bytemuck::try_cast_slice(&view).unwrap_or_default());
        }
        staging.unmap();
        // After an error above it may still be mapped, and then it is not used again.
        self.staging.put_back(staging);
        Ok(())
    }
}

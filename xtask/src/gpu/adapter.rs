//! The adapter to compare with.

use super::GpuArgs;
use crate::device::setup;
use anyhow::{Context, Result, bail};
use rolling_ball::gpu::{Adapter, AdapterKind, Device, Error, Settings};

/// Mesa's Vulkan on the processor.
const PACKAGE: &str = "mesa-vulkan-drivers";

/// The device; or none, where there is no adapter and none is required, which is said loudly.
pub fn open(args: &GpuArgs) -> Result<Option<Device>> {
    let settings = Settings { name: args.adapter.clone(), ..Settings::default() };
    let missing = match Device::with(&settings) {
        Ok(device) => return Ok(Some(device)),
        Err(Error::NoAdapter) => Error::NoAdapter,
        Err(error) => return Err(error).context("the adapter cannot be used"),
    };
    match setup::install(PACKAGE, "a Vulkan on the processor", args.install) {
        Ok(()) => Ok(Some(Device::with(&settings).context("after the installation")?)),
        Err(error) if args.require => bail!("{missing}: {error:#}"),
        Err(error) => {
            println!("SKIPPED: {missing}: {error:#}");
            Ok(None)
        }
    }
}

/// Whether it is the processor itself, which divides exactly and flushes nothing.
pub fn is_processor(device: &Device) -> bool {
    device.adapter().kind == AdapterKind::Cpu
}

/// Its facts, in a line.
pub fn describe(adapter: &Adapter) -> String {
    let Adapter { name, backend, kind, driver, largest_buffer, largest_binding, .. } = adapter;
    let mebibytes = |bytes: &u64| bytes >> 20;
    let kind = match kind {
        AdapterKind::Discrete => "discrete GPU",
        AdapterKind::Integrated => "integrated GPU",
        AdapterKind::Virtual => "virtual GPU",
        AdapterKind::Cpu => "Vulkan on the processor",
        _ => "adapter of another kind",
    };
    format!(
        "{name}, {kind}, by {backend}: {driver}; buffers of {} MiB at most, of which a pass sees {} MiB",
        mebibytes(largest_buffer),
        mebibytes(largest_binding),
    )
}

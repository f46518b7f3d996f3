//! The adapter to compare with.

use super::arguments::GpuArgs;
use anyhow::{Context, Result};
use rolling_ball::gpu::{Adapter, AdapterKind, Device, Error, Settings};
use workbench::setup;

/// Mesa's Vulkan on the processor.
const PACKAGE: &str = "mesa-vulkan-drivers";

/// The device; or none, where there is no adapter and none is required, which is said loudly.
pub fn open(args: &GpuArgs) -> Result<Option<Device>> {
    let settings = Settings { name: args.adapter.clone(), ..Settings::default() };
    let found = match Device::with(&settings) {
        Err(Error::NoAdapter) => with_mesa(&settings, args.install),
        found => return Ok(Some(found.context("the adapter cannot be used")?)),
    };
    match found {
        Ok(device) => Ok(Some(device)),
        Err(error) if args.require => Err(error),
        Err(error) => {
            println!("SKIPPED: {error:#}");
            Ok(None)
        }
    }
}

fn with_mesa(settings: &Settings, install: bool) -> Result<Device> {
    setup::install(PACKAGE, "an adapter", install).context(Error::NoAdapter)?;
    Device::with(settings).context("even after the installation")
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
        "{name}, {kind}, by {backend}: {driver}; buffers of {} MiB at most, of which a pass sees \
         {} MiB",
        mebibytes(largest_buffer),
        mebibytes(largest_binding),
    )
}

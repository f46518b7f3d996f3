//! The GPUs that there are, and what each can do.

use super::Error;
use super::ready::ready;
use super::settings::{IMMEDIATES, Settings};
use super::std::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use crate::kernels::SEGMENT;

/// The most elements of a buffer, which the shaders can count with 32 bits and room to spare.
const LARGEST_CHUNK: usize = 1 << 30;

/// The kind of an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AdapterKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU that is lent to a virtual machine.
    Virtual,
    /// An adapter that does not say what it is.
    Other,
    /// The processor itself.
    Cpu,
}

/// Facts about the adapter of a device.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adapter {
    /// The name of the adapter.
    pub name: String,
    /// The interface that drives it: Vulkan, Metal or Direct3D 12.
    pub backend: String,
    /// The kind of adapter.
    pub kind: AdapterKind,
    /// The driver and its version.
    pub driver: String,
    /// The most bytes that a buffer may have.
    pub largest_buffer: u64,
    /// The most bytes of a buffer that a pass may see.
    pub largest_binding: u64,
    /// The most workgroups in one dimension of a pass.
    pub workgroups: u32,
}

/// How many elements a buffer may hold, in whole segments, if the adapter has what the passes need.
pub(super) fn chunk(
    adapter: &wgpu::Adapter,
    limits: &wgpu::Limits,
    settings: &Settings,
) -> Result<usize, Error> {
    let immediates = if adapter.features().contains(wgpu::Features::IMMEDIATES) {
        limits.max_immediate_size
    } else {
        0
    };
    let of_adapter = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    let largest = settings.largest_binding.map_or(of_adapter, |bytes| bytes.min(of_adapter));
    for (what, needed, available) in [
        ("bytes of immediates", IMMEDIATES.into(), immediates.into()),
        ("storage buffers of a pass", 5, limits.max_storage_buffers_per_shader_stage.into()),
        ("invocations of a workgroup", 256, limits.max_compute_invocations_per_workgroup.into()),
        ("invocations of a workgroup in a row", 256, limits.max_compute_workgroup_size_x.into()),
        ("bytes that a workgroup shares", 8224, limits.max_compute_workgroup_storage_size.into()),
        ("workgroups in a row", 0xffff, limits.max_compute_workgroups_per_dimension.into()),
        ("bytes of a buffer's binding", 4 * SEGMENT as u64, largest),
    ] {
        if available < needed {
            return Err(Error::Limit { what, needed, available });
        }
    }
    let elements = usize::try_from(largest / 4).unwrap_or(usize::MAX).min(LARGEST_CHUNK);
    Ok(elements - elements % SEGMENT)
}

/// Lists every adapter that there is.
pub(super) fn adapters() -> Result<Vec<wgpu::Adapter>, Error> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    descriptor.flags = wgpu::InstanceFlags::empty();
    // A driver may promise memory that it does not have.
    descriptor.memory_budget_thresholds.for_resource_creation = Some(97);
    let instance = wgpu::Instance::new(descriptor);
    let adapters = ready(instance.enumerate_adapters(wgpu::Backends::all()))?;
    if adapters.is_empty() { Err(Error::NoAdapter) } else { Ok(adapters) }
}

pub(super) fn kind(device_type: wgpu::DeviceType) -> AdapterKind {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Other => AdapterKind::Other,
        wgpu::DeviceType::Cpu => AdapterKind::Cpu,
    }
}

pub(super) fn facts(info: &wgpu::AdapterInfo, limits: &wgpu::Limits) -> Adapter {
    Adapter {
        name: info.name.clone(),
        backend: info.backend.to_string(),
        kind: kind(info.device_type),
        driver: format!("{} {}", info.driver, info.driver_info),
        largest_buffer: limits.max_buffer_size,
        largest_binding: limits.max_storage_buffer_binding_size,
        workgroups: limits.max_compute_workgroups_per_dimension,
    }
}

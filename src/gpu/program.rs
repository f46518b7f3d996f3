//! Compiled shaders, and how one is told what to do.

use super::std::vec::Vec;
use crate::kernels::NOTHING;

/// The code that every shader begins with, after its `Parameters`.
pub(super) const ARITHMETIC: &str = include_str!("mathematics/arithmetic.wgsl");
pub(super) const TRANSCENDENTAL: &str = include_str!("mathematics/transcendental.wgsl");
pub(super) const SINE: &str = include_str!("mathematics/sine.wgsl");

/// A compiled shader.
#[derive(Debug)]
pub(super) struct Program {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

/// The words that a run of a shader is told. For arithmetic.wgsl they begin with a zero and a
/// negative zero, which the compiler does not know; then come these words, as many as the
/// `Parameters` have.
pub(super) fn words(told: impl IntoIterator<Item = u32>) -> Vec<u32> {
    [0, NOTHING.to_bits()].into_iter().chain(told).collect()
}

impl Program {
    pub fn new(device: &wgpu::Device, name: &str, source: &str) -> Self {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(name),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(name),
            layout: None,
            module: &module,
            entry_point: None,
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..wgpu::PipelineCompilationOptions::default()
            },
            cache: None,
        });
        let layout = pipeline.get_bind_group_layout(0);
        Self { pipeline, layout }
    }

    /// Adds a run over these buffers to a pass, with so many workgroups in a row and so many rows.
    pub fn dispatch<'b>(
        &self,
        device: &wgpu::Device,
        pass: &mut wgpu::ComputePass<'_>,
        buffers: impl Iterator<Item = (u32, &'b wgpu::Buffer)>,
        words: &[u32],
        (columns, rows): (u32, u32),
    ) {
        let entries: Vec<_> = buffers
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.layout,
            entries: &entries,
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.set_immediates(0, bytemuck::cast_slice(words));
        pass.dispatch_workgroups(columns, rows, 1);
    }
}

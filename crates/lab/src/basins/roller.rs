//! Where the balls that follow one contact roll: on all cores, or on a GPU.

use anyhow::Result;
use rolling_ball::kernels::Active;
use rolling_ball::probe::basins::{self, NearWells, Settings, Starts};

pub enum Roller {
    Processor,
    Gpu(rolling_ball::gpu::Device),
}

impl Roller {
    /// The best GPU, where one is asked for.
    pub fn new(gpu: bool) -> Result<Self> {
        if gpu { Ok(Self::Gpu(rolling_ball::gpu::Device::new()?)) } else { Ok(Self::Processor) }
    }

    /// Where the ball from each start ends. Calls `done` with the number of balls whenever some are
    /// done.
    pub fn roll(
        &self,
        wells: &NearWells,
        starts: &Starts,
        settings: &Settings,
        done: impl Fn(usize) + Sync,
    ) -> Result<Vec<[f32; 2]>> {
        match self {
            Self::Processor => Ok(basins::roll::<Active, _>(wells, starts, settings, done)?),
            Self::Gpu(device) => {
                Ok(rolling_ball::gpu::roll(device, wells, starts, settings, done)?)
            }
        }
    }
}

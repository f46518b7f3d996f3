//! What is called of an optimizer, whichever it is.

use rolling_ball::kernels::Kernels;
use rolling_ball::{
    Adam, ByPart, CentreStep, ClipNorm, Dog, EntropySgd, Error, Footpoint, KeepStart, Optimizer,
    Parts, Prodigy, Resumable, RollingBall, STATE_VECTORS, STATE_WORDS, Sam, Schedule, Sgd, State,
    WeightDecay, ZerothOrderBall,
};

/// The radius of an optimizer that has one.
pub trait Radius {
    fn set_radius(&mut self, _radius: Schedule) -> Option<Result<(), Error>> {
        None
    }
}

type Vector<'a> = &'a mut [f32];

impl<K: Kernels> Radius for Sgd<Vector<'_>, K> {}
impl<K: Kernels> Radius for Adam<Vector<'_>, K> {}
impl<K: Kernels> Radius for Dog<Vector<'_>, K> {}
impl<K: Kernels> Radius for Prodigy<Vector<'_>, K> {}

impl<K: Kernels> Radius for ZerothOrderBall<K> {
    fn set_radius(&mut self, radius: Schedule) -> Option<Result<(), Error>> {
        Some(self.set_radius(radius))
    }
}

impl<K: Kernels> Radius for EntropySgd<Vector<'_>, K> {
    /// It has a pull in its place.
    fn set_radius(&mut self, radius: Schedule) -> Option<Result<(), Error>> {
        Some(self.set_pull(radius))
    }
}

impl<K: Kernels> Radius for Sam<Vector<'_>, K> {
    fn set_radius(&mut self, radius: Schedule) -> Option<Result<(), Error>> {
        Some(self.set_radius(radius))
    }
}

impl<F: Footpoint, C: CentreStep, K: Kernels> Radius for RollingBall<Vector<'_>, F, C, K> {
    fn set_radius(&mut self, radius: Schedule) -> Option<Result<(), Error>> {
        Some(self.set_radius(radius))
    }
}

impl<O: Radius, K> Radius for ClipNorm<O, K> {
    fn set_radius(&mut self, radius: Schedule) -> Option<Result<(), Error>> {
        self.inner_mut().set_radius(radius)
    }
}

impl<O: Radius, V, K> Radius for KeepStart<O, V, K> {
    fn set_radius(&mut self, radius: Schedule) -> Option<Result<(), Error>> {
        self.inner_mut().set_radius(radius)
    }
}

impl<O: Radius, K: Kernels> Radius for WeightDecay<O, K> {
    fn set_radius(&mut self, radius: Schedule) -> Option<Result<(), Error>> {
        self.inner_mut().set_radius(radius)
    }
}

impl<O: Radius, P: Parts, K> Radius for ByPart<O, P, K> {
    fn set_radius(&mut self, radius: Schedule) -> Option<Result<(), Error>> {
        self.inner_mut().set_radius(radius)
    }
}

/// An optimizer with all that it can do, which is known at run time only.
pub trait Subject: Optimizer + Radius {
    fn state(&self) -> Result<State<'_>, Error>;
    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error>;
}

impl<O: Optimizer + Radius + Resumable> Subject for O {
    fn state(&self) -> Result<State<'_>, Error> {
        Resumable::state(self)
    }

    fn resume(&mut self, words: [u32; STATE_WORDS]) -> Result<[&mut [f32]; STATE_VECTORS], Error> {
        Resumable::resume(self, words)
    }
}

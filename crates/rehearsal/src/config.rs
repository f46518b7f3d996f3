//! What the settings of every optimizer have in common: an optimizer is made of them.

use rolling_ball::kernels::{Kernels, VectorOps};
use rolling_ball::{
    Adam, AdamConfig, CentreStep, Dog, DogConfig, EntropySgd, EntropySgdConfig, Error, Footpoint,
    Optimizer, Prodigy, ProdigyConfig, RollingBall, RollingBallConfig, Sam, SamConfig, Sgd,
    SgdConfig, ZerothOrderBall, ZerothOrderBallConfig,
};

/// The settings of an optimizer, which make it over vectors of any type: slices that somebody
/// lends, vectors on the heap, or vectors on a device of their own. This is the list of all
/// optimizers.
///
/// ```
/// use rolling_ball::kernels::Scalar;
/// use rolling_ball::{Error, Optimizer, RollingBallConfig, SgdConfig};
/// use rolling_ball_rehearsal::OptimizerConfig;
///
/// fn boxed<C>(config: C, parameters: usize) -> Result<Box<dyn Optimizer>, Error>
/// where
///     C: OptimizerConfig<Scalar, Optimizer<Vec<f32>>: 'static>,
/// {
///     Ok(Box::new(config.build(Scalar, || Ok::<_, Error>(vec![0.0; parameters]))?))
/// }
///
/// let optimizers =
///     [boxed(SgdConfig::default(), 10)?, boxed(RollingBallConfig::fine_tuning(100), 10)?];
/// # Ok::<(), Error>(())
/// ```
pub trait OptimizerConfig<K: VectorOps> {
    /// What is made.
    type Optimizer<V: AsRef<K::Vector> + AsMut<K::Vector>>: Optimizer<K::Vector>;

    /// Makes the optimizer, with as many vectors as it needs from `vector`: the gradient's is the
    /// first.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting that is out of range; [`Error::Length`] where the
    /// vectors differ in length; and those of `vector`, such as a device that has no room for one.
    fn build<V: AsRef<K::Vector> + AsMut<K::Vector>, E: From<Error>>(
        self,
        kernels: K,
        vector: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E>;
}

impl<F: Footpoint, C: CentreStep, K: VectorOps> OptimizerConfig<K> for RollingBallConfig<F, C> {
    type Optimizer<V: AsRef<K::Vector> + AsMut<K::Vector>> = RollingBall<V, F, C, K>;

    fn build<V: AsRef<K::Vector> + AsMut<K::Vector>, E: From<Error>>(
        self,
        kernels: K,
        mut vector: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E> {
        Ok(RollingBall::with_backend(kernels, self, [vector()?, vector()?])?)
    }
}

impl<K: VectorOps> OptimizerConfig<K> for SgdConfig {
    type Optimizer<V: AsRef<K::Vector> + AsMut<K::Vector>> = Sgd<V, K>;

    fn build<V: AsRef<K::Vector> + AsMut<K::Vector>, E: From<Error>>(
        self,
        kernels: K,
        mut vector: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E> {
        let gradient = vector()?;
        let velocity = if self.momentum > 0.0 { Some(vector()?) } else { None };
        Ok(Sgd::with_backend(kernels, self, gradient, velocity)?)
    }
}

impl<K: VectorOps> OptimizerConfig<K> for AdamConfig {
    type Optimizer<V: AsRef<K::Vector> + AsMut<K::Vector>> = Adam<V, K>;

    fn build<V: AsRef<K::Vector> + AsMut<K::Vector>, E: From<Error>>(
        self,
        kernels: K,
        mut vector: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E> {
        Ok(Adam::with_backend(kernels, self, [vector()?, vector()?, vector()?])?)
    }
}

impl<K: VectorOps> OptimizerConfig<K> for SamConfig {
    type Optimizer<V: AsRef<K::Vector> + AsMut<K::Vector>> = Sam<V, K>;

    fn build<V: AsRef<K::Vector> + AsMut<K::Vector>, E: From<Error>>(
        self,
        kernels: K,
        mut vector: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E> {
        Ok(Sam::with_backend(kernels, self, [vector()?, vector()?])?)
    }
}

impl<K: Kernels> OptimizerConfig<K> for EntropySgdConfig {
    type Optimizer<V: AsRef<[f32]> + AsMut<[f32]>> = EntropySgd<V, K>;

    fn build<V: AsRef<[f32]> + AsMut<[f32]>, E: From<Error>>(
        self,
        kernels: K,
        mut vector: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E> {
        Ok(EntropySgd::with_backend(kernels, self, [vector()?, vector()?, vector()?])?)
    }
}

impl<K: VectorOps> OptimizerConfig<K> for DogConfig {
    type Optimizer<V: AsRef<K::Vector> + AsMut<K::Vector>> = Dog<V, K>;

    fn build<V: AsRef<K::Vector> + AsMut<K::Vector>, E: From<Error>>(
        self,
        kernels: K,
        mut vector: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E> {
        let workspace = [vector()?, vector()?];
        let average = if self.average { Some(vector()?) } else { None };
        Ok(Dog::with_backend(kernels, self, workspace, average)?)
    }
}

impl<K: VectorOps> OptimizerConfig<K> for ProdigyConfig {
    type Optimizer<V: AsRef<K::Vector> + AsMut<K::Vector>> = Prodigy<V, K>;

    fn build<V: AsRef<K::Vector> + AsMut<K::Vector>, E: From<Error>>(
        self,
        kernels: K,
        mut vector: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E> {
        let workspace = [vector()?, vector()?, vector()?, vector()?, vector()?];
        Ok(Prodigy::with_backend(kernels, self, workspace)?)
    }
}

impl<K: Kernels> OptimizerConfig<K> for ZerothOrderBallConfig {
    type Optimizer<V: AsRef<[f32]> + AsMut<[f32]>> = ZerothOrderBall<K>;

    /// It takes no vector.
    fn build<V: AsRef<[f32]> + AsMut<[f32]>, E: From<Error>>(
        self,
        kernels: K,
        _: impl FnMut() -> Result<V, E>,
    ) -> Result<Self::Optimizer<V>, E> {
        Ok(ZerothOrderBall::with_backend(kernels, self)?)
    }
}

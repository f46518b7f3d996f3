//! The choice of a footpoint and of a centre step at run time, over the same traits as the types
//! themselves.

use super::centre::{ArcLength, CentreStep, Choice, Geometry, Plain, Tangent};
use super::footpoint::{Body, Footpoint, FootpointNext, GradientAt, Pause, Vectors};
use super::{
    GaussNewton, GradientDescent, LaggedContact, RefreshedContact, RollingBall, RollingBallConfig,
};
use crate::kernels::{Active, VectorOps};
use crate::optimizer::Verdict;
use crate::{Armijo, Error};

/// Any [`Footpoint`], chosen at run time: for programs that compare them. All of them are linked.
///
/// ```
/// use rolling_ball::{AnyFootpoint, GaussNewton, LaggedContact, RollingBall, RollingBallConfig};
///
/// let nearest = GaussNewton { max_iterations: 8, tolerance: 1e-2 };
/// for footpoint in [AnyFootpoint::from(LaggedContact), nearest.into()] {
///     let config = RollingBallConfig::default().with_footpoint(footpoint);
///     let ball = RollingBall::new(config, [[0.0; 10]; 2])?;
/// }
/// # Ok::<(), rolling_ball::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AnyFootpoint {
    /// The contact follows the last gradient.
    LaggedContact(LaggedContact),
    /// The contact is found anew before the centre moves.
    RefreshedContact(RefreshedContact),
    /// The nearest point by Gauss-Newton.
    GaussNewton(GaussNewton),
    /// The nearest point by the paper's solver.
    GradientDescent(GradientDescent),
}

/// Any [`CentreStep`], chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AnyCentreStep {
    /// The paper's.
    Plain(Plain),
    /// Bounded in length.
    ArcLength(ArcLength),
    /// The rate is found by a line search.
    Armijo(Armijo),
}

/// The searches of all footpoints, of which one is in use.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnySearch {
    none: <LaggedContact as Footpoint>::Search,
    refreshes: <RefreshedContact as Footpoint>::Search,
    gauss_newton: <GaussNewton as Footpoint>::Search,
    gradient_descent: <GradientDescent as Footpoint>::Search,
}

/// What a loss is asked for, and by which footpoint.
#[derive(Clone, Copy, Debug)]
pub enum AnyLoss {
    Lagged(LaggedContact, <LaggedContact as Footpoint>::Loss),
    Refreshed(RefreshedContact, <RefreshedContact as Footpoint>::Loss),
    GaussNewton(GaussNewton, <GaussNewton as Footpoint>::Loss),
    GradientDescent(GradientDescent, <GradientDescent as Footpoint>::Loss),
}

/// What a gradient is asked for, and by which footpoint.
#[derive(Clone, Copy, Debug)]
pub enum AnyGradient {
    GaussNewton(GaussNewton, <GaussNewton as Footpoint>::Gradient),
    GradientDescent(GradientDescent, <GradientDescent as Footpoint>::Gradient),
}

/// A footpoint as one of those that may be chosen.
trait Chosen: Footpoint {
    fn search(any: &mut AnySearch) -> &mut Self::Search;
    fn loss(self, at: Self::Loss) -> AnyLoss;
    fn gradient(self, at: Self::Gradient) -> AnyGradient;

    fn ask(self, next: FootpointNext<Self>) -> FootpointNext<AnyFootpoint> {
        next.map(
            |at| self.loss(at),
            |at| match at {
                GradientAt::Contact => GradientAt::Contact,
                GradientAt::Footpoint(at) => GradientAt::Footpoint(self.gradient(at)),
            },
        )
    }
}

/// The same call on whichever footpoint it is.
macro_rules! chosen {
    ($any:expr, |$form:ident: $Form:ident| $call:expr) => {
        match $any {
            AnyFootpoint::LaggedContact($form) => {
                type $Form = LaggedContact;
                $call
            }
            AnyFootpoint::RefreshedContact($form) => {
                type $Form = RefreshedContact;
                $call
            }
            AnyFootpoint::GaussNewton($form) => {
                type $Form = GaussNewton;
                $call
            }
            AnyFootpoint::GradientDescent($form) => {
                type $Form = GradientDescent;
                $call
            }
        }
    };
}

impl Footpoint for AnyFootpoint {
    type Search = AnySearch;
    type Loss = AnyLoss;
    type Gradient = AnyGradient;

    fn check(&self) -> Result<(), Error> {
        chosen!(self, |form: Form| Form::check(form))
    }

    fn encode(&self) -> [u32; 3] {
        chosen!(self, |form: Form| Form::encode(form))
    }

    fn lends_kept(&self) -> bool {
        match self {
            Self::LaggedContact(form) => form.lends_kept(),
            Self::RefreshedContact(form) => form.lends_kept(),
            Self::GaussNewton(form) => form.lends_kept(),
            Self::GradientDescent(form) => form.lends_kept(),
        }
    }

    fn begin(&self, search: &mut AnySearch) {
        chosen!(self, |form: Form| form.begin(Form::search(search)));
    }

    fn rest<K: VectorOps>(
        &self,
        body: &mut Body,
        search: &mut AnySearch,
        vectors: Vectors<'_, K::Vector>,
        loss: f32,
    ) -> Result<(), Pause<FootpointNext<Self>>> {
        chosen!(self, |form: Form| {
            let rested = form.rest::<K>(body, Form::search(search), vectors, loss);
            rested.map_err(|pause| pause.map(|next| form.ask(next)))
        })
    }

    fn leave<K: VectorOps>(
        &self,
        body: &mut Body,
        search: &mut AnySearch,
        vectors: Vectors<'_, K::Vector>,
        tangent: Tangent,
    ) -> Result<FootpointNext<Self>, Error> {
        chosen!(self, |form: Form| {
            let next = form.leave::<K>(body, Form::search(search), vectors, tangent)?;
            Ok(form.ask(next))
        })
    }

    fn told_loss<K: VectorOps>(
        &self,
        body: &mut Body,
        search: &mut AnySearch,
        vectors: Vectors<'_, K::Vector>,
        at: AnyLoss,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        fn told<F: Chosen, K: VectorOps>(
            form: F,
            body: &mut Body,
            search: &mut AnySearch,
            vectors: Vectors<'_, K::Vector>,
            at: F::Loss,
            loss: f32,
        ) -> Result<FootpointNext<AnyFootpoint>, Error> {
            form.told_loss::<K>(body, F::search(search), vectors, at, loss)
                .map(|next| form.ask(next))
        }
        match at {
            AnyLoss::Lagged(form, at) => told::<_, K>(form, body, search, vectors, at, loss),
            AnyLoss::Refreshed(form, at) => told::<_, K>(form, body, search, vectors, at, loss),
            AnyLoss::GaussNewton(form, at) => told::<_, K>(form, body, search, vectors, at, loss),
            AnyLoss::GradientDescent(form, at) => {
                told::<_, K>(form, body, search, vectors, at, loss)
            }
        }
    }

    fn told_gradient<K: VectorOps>(
        &self,
        body: &mut Body,
        search: &mut AnySearch,
        vectors: Vectors<'_, K::Vector>,
        at: AnyGradient,
        loss: f32,
    ) -> Result<FootpointNext<Self>, Error> {
        match at {
            AnyGradient::GaussNewton(form, at) => {
                let search = &mut search.gauss_newton;
                form.told_gradient::<K>(body, search, vectors, at, loss).map(|next| form.ask(next))
            }
            AnyGradient::GradientDescent(form, at) => {
                let search = &mut search.gradient_descent;
                form.told_gradient::<K>(body, search, vectors, at, loss).map(|next| form.ask(next))
            }
        }
    }

    fn centre<K: VectorOps>(
        &self,
        search: &AnySearch,
        out: &mut K::Vector,
        theta: &K::Vector,
        kept: &K::Vector,
    ) {
        match self {
            Self::LaggedContact(form) => form.centre::<K>(&(), out, theta, kept),
            Self::RefreshedContact(form) => form.centre::<K>(&search.refreshes, out, theta, kept),
            Self::GaussNewton(form) => form.centre::<K>(&search.gauss_newton, out, theta, kept),
            Self::GradientDescent(form) => {
                form.centre::<K>(&search.gradient_descent, out, theta, kept);
            }
        }
    }

    fn centre_scale(&self, search: &AnySearch) -> f32 {
        match self {
            Self::LaggedContact(_) | Self::RefreshedContact(_) => 0.0,
            Self::GaussNewton(form) => form.centre_scale(&search.gauss_newton),
            Self::GradientDescent(form) => form.centre_scale(&search.gradient_descent),
        }
    }

    fn resumed(&self, centre_scale: f32) -> AnySearch {
        let mut any = AnySearch::default();
        chosen!(self, |form: Form| *Form::search(&mut any) = form.resumed(centre_scale));
        any
    }
}

impl Chosen for LaggedContact {
    fn search(any: &mut AnySearch) -> &mut () {
        &mut any.none
    }

    fn loss(self, at: Self::Loss) -> AnyLoss {
        AnyLoss::Lagged(self, at)
    }

    fn gradient(self, at: Self::Gradient) -> AnyGradient {
        match at {}
    }
}

impl Chosen for RefreshedContact {
    fn search(any: &mut AnySearch) -> &mut Self::Search {
        &mut any.refreshes
    }

    fn loss(self, at: Self::Loss) -> AnyLoss {
        AnyLoss::Refreshed(self, at)
    }

    fn gradient(self, at: Self::Gradient) -> AnyGradient {
        match at {}
    }
}

impl Chosen for GaussNewton {
    fn search(any: &mut AnySearch) -> &mut Self::Search {
        &mut any.gauss_newton
    }

    fn loss(self, at: Self::Loss) -> AnyLoss {
        AnyLoss::GaussNewton(self, at)
    }

    fn gradient(self, at: Self::Gradient) -> AnyGradient {
        AnyGradient::GaussNewton(self, at)
    }
}

impl Chosen for GradientDescent {
    fn search(any: &mut AnySearch) -> &mut Self::Search {
        &mut any.gradient_descent
    }

    fn loss(self, at: Self::Loss) -> AnyLoss {
        AnyLoss::GradientDescent(self, at)
    }

    fn gradient(self, at: Self::Gradient) -> AnyGradient {
        AnyGradient::GradientDescent(self, at)
    }
}

impl CentreStep for AnyCentreStep {
    type Search = <Armijo as CentreStep>::Search;
    /// The line search whose trial it is.
    type Trial = Armijo;

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Plain(step) => step.check(),
            Self::ArcLength(step) => step.check(),
            Self::Armijo(step) => CentreStep::check(step),
        }
    }

    fn encode(&self) -> [u32; 5] {
        match self {
            Self::Plain(step) => step.encode(),
            Self::ArcLength(step) => step.encode(),
            Self::Armijo(step) => CentreStep::encode(step),
        }
    }

    fn choose(&self, search: &mut Self::Search, geometry: &Geometry) -> Choice<Armijo> {
        let none = &mut ();
        match self {
            Self::Plain(step) => step.choose(none, geometry).map(|trial| match trial {}),
            Self::ArcLength(step) => step.choose(none, geometry).map(|trial| match trial {}),
            Self::Armijo(step) => step.choose(search, geometry).map(|()| *step),
        }
    }

    fn judge(&self, search: &mut Self::Search, trial: Armijo, loss: f32) -> Verdict {
        CentreStep::judge(&trial, search, (), loss)
    }

    fn accepted(&self, search: &Self::Search) -> Option<f32> {
        search.accepted()
    }

    fn resumed(&self, accepted: Option<f32>) -> Self::Search {
        Self::Search::resumed(accepted)
    }
}

/// Makes a type one of those that may be chosen.
macro_rules! may_be_chosen {
    ($($any:ident: $($chosen:ident),+;)+) => {
        $($(impl From<$chosen> for $any {
            fn from(chosen: $chosen) -> Self {
                Self::$chosen(chosen)
            }
        })+)+
    };
}

may_be_chosen! {
    AnyFootpoint: LaggedContact, RefreshedContact, GaussNewton, GradientDescent;
    AnyCentreStep: Plain, ArcLength, Armijo;
}

/// A ball whose form is chosen at run time.
pub type AnyRollingBall<V, K = Active> = RollingBall<V, AnyFootpoint, AnyCentreStep, K>;

/// The settings of [`AnyRollingBall`]: [`RollingBallConfig::into_any`] makes them of any others.
pub type AnyRollingBallConfig = RollingBallConfig<AnyFootpoint, AnyCentreStep>;

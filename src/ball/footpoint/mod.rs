//! The two searches for the nearest point of the graph to the displaced centre: the minimum of
//! `D(theta) = |theta - theta~|^2 / 2 + (F(theta) - y~)^2 / 2`. Here are their scalars; the passes over
//! memory are the step's.

mod gauss_newton;
mod gradient_descent;

pub(super) use gauss_newton::GaussNewton;
pub(super) use gradient_descent::GradientDescent;

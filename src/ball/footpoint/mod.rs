//! The two searches for the nearest point of the graph to the displaced centre: the minimum of
//! `D(theta) = |theta - theta~|^2 / 2 + (F(theta) - y~)^2 / 2`. Each has its scalars,
//! and the part of the step that makes its passes over memory.

mod gauss_newton;
mod gradient_descent;

pub(super) use gauss_newton::GaussNewton;
pub(super) use gradient_descent::GradientDescent;

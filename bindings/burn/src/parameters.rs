//! A module's parameters as one vector.

use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

/// How many parameters are trained.
#[derive(Default)]
pub struct Count {
    pub parameters: usize,
}

impl ModuleVisitor for Count {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        if value.is_require_grad() {
            self.parameters += value.shape().num_elements();
        }
    }
}

/// Copies parameters out.
#[derive(Default)]
pub struct Gather {
    pub theta: Vec<f32>,
}

impl ModuleVisitor for Gather {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        if value.is_require_grad() {
            self.theta.extend(value.into_data_as::<f32>().iter::<f32>());
        }
    }
}

/// Copies parameters in, front to back.
pub struct Scatter<'a> {
    pub rest: &'a [f32],
}

impl ModuleMapper for Scatter<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|old| {
            let shape = old.shape();
            let taken =
                old.is_require_grad().then(|| self.rest.split_at_checked(shape.num_elements()));
            let Some((first, rest)) = taken.flatten() else {
                return old;
            };
            self.rest = rest;
            let data = TensorData::new(first.to_vec(), shape);
            Tensor::from_data(data, &old.device()).autodiff().require_grad()
        })
    }
}

/// Copies gradients out, front to back; 0 where the loss does not depend on a parameter.
pub struct Gradient<'a> {
    pub of: Gradients,
    pub rest: &'a mut [f32],
}

impl ModuleVisitor for Gradient<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        if !value.is_require_grad() {
            return;
        }
        let rest = std::mem::take(&mut self.rest);
        let Some((first, rest)) = rest.split_at_mut_checked(value.shape().num_elements()) else {
            return;
        };
        self.rest = rest;
        match value.grad_remove(&mut self.of) {
            Some(gradient) => {
                for (place, slope) in first.iter_mut().zip(gradient.into_data_as::<f32>().iter()) {
                    *place = slope;
                }
            }
            None => first.fill(0.0),
        }
    }
}

//! Windows: convolutions, pools, means and what is put around a map.

use super::{Lowering, Node, ORDER, Operation, Parameters, View};
use crate::graph::{self, Divisor};
use crate::layout::Role;
use crate::onnx::operator::{self, PadMode};
use crate::tensors::channels_last;
use anyhow::{Context, Result, bail, ensure};

impl Lowering<'_, '_> {
    /// The map that a node takes, whose channels must be its first dimension.
    pub(super) fn map(&self, node: &Node) -> Result<graph::Map> {
        let layout = self.view(node, 0)?.layout;
        ensure!(
            layout.is(ORDER),
            "expected channels before positions, as ONNX has them elsewhere, found {:?}",
            layout.shape()
        );
        Ok(layout.map())
    }

    pub(super) fn convolution(
        &mut self,
        node: &Node,
        window: &operator::Window,
        groups: usize,
    ) -> Result<()> {
        let map @ [_, _, channels] = self.map(node)?;
        let window = convert(window);
        let (shape, weights) = self.numbers(node, 1, "weights")?;
        let filters = *shape.first().context("expected filters")?;
        let each = channels / groups.max(1);
        let positions = window.positions();
        ensure!(
            weights.len() == filters * each * positions,
            "expected weights of {filters} filters with {each} channels, found {shape:?}"
        );
        let depthwise = groups == channels && filters == channels && channels > 1;
        let (operation, weights) = if depthwise {
            let weights = channels_last(weights, 1, channels, positions);
            (graph::Operation::Depthwise(window), weights)
        } else {
            let weights = channels_last(weights, filters, each, positions);
            let operation = match groups {
                1 => graph::Operation::Convolution(window, window.form(map)),
                groups => graph::Operation::Grouped(window, groups),
            };
            (operation, weights)
        };
        let biases = self.biases(node, filters)?;
        let View { value, layout } = self.view(node, 0)?;
        let output = window.slide(map, filters)?;
        let layout = layout.with_map(output);
        let filters = if depthwise { 0 } else { filters };
        let parameters = Parameters { filters, weights, biases };
        self.push(node, Operation::Layer(operation), vec![value], layout, parameters)
    }

    /// The window of a pool, and whether it reaches beyond the padding.
    pub(super) fn pool_window(
        &self,
        node: &Node,
        window: &operator::Window,
        ceil: bool,
        map: graph::Map,
    ) -> Result<(graph::Window, bool)> {
        let mut window = convert(window);
        if !ceil {
            return Ok((window, false));
        }
        let shape = self.shape(self.output(node)?)?;
        let mut beyond = false;
        // The last two dimensions, or the last one of a signal.
        for (direction, places) in [0, 1].into_iter().rev().zip(shape.iter().skip(1).rev()) {
            let reach = (places - 1) * window.stride[direction] + window.span(direction);
            let padded = map[direction] + window.padding[direction].iter().sum::<usize>();
            let more = reach.saturating_sub(padded);
            window.padding[direction][1] += more;
            beyond |= more > 0;
        }
        Ok((window, beyond))
    }

    pub(super) fn pool(&mut self, node: &Node, operation: graph::Operation) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        let map = self.map(node)?;
        let (graph::Operation::MaxPool(window) | graph::Operation::AveragePool(window, _)) =
            operation
        else {
            bail!("expected a pool");
        };
        let layout = layout.with_map(window.slide(map, map[2])?);
        self.push(node, Operation::Layer(operation), vec![value], layout, Parameters::default())
    }

    pub(super) fn mean(&mut self, node: &Node, axes: &[usize], keep: bool) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        let map = layout.map();
        let channels =
            layout.channels().context("expected channels in a dimension of their own")?;
        let others = (0..layout.shape().len()).filter(|dimension| *dimension != channels);
        ensure!(
            others.map(|dimension| dimension + 1).eq(axes.iter().copied()),
            "expected the mean over all positions, found one over the dimensions {axes:?}"
        );
        let window = graph::Window::whole(map);
        let operation = graph::Operation::AveragePool(window, Divisor::Window);
        let kept = layout.with_map([1, 1, map[2]]);
        let layout = if keep { kept } else { kept.reshaped(ORDER, &[map[2]])? };
        self.push(node, Operation::Layer(operation), vec![value], layout, Parameters::default())
    }

    pub(super) fn pad(&mut self, node: &Node, pads: &[[usize; 2]], mode: PadMode) -> Result<()> {
        let View { value, layout } = self.view(node, 0)?;
        ensure!(mode == PadMode::Constant(0.0), "expected zeros around the map, found {mode:?}");
        let mut sides = [[0; 2]; 2];
        let mut map = layout.map();
        for (dimension, pads) in pads.iter().enumerate().filter(|(_, pads)| **pads != [0, 0]) {
            let role = dimension.checked_sub(1).and_then(|dimension| layout.role(dimension));
            let direction = match role {
                Some(Role::Rows) => 0,
                Some(Role::Columns) => 1,
                _ => bail!("expected zeros around rows and columns only, found {pads:?}"),
            };
            sides[direction] = *pads;
            map[direction] += pads[0] + pads[1];
        }
        let layout = layout.with_map(map);
        self.push(node, Operation::Pad(sides), vec![value], layout, Parameters::default())
    }
}

fn convert(window: &operator::Window) -> graph::Window {
    let operator::Window { kernel, strides, dilations, pads } = *window;
    let [top, left, bottom, right] = pads;
    let padding = [[top, bottom], [left, right]];
    graph::Window { size: kernel, stride: strides, padding, dilation: dilations }
}

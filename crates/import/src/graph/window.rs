//! A window that slides over a map.

use super::{Form, Map};
use crate::limits::MOST_VALUES;
use anyhow::{Result, ensure};

/// A window that slides over a map. The vertical number comes first in each pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The size of the window, in positions.
    pub size: [usize; 2],
    /// The distance from one window to the next, in positions.
    pub stride: [usize; 2],
    /// The number of zeros before and after the map.
    pub padding: [[usize; 2]; 2],
    /// The distance from one position of the window to the next, in positions of the map.
    pub dilation: [usize; 2],
}

impl Window {
    /// A window that is a map as a whole.
    pub fn whole([height, width, _]: Map) -> Self {
        let size = [height, width];
        Self { size, stride: size, padding: [[0; 2]; 2], dilation: [1; 2] }
    }

    /// How many positions of the map the window spans in a direction, from its first to its last.
    pub fn span(&self, direction: usize) -> usize {
        (self.size[direction] - 1) * self.dilation[direction] + 1
    }

    /// How many positions the window has.
    pub fn positions(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Whether it slides along a signal in time when it slides over this map.
    pub fn in_time(&self, map: Map) -> bool {
        map[0] == 1 && self.size[0] == 1 && self.padding[0] == [0; 2]
    }

    /// The form of a convolution with it on this map.
    pub fn form(&self, map: Map) -> Form {
        if self.in_time(map) { Form::Conv1d } else { Form::Conv2d }
    }

    /// A window of one position.
    pub fn one() -> Self {
        Self { size: [1; 2], stride: [1; 2], padding: [[0; 2]; 2], dilation: [1; 2] }
    }

    /// Whether it is this map as a whole.
    pub fn is_whole(&self, map: Map) -> bool {
        self.size == [map[0], map[1]] && !self.padded()
    }

    /// Whether there is any padding.
    pub fn padded(&self) -> bool {
        self.padding != [[0; 2]; 2]
    }

    /// The zeros before and after a map with which the window fits once for each stride of the map;
    /// where their number is odd, there is one more after it. That is "same" in Keras, SAME_UPPER
    /// in ONNX, and, for strides of 1, "same" in PyTorch.
    pub fn same_padding(&self, map: Map, direction: usize) -> Result<[usize; 2]> {
        self.check_sizes(direction)?;
        let (extent, stride) = (map[direction], self.stride[direction]);
        let last = (extent.div_ceil(stride) - 1) * stride;
        let padding = (last + self.span(direction)).saturating_sub(extent);
        Ok([padding / 2, padding.div_ceil(2)])
    }

    /// The shape of the map that the window yields with so many channels.
    pub fn slide(&self, map: Map, channels: usize) -> Result<Map> {
        Ok([self.places(map, 0)?, self.places(map, 1)?, channels])
    }

    /// How often the window fits in a direction.
    fn places(&self, map: Map, direction: usize) -> Result<usize> {
        self.check_sizes(direction)?;
        let (extent, stride) = (map[direction], self.stride[direction]);
        let [before, after] = self.padding[direction];
        let span = self.span(direction);
        ensure!(
            before < span && after < span,
            "expected less padding than the {span} positions that the kernel spans, found {before} \
             and {after}"
        );
        let padded = extent + before + after;
        ensure!(padded >= span, "a kernel of {span} does not fit into {padded} positions");
        Ok((padded - span) / stride + 1)
    }

    fn check_sizes(&self, direction: usize) -> Result<()> {
        let (size, stride) = (self.size[direction], self.stride[direction]);
        let dilation = self.dilation[direction];
        let counts = 1..=MOST_VALUES;
        ensure!(
            counts.contains(&size) && counts.contains(&stride),
            "expected a kernel and a stride of at least 1, found {size} and {stride}"
        );
        ensure!(counts.contains(&dilation), "expected a dilation of at least 1, found {dilation}");
        Ok(())
    }
}

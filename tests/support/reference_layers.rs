//! Layers in plain `f64` loops over rows, columns and channels, with the padding written out, to
//! compare with.

/// A window on a map, as values.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub map: [usize; 3],
    pub size: [usize; 2],
    pub stride: [usize; 2],
    /// Above and left of the map, then below and right of it.
    pub padding: [[usize; 2]; 2],
    pub dilation: [usize; 2],
}

impl Place {
    /// A window without gaps, with the same padding on opposite sides.
    pub fn new(map: [usize; 3], size: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Self {
        Self { map, size, stride, padding: [padding; 2], dilation: [1, 1] }
    }

    /// Rows and columns of windows.
    pub fn windows(self) -> [usize; 2] {
        let [before, after] = self.padding;
        [0, 1].map(|d| {
            let reach = (self.size[d] - 1) * self.dilation[d] + 1;
            (before[d] + self.map[d] + after[d] - reach) / self.stride[d] + 1
        })
    }

    /// For every window the positions in it, row by row: the index of a position's first value in
    /// the map, or `None` in the padding.
    fn positions(self) -> Vec<Vec<Option<usize>>> {
        let [height, width, channels] = self.map;
        let [rows, columns] = self.windows();
        let mut windows = Vec::new();
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)))
        {
            let mut positions = Vec::new();
            for (v, h) in (0..self.size[0]).flat_map(|v| (0..self.size[1]).map(move |h| (v, h))) {
                let [[top, left], _] = self.padding.map(|sides| sides.map(|side| side as isize));
                let y = (row * self.stride[0] + v * self.dilation[0]) as isize - top;
                let x = (column * self.stride[1] + h * self.dilation[1]) as isize - left;
                let inside = y >= 0 && x >= 0 && y < height as isize && x < width as isize;
                positions.push(inside.then(|| (y as usize * width + x as usize) * channels));
            }
            windows.push(positions);
        }
        windows
    }

    /// For every window and channel, what a function makes of the values in it (0 in the padding).
    fn by_channel(self, f: impl Fn(usize, &[Option<f64>]) -> f64, input: &[f64]) -> Vec<f64> {
        let mut output = Vec::new();
        for window in self.positions() {
            for channel in 0..self.map[2] {
                let values: Vec<Option<f64>> =
                    window.iter().map(|start| start.map(|start| input[start + channel])).collect();
                output.push(f(channel, &values));
            }
        }
        output
    }
}

pub fn convolution(place: Place, filters: usize, parameters: &[f64], input: &[f64]) -> Vec<f64> {
    let channels = place.map[2];
    let length = place.size[0] * place.size[1] * channels;
    let (weights, biases) = parameters.split_at(filters * length);
    let mut output = Vec::new();
    for window in place.positions() {
        for filter in 0..filters {
            let mut sum = biases[filter];
            for (index, start) in window.iter().enumerate() {
                for channel in 0..channels {
                    let x = start.map_or(0.0, |start| input[start + channel]);
                    sum += weights[filter * length + index * channels + channel] * x;
                }
            }
            output.push(sum);
        }
    }
    output
}

pub fn depthwise(place: Place, parameters: &[f64], input: &[f64]) -> Vec<f64> {
    let channels = place.map[2];
    let (weights, biases) = parameters.split_at(place.size[0] * place.size[1] * channels);
    let sum = |channel: usize, values: &[Option<f64>]| {
        let products = values.iter().enumerate();
        let products =
            products.map(|(i, x)| weights[i * channels + channel] * x.unwrap_or_default());
        biases[channel] + products.sum::<f64>()
    };
    place.by_channel(sum, input)
}

pub fn max_pool(place: Place, input: &[f64]) -> Vec<f64> {
    let largest = |_: usize, values: &[Option<f64>]| {
        values.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max)
    };
    place.by_channel(largest, input)
}

/// All of the padding counts.
pub fn average_pool(place: Place, input: &[f64]) -> Vec<f64> {
    average_pool_counting(place.padding, place, input)
}

/// So much of the padding counts.
pub fn average_pool_counting(
    [before, after]: [[usize; 2]; 2],
    place: Place,
    input: &[f64],
) -> Vec<f64> {
    let sums = place.by_channel(|_, values| values.iter().flatten().sum::<f64>(), input);
    // What counts is a map of its own, with less padding.
    let [height, width] = [0, 1].map(|d| before[d] + place.map[d] + after[d]);
    let [above, below] = place.padding;
    let left = [[0, 1].map(|d| above[d] - before[d]), [0, 1].map(|d| below[d] - after[d])];
    let counted = Place { map: [height, width, 1], padding: left, ..place }.positions();
    let counts = counted.iter().map(|window| window.iter().flatten().count() as f64);
    sums.chunks(place.map[2]).zip(counts).flat_map(|(x, n)| x.iter().map(move |x| x / n)).collect()
}

/// As [`convolution`], where a filter sees the channels of its group only.
pub fn grouped(
    place: Place,
    filters: usize,
    groups: usize,
    parameters: &[f64],
    input: &[f64],
) -> Vec<f64> {
    let all = place.map[2];
    let channels = all / groups;
    let length = place.size[0] * place.size[1] * channels;
    let (weights, biases) = parameters.split_at(filters * length);
    // The filters of all channels, with zeros in the place of those of other groups.
    let mut whole = Vec::new();
    for (filter, weights) in weights.chunks(length).enumerate() {
        let group = filter / (filters / groups);
        for tap in weights.chunks(channels) {
            let mut position = vec![0.0; all];
            position[group * channels..][..channels].copy_from_slice(tap);
            whole.extend(position);
        }
    }
    whole.extend(biases);
    convolution(place, filters, &whole, input)
}

pub fn scale_shift(channels: usize, parameters: &[f64], input: &[f64]) -> Vec<f64> {
    let (scales, shifts) = parameters.split_at(channels);
    let channel = |(i, x): (usize, &f64)| scales[i % channels] * x + shifts[i % channels];
    input.iter().enumerate().map(channel).collect()
}

/// Of every `length` values by themselves.
pub fn softmax(length: usize, input: &[f64]) -> Vec<f64> {
    let mut output = Vec::new();
    for values in input.chunks(length) {
        let sum: f64 = values.iter().map(|x| x.exp()).sum();
        output.extend(values.iter().map(|x| x.exp() / sum));
    }
    output
}

/// Of every `length` values by themselves.
pub fn layer_norm(length: usize, epsilon: f64, parameters: &[f64], input: &[f64]) -> Vec<f64> {
    let (scales, shifts) = parameters.split_at(length);
    let mut output = Vec::new();
    for values in input.chunks(length) {
        let mean = values.iter().sum::<f64>() / length as f64;
        let squares = values.iter().map(|x| (x - mean) * (x - mean));
        let deviation = (squares.sum::<f64>() / length as f64 + epsilon).sqrt();
        for ((x, scale), shift) in values.iter().zip(scales).zip(shifts) {
            output.push(scale * (x - mean) / deviation + shift);
        }
    }
    output
}

//! A description of a network, and a model that fits it, if nothing in it is wrong.

use crate::input::Input;

/// The three files of an import.
pub struct Description {
    pub text: Vec<u8>,
    pub model: Vec<u8>,
    /// To calibrate with, or to test on.
    pub inputs: Vec<u8>,
}

/// The tensors of a safetensors file in F32, or what claims to be one.
struct Tensors {
    header: String,
    data: Vec<u8>,
}

/// The most values of a tensor that is written.
const LARGEST: usize = 4096;

impl Tensors {
    fn new() -> Self {
        Self { header: String::new(), data: Vec::new() }
    }

    /// A tensor of this shape, or of another where the input says so.
    fn add(&mut self, name: &str, shape: &[usize], input: &mut Input<'_>) {
        let count = shape.iter().try_fold(1_usize, |count, side| count.checked_mul(*side));
        let count = count.unwrap_or(LARGEST).min(LARGEST);
        let start = self.data.len();
        let value = if input.byte() < 250 { 0.25 } else { input.float() };
        for index in 0..count {
            let sign = if index % 3 == 0 { -1.0 } else { 1.0 };
            self.data.extend_from_slice(&(sign * value).to_le_bytes());
        }
        if !self.header.is_empty() {
            self.header.push(',');
        }
        let end = self.data.len();
        let dtype = if input.byte() < 252 { "F32" } else { "F16" };
        self.header += &format!(
            r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
        );
    }

    fn bytes(self) -> Vec<u8> {
        let header = format!("{{{}}}", self.header);
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&self.data);
        bytes
    }
}

/// A size: mostly small, sometimes absurd.
fn size(input: &mut Input<'_>) -> u64 {
    match input.byte() {
        byte @ ..=239 => u64::from(byte % 5) + 1,
        240..=244 => u64::from(input.byte()),
        245..=247 => 1 << (input.byte() % 64),
        248 => i64::MAX as u64,
        249 => 0,
        _ => 2048,
    }
}

impl Description {
    pub fn read(input: &mut Input<'_>) -> Self {
        // Channels, height and width.
        let mut map = [size(input), size(input), size(input)].map(|side| side as usize);
        let dimensions = 1 + input.below(3);
        match dimensions {
            1 => map = [map[0], 1, 1],
            2 => map = [map[0], 1, map[2]],
            _ => {}
        }
        let shape = match dimensions {
            1 => vec![map[0]],
            2 => vec![map[0], map[2]],
            _ => map.to_vec(),
        };
        let mut model = Tensors::new();
        let mut layers = [String::new(), String::new()];
        let backbone = input.below(4);
        let count = 1 + input.below(5);
        for index in 0..backbone + count {
            let layer = layer(&mut map, dimensions, index, &mut model, input);
            layers[usize::from(index >= backbone)] += &format!("  {{ {layer} }},\n");
        }
        let [backbone, layers] = layers;
        let text = format!(
            "name = \"net\"\ninput = {shape:?}\nbackbone = [\n{backbone}]\nlayers = [\n{layers}]\n"
        );
        let mut inputs = Tensors::new();
        let count = size(input) as usize;
        inputs.add("inputs", &[&[count][..], &shape].concat(), input);
        if input.flag() {
            inputs.add("labels", &[count], input);
        }
        Self { text: text.into_bytes(), model: model.bytes(), inputs: inputs.bytes() }
    }
}

/// What a window of this size leaves of a side.
fn windows(side: usize, kernel: u64, stride: u64, padding: u64) -> usize {
    let padded = (side as u64).saturating_add(padding.saturating_mul(2));
    (padded.saturating_sub(kernel) / stride.max(1) + 1) as usize
}

/// A layer's line, and its tensors.
fn layer(
    map: &mut [usize; 3],
    dimensions: usize,
    index: usize,
    model: &mut Tensors,
    input: &mut Input<'_>,
) -> String {
    let name = format!("t{index}");
    let [channels, height, width] = *map;
    let train = ["", ", train = \"biases\"", ", train = \"frozen\""][input.below(3)];
    let kind = input.below(12);
    match kind {
        0 | 1 => {
            let (filters, kernel) = (size(input), size(input));
            let (stride, padding) = (size(input).min(3), input.byte() % 3);
            let conv = if dimensions == 3 { "conv2d" } else { "conv1d" };
            let mut shape = vec![filters as usize, channels, kernel as usize, kernel as usize];
            if dimensions < 3 {
                shape.pop();
            }
            model.add(&format!("{name}.weight"), &shape, input);
            model.add(&format!("{name}.bias"), &[filters as usize], input);
            let padding = u64::from(padding);
            let across = windows(width, kernel, stride, padding);
            let down = if dimensions == 3 { windows(height, kernel, stride, padding) } else { 1 };
            *map = [filters as usize, down, across];
            format!(
                "type = \"{conv}\", tensors = \"{name}\", filters = {filters}, kernel = {kernel}, \
                 stride = {stride}, padding = {padding}{train}"
            )
        }
        2 | 3 => {
            let outputs = size(input);
            let inputs = channels.saturating_mul(height).saturating_mul(width);
            model.add(&format!("{name}.weight"), &[outputs as usize, inputs], input);
            model.add(&format!("{name}.bias"), &[outputs as usize], input);
            *map = [outputs as usize, 1, 1];
            format!("type = \"dense\", tensors = \"{name}\", outputs = {outputs}{train}")
        }
        4 => {
            let kernel = size(input);
            let side = kernel as usize;
            model.add(&format!("{name}.weight"), &[channels, 1, side, side], input);
            model.add(&format!("{name}.bias"), &[channels], input);
            *map = [channels, windows(height, kernel, 1, 0), windows(width, kernel, 1, 0)];
            format!("type = \"depthwise_conv2d\", tensors = \"{name}\", kernel = {kernel}{train}")
        }
        5 => {
            let kernel = size(input);
            let pool = if input.flag() { "max_pool" } else { "average_pool" };
            let down = if dimensions == 3 { windows(height, kernel, kernel, 0) } else { 1 };
            *map = [channels, down, windows(width, kernel, kernel, 0)];
            format!("type = \"{pool}\", kernel = {kernel}")
        }
        6 => {
            *map = [channels, 1, 1];
            "type = \"global_average_pool\"".to_owned()
        }
        7 => {
            for tensor in ["weight", "bias", "running_mean", "running_var"] {
                model.add(&format!("{name}.{tensor}"), &[channels], input);
            }
            format!("type = \"batch_norm\", tensors = \"{name}\"")
        }
        8 => {
            let shape = match dimensions {
                1 => vec![channels],
                2 => vec![channels, width],
                _ => map.to_vec(),
            };
            model.add(&format!("{name}.weight"), &shape, input);
            model.add(&format!("{name}.bias"), &shape, input);
            format!("type = \"layer_norm\", tensors = \"{name}\"{train}")
        }
        9 => {
            *map = [channels.saturating_mul(height).saturating_mul(width), 1, 1];
            "type = \"flatten\"".to_owned()
        }
        _ => {
            let activation = ["relu", "relu6", "leaky_relu", "tanh", "sigmoid", "gelu"];
            format!("type = \"{}\"", activation[input.below(6)])
        }
    }
}

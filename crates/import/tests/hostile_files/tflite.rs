//! TFLite files that are as large or as misleading as they can be.

use flatbuffers::{FlatBufferBuilder, WIPOffset};

type Builder<'b> = FlatBufferBuilder<'b>;
type Offset = WIPOffset<flatbuffers::TableFinishedWIPOffset>;

const F32: i8 = 0;
const I32: i8 = 2;
const I8: i8 = 9;

/// An operator: its number and the kind of its options, and those.
struct Kind {
    number: i8,
    options: u8,
    /// The numbers of options that are bytes or words.
    bytes: &'static [(u16, i8)],
    words: &'static [(u16, i32)],
}

const RELU: Kind = Kind { number: 19, options: 0, bytes: &[], words: &[] };
const ADD: Kind = Kind { number: 0, options: 11, bytes: &[], words: &[] };
const CONCATENATION: Kind = Kind { number: 2, options: 10, bytes: &[], words: &[(0, 1)] };
const FULLY_CONNECTED: Kind = Kind { number: 9, options: 8, bytes: &[], words: &[] };
/// VALID, at strides of 1.
const MAX_POOL: Kind = Kind {
    number: 17,
    options: 5,
    bytes: &[(0, 1)],
    words: &[(1, 1), (2, 1), (3, 80_000), (4, 80_000)],
};

struct Tensor {
    shape: Vec<i32>,
    kind: i8,
    /// How many bytes it has.
    data: usize,
    scale: Option<f32>,
}

fn value(shape: &[i32], kind: i8) -> Tensor {
    let scale = (kind == I8).then_some(0.05);
    Tensor { shape: shape.to_vec(), kind, data: 0, scale }
}

struct File {
    kind: Kind,
    tensors: Vec<Tensor>,
    /// The inputs of each operator, and its output. The first input of the first is the network's,
    /// and the last output too.
    operators: Vec<(Vec<i32>, i32)>,
}

/// Where the field of a table is named in its layout.
fn slot(field: u16) -> u16 {
    4 + 2 * field
}

impl File {
    fn bytes(self) -> Vec<u8> {
        let mut builder = Builder::new();
        let to = &mut builder;
        let mut buffers = vec![buffer(to, 0)];
        let mut tensors = Vec::new();
        for (index, tensor) in self.tensors.iter().enumerate() {
            let at = if tensor.data == 0 { 0 } else { buffers.len() };
            if tensor.data > 0 {
                buffers.push(buffer(to, tensor.data));
            }
            tensors.push(described(to, index, tensor, at as u32));
        }
        let output = self.operators.last().map_or(0, |(_, output)| *output);
        let operators: Vec<Offset> = self
            .operators
            .iter()
            .map(|(inputs, output)| operator(to, &self.kind, inputs, *output))
            .collect();
        let [tensors, operators] = [tensors, operators].map(|list| to.create_vector(&list));
        let (inputs, outputs) = (to.create_vector(&[0i32]), to.create_vector(&[output]));
        let name = to.create_string("main");
        let graph = to.start_table();
        to.push_slot_always(slot(0), tensors);
        to.push_slot_always(slot(1), inputs);
        to.push_slot_always(slot(2), outputs);
        to.push_slot_always(slot(3), operators);
        to.push_slot_always(slot(4), name);
        let graph = to.end_table(graph);
        let code = to.start_table();
        to.push_slot_always(slot(0), self.kind.number);
        to.push_slot_always(slot(3), i32::from(self.kind.number));
        let code = to.end_table(code);
        let (codes, graphs) = (to.create_vector(&[code]), to.create_vector(&[graph]));
        let buffers = to.create_vector(&buffers);
        let model = to.start_table();
        to.push_slot_always(slot(0), 3u32);
        to.push_slot_always(slot(1), codes);
        to.push_slot_always(slot(2), graphs);
        to.push_slot_always(slot(4), buffers);
        let model = to.end_table(model);
        to.finish(model, Some("TFL3"));
        to.finished_data().to_vec()
    }
}

/// Bytes of floats that are finite.
fn buffer(to: &mut Builder, count: usize) -> Offset {
    let bytes: Vec<u8> = (0..count).map(|index| (index * 7919 % 61) as u8).collect();
    let data = (count > 0).then(|| to.create_vector(&bytes));
    let table = to.start_table();
    if let Some(data) = data {
        to.push_slot_always(slot(0), data);
    }
    to.end_table(table)
}

fn described(to: &mut Builder, index: usize, tensor: &Tensor, buffer: u32) -> Offset {
    let quantisation = tensor.scale.map(|scale| {
        let (scales, zeros) = (to.create_vector(&[scale]), to.create_vector(&[0i64]));
        let table = to.start_table();
        to.push_slot_always(slot(2), scales);
        to.push_slot_always(slot(3), zeros);
        to.end_table(table)
    });
    let name = to.create_string(&format!("t{index}"));
    let shape = to.create_vector(&tensor.shape);
    let table = to.start_table();
    to.push_slot_always(slot(0), shape);
    to.push_slot_always(slot(1), tensor.kind);
    to.push_slot_always(slot(2), buffer);
    to.push_slot_always(slot(3), name);
    if let Some(quantisation) = quantisation {
        to.push_slot_always(slot(4), quantisation);
    }
    to.end_table(table)
}

fn operator(to: &mut Builder, kind: &Kind, inputs: &[i32], output: i32) -> Offset {
    let options = to.start_table();
    for (field, number) in kind.bytes {
        to.push_slot_always(slot(*field), *number);
    }
    for (field, number) in kind.words {
        to.push_slot_always(slot(*field), *number);
    }
    let options = to.end_table(options);
    let (inputs, outputs) = (to.create_vector(inputs), to.create_vector(&[output]));
    let table = to.start_table();
    to.push_slot_always(slot(1), inputs);
    to.push_slot_always(slot(2), outputs);
    if kind.options > 0 {
        to.push_slot_always(slot(3), kind.options);
        to.push_slot_always(slot(4), options);
    }
    to.end_table(table)
}

/// So many matrices between values of a kind, which share their weights of int8.
fn matrices(count: usize, [outputs, inputs]: [i32; 2], kind: i8) -> Vec<u8> {
    let bytes = outputs as usize * inputs as usize;
    let weights = Tensor { data: bytes, scale: Some(0.001), ..value(&[outputs, inputs], I8) };
    let biases = Tensor {
        shape: vec![outputs],
        kind: if kind == I8 { I32 } else { F32 },
        data: 4 * outputs as usize,
        scale: (kind == I8).then_some(0.05 * 0.001),
    };
    let mut tensors = vec![value(&[1, inputs], kind), weights, biases];
    tensors.extend((0..count).map(|_| value(&[1, outputs], kind)));
    let operators = (0..count as i32).map(|index| {
        let before = if index == 0 { 0 } else { index + 2 };
        (vec![before, 1, 2], index + 3)
    });
    File { kind: FULLY_CONNECTED, tensors, operators: operators.collect() }.bytes()
}

fn chain(kind: Kind, shape: &[i32], operators: Vec<(Vec<i32>, i32)>) -> Vec<u8> {
    let count = operators.len() + 1;
    let tensors = (0..count).map(|_| value(shape, F32)).collect();
    File { kind, tensors, operators }.bytes()
}

/// A network without parameters, of the largest input.
pub fn largest() -> Vec<u8> {
    chain(RELU, &[1, 1 << 22], vec![(vec![0], 1)])
}

/// What is imported, and the file.
pub fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let relus = |count: i32| (0..count).map(|index| (vec![index], index + 1)).collect();
    let doubled = (0..1000).map(|index| (vec![index, index], index + 1)).collect();
    let concat = vec![(vec![0; 1000], 1)];
    let claims = {
        let weights = Tensor { data: 64, ..value(&[8192, 8192], F32) };
        let tensors = vec![value(&[1, 8192], F32), weights, value(&[1, 8192], F32)];
        File { kind: FULLY_CONNECTED, tensors, operators: vec![(vec![0, 1], 2)] }.bytes()
    };
    vec![
        ("TFLite: a million weights in int8", matrices(1, [1024, 1024], I8)),
        ("the same under floats", matrices(1, [1024, 1024], F32)),
        ("16 million weights in int8", matrices(1, [4095, 4096], I8)),
        ("the same under floats", matrices(1, [4095, 4096], F32)),
        ("1000 operators that share 1 MB", matrices(1000, [1024, 1024], F32)),
        ("1000 operators that share 1 MB in int8", matrices(1000, [1024, 1024], I8)),
        ("a pool of 6 GB of windows", chain(MAX_POOL, &[1, 64, 64, 1], vec![(vec![0], 1)])),
        ("a matrix that says 256 MB and has 64 bytes", claims),
        ("1000 sums of a value and itself", chain(ADD, &[1, 4], doubled)),
        ("10,000 operators", chain(RELU, &[1, 4], relus(10_000))),
        ("a concatenation of 1000 inputs", chain(CONCATENATION, &[1, 4], concat)),
    ]
}

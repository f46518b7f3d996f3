// What a product, or the loss, is told.

struct Parameters {
    // 0 and -0.0, see arithmetic.wgsl.
    unchanged: u32,
    nothing: f32,
    // Of the result: how many rows (samples, or targets), and how long one is.
    rows: u32,
    columns: u32,
    // What is added up for each of its elements.
    terms: u32,
    // Where what is multiplied begins, and the result.
    first_start: u32,
    second_start: u32,
    result_start: u32,
    // Of the factors of `combine`: from one target to the next, and from one term to the next.
    target_stride: u32,
    term_stride: u32,
    // Whether the result goes through a rectifier, forward or backward; of the loss, whether its
    // gradient is asked for.
    flag: u32,
    // Of a sample in the mean.
    weight: f32,
}

@group(0) @binding(0) var<storage, read> first: array<f32>;
@group(0) @binding(1) var<storage, read> second: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

// A workgroup makes a square of the result, from pieces of what is multiplied.
const TILE: u32 = 16u;

// A loss that is a sum of terms, of which each invocation has one, with one element of the
// gradient. What follows says `term` and `slope` by `at`, `count`, `numbers` and `data`.

struct Parameters {
    unchanged: u32,
    nothing: f32,
    count: u32,
    // Whether the gradient is asked for.
    with_gradient: u32,
    // Workgroups in a row of the dispatch.
    columns: u32,
    numbers: vec4f,
}

@group(0) @binding(0) var<storage, read> theta: array<f32>;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

const PI: f32 = 3.1415927;
const TAU: f32 = 6.2831855;

fn at(i: u32) -> f32 {
    return theta[i];
}

fn count() -> u32 {
    return parameters.count;
}

fn numbers() -> vec4f {
    return parameters.numbers;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    let i = (group.y * parameters.columns + group.x) * 64u + local;
    if i >= count() {
        return;
    }
    // Named even where a loss has no data, for all to have the same bindings.
    terms[i] = term(i) + select(0.0, data[0], parameters.unchanged != 0u);
    if parameters.with_gradient != 0u {
        gradient[i] = slope(i);
    }
}

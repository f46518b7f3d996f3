// What a pass is told, and the operations of the numeric contract.

struct Parameters {
    // Elements of the chunk, or partial sums of a term.
    length: u32,
    // Workgroups in a row of the dispatch.
    columns: u32,
    // From a term's sums to those of the next term.
    stride: u32,
    // Where the sums of this chunk begin.
    first: u32,
    // 0, which the compiler does not know.
    unchanged: u32,
    // -0.0, which the compiler may not fold: to add to it changes no number, not even the sign of a zero.
    nothing: f32,
    settings: vec4f,
    more: vec4f,
}

var<immediate> parameters: Parameters;

// A number as it is after rounding. For the compiler it is another number, so it can neither contract the operation before
// into the one after, nor reorder the two.
fn rounded(number: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(number) ^ parameters.unchanged);
}

fn plus(a: f32, b: f32) -> f32 {
    return rounded(a + b);
}

fn minus(a: f32, b: f32) -> f32 {
    return rounded(a - b);
}

fn times(a: f32, b: f32) -> f32 {
    return rounded(a * b);
}

fn squared(a: f32) -> f32 {
    return times(a, a);
}

fn plus_each(a: vec4f, b: vec4f) -> vec4f {
    return vec4f(plus(a.x, b.x), plus(a.y, b.y), plus(a.z, b.z), plus(a.w, b.w));
}

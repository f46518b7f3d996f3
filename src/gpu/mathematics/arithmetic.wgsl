// The operations of the numeric contract. What a shader is told begins with two numbers that its
// compiler does not know: `unchanged` is 0, and `nothing` is -0.0, to which anything may be added
// without a change.

var<immediate> parameters: Parameters;

// A number as it is after rounding. For the compiler it is another number, so it can neither
// contract the operation before into the one after, nor reorder the two, nor simplify
// `(theta - step) - theta`, which Mesa did.
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

fn times_each(a: vec4f, b: vec4f) -> vec4f {
    return vec4f(times(a.x, b.x), times(a.y, b.y), times(a.z, b.z), times(a.w, b.w));
}

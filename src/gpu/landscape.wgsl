// A loss that is a sum of terms, of which each invocation has one, with one element of the gradient. What follows says
// `term` and `slope` by `at`, `count`, `numbers` and `data`.

struct Settings {
    numbers: vec4f,
    count: u32,
    // Whether the gradient is asked for.
    with_gradient: u32,
}

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> theta: array<f32>;
@group(0) @binding(2) var<storage, read> data: array<f32>;
@group(0) @binding(3) var<storage, read_write> terms: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;

const PI: f32 = 3.1415927;
const TAU: f32 = 6.2831855;

fn at(i: u32) -> f32 {
    return theta[i];
}

fn count() -> u32 {
    return settings.count;
}

fn numbers() -> vec4f {
    return settings.numbers;
}

@compute @workgroup_size(64)
fn evaluate(
    @builtin(global_invocation_id) invocation: vec3u,
    @builtin(num_workgroups) groups: vec3u,
) {
    let i = invocation.x + invocation.y * groups.x * 64u;
    if i >= count() {
        return;
    }
    terms[i] = term(i);
    if settings.with_gradient != 0u {
        gradient[i] = slope(i);
    }
}

// The passes, each by what it does to one element of up to four vectors, in the order of the pass's
// arguments.

struct Outcome {
    // The new elements; those of vectors that are only read are not looked at.
    elements: vec4f,
    // What the elements add to the sums.
    terms: vec4f,
}

fn written(first: f32, second: f32, third: f32) -> Outcome {
    return Outcome(vec4f(first, second, third, 0.0), vec4f());
}

fn summed(first: f32, second: f32, third: f32, fourth: f32) -> Outcome {
    return Outcome(vec4f(), vec4f(first, second, third, fourth));
}

fn fill(v: vec4f) -> Outcome {
    return written(parameters.settings.x, 0.0, 0.0);
}

fn scale(v: vec4f) -> Outcome {
    return written(times(parameters.settings.x, v.x), 0.0, 0.0);
}

fn dot_product(v: vec4f) -> Outcome {
    return summed(times(v.x, v.y), 0.0, 0.0, 0.0);
}

fn squared_norms(v: vec4f) -> Outcome {
    return summed(squared(v.x), squared(v.y), 0.0, 0.0);
}

// theta, displaced, gradient
fn footpoint_sums(v: vec4f) -> Outcome {
    let d = minus(v.y, v.x);
    return summed(squared(d), times(v.z, d), squared(v.z), 0.0);
}

// theta, offset, gradient
fn contact_sums(v: vec4f) -> Outcome {
    return summed(squared(v.x), squared(v.z), squared(v.y), times(v.z, v.y));
}

// y, x
fn add_scaled(v: vec4f) -> Outcome {
    return written(plus(v.x, times(parameters.settings.x, v.y)), 0.0, 0.0);
}

// sum, x
fn decay_and_add(v: vec4f) -> Outcome {
    let decay = parameters.settings.x;
    let scale = parameters.settings.y;
    let sum = plus(times(decay, v.x), times(scale, v.y));
    return Outcome(vec4f(sum, vec3f()), vec4f(abs(sum), vec3f()));
}

// y, x
fn scale_into(v: vec4f) -> Outcome {
    return written(times(parameters.settings.x, v.y), 0.0, 0.0);
}

// y, x, z
fn interpolate_into(v: vec4f) -> Outcome {
    return written(plus(v.y, times(parameters.settings.x, minus(v.z, v.y))), 0.0, 0.0);
}

// theta, start
fn rescale_move(v: vec4f) -> Outcome {
    return written(plus(v.y, times(parameters.settings.x, minus(v.x, v.y))), 0.0, 0.0);
}

// theta, before
fn repeat_move(v: vec4f) -> Outcome {
    return written(plus(v.x, times(parameters.settings.x, minus(v.x, v.y))), v.x, 0.0);
}

// theta, displaced, gradient
fn displace(v: vec4f) -> Outcome {
    let rate = parameters.settings.x;
    let reach = parameters.settings.y;
    let theta = minus(v.x, times(rate, v.z));
    return written(theta, minus(theta, times(reach, v.z)), v.x);
}

// theta, displaced, gradient
fn gauss_newton_move(v: vec4f) -> Outcome {
    let scale = parameters.settings.x;
    let direction = minus(minus(v.y, v.x), times(scale, v.z));
    return written(plus(v.x, direction), 0.0, v.x);
}

// theta, displaced, gradient
fn project(v: vec4f) -> Outcome {
    let step = parameters.settings.x;
    let pull = parameters.settings.y;
    let slope = plus(minus(v.x, v.y), times(pull, v.z));
    return written(minus(v.x, times(step, slope)), 0.0, v.x);
}

// theta, offset, gradient
fn roll(v: vec4f) -> Outcome {
    let rate = parameters.settings.x;
    let reach = parameters.settings.y;
    let centre = minus(minus(v.x, v.y), times(rate, v.z));
    let offset = times(reach, v.z);
    let theta = plus(centre, offset);
    return Outcome(vec4f(theta, offset, v.x, 0.0), vec4f(squared(minus(theta, v.x)), vec3f()));
}

// theta, gradient
fn descend(v: vec4f) -> Outcome {
    let theta = minus(v.x, times(parameters.settings.x, v.y));
    return Outcome(vec4f(theta, v.x, 0.0, 0.0), vec4f(squared(v.x), squared(v.y), vec2f()));
}

// theta, velocity, gradient
fn descend_with_momentum(v: vec4f) -> Outcome {
    let rate = parameters.settings.x;
    let momentum = parameters.settings.y;
    let nesterov = parameters.settings.z != 0.0;
    let velocity = plus(times(momentum, v.y), v.z);
    let direction = select(velocity, plus(v.z, times(momentum, velocity)), nesterov);
    let theta = minus(v.x, times(rate, direction));
    return Outcome(vec4f(theta, velocity, v.x, 0.0), vec4f(squared(minus(theta, v.x)), vec3f()));
}

// theta, mean, variance, gradient
fn adam(v: vec4f) -> Outcome {
    let beta = parameters.settings.xz;
    let rest = parameters.settings.yw;
    let rate = parameters.more.x;
    let second_correction = parameters.more.y;
    let epsilon = parameters.more.z;
    let decay = parameters.more.w;
    let mean = plus(times(beta.x, v.y), times(rest.x, v.w));
    let variance = plus(times(beta.y, v.z), times(rest.y, squared(v.w)));
    let root = plus(rounded(sqrt(times(variance, second_correction))), epsilon);
    let kept = minus(v.x, times(decay, v.x));
    let theta = minus(kept, rounded(times(rate, mean) / root));
    return Outcome(vec4f(theta, mean, variance, v.x), vec4f(squared(minus(theta, v.x)), vec3f()));
}

// theta, kept, gradient
fn perturb(v: vec4f) -> Outcome {
    return written(plus(v.x, times(parameters.settings.x, v.z)), v.x, 0.0);
}

// theta, kept, gradient
fn descend_from(v: vec4f) -> Outcome {
    return written(minus(v.y, times(parameters.settings.x, v.z)), 0.0, 0.0);
}

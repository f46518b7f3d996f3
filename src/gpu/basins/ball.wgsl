// A ball an invocation: the operations of balls.rs in their order. What follows says
// `evaluate(x: f32, y: f32) -> vec3f`, the loss and its slopes, by the arrays `numbers` and
// `integers`.

struct Parameters {
    unchanged: u32,
    nothing: f32,
    count: u32,
    // Workgroups in a row of the dispatch.
    columns: u32,
    // Of this run.
    steps: u32,
    // Whether these are the first ones of a ball, and the last ones.
    begins: u32,
    ends: u32,
    // Whether they are gradient descent instead.
    settles: u32,
    loss_scale: f32,
    squared_scale: f32,
    settling_rate: f32,
}

struct Ball {
    // The contact; once the ball settles, theta.
    x: f32,
    y: f32,
    // From the centre to the contact.
    offset_x: f32,
    offset_y: f32,
    state: u32,
}

// What a ball's state is.
const MOVES: u32 = 0u;
const RESTS: u32 = 1u;
const LOST: u32 = 2u;

struct Step {
    radius: f32,
    rate: f32,
    // Each times the loss scale.
    scaled_radius: f32,
    scaled_rate: f32,
}

@group(0) @binding(0) var<storage, read_write> balls: array<Ball>;
@group(0) @binding(1) var<storage, read> schedule: array<Step>;
@group(0) @binding(2) var<storage, read> numbers: array<f32>;
@group(0) @binding(3) var<storage, read> integers: array<u32>;
// Whether any ball is on its way.
@group(0) @binding(4) var<storage, read_write> moving: atomic<u32>;

fn length_of(x: f32, y: f32) -> f32 {
    return rounded(sqrt(plus(squared(x), squared(y))));
}

fn overflows(bound: f32) -> bool {
    return infinite_or_nan(squared(bound));
}

fn rolled(ball: Ball, point: vec3f, step: Step, first: bool) -> Ball {
    let gradient = point.yz;
    let steepness = plus(squared(gradient.x), squared(gradient.y));
    let slant = rounded(sqrt(plus(1.0, times(parameters.squared_scale, steepness))));
    let reach = rounded(step.scaled_radius / slant);
    let rise = minus(rounded(step.radius / slant), times(step.scaled_rate, steepness));
    let height = plus(times(parameters.loss_scale, point.x), rise);
    let norm = length_of(ball.x, ball.y);
    let bound = plus(norm, times(plus(step.rate, reach), rounded(sqrt(steepness))));

    var next = ball;
    next.offset_x = times(reach, gradient.x);
    next.offset_y = times(reach, gradient.y);
    // The first contact is theta itself: the offset is its own.
    let offset_x = select(ball.offset_x, next.offset_x, first);
    let offset_y = select(ball.offset_y, next.offset_y, first);
    next.x = plus(minus(minus(ball.x, offset_x), times(step.rate, gradient.x)), next.offset_x);
    next.y = plus(minus(minus(ball.y, offset_y), times(step.rate, gradient.y)), next.offset_y);
    let new_bound = plus(norm, length_of(minus(next.x, ball.x), minus(next.y, ball.y)));
    if infinite_or_nan(height) || overflows(bound) || overflows(new_bound) {
        next.state = LOST;
    }
    return next;
}

fn settled(ball: Ball, point: vec3f) -> Ball {
    let rate = parameters.settling_rate;
    let bound = plus(length_of(ball.x, ball.y), times(rate, length_of(point.y, point.z)));
    var next = ball;
    next.x = minus(ball.x, times(rate, point.y));
    next.y = minus(ball.y, times(rate, point.z));
    if infinite_or_nan(point.x) || overflows(bound) {
        next.state = LOST;
    } else if bitcast<u32>(next.x) == bitcast<u32>(ball.x)
        && bitcast<u32>(next.y) == bitcast<u32>(ball.y) {
        // No further step would change it.
        next.state = RESTS;
    }
    return next;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
    let i = (group.y * parameters.columns + group.x) * 64u + local;
    if i >= parameters.count {
        return;
    }
    var ball = balls[i];
    if ball.state != MOVES {
        return;
    }
    if parameters.unchanged != 0u {
        // Never: named even where a plane has none, for all to have the same bindings.
        ball.x = numbers[0] + f32(integers[0]);
    }
    for (var k = 0u; k < parameters.steps && ball.state == MOVES; k += 1u) {
        let point = evaluate(ball.x, ball.y);
        if parameters.settles != 0u {
            ball = settled(ball, point);
        } else {
            ball = rolled(ball, point, schedule[k], parameters.begins != 0u && k == 0u);
        }
    }
    if parameters.ends != 0u {
        // From now on, theta is where the centre was.
        ball.x = minus(ball.x, ball.offset_x);
        ball.y = minus(ball.y, ball.offset_y);
    }
    balls[i] = ball;
    if ball.state == MOVES {
        atomicStore(&moving, 1u);
    }
}

// The operations of wells.rs in their order. The numbers are six about all wells, then the places
// of the lists; the integers are cells in a row, then where each cell's list begins.

const LISTS: u32 = 6u;

// Where the list of a point begins and ends.
fn list(x: f32, y: f32) -> vec2u {
    let column = times(minus(x, numbers[2]), numbers[4]);
    let row = times(minus(y, numbers[3]), numbers[4]);
    let side = numbers[5];
    if column >= 0.0 && column < side && row >= 0.0 && row < side {
        let cell = u32(row) * integers[0] + u32(column);
        return vec2u(integers[cell + 1u], integers[cell + 2u]);
    }
    return vec2u();
}

fn evaluate(x: f32, y: f32) -> vec3f {
    let exponent = numbers[0];
    let inverse_variance = numbers[1];
    var loss = plus(squared(x), squared(y));
    var pull_x = 0.0;
    var pull_y = 0.0;
    let wells = list(x, y);
    for (var j = wells.x; j < wells.y; j += 1u) {
        let across = minus(x, numbers[LISTS + 2u * j]);
        let up = minus(y, numbers[LISTS + 2u * j + 1u]);
        let depth = exponential(times(plus(squared(across), squared(up)), exponent));
        loss = minus(loss, depth);
        pull_x = plus(pull_x, times(depth, across));
        pull_y = plus(pull_y, times(depth, up));
    }
    return vec3f(
        loss,
        plus(times(2.0, x), times(inverse_variance, pull_x)),
        plus(times(2.0, y), times(inverse_variance, pull_y)),
    );
}

// Sine and cosine to the last bits of an f32, for angles up to some ten thousands: WGSL's own
// promise no more than 2^-11.

// The quadrant of an angle, and what is left of it, from -pi/4 to pi/4: pi/2 is taken off in three
// parts, so that the first products are exact.
struct Reduced {
    quadrant: u32,
    rest: f32,
}

fn reduced(angle: f32) -> Reduced {
    let turns = round(angle * 0.63661975);
    let rest = ((angle - turns * 1.5703125) - turns * 0.0004837512969970703)
        - turns * 7.549790126404332e-08;
    return Reduced(u32(i32(turns)) & 3u, rest);
}

fn sine_of_rest(x: f32) -> f32 {
    let y = x * x;
    return x + x * y * (-1.0 / 6.0 + y * (1.0 / 120.0 + y * (-1.0 / 5040.0 + y / 362880.0)));
}

fn cosine_of_rest(x: f32) -> f32 {
    let y = x * x;
    return 1.0 + y * (-0.5 + y * (1.0 / 24.0
        + y * (-1.0 / 720.0 + y * (1.0 / 40320.0 - y / 3628800.0))));
}

fn sine(angle: f32) -> f32 {
    let reduced = reduced(angle);
    let odd = (reduced.quadrant & 1u) != 0u;
    let value = select(sine_of_rest(reduced.rest), cosine_of_rest(reduced.rest), odd);
    return select(value, -value, (reduced.quadrant & 2u) != 0u);
}

fn cosine(angle: f32) -> f32 {
    let reduced = reduced(angle);
    let odd = (reduced.quadrant & 1u) != 0u;
    let value = select(cosine_of_rest(reduced.rest), -sine_of_rest(reduced.rest), odd);
    return select(value, -value, (reduced.quadrant & 2u) != 0u);
}

// A term is a parameter with all others.

fn depth(x: f32, y: f32) -> f32 {
    let away = x * x - y;
    let ahead = 1.0 - y;
    return 100.0 * away * away + ahead * ahead;
}

// Of a pair with respect to its depth.
fn outer(x: f32, y: f32) -> f32 {
    return depth(x, y) / 2000.0 + sine(depth(x, y));
}

fn term(i: u32) -> f32 {
    var loss = 0.0;
    for (var j = 0u; j < count(); j += 1u) {
        let depth = depth(at(i), at(j));
        loss += depth * depth / 4000.0 + (1.0 - cosine(depth));
    }
    return loss;
}

fn slope(i: u32) -> f32 {
    let t = at(i);
    var slope = 0.0;
    for (var j = 0u; j < count(); j += 1u) {
        let other = at(j);
        slope += outer(t, other) * 400.0 * (t * t - other) * t;
        slope += outer(other, t) * (-200.0 * (other * other - t) - 2.0 * (1.0 - t));
    }
    return slope;
}

// The data are inputs and targets in turn, as many pairs as the number says. Theta is frequency and
// amplitude.

fn residual(j: u32) -> f32 {
    return at(1u) * sine(at(0u) * data[2u * j]) - data[2u * j + 1u];
}

fn term(i: u32) -> f32 {
    if i > 0u {
        return 0.0;
    }
    var loss = 0.0;
    for (var j = 0u; j < u32(numbers().x); j += 1u) {
        loss += residual(j) * residual(j);
    }
    return loss / max(numbers().x, 1.0);
}

fn slope(i: u32) -> f32 {
    var slope = 0.0;
    for (var j = 0u; j < u32(numbers().x); j += 1u) {
        let x = data[2u * j];
        if i == 0u {
            slope += 2.0 * residual(j) * at(1u) * x * cosine(at(0u) * x);
        } else {
            slope += 2.0 * residual(j) * sine(at(0u) * x);
        }
    }
    return slope / max(numbers().x, 1.0);
}

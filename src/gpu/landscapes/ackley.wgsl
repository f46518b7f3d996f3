// The first invocation has the whole loss; each goes through theta for the sums.

fn root() -> f32 {
    var squares = 0.0;
    for (var j = 0u; j < count(); j += 1u) {
        squares += at(j) * at(j);
    }
    return sqrt(squares / f32(count()));
}

fn waves() -> f32 {
    var cosines = 0.0;
    for (var j = 0u; j < count(); j += 1u) {
        cosines += cosine(TAU * at(j));
    }
    return exponential(cosines / f32(count()));
}

fn term(i: u32) -> f32 {
    if i > 0u {
        return 0.0;
    }
    return 20.0 * (1.0 - exponential(-root() / 5.0)) + (exponential(1.0) - waves());
}

fn slope(i: u32) -> f32 {
    let distance = root();
    let across = waves() * TAU * sine(TAU * at(i)) / f32(count());
    if distance > 0.0 {
        return 4.0 * exponential(-distance / 5.0) * at(i) / (f32(count()) * distance) + across;
    }
    return across;
}

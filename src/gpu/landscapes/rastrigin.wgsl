fn term(i: u32) -> f32 {
    return at(i) * at(i) + 10.0 * (1.0 - cosine(TAU * at(i)));
}

fn slope(i: u32) -> f32 {
    return 2.0 * at(i) + 10.0 * TAU * sine(TAU * at(i));
}

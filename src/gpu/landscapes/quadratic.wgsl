// The curvatures are the data.

fn term(i: u32) -> f32 {
    return 0.5 * data[i] * at(i) * at(i);
}

fn slope(i: u32) -> f32 {
    return data[i] * at(i);
}

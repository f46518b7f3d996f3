// The numbers are amplitude and frequency; the bowl's curvatures are the data.

fn term(i: u32) -> f32 {
    let ripple = numbers().x * (1.0 - cosine(numbers().y * at(i)));
    return 0.5 * data[i] * at(i) * at(i) + ripple;
}

fn slope(i: u32) -> f32 {
    return data[i] * at(i) + numbers().x * numbers().y * sine(numbers().y * at(i));
}

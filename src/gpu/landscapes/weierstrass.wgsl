// The numbers are amplitude, frequency and how many terms.

fn term(i: u32) -> f32 {
    var amplitude = 1.0;
    var frequency = PI;
    var height = 0.0;
    for (var k = 0.0; k < numbers().z; k += 1.0) {
        height += amplitude * cosine(frequency * at(i));
        amplitude *= numbers().x;
        frequency *= numbers().y;
    }
    return height;
}

fn slope(i: u32) -> f32 {
    var amplitude = 1.0;
    var frequency = PI;
    var slope = 0.0;
    for (var k = 0.0; k < numbers().z; k += 1.0) {
        slope -= amplitude * frequency * sine(frequency * at(i));
        amplitude *= numbers().x;
        frequency *= numbers().y;
    }
    return slope;
}

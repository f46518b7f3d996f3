// The number is how many terms.

fn term(i: u32) -> f32 {
    var height = 0.0;
    for (var k = 1.0; k <= numbers().x; k += 1.0) {
        height += sine(k * k * at(i)) / (k * k);
    }
    return height;
}

fn slope(i: u32) -> f32 {
    var slope = 0.0;
    for (var k = 1.0; k <= numbers().x; k += 1.0) {
        slope += cosine(k * k * at(i));
    }
    return slope;
}

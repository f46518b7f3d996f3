// The numbers are the width and how many wells; the data are their places.

fn depth(j: u32) -> f32 {
    var squared = 0.0;
    for (var k = 0u; k < count(); k += 1u) {
        let away = at(k) - data[j * count() + k];
        squared += away * away;
    }
    return exponential(-squared / (2.0 * numbers().x * numbers().x));
}

fn term(i: u32) -> f32 {
    var loss = at(i) * at(i);
    if i == 0u {
        for (var j = 0u; j < u32(numbers().y); j += 1u) {
            loss -= depth(j);
        }
    }
    return loss;
}

fn slope(i: u32) -> f32 {
    var slope = 2.0 * at(i);
    for (var j = 0u; j < u32(numbers().y); j += 1u) {
        slope += depth(j) * (at(i) - data[j * count() + i]) / (numbers().x * numbers().x);
    }
    return slope;
}

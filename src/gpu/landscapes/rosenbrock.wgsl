// A term is a pair of neighbours.

fn term(i: u32) -> f32 {
    if i + 1u >= count() {
        return 0.0;
    }
    let away = at(i + 1u) - at(i) * at(i);
    let ahead = 1.0 - at(i);
    return 100.0 * away * away + ahead * ahead;
}

fn slope(i: u32) -> f32 {
    var slope = 0.0;
    if i > 0u {
        slope += 200.0 * (at(i) - at(i - 1u) * at(i - 1u));
    }
    if i + 1u < count() {
        slope += -400.0 * at(i) * (at(i + 1u) - at(i) * at(i)) - 2.0 * (1.0 - at(i));
    }
    return slope;
}

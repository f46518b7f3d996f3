//! What a sensor does to a picture.

use oorandom::Rand32;

/// A square image between its pixels; black outside.
pub fn bilinear(image: &[f32], side: usize, x: f32, y: f32) -> f32 {
    let pixel = |x: f32, y: f32| {
        let inside = (0.0..side as f32).contains(&x) && (0.0..side as f32).contains(&y);
        if inside { image[y as usize * side + x as usize] } else { 0.0 }
    };
    let (left, top) = (x.floor(), y.floor());
    let (right_part, bottom_part) = (x - left, y - top);
    let row = |y: f32| pixel(left, y) * (1.0 - right_part) + pixel(left + 1.0, y) * right_part;
    row(top) * (1.0 - bottom_part) + row(top + 1.0) * bottom_part
}

/// A number that is normally distributed, or nearly: twelve uniform numbers add up to a variance of
/// 1.
pub fn normal(random: &mut Rand32) -> f32 {
    (0..12).map(|_| random.rand_float()).sum::<f32>() - 6.0
}

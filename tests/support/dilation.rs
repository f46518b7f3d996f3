//! The oracle: grey-scale dilation of a sampled function by a spherical cap. There is no optimizer
//! in it, and no gradient.

/// How often the grid zooms in on its best point.
const ZOOMS: u32 = 6;

/// `h(x) = max_{|u| <= radius} f(x + u) + sqrt(radius^2 - |u|^2)` and its maximiser `u`, in one or
/// two dimensions: a grid over the cap, fine enough to tell its hills apart, then finer grids
/// around the best point, each with a tenth of the spacing.
pub fn dilate(f: impl Fn(&[f64]) -> f64, radius: f64, x: &[f64]) -> (f64, Vec<f64>) {
    // Offsets on each side of 0.
    let samples = if x.len() == 1 { 1500 } else { 60 };
    let mut spacing = radius / f64::from(samples);
    let mut best = (f64::NEG_INFINITY, vec![0.0; x.len()]);
    let mut reach = samples;
    for _ in 0..=ZOOMS {
        let around = best.1.clone();
        for u in grid(&around, reach, spacing) {
            let cap = radius * radius - u.iter().map(|u| u * u).sum::<f64>();
            if cap < 0.0 {
                continue;
            }
            let point: Vec<f64> = x.iter().zip(&u).map(|(x, u)| x + u).collect();
            let height = f(&point) + cap.sqrt();
            if height > best.0 {
                best = (height, u);
            }
        }
        spacing /= 10.0;
        // Two spacings of the coarser grid on each side.
        reach = 20;
    }
    best
}

fn grid(around: &[f64], reach: i32, spacing: f64) -> Vec<Vec<f64>> {
    let axis = |centre: f64| (-reach..=reach).map(move |i| centre + f64::from(i) * spacing);
    match *around {
        [u] => axis(u).map(|u| vec![u]).collect(),
        [u, v] => axis(u).flat_map(|u| axis(v).map(move |v| vec![u, v])).collect(),
        _ => panic!("the oracle samples functions of one or two parameters"),
    }
}

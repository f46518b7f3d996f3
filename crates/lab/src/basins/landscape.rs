//! The loss at any number of places.

use rolling_ball::kernels::{Active, LANES};
use rolling_ball::probe::basins::{NearWells, Settings, evaluate};

/// The loss and its gradient at each place.
fn evaluated(wells: &NearWells, places: &[[f32; 2]]) -> Vec<(f32, [f32; 2])> {
    let mut found = Vec::with_capacity(places.len());
    for block in places.chunks(LANES) {
        let mut theta = [[0.0; LANES]; 2];
        let [xs, ys] = &mut theta;
        for ((x, y), place) in xs.iter_mut().zip(ys).zip(block) {
            [*x, *y] = *place;
        }
        let (loss, [across, up]) = evaluate::<Active, _>(wells, theta);
        let gradients = across.into_iter().zip(up).map(|(x, y)| [x, y]);
        found.extend(loss.into_iter().zip(gradients).take(block.len()));
    }
    found
}

/// The loss at each place.
pub fn losses(wells: &NearWells, places: &[[f32; 2]]) -> Vec<f32> {
    evaluated(wells, places).into_iter().map(|(loss, _)| loss).collect()
}

/// Where gradient descent leads from each place, with the settings of the balls that leave their
/// contacts.
pub fn settled(wells: &NearWells, mut places: Vec<[f32; 2]>, settings: &Settings) -> Vec<[f32; 2]> {
    for _ in 0..settings.settling_steps {
        let steps = evaluated(wells, &places);
        for (place, (_, gradient)) in places.iter_mut().zip(steps) {
            for (at, slope) in place.iter_mut().zip(gradient) {
                *at -= settings.settling_rate * slope;
            }
        }
    }
    places
}

//! The simplex method of Nelder and Mead (1965).

use super::evaluations::Evaluations;
use super::families::Problem;

/// The loss of a corner, and where it is.
type Corner = (f32, Vec<f32>);

/// A simplex with edges of this part of the first ones is made anew around the best place.
const COLLAPSED: f32 = 1e-3;

/// Looks for the least loss until none may be asked for, from simplices with edges along the axes.
pub fn nelder_mead<P: Problem>(losses: &mut Evaluations<P>, edge: f32) {
    while simplex(losses, edge).is_some() {}
}

/// Until the simplex has collapsed; nothing where no loss is left.
fn simplex<P: Problem>(losses: &mut Evaluations<P>, edge: f32) -> Option<()> {
    let start = losses.best().to_vec();
    let dimensions = start.len();
    let mut corners: Vec<Corner> = vec![(losses.loss(&start)?, start.clone())];
    for axis in 0..dimensions {
        let mut place = start.clone();
        place[axis] += edge;
        corners.push((losses.loss(&place)?, place));
    }
    loop {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let best = corners[0].clone();
        let (worst, second) = (corners[dimensions].clone(), corners[dimensions - 1].0);
        let middle: Vec<f32> = (0..dimensions)
            .map(|axis| {
                corners[..dimensions].iter().map(|(_, place)| place[axis]).sum::<f32>()
                    / dimensions as f32
            })
            .collect();
        if corners.iter().all(|(_, place)| apart(place, &best.1) < COLLAPSED * edge) {
            return Some(());
        }
        let mut beyond = |times: f32| -> Option<Corner> {
            let place = between(&worst.1, &middle, 1.0 + times);
            Some((losses.loss(&place)?, place))
        };
        let reflected = beyond(1.0)?;
        let better = if reflected.0 < best.0 {
            let expanded = beyond(2.0)?;
            Some(if expanded.0 < reflected.0 { expanded } else { reflected })
        } else if reflected.0 < second {
            Some(reflected)
        } else {
            let outside = reflected.0 < worst.0;
            let contracted = beyond(if outside { 0.5 } else { -0.5 })?;
            (contracted.0 < reflected.0.min(worst.0)).then_some(contracted)
        };
        if let Some(corner) = better {
            corners[dimensions] = corner;
        } else {
            for corner in &mut corners[1..] {
                let place = between(&best.1, &corner.1, 0.5);
                *corner = (losses.loss(&place)?, place);
            }
        }
    }
}

/// The place that many times as far from the first as the second is.
fn between(first: &[f32], second: &[f32], times: f32) -> Vec<f32> {
    first.iter().zip(second).map(|(a, b)| a + times * (b - a)).collect()
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}

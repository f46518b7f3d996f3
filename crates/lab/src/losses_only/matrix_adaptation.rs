//! The evolution strategy of Beyer and Sendhoff (2017): CMA-ES with a root of its covariance, which
//! is learned directly, so that nothing is decomposed.

use super::evaluations::Evaluations;
use super::families::Problem;
use oorandom::Rand32;
use workbench::statistics::normal;

/// Looks for the least loss until none may be asked for. The deviation is that of the first
/// population, which is `times` as large as usual.
pub fn matrix_adaptation<P: Problem>(
    losses: &mut Evaluations<P>,
    deviation: f32,
    times: u32,
    random: &mut Rand32,
) {
    let mut strategy = Strategy::new(losses.best(), deviation, times);
    while strategy.generation(losses, random).is_some() {}
}

/// One of a generation.
struct Child {
    loss: f32,
    /// Normal numbers.
    drawn: Vec<f64>,
    /// These times the matrix.
    moved: Vec<f64>,
}

/// A distribution that moves, and what it learns with.
struct Strategy {
    mean: Vec<f64>,
    deviation: f64,
    /// What normal numbers are multiplied by, row by row: the root of the covariance.
    matrix: Vec<Vec<f64>>,
    /// Where the mean has gone of late.
    path: Vec<f64>,
    population: usize,
    /// Of the best half, from the best on.
    weights: Vec<f64>,
}

impl Strategy {
    fn new(start: &[f32], deviation: f32, times: u32) -> Self {
        let dimensions = start.len();
        let population = times as usize * (4 + (3.0 * (dimensions as f64).ln()) as usize);
        let parents = population / 2;
        let weights = (1..=parents).map(|rank| (parents as f64 + 0.5).ln() - (rank as f64).ln());
        let sum: f64 = weights.clone().sum();
        let row = |index| (0..dimensions).map(move |column| f64::from(u8::from(column == index)));
        Self {
            mean: start.iter().map(|t| f64::from(*t)).collect(),
            deviation: deviation.into(),
            matrix: (0..dimensions).map(|index| row(index).collect()).collect(),
            path: vec![0.0; dimensions],
            population,
            weights: weights.map(|weight| weight / sum).collect(),
        }
    }

    /// Nothing where no loss is left.
    fn generation<P: Problem>(
        &mut self,
        losses: &mut Evaluations<P>,
        random: &mut Rand32,
    ) -> Option<()> {
        let dimensions = self.mean.len();
        let mut children = Vec::new();
        for _ in 0..self.population {
            let drawn: Vec<f64> = (0..dimensions).map(|_| f64::from(normal(random))).collect();
            let moved: Vec<f64> = self.matrix.iter().map(|row| dot(row, &drawn)).collect();
            let place = self.mean.iter().zip(&moved).map(|(m, d)| (m + self.deviation * d) as f32);
            let loss = losses.loss(&place.collect::<Vec<_>>())?;
            children.push(Child { loss, drawn, moved });
        }
        children.sort_by(|a, b| a.loss.total_cmp(&b.loss));
        let best = || self.weights.iter().zip(&children);
        let mut drawn = vec![0.0; dimensions];
        let mut moved = vec![0.0; dimensions];
        for (weight, child) in best() {
            drawn.iter_mut().zip(&child.drawn).for_each(|(sum, value)| *sum += weight * value);
            moved.iter_mut().zip(&child.moved).for_each(|(sum, value)| *sum += weight * value);
        }

        let n = dimensions as f64;
        let parents = 1.0 / self.weights.iter().map(|weight| weight * weight).sum::<f64>();
        let by_path = (parents + 2.0) / (n + parents + 5.0);
        let by_one = 2.0 / ((n + 1.3).powi(2) + parents);
        let by_all = (2.0 * (parents - 2.0 + 1.0 / parents) / ((n + 2.0).powi(2) + parents))
            .min(1.0 - by_one);
        let damping = 1.0 + by_path + 2.0 * (((parents - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0);
        let usual = n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));

        let kept = (by_path * (2.0 - by_path) * parents).sqrt();
        for (path, drawn) in self.path.iter_mut().zip(&drawn) {
            *path = (1.0 - by_path) * *path + kept * drawn;
        }
        let path = self.path.clone();
        // M (I + by_one / 2 (path path' - I) + by_all / 2 (mean of z z' - I)), row by row.
        for row in &mut self.matrix {
            let along = dot(row, &path);
            let drawn: Vec<f64> =
                best().map(|(weight, child)| weight * dot(row, &child.drawn)).collect();
            for (column, value) in row.iter_mut().enumerate() {
                let spread: f64 =
                    drawn.iter().zip(&children).map(|(far, child)| far * child.drawn[column]).sum();
                *value += by_one / 2.0 * (along * path[column] - *value)
                    + by_all / 2.0 * (spread - *value);
            }
        }
        self.mean.iter_mut().zip(&moved).for_each(|(mean, far)| *mean += self.deviation * far);
        let length = dot(&path, &path).sqrt();
        self.deviation *= (by_path / damping * (length / usual - 1.0)).exp();
        Some(())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

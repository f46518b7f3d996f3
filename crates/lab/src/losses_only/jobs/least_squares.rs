//! Least squares by Levenberg's and Marquardt's method.

/// Hears of a residual and its slopes.
pub type Tell<'a> = &'a mut dyn FnMut(f64, &[f64]);

/// Sums over residuals: of their squares, of slopes times residuals, of slopes times slopes.
#[derive(Clone)]
struct Sums {
    squares: f64,
    slopes: Vec<f64>,
    products: Vec<Vec<f64>>,
}

impl Sums {
    fn at(theta: &[f64], residuals: &mut impl FnMut(&[f64], Tell)) -> Self {
        let count = theta.len();
        let mut sums = Self {
            squares: 0.0,
            slopes: vec![0.0; count],
            products: vec![vec![0.0; count]; count],
        };
        residuals(theta, &mut |residual, slopes| {
            sums.squares += residual * residual;
            for ((slope, sum), row) in slopes.iter().zip(&mut sums.slopes).zip(&mut sums.products) {
                *sum += slope * residual;
                row.iter_mut().zip(slopes).for_each(|(product, other)| *product += slope * other);
            }
        });
        sums
    }

    /// The move to the least of a parabola whose curvature is so many times as much along the axes.
    fn step(&self, times: f64) -> Vec<f64> {
        let mut rows: Vec<Vec<f64>> = self.products.clone();
        for (index, row) in rows.iter_mut().enumerate() {
            row[index] = row[index] * times + f64::MIN_POSITIVE;
            row.push(-self.slopes[index]);
        }
        solve(rows)
    }
}

/// Gaussian elimination of a positive definite matrix, whose last column is the right-hand side.
pub fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let count = rows.len();
    for pivot in 0..count {
        let (above, below) = rows.split_at_mut(pivot + 1);
        let top = &above[pivot];
        for row in below {
            let times = row[pivot] / top[pivot];
            row.iter_mut().zip(top).for_each(|(value, other)| *value -= times * other);
        }
    }
    let mut solution = vec![0.0; count];
    for index in (0..count).rev() {
        let known: f64 =
            (index + 1..count).map(|column| rows[index][column] * solution[column]).sum();
        solution[index] = (rows[index][count] - known) / rows[index][index];
    }
    solution
}

/// Moves theta to fewer squares, with so many evaluations of all residuals and their slopes.
pub fn least_squares(
    theta: &mut Vec<f64>,
    evaluations: u32,
    mut residuals: impl FnMut(&[f64], Tell),
) {
    let mut sums = Sums::at(theta, &mut residuals);
    let mut damping = 1e-3;
    for _ in 1..evaluations {
        let step = sums.step(1.0 + damping);
        let trial: Vec<f64> = theta.iter().zip(step).map(|(t, far)| t + far).collect();
        let there = Sums::at(&trial, &mut residuals);
        if there.squares < sums.squares {
            (*theta, sums, damping) = (trial, there, damping / 10.0);
        } else {
            damping *= 10.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_through_points_that_lie_on_it() {
        let mut theta = vec![1.0, 0.0];
        least_squares(&mut theta, 30, |theta, tell| {
            for x in [0.0, 0.5, 1.0, 1.5] {
                let value = theta[0] * (theta[1] * x).exp();
                let residual = value - 2.0 * (-1.5 * x).exp();
                tell(residual, &[(theta[1] * x).exp(), x * value]);
            }
        });
        assert!((theta[0] - 2.0).abs() < 1e-6 && (theta[1] + 1.5).abs() < 1e-6, "{theta:?}");
    }
}

//! Decides which ends are the same minimum.

use super::Starts;
use crate::Error;
use std::vec;
use std::vec::Vec;

/// A minimum, and how many starts lead there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimum {
    /// Where the ball from the first of these starts ends.
    pub place: [f32; 2],
    /// How many starts lead to this minimum.
    pub starts: usize,
}

/// The basins of a map: which start leads to which minimum.
#[derive(Clone, Debug, PartialEq)]
pub struct Basins {
    starts: Starts,
    labels: Vec<Option<u32>>,
    minima: Vec<Minimum>,
}

/// A square of the plane, by its two indices.
type Cell = [i64; 2];

impl Basins {
    /// Finds the basins of the ends of these starts.
    ///
    /// The plane is cut into squares whose side is the tolerance. Two ends are the same minimum
    /// where a chain of touching squares, each with an end in it, leads from one to the other. So
    /// two ends that are no further apart than the tolerance always are the same minimum. The
    /// result does not depend on the order of the ends.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] where there is not one end for each start; [`Error::Setting`] where the
    /// tolerance is not above 0, or where the starts are not apart from each other.
    pub fn of(ends: &[[f32; 2]], starts: &Starts, tolerance: f32) -> Result<Self, Error> {
        starts.check()?;
        Error::check_length("ends", starts.count(), ends.len())?;
        Error::check_positive("tolerance", tolerance)?;
        let cell = |end: &[f32; 2]| {
            let finite = end.iter().all(|at| at.is_finite());
            finite.then(|| end.map(|at| (f64::from(at) / f64::from(tolerance)).floor() as i64))
        };
        let cells: Vec<Option<Cell>> = ends.iter().map(cell).collect();
        let mut occupied: Vec<Cell> = cells.iter().copied().flatten().collect();
        occupied.sort_unstable();
        occupied.dedup();
        let groups = groups(&occupied);

        // Groups become minima in the order in which the starts name them, and are sorted
        // afterwards.
        let mut minimum_of_group = vec![None; occupied.len()];
        let mut minima = Vec::new();
        let mut first_labels = Vec::with_capacity(ends.len());
        for (end, cell) in ends.iter().zip(cells) {
            let group = cell.and_then(|cell| {
                let found = occupied.binary_search(&cell).ok()?;
                groups.get(found).copied()
            });
            let place = group.and_then(|group| minimum_of_group.get_mut(group));
            let label = place.map(|known| {
                *known.get_or_insert_with(|| {
                    minima.push(Minimum { place: *end, starts: 0 });
                    minima.len() - 1
                })
            });
            if let Some(minimum) = label.and_then(|label: usize| minima.get_mut(label)) {
                minimum.starts += 1;
            }
            first_labels.push(label);
        }
        let mut order: Vec<(usize, Minimum)> = minima.into_iter().enumerate().collect();
        // The sort is stable: of equally large basins, that of the first start comes first.
        order.sort_by_key(|(_, minimum)| core::cmp::Reverse(minimum.starts));
        let mut rank = vec![0; order.len()];
        for (label, (old, _)) in (0..).zip(&order) {
            if let Some(rank) = rank.get_mut(*old) {
                *rank = label;
            }
        }
        let labels = first_labels.into_iter().map(|label| rank.get(label?).copied()).collect();
        let minima = order.into_iter().map(|(_, minimum)| minimum).collect();
        Ok(Self { starts: *starts, labels, minima })
    }

    /// For each start, the index of its minimum in [`minima`](Self::minima); `None` where the ball
    /// was lost.
    #[must_use]
    pub fn labels(&self) -> &[Option<u32>] {
        &self.labels
    }

    /// The minima, that of the largest basin first.
    #[must_use]
    pub fn minima(&self) -> &[Minimum] {
        &self.minima
    }

    /// How many basins hold at least this share of the starts; 1 is all starts.
    #[must_use]
    pub fn of_share(&self, share: f64) -> usize {
        let least = share * self.labels.len() as f64;
        self.minima.iter().filter(|minimum| minimum.starts as f64 >= least).count()
    }

    /// The share of the starts that lead to the minimum of the largest basin; 1 is all starts.
    #[must_use]
    pub fn largest_share(&self) -> f64 {
        let largest = self.minima.first().map_or(0, |minimum| minimum.starts);
        largest as f64 / self.labels.len() as f64
    }

    /// How many balls were lost.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.labels.iter().filter(|label| label.is_none()).count()
    }

    /// The probability that two starts, drawn with replacement, do not lead to the same minimum. A
    /// lost ball leads to none.
    #[must_use]
    pub fn apart(&self) -> f64 {
        let count = self.labels.len() as f64;
        let shares = self.minima.iter().map(|minimum| minimum.starts as f64 / count);
        1.0 - shares.map(|share| share * share).sum::<f64>()
    }

    /// The same probability for two starts that are neighbours.
    #[must_use]
    pub fn neighbours_apart(&self) -> f64 {
        let side = self.starts.side;
        self.edges() as f64 / (2 * side * (side - 1)) as f64
    }

    /// The length of the boundaries between basins, in units of theta: the total length of the
    /// edges between the squares around the starts. Where basins are mixed more finely than the
    /// starts lie, it grows with the number of starts.
    #[must_use]
    pub fn boundary(&self) -> f64 {
        self.edges() as f64 * f64::from(self.starts.spacing())
    }

    /// How much the end depends on the start: `1 - neighbours_apart / apart`. It is near 1 where
    /// each basin is in one piece. It is 0 where a start says no more about its neighbour's end
    /// than a random draw from all ends would, or where all ends are the same.
    #[must_use]
    pub fn dependence(&self) -> f64 {
        let apart = self.apart();
        if apart > 0.0 { 1.0 - self.neighbours_apart() / apart } else { 0.0 }
    }

    /// How many pairs of neighbours do not end together.
    fn edges(&self) -> usize {
        let side = self.starts.side;
        let differ = |a: &Option<u32>, b: &Option<u32>| a.is_none() || a != b;
        let across =
            self.labels.chunks_exact(side).flat_map(|row| row.iter().zip(row.iter().skip(1)));
        let up = self.labels.iter().zip(self.labels.iter().skip(side));
        across.chain(up).filter(|(a, b)| differ(a, b)).count()
    }
}

/// For each cell of a sorted list, the index of the first cell that it is connected with.
fn groups(occupied: &[Cell]) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..occupied.len()).collect();
    for (index, [x, y]) in occupied.iter().enumerate() {
        // The other four neighbours count this cell among theirs.
        for (right, up) in [(0, 1), (1, -1), (1, 0), (1, 1)] {
            let neighbour = [x.saturating_add(right), y.saturating_add(up)];
            if let Ok(found) = occupied.binary_search(&neighbour) {
                let (a, b) = (root(&parents, index), root(&parents, found));
                if let Some(parent) = parents.get_mut(a.max(b)) {
                    *parent = a.min(b);
                }
            }
        }
    }
    // A parent comes before its children in the list.
    for index in 0..parents.len() {
        let root = root(&parents, index);
        if let Some(parent) = parents.get_mut(index) {
            *parent = root;
        }
    }
    parents
}

fn root(parents: &[usize], mut index: usize) -> usize {
    while let Some(parent) = parents.get(index).copied().filter(|parent| *parent != index) {
        index = parent;
    }
    index
}

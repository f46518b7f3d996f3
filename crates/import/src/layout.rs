//! How a tensor of a file lies in this project's maps. Files flatten, reshape and transpose without
//! computing anything; here it is worked out what that means for the parameters of what follows.

use super::graph::Map;
use anyhow::{Context, Result, ensure};

/// What a direction of a tensor is in a map; in the order in which they lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Down the rows.
    Rows,
    /// Along a row, or in time.
    Columns,
    /// The values at a position.
    Channels,
}

use Role::{Channels, Columns, Rows};

/// The order in which a format lists the dimensions of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Channels, rows, columns: PyTorch and ONNX.
    ChannelsFirst,
    /// Rows, columns, channels: Keras and TFLite, and this project.
    ChannelsLast,
}

impl Order {
    /// The roles of so many dimensions: a vector has channels only, a signal no rows.
    fn roles(self, dimensions: usize) -> Option<&'static [Role]> {
        Some(match (self, dimensions) {
            (_, 0) => &[],
            (_, 1) => &[Channels],
            (Self::ChannelsFirst, 2) => &[Channels, Columns],
            (Self::ChannelsLast, 2) => &[Columns, Channels],
            (Self::ChannelsFirst, 3) => &[Channels, Rows, Columns],
            (Self::ChannelsLast, 3) => &[Rows, Columns, Channels],
            _ => return None,
        })
    }
}

/// The dimensions of a tensor without its batch. Each is made of directions of a map, from the one
/// that changes slowest to the one that changes fastest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(Vec<Vec<(Role, usize)>>);

impl Layout {
    /// A tensor of this shape, not counting the batch.
    pub fn new(order: Order, shape: &[usize]) -> Result<Self> {
        let roles = order.roles(shape.len()).with_context(|| {
            format!("expected at most three dimensions beside the batch, found {shape:?}")
        })?;
        Ok(Self(shape.iter().zip(roles).map(|(size, role)| vec![(*role, *size)]).collect()))
    }

    /// The shape of the map.
    pub fn map(&self) -> Map {
        let mut map = [1; 3];
        for (role, size) in self.0.iter().flatten() {
            map[*role as usize] = *size;
        }
        map
    }

    /// The sizes of the dimensions.
    pub fn shape(&self) -> Vec<usize> {
        self.0.iter().map(|parts| parts.iter().map(|(_, size)| size).product()).collect()
    }

    /// Whether it is a vector, in whatever order.
    pub fn is_vector(&self) -> bool {
        self.0.len() == 1
    }

    /// Whether the dimensions are those of this order.
    pub fn is(&self, order: Order) -> bool {
        let roles = order.roles(self.0.len()).unwrap_or_default();
        self.0.len() == roles.len()
            && self
                .0
                .iter()
                .zip(roles)
                .all(|(parts, role)| parts.iter().all(|(own, size)| own == role || *size == 1))
    }

    /// What a dimension is, where it is one direction.
    pub fn role(&self, dimension: usize) -> Option<Role> {
        match self.0.get(dimension)?.as_slice() {
            [(role, _)] => Some(*role),
            _ => None,
        }
    }

    /// Which dimension has the channels, all of them and nothing else.
    pub fn channels(&self) -> Option<usize> {
        let channels = self.map()[2];
        self.0.iter().position(|parts| {
            let mut parts = parts.iter().filter(|(_, size)| *size != 1);
            parts.next() == Some(&(Channels, channels)) && parts.next().is_none()
        })
    }

    /// The same with its dimensions in another order: that of index `order[i]` comes to place `i`.
    pub fn transposed(&self, order: &[usize]) -> Result<Self> {
        let dimensions = order.iter().map(|index| self.0.get(*index).cloned());
        let dimensions: Option<Vec<_>> = dimensions.collect();
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        ensure!(
            sorted.iter().copied().eq(0..self.0.len()),
            "expected each of the {} dimensions once, found {order:?}",
            self.0.len()
        );
        Ok(Self(dimensions.unwrap_or_default()))
    }

    /// The same with another number of channels.
    pub fn with_channels(&self, count: usize) -> Self {
        let mut dimensions = self.0.clone();
        for (role, size) in dimensions.iter_mut().flatten() {
            if *role == Channels {
                *size = count;
            }
        }
        Self(dimensions)
    }

    /// The same values as a map of this size.
    pub fn with_map(&self, map: Map) -> Self {
        let mut dimensions = self.0.clone();
        for (role, size) in dimensions.iter_mut().flatten() {
            *size = map[*role as usize];
        }
        Self(dimensions)
    }

    /// The same values with other dimensions.
    ///
    /// # Errors
    ///
    /// A direction that would have to be split although it lies in memory in another order than in
    /// the file.
    pub fn reshaped(&self, order: Order, shape: &[usize]) -> Result<Self> {
        let count = |shape: &[usize]| shape.iter().product::<usize>();
        ensure!(
            count(shape) == count(&self.shape()),
            "expected as many values as in {:?}, found {shape:?}",
            self.shape()
        );
        let mut parts = self.0.iter().flatten().copied().filter(|(_, size)| *size != 1).peekable();
        let mut dimensions = Vec::new();
        for size in shape {
            let mut dimension = Vec::new();
            let mut so_far = 1;
            while so_far < *size
                && let Some((role, part)) = parts.next_if(|(_, part)| so_far * part <= *size)
            {
                so_far *= part;
                dimension.push((role, part));
            }
            if so_far != *size {
                return self.split(order, shape);
            }
            dimensions.push(dimension);
        }
        Ok(Self(dimensions))
    }

    /// As [`reshaped`](Self::reshaped), where a direction is split: the values must lie in memory
    /// as in the file, both before and after.
    fn split(&self, order: Order, shape: &[usize]) -> Result<Self> {
        let fresh = Self::new(order, shape)?;
        ensure!(
            self.lies_in_order() && fresh.lies_in_order(),
            "expected dimensions that are joined or left as they are, found {:?} as {shape:?}, \
             which splits one whose values lie in another order here",
            self.shape()
        );
        Ok(fresh)
    }

    /// Whether the values lie in memory in the order of the file.
    fn lies_in_order(&self) -> bool {
        let parts = self.0.iter().flatten().filter(|(_, size)| *size != 1);
        parts.is_sorted_by(|(one, _), (other, _)| one <= other)
    }

    /// Puts numbers that the file has for each value of a vector into the order of memory: for each
    /// place in memory, the place in the file.
    pub fn places(&self) -> Vec<usize> {
        let parts: Vec<(Role, usize)> = self.0.iter().flatten().copied().collect();
        let [rows, columns, channels] = self.map();
        let mut places = Vec::with_capacity(rows * columns * channels);
        for row in 0..rows {
            for column in 0..columns {
                for channel in 0..channels {
                    places.push(parts.iter().fold(0, |place, (role, size)| {
                        let own = match role {
                            Rows => row,
                            Columns => column,
                            Channels => channel,
                        };
                        place * size + own
                    }));
                }
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Order::{ChannelsFirst, ChannelsLast};

    #[test]
    fn a_flattened_map_has_its_places_in_the_order_of_memory() -> Result<()> {
        // Two channels of 1 x 3 positions: the file has all of the first channel first.
        let map = Layout::new(ChannelsFirst, &[2, 1, 3])?;
        assert_eq!(map.map(), [1, 3, 2]);
        let flat = map.reshaped(ChannelsFirst, &[6])?;
        assert!(flat.is_vector());
        assert_eq!(flat.places(), [0, 3, 1, 4, 2, 5]);
        // In the order of memory nothing moves.
        let flat = Layout::new(ChannelsLast, &[1, 3, 2])?.reshaped(ChannelsLast, &[6])?;
        assert_eq!(flat.places(), [0, 1, 2, 3, 4, 5]);
        Ok(())
    }

    #[test]
    fn a_transpose_is_undone_by_another() -> Result<()> {
        let first = Layout::new(ChannelsFirst, &[2, 3, 4])?;
        let last = first.transposed(&[1, 2, 0])?;
        assert!(last.is(ChannelsLast) && !last.is(ChannelsFirst));
        assert_eq!((last.shape(), last.channels()), (vec![3, 4, 2], Some(2)));
        assert_eq!(last.transposed(&[2, 0, 1])?, first);
        assert!(first.transposed(&[0, 0, 1]).is_err());
        Ok(())
    }

    #[test]
    fn what_lies_in_order_is_split_and_what_does_not_is_refused() -> Result<()> {
        // A keyword spotter takes 490 numbers, which are 49 moments of 10.
        let spectrum = Layout::new(ChannelsLast, &[490])?.reshaped(ChannelsLast, &[49, 10, 1])?;
        assert_eq!(spectrum.map(), [49, 10, 1]);
        let first = Layout::new(ChannelsFirst, &[490])?.reshaped(ChannelsFirst, &[1, 49, 10])?;
        assert_eq!(first.map(), [49, 10, 1]);
        let said = Layout::new(ChannelsFirst, &[6])?.reshaped(ChannelsFirst, &[2, 3, 1]);
        let said = said.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("splits one whose values lie in another order"), "{said}");
        Ok(())
    }

    #[test]
    fn dimensions_of_one_come_and_go() -> Result<()> {
        let signal = Layout::new(ChannelsFirst, &[3, 5])?;
        let image = signal.reshaped(ChannelsFirst, &[3, 1, 5])?;
        assert_eq!((image.map(), image.is(ChannelsFirst)), ([1, 5, 3], true));
        assert_eq!(image.reshaped(ChannelsFirst, &[3, 5])?.map(), signal.map());
        Ok(())
    }
}

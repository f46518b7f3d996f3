//! The shapes that operators make, as ONNX defines them.

use super::call::{Call, axes, axis};
use super::limits::MOST_DIMENSIONS;
use super::tensor::{count, length};
use anyhow::{Context, Result, bail, ensure};

/// The shape of what is computed value by value from two shapes: lengths of 1 are repeated.
pub fn broadcast(left: &[usize], right: &[usize]) -> Result<Vec<usize>> {
    let dimensions = left.len().max(right.len());
    let at = |shape: &[usize], place: usize| {
        let place = (place + shape.len()).checked_sub(dimensions);
        place.map_or(1, |place| shape[place])
    };
    let lengths = (0..dimensions).map(|place| match (at(left, place), at(right, place)) {
        (left, right) if left == right => Ok(left),
        (1, other) | (other, 1) => Ok(other),
        _ => bail!("expected shapes that go together, found {left:?} and {right:?}"),
    });
    lengths.collect()
}

/// The shape of a matrix product.
pub fn product(left: &[usize], right: &[usize]) -> Result<Vec<usize>> {
    ensure!(!left.is_empty() && !right.is_empty(), "expected matrices, found a single value");
    // A vector on the left is a row, one on the right a column, and the 1 goes again.
    let row = [&[1][..], left].concat();
    let column = [right, &[1][..]].concat();
    let rows = if left.len() == 1 { &row[..] } else { left };
    let columns = if right.len() == 1 { &column[..] } else { right };
    let (batch, [m, inner]) = split_last(rows);
    let (other_batch, [other_inner, n]) = split_last(columns);
    ensure!(inner == other_inner, "expected matrices that go together, found {left:?}, {right:?}");
    let mut shape = broadcast(batch, other_batch)?;
    if left.len() > 1 {
        shape.push(m);
    }
    if right.len() > 1 {
        shape.push(n);
    }
    Ok(shape)
}

/// Splits off the last two dimensions, of at least two.
fn split_last(shape: &[usize]) -> (&[usize], [usize; 2]) {
    shape.split_last_chunk().map_or((shape, [1, 1]), |(batch, matrix)| (batch, *matrix))
}

/// Fills in the lengths of `Reshape` that are left open: 0 is the input's, and -1 what is left.
pub fn reshaped(shape: &[usize], wanted: &[i64], allow_zero: bool) -> Result<Vec<usize>> {
    ensure!(
        wanted.len() <= MOST_DIMENSIONS,
        "expected at most {MOST_DIMENSIONS} dimensions, found {}",
        wanted.len()
    );
    let values = count(shape)?;
    let mut lengths = Vec::with_capacity(wanted.len());
    let mut open = None;
    for (place, given) in wanted.iter().enumerate() {
        lengths.push(match given {
            -1 => {
                ensure!(open.is_none(), "expected at most one -1, found shape {wanted:?}");
                open = Some(place);
                1
            }
            0 if !allow_zero => {
                *shape.get(place).context("expected a dimension of the input for a length of 0")?
            }
            other => length(*other)?,
        });
    }
    let wrong = || format!("expected {values} values, found shape {wanted:?}");
    let known = count(&lengths)?;
    if let Some(open) = open {
        ensure!(known > 0 && values.is_multiple_of(known), wrong());
        lengths[open] = values / known;
    }
    ensure!(count(&lengths)? == values, wrong());
    Ok(lengths)
}

/// The output of an operator that only changes the shape, `None` if it is no such operator.
pub fn of_view(call: &Call) -> Result<Option<Vec<usize>>> {
    let shape = match call.operator {
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => call.shape(0)?,
        _ => return Ok(None),
    };
    let dimensions = shape.len();
    let view = match call.operator {
        "Flatten" => {
            call.at_most(1)?;
            let place = call.attributes.integer("axis")?.unwrap_or(1);
            // All dimensions may be on the left.
            let place =
                if place == dimensions as i64 { dimensions } else { axis(place, dimensions)? };
            let (left, right) = shape.split_at(place);
            vec![left.iter().product(), right.iter().product()]
        }
        "Reshape" => {
            call.at_most(2)?;
            let allow_zero = call.attributes.flag("allowzero")?;
            let wanted = call.integers(1)?.context("expected a shape")?;
            reshaped(shape, wanted, allow_zero)?
        }
        "Squeeze" => {
            call.at_most(2)?;
            let list = call.attribute_or_input("axes", 1, 13)?;
            let removed = match list {
                Some(list) => axes(list, dimensions)?,
                None => (0..dimensions).filter(|place| shape[*place] == 1).collect(),
            };
            ensure!(
                removed.iter().all(|place| shape[*place] == 1),
                "expected lengths of 1 in dimensions {removed:?}, found shape {shape:?}"
            );
            let kept = (0..dimensions).filter(|place| !removed.contains(place));
            kept.map(|place| shape[place]).collect()
        }
        _ => {
            call.at_most(2)?;
            let list = call.attribute_or_input("axes", 1, 13)?.context("expected axes")?;
            let inserted = axes(list, dimensions + list.len())?;
            let mut view = shape.to_vec();
            for place in inserted {
                view.insert(place, 1);
            }
            view
        }
    };
    Ok(Some(view))
}

/// The order of the dimensions after a transposition.
pub fn order(call: &Call) -> Result<Vec<usize>> {
    call.at_most(1)?;
    let dimensions = call.shape(0)?.len();
    let Some(list) = call.attributes.integers("perm")? else {
        return Ok((0..dimensions).rev().collect());
    };
    let order: Vec<usize> =
        list.iter().map(|place| axis(*place, dimensions)).collect::<Result<_>>()?;
    ensure!(
        axes(list, dimensions)?.len() == dimensions,
        "expected an order of {dimensions} dimensions, found {list:?}"
    );
    Ok(order)
}

/// The axis and the shape of a concatenation.
pub fn concatenation(call: &Call) -> Result<(usize, Vec<usize>)> {
    let mut shape = call.shape(0)?.to_vec();
    let given = call.attributes.integer("axis")?.context("expected an axis")?;
    let place = axis(given, shape.len())?;
    for other in 1..call.inputs.len() {
        let other = call.shape(other)?;
        let fits = other.len() == shape.len()
            && (0..shape.len()).all(|at| at == place || shape[at] == other[at]);
        ensure!(fits, "expected shapes that go together, found {shape:?} and {other:?}");
        shape[place] += other[place];
        count(&shape)?;
    }
    Ok((place, shape))
}

/// What a slice takes of each dimension.
pub struct Sliced {
    pub starts: Vec<usize>,
    pub steps: Vec<i64>,
    pub shape: Vec<usize>,
}

/// Works out a slice, whose numbers are clamped as ONNX says.
pub fn slice(call: &Call) -> Result<Sliced> {
    let shape = call.shape(0)?;
    let dimensions = shape.len();
    let starts = call.attribute_or_input("starts", 1, 10)?.context("expected starts")?;
    let ends = call.attribute_or_input("ends", 2, 10)?.context("expected ends")?;
    let named = call.attribute_or_input("axes", 3, 10)?;
    let steps = if call.opset < 10 { None } else { call.integers(4)? };
    call.at_most(5)?;
    let all: Vec<i64> = (0..starts.len() as i64).collect();
    let named = named.unwrap_or(&all);
    // It complains of an axis that is named twice.
    axes(named, dimensions)?;
    let ones = vec![1; starts.len()];
    let steps = steps.unwrap_or(&ones);
    ensure!(
        ends.len() == starts.len() && named.len() == starts.len() && steps.len() == starts.len(),
        "expected as many starts as ends, axes and steps"
    );
    let mut sliced =
        Sliced { starts: vec![0; dimensions], steps: vec![1; dimensions], shape: shape.to_vec() };
    for (((start, end), place), step) in starts.iter().zip(ends).zip(named).zip(steps) {
        let place = axis(*place, dimensions)?;
        ensure!(*step != 0, "expected steps other than 0");
        let length = shape[place] as i64;
        let counted = |bound: i64| if bound < 0 { bound.saturating_add(length) } else { bound };
        // Backwards, the end may be before the first value.
        let (least, most) = if *step > 0 { (0, length) } else { (-1, length - 1) };
        let start = counted(*start).clamp(least.max(0), most.max(0));
        let end = counted(*end).clamp(least, most);
        let distance = if *step > 0 { end - start } else { start - end };
        let taken = if distance > 0 && length > 0 {
            (distance - 1).unsigned_abs() / step.unsigned_abs() + 1
        } else {
            0
        };
        sliced.starts[place] = usize::try_from(start)?;
        sliced.steps[place] = *step;
        sliced.shape[place] = usize::try_from(taken)?;
    }
    Ok(sliced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_one_are_repeated_and_others_must_be_equal() -> Result<()> {
        assert_eq!(broadcast(&[1, 8, 4, 4], &[8, 1, 1])?, [1, 8, 4, 4]);
        assert_eq!(broadcast(&[], &[3])?, [3]);
        assert!(broadcast(&[2], &[3]).is_err());
        Ok(())
    }

    #[test]
    fn a_matrix_product_drops_the_dimension_that_a_vector_lacks() -> Result<()> {
        assert_eq!(product(&[1, 8, 4], &[4, 3])?, [1, 8, 3]);
        assert_eq!(product(&[4], &[4, 3])?, [3]);
        assert_eq!(product(&[2, 4], &[4])?, [2]);
        assert_eq!(product(&[4], &[4])?, [0usize; 0]);
        assert!(product(&[2, 4], &[3, 4]).is_err());
        Ok(())
    }

    #[test]
    fn open_lengths_of_a_shape_are_filled_in() -> Result<()> {
        assert_eq!(reshaped(&[1, 8, 2, 2], &[0, -1], false)?, [1, 32]);
        assert_eq!(reshaped(&[0, 2], &[0, 3], true)?, [0, 3]);
        for wrong in [&[-1, -1][..], &[5, -1], &[0, 0, 0, 0, 0], &[-2], &[3, 3]] {
            assert!(reshaped(&[1, 8, 2, 2], wrong, false).is_err(), "{wrong:?}");
        }
        Ok(())
    }
}

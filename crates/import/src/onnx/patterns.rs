//! Operators that exporters write as several: they are put together again, so that what is imported
//! is what the user wrote.

use super::model::ValueId;
use super::network::{Network, Node};
use super::operator::{Operator, PadMode};
use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_PI, SQRT_2};

/// What the last node of a pattern is replaced by.
struct Joined {
    operator: Operator,
    inputs: Vec<Option<ValueId>>,
}

/// The nodes of a network by what they make.
struct Makers<'n, 'a> {
    network: &'n Network<'a>,
    of: Vec<Option<usize>>,
}

/// Replaces the last node of each pattern, whose other nodes are left to whoever else needs them.
pub fn join(network: &mut Network) {
    let mut of = vec![None; network.values.len()];
    for (place, node) in network.nodes.iter().enumerate() {
        for output in node.outputs.iter().flatten() {
            of[*output] = Some(place);
        }
    }
    for place in 0..network.nodes.len() {
        let makers = Makers { network, of };
        let node = &makers.network.nodes[place];
        let patterns = [padded, clipped, swish, hard_sigmoid, hard_swish, gelu, layer_norm, affine];
        let joined = patterns.iter().find_map(|pattern| pattern(&makers, node));
        of = makers.of;
        if let Some(Joined { operator, inputs }) = joined {
            let node = &mut network.nodes[place];
            node.operator = operator;
            node.inputs = inputs;
        }
    }
}

impl<'n, 'a> Makers<'n, 'a> {
    /// The node that makes a value.
    fn node(&self, value: ValueId) -> Option<&'n Node<'a>> {
        self.of[value].map(|place| &self.network.nodes[place])
    }

    /// The number that a value is everywhere, if it is a constant single one.
    fn number(&self, value: ValueId) -> Option<f32> {
        match *self.network.constant(Some(value))?.as_floats().ok()? {
            [number] => Some(number),
            _ => None,
        }
    }

    /// The inputs of a node of two.
    fn both(&self, node: &Node) -> Option<[ValueId; 2]> {
        match node.inputs[..] {
            [Some(left), Some(right)] => Some([left, right]),
            _ => None,
        }
    }

    /// The inputs of the node that makes a value by this operator.
    fn inputs_of(&self, value: ValueId, operator: &Operator) -> Option<[ValueId; 2]> {
        let node = self.node(value)?;
        if node.operator == *operator { self.both(node) } else { None }
    }

    /// The only input of the node that makes a value by this operator.
    fn input_of(&self, value: ValueId, operator: &Operator) -> Option<ValueId> {
        let node = self.node(value)?;
        if node.operator == *operator { node.inputs[0] } else { None }
    }

    /// What a number is added to in a value.
    fn plus(&self, value: ValueId, number: f32) -> Option<ValueId> {
        let [left, right] = self.inputs_of(value, &Operator::Add)?;
        let is_number = |value| self.number(value).is_some_and(|found| near(found, number));
        if is_number(right) {
            Some(left)
        } else if is_number(left) {
            Some(right)
        } else {
            None
        }
    }

    /// The factors of what a node computes: the number that they have in common, and the others.
    fn factors(&self, node: &Node) -> Option<(f32, Vec<ValueId>)> {
        let (mut number, mut others) = (1.0, Vec::new());
        let mut open = match node.operator {
            Operator::Mul => self.both(node)?.to_vec(),
            Operator::Div => {
                let [left, right] = self.both(node)?;
                number /= self.number(right)?;
                vec![left]
            }
            _ => return None,
        };
        while let Some(value) = open.pop() {
            if let Some(factor) = self.number(value) {
                number *= factor;
            } else if let Some(both) = self.inputs_of(value, &Operator::Mul) {
                open.extend(both);
            } else if let Some([left, right]) = self.inputs_of(value, &Operator::Div)
                && let Some(divisor) = self.number(right)
            {
                number /= divisor;
                open.push(left);
            } else {
                others.push(value);
            }
            // No pattern has more.
            if others.len() + open.len() > 4 {
                return None;
            }
        }
        others.sort_unstable();
        Some((number, others))
    }

    /// The factors of a value that a node makes.
    fn factors_of(&self, value: ValueId) -> Option<(f32, Vec<ValueId>)> {
        self.factors(self.node(value)?)
    }
}

/// Whether numbers are equal but for the last digits that an exporter writes.
fn near(found: f32, expected: f32) -> bool {
    (found - expected).abs() <= 1e-6 * expected.abs()
}

/// The value of a pair that is not this one.
fn other(pair: &[ValueId], one: impl Fn(ValueId) -> bool) -> Option<ValueId> {
    match *pair {
        [left, right] if one(right) => Some(left),
        [left, right] if one(left) => Some(right),
        _ => None,
    }
}

fn of_one(operator: Operator, input: ValueId) -> Option<Joined> {
    Some(Joined { operator, inputs: vec![Some(input)] })
}

/// A padding before a convolution or a pool becomes the window's own.
fn padded(makers: &Makers, node: &Node) -> Option<Joined> {
    let pad = makers.node(node.inputs.first().copied().flatten()?)?;
    let Operator::Pad { pads, mode: PadMode::Constant(value) } = &pad.operator else {
        return None;
    };
    let (over, positions) = pads.split_at_checked(2)?;
    if over.iter().any(|pads| *pads != [0, 0]) {
        return None;
    }
    let mut operator = node.operator.clone();
    let window = match &mut operator {
        Operator::Conv { window, .. } if *value == 0.0 => window,
        Operator::MaxPool { window, ceil: false } if *value == f32::NEG_INFINITY => window,
        Operator::AveragePool { window, ceil: false, count_pads }
            if *value == 0.0 && (*count_pads || window.pads == [0; 4]) =>
        {
            *count_pads = true;
            window
        }
        _ => return None,
    };
    let added = match *positions {
        [columns] => [0, columns[0], 0, columns[1]],
        [rows, columns] => [rows[0], columns[0], rows[1], columns[1]],
        _ => return None,
    };
    for (pad, added) in window.pads.iter_mut().zip(added) {
        *pad += added;
    }
    let inputs = [&pad.inputs[..1], &node.inputs[1..]].concat();
    Some(Joined { operator, inputs })
}

/// `max(x, 0)` before bounds of which the lower is not below 0: so a ReLU6 may be exported.
fn clipped(makers: &Makers, node: &Node) -> Option<Joined> {
    let Operator::Clip { low: 0.0.., .. } = node.operator else { return None };
    let x = makers.input_of(node.inputs[0]?, &Operator::Relu)?;
    of_one(node.operator.clone(), x)
}

/// `x sigmoid(x)`
fn swish(makers: &Makers, node: &Node) -> Option<Joined> {
    let (1.0, pair) = makers.factors(node)? else { return None };
    let x = other(&pair, |value| {
        makers.input_of(value, &Operator::Sigmoid).is_some_and(|x| pair.contains(&x))
    })?;
    of_one(Operator::Swish { alpha: 1.0 }, x)
}

/// What `min(max(x + 3, 0), 6)` is made of.
fn capped(makers: &Makers, value: ValueId) -> Option<ValueId> {
    let clip = makers.node(value)?;
    let Operator::Clip { low: 0.0, high: 6.0 } = clip.operator else { return None };
    makers.plus(clip.inputs[0]?, 3.0)
}

const HARD_SIGMOID: Operator = Operator::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 };

/// `min(max(x + 3, 0), 6) / 6`
fn hard_sigmoid(makers: &Makers, node: &Node) -> Option<Joined> {
    let (number, factors) = makers.factors(node)?;
    let [value] = factors[..] else { return None };
    let x = capped(makers, value)?;
    if near(number, 1.0 / 6.0) { of_one(HARD_SIGMOID, x) } else { None }
}

/// `x hard_sigmoid(x)`
fn hard_swish(makers: &Makers, node: &Node) -> Option<Joined> {
    let (number, pair) = makers.factors(node)?;
    let x = if near(number, 1.0 / 6.0) {
        other(&pair, |value| capped(makers, value).is_some_and(|x| pair.contains(&x)))?
    } else {
        other(&pair, |value| {
            let hard = makers.node(value).filter(|node| {
                matches!(node.operator, Operator::HardSigmoid { alpha, beta: 0.5 }
                    if near(alpha, 1.0 / 6.0))
            });
            let x = hard.and_then(|node| node.inputs[0]);
            number == 1.0 && x.is_some_and(|x| pair.contains(&x))
        })?
    };
    of_one(Operator::HardSwish, x)
}

/// `x (1 + erf(x / sqrt(2))) / 2`, or `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`
fn gelu(makers: &Makers, node: &Node) -> Option<Joined> {
    let (number, pair) = makers.factors(node)?;
    if !near(number, 0.5) {
        return None;
    }
    let [left, right] = pair[..] else { return None };
    [(left, right), (right, left)].into_iter().find_map(|(x, bell)| {
        let bell = makers.plus(bell, 1.0)?;
        let tanh = if let Some(scaled) = makers.input_of(bell, &Operator::Erf) {
            let (number, factors) = makers.factors_of(scaled)?;
            // Exporters divide by the root, or multiply by its reciprocal.
            let root = near(number, FRAC_1_SQRT_2) || near(number, 1.0 / SQRT_2);
            (root && factors == [x]).then_some(false)
        } else {
            let scaled = makers.input_of(bell, &Operator::Tanh)?;
            let (number, sum) = makers.factors_of(scaled)?;
            let [sum] = sum[..] else { return None };
            let cubic = other(&makers.inputs_of(sum, &Operator::Add)?, |value| value == x)?;
            let (share, cube) = makers.factors_of(cubic)?;
            let cube = match cube[..] {
                [power] => {
                    let [base, exponent] = makers.inputs_of(power, &Operator::Pow)?;
                    base == x && makers.number(exponent) == Some(3.0)
                }
                _ => cube == [x; 3],
            };
            let numbers = near(number, FRAC_2_PI.sqrt()) && near(share, 0.044715);
            (numbers && cube).then_some(true)
        }?;
        of_one(Operator::Gelu { tanh }, x)
    })
}

/// `(x - mean) / sqrt(variance + epsilon)` over the last dimensions.
fn layer_norm(makers: &Makers, node: &Node) -> Option<Joined> {
    let Operator::Div = node.operator else { return None };
    let [centred, deviation] = makers.both(node)?;
    let [x, mean] = makers.inputs_of(centred, &Operator::Sub)?;
    let mean = makers.node(mean)?;
    let Operator::ReduceMean { axes, keep: true } = &mean.operator else { return None };
    let dimensions = makers.network.values[x].shape.as_deref()?.len();
    let axis = *axes.first()?;
    if mean.inputs[0] != Some(x) || !(axis..dimensions).eq(axes.iter().copied()) {
        return None;
    }
    let [left, right] =
        makers.inputs_of(makers.input_of(deviation, &Operator::Sqrt)?, &Operator::Add)?;
    let epsilon = makers.number(left).or(makers.number(right))?;
    let variance = if makers.number(left).is_some() { right } else { left };
    let square = makers.input_of(variance, &mean.operator)?;
    let squared = match makers.inputs_of(square, &Operator::Pow) {
        Some([base, exponent]) => base == centred && makers.number(exponent) == Some(2.0),
        None => makers.inputs_of(square, &Operator::Mul)? == [centred; 2],
    };
    let operator = Operator::LayerNormalization { axis, epsilon };
    (squared && epsilon >= 0.0).then_some(Joined { operator, inputs: vec![Some(x)] })
}

/// The scales and shifts of a layer norm in parts.
fn affine(makers: &Makers, node: &Node) -> Option<Joined> {
    let pair = makers.both(node)?;
    let constant = |value| makers.network.constant(Some(value));
    let normed = other(&pair, |value| constant(value).is_some())?;
    let parameters = other(&pair, |value| value == normed)?;
    let norm = makers.node(normed)?;
    let Operator::LayerNormalization { axis, .. } = norm.operator else { return None };
    // The parameters must be those of `LayerNormalization`: one for each value of a sample.
    let shape = makers.network.values[norm.inputs[0]?].shape.as_deref()?;
    if constant(parameters)?.shape != shape[axis..] {
        return None;
    }
    let inputs = match (&node.operator, &norm.inputs[..]) {
        (Operator::Mul, [x]) => vec![*x, Some(parameters)],
        (Operator::Add, [x, scales]) => vec![*x, *scales, Some(parameters)],
        _ => return None,
    };
    Some(Joined { operator: norm.operator.clone(), inputs })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{network_of, operators_of};
    use super::*;
    use anyhow::Result;

    #[test]
    fn an_activation_in_parts_is_one_operator() -> Result<()> {
        for (file, operator) in [
            ("silu", Operator::Swish { alpha: 1.0 }),
            ("hardswish_by_hand", Operator::HardSwish),
            ("gelu", Operator::Gelu { tanh: false }),
            ("gelu_tanh", Operator::Gelu { tanh: true }),
        ] {
            assert_eq!(operators_of(file)?, [operator], "{file}");
        }
        Ok(())
    }

    #[test]
    fn a_relu6_is_one_operator() -> Result<()> {
        assert_eq!(operators_of("relu6")?, [Operator::Clip { low: 0.0, high: 6.0 }]);
        Ok(())
    }

    #[test]
    fn a_layer_norm_in_parts_is_one_operator_with_its_parameters() -> Result<()> {
        for (file, inputs) in [("layer_norm_in_parts", 3), ("layer_norm_without_affine", 1)] {
            network_of(file, |network| {
                let [node] = &network.nodes[..] else { panic!("{:?}", network.nodes) };
                let operator = Operator::LayerNormalization { axis: 1, epsilon: 1e-5 };
                assert_eq!((&node.operator, node.inputs.len()), (&operator, inputs), "{file}");
                assert_eq!(node.inputs[0], Some(network.inputs[0]));
            })?;
        }
        Ok(())
    }

    #[test]
    fn a_padding_before_a_window_becomes_the_window_s_own() -> Result<()> {
        let operators = operators_of("asymmetric_padding")?;
        let [Operator::Conv { window, .. }] = operators[..] else { panic!("{operators:?}") };
        assert_eq!(window.pads, [1, 0, 2, 1]);
        let operators = operators_of("average_pool_counts_padding")?;
        let [Operator::AveragePool { window, count_pads, .. }] = operators[..] else {
            panic!("{operators:?}");
        };
        assert_eq!((window.pads, count_pads), ([1; 4], true));
        Ok(())
    }

    #[test]
    fn what_only_looks_like_a_pattern_stays_as_it_is() -> Result<()> {
        use super::super::tests::built::built;
        for lines in [
            // Another value's sigmoid.
            &["t = Tanh(x)", "s = Sigmoid(t)", "y = Mul(x, s)"][..],
            // A quarter of a GELU.
            &["d = Div(x, r)", "e = Erf(d)", "p = Add(e, h)", "m = Mul(x, p)", "y = Mul(m, h)"],
        ] {
            let file = built(&[1, 4], lines).floats("r", &[]).floats("h", &[]);
            let bytes = file.bytes();
            let network = Network::read(&bytes)?;
            assert_eq!(network.nodes.len(), lines.len());
        }
        Ok(())
    }
}

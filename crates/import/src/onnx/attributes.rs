//! The attributes of a node, asked for by name. One that nobody has asked for would have changed
//! what the operator computes, and is an error.

use super::proto::AttributeProto;
use super::tensor::Tensor;
use anyhow::{Context, Result, bail, ensure};
use std::cell::Cell;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue<'a> {
    Integer(i64),
    Float(f32),
    Text(&'a str),
    Integers(Vec<i64>),
    Floats(Vec<f32>),
    Tensor(Tensor),
    /// A graph, as `If` and `Loop` have, or another value that no operator here takes.
    Other,
}

/// An attribute with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute<'a> {
    pub name: &'a str,
    pub value: AttributeValue<'a>,
}

impl<'a> Attribute<'a> {
    /// Decodes an attribute of the file. Numbers of 0 and empty texts may have been left out.
    pub fn read(attribute: AttributeProto<'a>) -> Result<Self> {
        let name = attribute.name;
        if attribute.other {
            return Ok(Self { name, value: AttributeValue::Other });
        }
        let kind = match (attribute.kind, &attribute) {
            (0, AttributeProto { tensor: Some(_), .. }) => 4,
            (0, AttributeProto { text: Some(_), .. }) => 3,
            (0, AttributeProto { integer: Some(_), .. }) => 2,
            (0, AttributeProto { float: Some(_), .. }) => 1,
            (0, AttributeProto { floats, .. }) if !floats.is_empty() => 6,
            (0, _) => 7,
            (kind, _) => kind,
        };
        let value = match kind {
            1 => AttributeValue::Float(attribute.float.unwrap_or(0.0)),
            2 => AttributeValue::Integer(attribute.integer.unwrap_or(0)),
            3 => {
                let text = str::from_utf8(attribute.text.unwrap_or(&[]));
                AttributeValue::Text(text.context("expected a text in UTF-8")?)
            }
            4 => {
                let tensor = attribute.tensor.context("expected a tensor, found none")?;
                AttributeValue::Tensor(Tensor::read(tensor)?)
            }
            6 => AttributeValue::Floats(attribute.floats),
            7 => AttributeValue::Integers(attribute.integers),
            _ => AttributeValue::Other,
        };
        Ok(Self { name, value })
    }
}

/// The attributes of a node while it is read.
#[derive(Debug)]
pub struct Attributes<'m, 'a> {
    list: &'m [Attribute<'a>],
    /// A bit for each that was asked for. There are at most 32.
    taken: Cell<u32>,
}

impl<'m, 'a> Attributes<'m, 'a> {
    pub fn new(list: &'m [Attribute<'a>]) -> Self {
        Self { list, taken: Cell::new(0) }
    }

    fn take<T>(
        &self,
        name: &str,
        expected: &str,
        convert: impl Fn(&'m AttributeValue<'a>) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(place) = self.list.iter().position(|attribute| attribute.name == name) else {
            return Ok(None);
        };
        self.taken.set(self.taken.get() | 1 << place);
        let value = convert(&self.list[place].value);
        Ok(Some(value.with_context(|| format!("attribute {name}: expected {expected}"))?))
    }

    pub fn integer(&self, name: &str) -> Result<Option<i64>> {
        self.take(name, "an integer", |value| match value {
            AttributeValue::Integer(integer) => Some(*integer),
            _ => None,
        })
    }

    /// A number that says yes or no; no where it is not given.
    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.integer(name)? {
            None | Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => bail!("attribute {name}: expected 0 or 1, found {other}"),
        }
    }

    pub fn float(&self, name: &str) -> Result<Option<f32>> {
        self.take(name, "a float", |value| match value {
            AttributeValue::Float(float) => Some(*float),
            _ => None,
        })
    }

    pub fn text(&self, name: &str) -> Result<Option<&'a str>> {
        self.take(name, "a text", |value| match value {
            AttributeValue::Text(text) => Some(*text),
            _ => None,
        })
    }

    pub fn integers(&self, name: &str) -> Result<Option<&'m [i64]>> {
        self.take(name, "integers", |value| match value {
            AttributeValue::Integers(integers) => Some(integers.as_slice()),
            _ => None,
        })
    }

    pub fn floats(&self, name: &str) -> Result<Option<&'m [f32]>> {
        self.take(name, "floats", |value| match value {
            AttributeValue::Floats(floats) => Some(floats.as_slice()),
            _ => None,
        })
    }

    pub fn tensor(&self, name: &str) -> Result<Option<&'m Tensor>> {
        self.take(name, "a tensor", |value| match value {
            AttributeValue::Tensor(tensor) => Some(tensor),
            _ => None,
        })
    }

    /// Asks for attributes that do not change what is computed here.
    pub fn ignore(&self, names: &[&str]) {
        for (place, attribute) in self.list.iter().enumerate() {
            if names.contains(&attribute.name) {
                self.taken.set(self.taken.get() | 1 << place);
            }
        }
    }

    /// Refuses an attribute whose value, where it is given, is not the default.
    pub fn expect_integer(&self, name: &str, default: i64) -> Result<()> {
        let value = self.integer(name)?.unwrap_or(default);
        ensure!(value == default, "attribute {name}: expected {default}, found {value}");
        Ok(())
    }

    /// Refuses attributes that nobody has asked for.
    pub fn finish(&self) -> Result<()> {
        for (place, attribute) in self.list.iter().enumerate() {
            ensure!(
                self.taken.get() & 1 << place != 0,
                "attribute {}: not known for this operator, and it may change what is computed",
                attribute.name
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_that_nobody_asks_for_is_an_error() -> Result<()> {
        let list = [
            Attribute { name: "axis", value: AttributeValue::Integer(1) },
            Attribute { name: "shear", value: AttributeValue::Float(0.5) },
        ];
        let attributes = Attributes::new(&list);
        assert_eq!(attributes.integer("axis")?, Some(1));
        assert_eq!(attributes.integer("group")?, None);
        let said = attributes.finish().err().map(|error| error.to_string());
        assert!(said.is_some_and(|said| said.contains("attribute shear")));
        assert!(attributes.integer("shear").is_err());
        attributes.ignore(&["shear"]);
        attributes.finish()
    }
}

//! Lists of layers, whose errors name the list, the layer and the field.

use super::LayerSpec;
use anyhow::{Result, anyhow};
use serde::de::{Deserialize, Deserializer, Error};
use toml::Table;

/// Reads the layers inside another one.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<LayerSpec>, D::Error> {
    let tables = Vec::<Table>::deserialize(from)?;
    all(tables, "").map_err(|error| D::Error::custom(format!("{error:#}")))
}

/// Reads the branches inside a layer.
pub fn deserialize_lists<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<Vec<LayerSpec>>, D::Error> {
    let lists = Vec::<Vec<Table>>::deserialize(from)?;
    let branch = |(index, tables)| all(tables, &format!(" of branch {}", index + 1));
    let branches: Result<_> = lists.into_iter().enumerate().map(branch).collect();
    branches.map_err(|error| D::Error::custom(format!("{error:#}")))
}

fn all(tables: Vec<Table>, place: &str) -> Result<Vec<LayerSpec>> {
    let layer = |(index, table)| read(&table, index, place);
    tables.into_iter().enumerate().map(layer).collect()
}

/// Reads one layer: that of this index in the list.
pub fn read(table: &Table, index: usize, place: &str) -> Result<LayerSpec> {
    let number = index + 1;
    let error = match LayerSpec::deserialize(table.clone()) {
        Ok(layer) => return Ok(layer),
        Err(error) => error.message().to_owned(),
    };
    let kind = table.get("type").and_then(toml::Value::as_str);
    let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
    let field = culprit(table, &error).map(|field| format!("{field}: ")).unwrap_or_default();
    Err(anyhow!("layer {number}{place}{kind}: {field}{error}"))
}

/// The field without which there would be another error or none: the one that the error is about.
fn culprit(table: &Table, error: &str) -> Option<String> {
    table
        .keys()
        .filter(|field| *field != "type" && !error.contains(&format!("`{field}`")))
        .find_map(|field| {
            let mut without = table.clone();
            without.remove(field);
            let same =
                LayerSpec::deserialize(without).err().is_some_and(|other| other.message() == error);
            (!same).then(|| field.clone())
        })
}

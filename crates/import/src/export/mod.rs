//! Puts trained parameters back into the file that they come from.
//!
//! An import flattens, reorders and folds. Where a parameter comes from is found by importing the
//! file again with the numbers of its tensors counted through: what is 7 then is the seventh.

mod floats;
mod norms;

use crate::emit::File;
use crate::error::Error;
use crate::graph::Node;
use crate::load::Loaded;
use crate::sizes;
use crate::write::{self, Existing};
use anyhow::{Context, Result, bail, ensure};
use floats::{Floats, put};
use norms::Norm;
use std::collections::BTreeSet;
use std::path::Path;

/// A model's file with trained parameters in it. It is made by
/// [`Import::export`](crate::Import::export).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    pub(crate) bytes: Vec<u8>,
}

impl Exported {
    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error`] says that it cannot be written, or that there is one already.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(self.write_or(path.as_ref(), Existing::Refused)?)
    }

    /// Writes the file in the place of one that is there. Of a symbolic link the link is replaced,
    /// and what it points to stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error`] says that it cannot be written.
    pub fn overwrite(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Ok(self.write_or(path.as_ref(), Existing::Replaced)?)
    }

    fn write_or(&self, path: &Path, existing: Existing) -> Result<()> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{}: expected a file's name", path.display()))?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let file = File { name: name.to_owned(), content: self.bytes.clone() };
        write::write(directory.unwrap_or(Path::new(".")), &[file], existing)
    }
}

/// The file with theta in it. `import` reads a file with the choice of what is trained.
pub fn export(
    bytes: &[u8],
    theta: &[f32],
    import: impl Fn(&[u8]) -> Result<Loaded>,
) -> Result<Vec<u8>> {
    let Loaded { graph, parameters: mut wanted, dataflow, .. } = import(bytes)?;
    let expected = sizes::trained(&graph);
    ensure!(
        theta.len() == expected,
        "theta: expected the {expected} parameters that are trained, found {}: is it of the same \
         --train, --cut or description?",
        theta.len()
    );
    if let Some(place) = theta.iter().position(|value| !value.is_finite()) {
        bail!("theta: expected finite numbers, found {} at {place}", theta[place]);
    }
    sizes::put_theta(&graph, theta, &mut wanted);
    let all = graph.every();
    let trained: Vec<&Node> = all.iter().copied().filter(|node| node.trained() > 0).collect();
    let floats = floats::of(bytes)?;
    let norms = Norm::in_file(bytes)?;
    let mut file = bytes.to_vec();
    let mut names = BTreeSet::new();
    for node in &trained {
        let step = node.step.and_then(|step| dataflow.as_ref()?.steps.get(step));
        match (step, &node.source) {
            (Some(step), _) => {
                ensure!(
                    step.integers.is_none(),
                    "{}: its parameters are int8 in the file, which cannot take what was trained \
                     in f32: keep theta beside the file, or train and export the float model, and \
                     quantise that again",
                    node.label
                );
                names.extend(step.names.iter().cloned());
                for norm in norms.iter().filter(|norm| norm.is_among(&step.names)) {
                    norm.leave(&mut names, &floats, norm.is(&step.label));
                    norm.neutralise(&floats, &mut file);
                }
            }
            (None, Some(source)) => {
                names.extend(["weight", "bias"].map(|part| format!("{}.{part}", source.tensors)));
                if let Some(norm) = Norm::described(node, source) {
                    names.insert(norm.shifts.clone());
                    norm.leave(&mut names, &floats, norm.is(&node.label));
                    norm.neutralise(&floats, &mut file);
                }
            }
            (None, None) => {}
        }
    }
    let own: Vec<&Floats> = floats.iter().filter(|floats| names.contains(&floats.name)).collect();
    let numbered = |sign: f32| -> Result<Vec<f32>> {
        let mut counted = file.clone();
        let mut next = 0.0;
        for Floats { bytes, .. } in &own {
            for place in bytes.clone().step_by(size_of::<f32>()) {
                next += 1.0;
                put(&mut counted, place, sign * next);
            }
        }
        let again = import(&counted).context(
            "its trained parameters are computed of several constants of the file: keep theta \
             beside it",
        );
        Ok(again?.parameters)
    };
    let (above, below) = (numbered(1.0)?, numbered(-1.0)?);
    // The place of each number, in the order in which they were counted.
    let places: Vec<usize> =
        own.iter().flat_map(|floats| floats.bytes.clone().step_by(size_of::<f32>())).collect();
    for node in &trained {
        for parameter in node.parameters.clone() {
            let number = above[parameter];
            // What does not change its sign with them is not one of them.
            let counted = number == -below[parameter] && number >= 1.0 && number.fract() == 0.0;
            if counted && let Some(place) = places.get(number as usize - 1) {
                put(&mut file, *place, wanted[parameter]);
            }
        }
    }
    let found = import(&file).context("what would be exported")?.parameters;
    for node in &all {
        let range = node.parameters.clone();
        let differ = |parameter: &usize| found.get(*parameter) != wanted.get(*parameter);
        let count = range.filter(differ).count();
        ensure!(
            count == 0 || node.source.is_none(),
            "{}: {count} of its {} parameters have no place of their own in the file as float32: \
             a bias that the model was made without, a number that stands for several, or one that \
             is computed of others. Keep theta beside the file, or give the model that place \
             before it is trained",
            node.label,
            node.own_parameters()
        );
    }
    Ok(file)
}

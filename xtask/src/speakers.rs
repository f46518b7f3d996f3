//! The spoken-digits scenario: a network that knows five speakers meets the sixth.

use crate::dataset::Dataset;
use anyhow::{Context, Result, ensure};
use std::path::Path;

/// Number of speakers in the set.
pub const SPEAKERS: u8 = 6;
const WIDTH: usize = 320;

/// All utterances and who spoke them.
pub struct Recordings {
    utterances: Dataset,
    speakers: Vec<u8>,
}

impl Recordings {
    /// Reads the three files of a directory: `fsdd_logmel16x20_u8.{x,y,speaker}.u8.bin`.
    pub fn read(directory: &Path) -> Result<Self> {
        let read = |part: &str| {
            let path = directory.join(format!("fsdd_logmel16x20_u8.{part}.u8.bin"));
            std::fs::read(&path).with_context(|| {
                format!(
                    "cannot read {}: --fsdd needs the directory with the three files \
                     fsdd_logmel16x20_u8.x.u8.bin, .y.u8.bin and .speaker.u8.bin",
                    path.display()
                )
            })
        };
        let (inputs, labels, speakers) = (read("x")?, read("y")?, read("speaker")?);
        ensure!(
            inputs.len() == WIDTH * labels.len() && labels.len() == speakers.len(),
            "the files in {} do not belong together: {} bytes of features ({WIDTH} each), {} labels, \
             {} speakers",
            directory.display(),
            inputs.len(),
            labels.len(),
            speakers.len()
        );
        ensure!(
            labels.iter().all(|label| *label < 10)
                && speakers.iter().all(|speaker| *speaker < SPEAKERS),
            "the files in {} hold a label above 9 or a speaker above 5",
            directory.display()
        );
        let utterances = Dataset { inputs, labels, width: WIDTH, scale: 1.0, offset: 0.0 };
        Ok(Self { utterances, speakers })
    }

    /// What the other five speakers said, and what this one did; both normalised by the others' statistics.
    pub fn leave_out(&self, speaker: u8) -> (Dataset, Dataset) {
        let indices = |wanted: bool| -> Vec<usize> {
            (0..self.speakers.len()).filter(|i| (self.speakers[*i] == speaker) == wanted).collect()
        };
        let mut others = self.utterances.select(&indices(false));
        let mut own = self.utterances.select(&indices(true));
        let count = others.inputs.len() as f64;
        let mean = others.inputs.iter().map(|byte| f64::from(*byte)).sum::<f64>() / count;
        let variance =
            others.inputs.iter().map(|byte| (f64::from(*byte) - mean).powi(2)).sum::<f64>() / count;
        let deviation = variance.sqrt().max(1.0);
        for dataset in [&mut others, &mut own] {
            dataset.scale = (1.0 / deviation) as f32;
            dataset.offset = (-mean / deviation) as f32;
        }
        (others, own)
    }
}

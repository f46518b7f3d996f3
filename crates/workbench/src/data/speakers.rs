//! The spoken-digits scenario: a network that knows five speakers meets the sixth.

use crate::data::{Dataset, file};
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
            file::open(&path).and_then(|file| file::whole(file, &path)).with_context(|| {
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
            "the files in {} do not belong together: {} bytes of features ({WIDTH} each), {} \
             labels, {} speakers",
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
        ensure!(
            speakers.iter().any(|speaker| Some(speaker) != speakers.first()),
            "the files in {} hold one speaker only: there is nobody to pre-train on",
            directory.display()
        );
        let utterances = Dataset { inputs, labels, width: WIDTH, scale: 1.0, offset: 0.0 };
        Ok(Self { utterances, speakers })
    }

    /// What the other five speakers said, and what this one did; both normalised by the others'
    /// statistics.
    pub fn leave_out(&self, speaker: u8) -> (Dataset, Dataset) {
        self.divide(|other| other != speaker)
    }

    /// What the speakers said whom this is true of, and what all others did; both normalised by the
    /// statistics of the first.
    pub fn divide(&self, known: impl Fn(u8) -> bool) -> (Dataset, Dataset) {
        let indices = |wanted: bool| -> Vec<usize> {
            (0..self.speakers.len()).filter(|i| known(self.speakers[*i]) == wanted).collect()
        };
        let mut known = self.utterances.select(&indices(true));
        let mut others = self.utterances.select(&indices(false));
        let count = known.inputs.len() as f64;
        let mean = known.inputs.iter().map(|byte| f64::from(*byte)).sum::<f64>() / count;
        let variance =
            known.inputs.iter().map(|byte| (f64::from(*byte) - mean).powi(2)).sum::<f64>() / count;
        let deviation = variance.sqrt().max(1.0);
        for dataset in [&mut known, &mut others] {
            dataset.scale = (1.0 / deviation) as f32;
            dataset.offset = (-mean / deviation) as f32;
        }
        (known, others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with two utterances of each of two speakers, but for what `change` makes of the
    /// parts.
    fn read(name: &str, change: fn(&mut [Vec<u8>; 3])) -> Result<Recordings> {
        let directory =
            std::env::temp_dir().join(format!("rolling-ball-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let inputs = [10, 30, 50, 70].iter().flat_map(|byte| [*byte; WIDTH]).collect();
        let mut parts = [inputs, vec![1, 2, 3, 4], vec![0, 5, 0, 5]];
        change(&mut parts);
        for (part, bytes) in ["x", "y", "speaker"].iter().zip(&parts) {
            std::fs::write(directory.join(format!("fsdd_logmel16x20_u8.{part}.u8.bin")), bytes)?;
        }
        let recordings = Recordings::read(&directory);
        std::fs::remove_dir_all(&directory)?;
        recordings
    }

    fn complaint(name: &str, change: fn(&mut [Vec<u8>; 3])) -> String {
        read(name, change).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn a_speaker_is_left_out_and_normalised_by_the_others() -> Result<()> {
        let (others, own) = read("whole", |_| {})?.leave_out(5);
        assert_eq!(others.labels, [1, 3]);
        assert_eq!(own.labels, [2, 4]);
        // The others' bytes are 10 and 50: mean 30, deviation 20.
        for dataset in [others, own] {
            assert_eq!((dataset.scale, dataset.offset), (1.0 / 20.0, -30.0 / 20.0));
        }
        Ok(())
    }

    #[test]
    fn a_missing_directory_names_the_files_that_are_needed() {
        let error = Recordings::read(Path::new("no/such/directory")).err();
        let text = error.map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(text.contains("fsdd_logmel16x20_u8.x.u8.bin"), "{text}");
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused() {
        let short = complaint("short", |parts| parts[0].truncate(7));
        assert!(short.contains("do not belong together"), "{short}");
        let few = complaint("few", |parts| parts[2].truncate(3));
        assert!(few.contains("do not belong together"), "{few}");
    }

    #[test]
    fn files_of_a_single_speaker_are_refused() {
        let single = complaint("single", |parts| parts[2].fill(3));
        assert!(single.contains("one speaker only"), "{single}");
    }

    #[test]
    fn labels_and_speakers_out_of_range_are_refused() {
        let label = complaint("label", |parts| parts[1][0] = 10);
        assert!(label.contains("a label above 9"), "{label}");
        let speaker = complaint("speaker", |parts| parts[2][0] = 6);
        assert!(speaker.contains("a speaker above 5"), "{speaker}");
    }

    #[test]
    fn the_speaker_who_is_left_out_does_not_move_the_normalisation() -> Result<()> {
        let (_, quiet) = read("quiet", |parts| parts[0][WIDTH..2 * WIDTH].fill(0))?.leave_out(5);
        let (_, loud) = read("loud", |parts| parts[0][WIDTH..2 * WIDTH].fill(255))?.leave_out(5);
        assert_eq!((quiet.scale, quiet.offset), (loud.scale, loud.offset));
        assert_ne!(quiet.inputs, loud.inputs);
        Ok(())
    }

    #[test]
    fn silence_is_normalised_to_finite_numbers() -> Result<()> {
        let (others, own) = read("silence", |parts| parts[0].fill(9))?.leave_out(0);
        for dataset in [others, own] {
            assert_eq!((dataset.scale, dataset.offset), (1.0, -9.0));
        }
        Ok(())
    }

    #[test]
    fn a_complaint_counts_what_was_found() {
        let text = complaint("counts", |parts| parts[1].push(0));
        for found in ["1280 bytes of features (320 each)", "5 labels", "4 speakers"] {
            assert!(text.contains(found), "{text}");
        }
    }
}

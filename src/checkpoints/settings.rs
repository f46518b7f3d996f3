//! An optimizer's settings in a fixed number of checksums, so that a checkpoint can tell which one
//! is another.

use super::encoding::CRC;
use crate::Resumable;

/// Every optimizer of this crate, in two parts. Further settings share the last checksum.
pub(super) const SETTINGS: usize = 8;

pub(super) struct Settings {
    pub checksums: [u32; SETTINGS],
    names: [&'static str; SETTINGS],
}

impl Settings {
    pub fn of<O: Resumable>(optimizer: &O) -> Self {
        let (mut checksums, mut names) = ([0; SETTINGS], [""; SETTINGS]);
        let mut index = 0;
        optimizer.settings(&mut |name, words| {
            if let (Some(checksum), Some(last)) = (checksums.get_mut(index), names.get_mut(index)) {
                *checksum = extend(*checksum, words);
                *last = name;
            }
            index = index.saturating_add(1).min(SETTINGS - 1);
        });
        Self { checksums, names }
    }

    /// The first setting whose checksum is another.
    pub fn difference(&self, saved: &[u32; SETTINGS]) -> Option<&'static str> {
        let mut pairs = self.names.iter().zip(self.checksums.iter().zip(saved));
        pairs.find(|(_, (own, saved))| own != saved).map(|(name, _)| *name)
    }
}

/// Two values of a single word never have the same checksum.
#[inline(never)] // Else every setting of every optimizer has its own copy in flash.
fn extend(checksum: u32, words: &[u32]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&checksum.to_le_bytes());
    for word in words {
        digest.update(&word.to_le_bytes());
    }
    digest.finalize()
}

//! Checkpoints that earlier builds wrote are resumed: `version_1.json` holds, for every optimizer
//! in every form, the flash image of a training after five steps, written by the first build of
//! that format, and theta four steps later. The images stay as they are for ever; what a line
//! search makes of them has changed in the last bits once, when it began to end a stalled step
//! exactly where that had begun.

use crate::nor_flash::NorFlashModel;
use crate::support::numbers::bits;
use crate::support::optimizers::run;
use crate::training::{Check, Flash, LENGTH, every_optimizer, rubbish, wells};
use rolling_ball::{Checkpoints, Optimizer, Resumable};
use serde::Deserialize;

#[derive(Deserialize)]
struct Written {
    optimizer: String,
    /// What is not erased of the flash, in hexadecimal digits.
    image: String,
    /// The bits of theta.
    theta_four_steps_later: String,
}

struct Resume {
    written: std::vec::IntoIter<Written>,
}

impl Check for Resume {
    fn check<O: Optimizer + Resumable>(&mut self, name: &str, make: impl Fn() -> O) {
        let written = self.written.next().expect("an image for every optimizer");
        assert_eq!(written.optimizer, name);
        let mut bytes = bytes_of(&written.image);
        let range = Checkpoints::<Flash>::bytes::<O>(LENGTH, 2);
        bytes.resize(range as usize, 0xff);
        let mut checkpoints =
            Checkpoints::new(NorFlashModel::holding(bytes), 0..range as u32).unwrap();
        let (mut theta, mut optimizer) = (rubbish(), make());
        let checkpoints: &mut Checkpoints<Flash> = &mut checkpoints;
        assert_eq!(checkpoints.resume(&mut theta, &mut optimizer), Ok(Some(5)), "{name}");
        run(&mut optimizer, &mut wells(), &mut theta, 4);
        let end: String = bits(&theta).iter().map(|word| format!("{word:08x}")).collect();
        if end != written.theta_four_steps_later {
            println!("CHANGED {name} {} {end}", written.theta_four_steps_later);
        }
    }
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

#[test]
fn a_checkpoint_of_the_first_version_is_resumed_with_the_same_bits() {
    let written: Vec<Written> = serde_json::from_str(include_str!("version_1.json")).unwrap();
    let mut resume = Resume { written: written.into_iter() };
    every_optimizer(&mut resume);
    assert!(resume.written.next().is_none(), "every image has its optimizer");
}

//! Flashes that write a byte or half a kilobyte at once, whatever they hold when they are erased.

use crate::forgery::on;
use crate::nor_flash::{Damage, NorFlashModel};
use crate::support::numbers::bits;
use crate::support::optimizers::run;
use crate::training::{LENGTH, rubbish, start, wells};
use rolling_ball::{Adam, AdamConfig, Checkpoints};

/// Most flashes; STM32L0; CH32V203, whose half-words are 0xe339.
const ERASED: [[u8; 2]; 3] = [[0xff, 0xff], [0x00, 0x00], [0x39, 0xe3]];
const SLOTS: u32 = 3;

fn adam() -> Adam<Vec<f32>> {
    Adam::new(AdamConfig::default(), [rubbish(), rubbish(), rubbish()]).unwrap()
}

/// The flash after each of some saves, every one of which is resumed, also where the power fails in
/// the next.
fn save_and_resume<const WRITE: usize, const ERASE: usize, const READ: usize>() -> Vec<Vec<u8>> {
    type Model<const W: usize, const E: usize, const R: usize> = NorFlashModel<W, E, R>;
    let bytes = Checkpoints::<Model<WRITE, ERASE, READ>>::bytes::<Adam<Vec<f32>>>(LENGTH, SLOTS);
    let mut images = Vec::new();
    for erased in ERASED {
        let flash = Model::<WRITE, ERASE, READ>::erased_to(erased, bytes as usize);
        let mut checkpoints = on(flash);
        let (mut theta, mut optimizer) = (start(), adam());
        assert_eq!(checkpoints.resume(&mut theta, &mut optimizer), Ok(None), "{erased:x?}");
        for steps in 1..=2 * SLOTS {
            let old = bits(&theta);
            run(&mut optimizer, &mut wells(), &mut theta, 1);
            let before = checkpoints.clone().into_inner();
            checkpoints.save(&theta, &optimizer).unwrap();
            let after = checkpoints.clone().into_inner();
            let (mut taken, mut resumed) = (rubbish(), adam());
            assert_eq!(checkpoints.resume(&mut taken, &mut resumed), Ok(Some(steps)));
            assert_eq!(bits(&taken), bits(&theta), "{WRITE}, {erased:x?}");

            for operation in before.operations..after.operations {
                let mut flash = before.clone();
                flash.power_cut = Some((operation, Damage::Half));
                let mut cut = on(flash);
                assert!(cut.save(&theta, &optimizer).is_err());
                let mut flash = cut.into_inner();
                flash.reboot();
                let mut cut = on(flash);
                match cut.resume(&mut taken, &mut resumed).unwrap() {
                    Some(done) if done == steps => assert_eq!(bits(&taken), bits(&theta)),
                    Some(done) => assert_eq!((done, bits(&taken)), (steps - 1, old.clone())),
                    None => assert_eq!(steps, 1),
                }
                cut.save(&theta, &optimizer).unwrap();
            }
        }
        images.push(checkpoints.into_inner().bytes);
    }
    images
}

#[test]
fn words_of_any_size_are_saved_and_resumed_over_any_erased_state() {
    let images = save_and_resume::<1, 512, 1>();
    // Up to 64 bytes the word makes no difference to what lies in flash.
    assert_eq!(save_and_resume::<2, 512, 1>(), images);
    assert_eq!(save_and_resume::<4, 512, 4>(), images);
    assert_eq!(save_and_resume::<8, 512, 64>(), images);
    assert_eq!(save_and_resume::<32, 512, 32>(), images);
    assert_eq!(save_and_resume::<64, 512, 1>(), images);
    save_and_resume::<128, 128, 1>();
    save_and_resume::<256, 256, 1>();
    save_and_resume::<512, 512, 1>();
    save_and_resume::<512, 512, 512>();
    save_and_resume::<4, 1024, 256>();
}

#[test]
fn a_slot_has_a_unit_for_the_header_and_no_more_than_the_payload_needs() {
    /// Bytes of a slot for so many parameters, without a vector beside them.
    fn slot<const WRITE: usize, const ERASE: usize, const READ: usize>(parameters: usize) -> u64 {
        Checkpoints::<NorFlashModel<WRITE, ERASE, READ>>::bytes::<rolling_ball::Sam<Vec<f32>>>(
            parameters, 1,
        )
    }
    assert_eq!(slot::<4, 64, 1>(12), 64 + 64);
    assert_eq!(slot::<4, 64, 1>(13), 64 + 128);
    assert_eq!(slot::<64, 64, 64>(12), 64 + 64);
    assert_eq!(slot::<128, 128, 1>(28), 128 + 128);
    assert_eq!(slot::<256, 256, 1>(60), 256 + 256);
    assert_eq!(slot::<256, 256, 1>(61), 256 + 512);
    assert_eq!(slot::<512, 512, 1>(124), 512 + 512);
    assert_eq!(slot::<1, 512, 512>(125), 512 + 1024);
}

/// A unit of 512 with room for what a unit of 64 leaves in a block of the same size.
#[test]
fn no_byte_outside_the_words_that_a_checkpoint_takes_is_written() {
    const BLOCK: usize = 4096;
    let mut checkpoints = on(NorFlashModel::<512, BLOCK>::erased_to([0x39, 0xe3], 2 * BLOCK));
    checkpoints.save(&start(), &adam()).unwrap();
    let bytes = checkpoints.into_inner().bytes;
    let payload = 4 * (4 + 3 * LENGTH);
    let end = 512 + payload.next_multiple_of(512);
    assert!(bytes[64..512].iter().all(|byte| *byte == 0xff));
    assert!(bytes[512 + payload..end].iter().all(|byte| *byte == 0xff));
    assert!(bytes[end..].chunks(2).all(|pair| pair == [0x39, 0xe3]));
}

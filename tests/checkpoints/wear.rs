//! Where saves wear the flash.

use crate::nor_flash::NorFlashModel;
use crate::training::{Ball, LENGTH, contact_ball, start};
use rolling_ball::Checkpoints;

type Flash = NorFlashModel<8, 128>;

#[test]
fn every_block_of_the_range_is_erased_equally_often_and_no_other() {
    const SAVES: u32 = 100;
    let slot = Checkpoints::<Flash>::bytes::<Ball>(LENGTH, 1) as u32;
    assert_eq!(slot, 384, "three blocks");
    for slots in 2..6 {
        let range = 128..128 + slots * slot;
        let mut checkpoints = Checkpoints::new(Flash::new(0x1000), range.clone()).unwrap();
        for _ in 0..SAVES {
            checkpoints.save(&start(), &contact_ball()).unwrap();
        }
        let erases = checkpoints.into_inner().erases;
        let (first, last) = (1, 1 + slots as usize * 3);
        let within = &erases[first..last];
        let (least, most) = (within.iter().min().unwrap(), within.iter().max().unwrap());
        assert!(*least > 0 && most - least <= 1, "{within:?}");
        assert_eq!(within.iter().sum::<u32>(), SAVES * 3);
        assert!(erases[..first].iter().chain(&erases[last..]).all(|count| *count == 0));
    }
}

#[test]
fn a_save_erases_its_own_slot_only() {
    let slot = Checkpoints::<Flash>::bytes::<Ball>(LENGTH, 1) as u32;
    let mut checkpoints = Checkpoints::new(Flash::new(0x1000), 0..4 * slot).unwrap();
    for save in 0..9 {
        checkpoints.save(&start(), &contact_ball()).unwrap();
        let erases = checkpoints.clone().into_inner().erases;
        let slots: Vec<_> = erases.chunks(3).take(4).map(|blocks| blocks.to_vec()).collect();
        for (index, blocks) in slots.iter().enumerate() {
            let expected = (save + 4 - index as u32) / 4;
            assert_eq!(*blocks, [expected; 3], "save {save}, slot {index}");
        }
    }
}

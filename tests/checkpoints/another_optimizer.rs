//! A range in which another optimizer, with slots of another size, saved before.

use crate::nor_flash::{Damage, NorFlashModel};
use crate::training::{LENGTH, rubbish, sgd, start};
use rolling_ball::{Adam, AdamConfig, Checkpoints, SgdConfig};

/// Two blocks for a checkpoint of plain SGD, three for one of Adam.
type Flash = NorFlashModel<4, 128>;
const SMALL: u32 = 2;
const LARGE: u32 = 3;

fn adam() -> Adam<Vec<f32>> {
    Adam::new(AdamConfig::default(), [rubbish(), rubbish(), rubbish()]).unwrap()
}

fn save(checkpoints: &mut Checkpoints<Flash>, theta: &[f32], blocks: u32) -> bool {
    if blocks == LARGE {
        checkpoints.save(theta, &adam()).is_ok()
    } else {
        checkpoints.save(theta, &sgd(SgdConfig::default())).is_ok()
    }
}

fn taken(checkpoints: &mut Checkpoints<Flash>) -> Option<Vec<f32>> {
    let mut theta = rubbish();
    checkpoints.resume_theta(&mut theta).unwrap().map(|_| theta)
}

/// One optimizer saves so often, then the other, whose first save is cut everywhere.
fn change(first: u32, second: u32, blocks: u32, saves: usize) {
    let (old, new) = (start(), vec![7.0; LENGTH]);
    let range = 0..blocks * 128;
    let mut checkpoints = Checkpoints::new(Flash::new(0x1000), range.clone()).unwrap();
    for _ in 0..saves {
        assert!(save(&mut checkpoints, &old, first));
    }
    let flash = checkpoints.into_inner();
    for operation in flash.operations.. {
        let mut cut = flash.clone();
        cut.power_cut = Some((operation, Damage::Half));
        let mut checkpoints = Checkpoints::new(cut, range.clone()).unwrap();
        let saved = save(&mut checkpoints, &new, second);
        let mut cut = checkpoints.into_inner();
        cut.reboot();
        let mut checkpoints = Checkpoints::new(cut, range.clone()).unwrap();
        let theta = taken(&mut checkpoints);
        assert!(
            theta.as_ref() == Some(&old) && !saved || theta.as_ref() == Some(&new),
            "{first} then {second} of {blocks} blocks, {saves} saves, cut {operation}: {theta:?}"
        );
        assert!(save(&mut checkpoints, &new, second));
        assert_eq!(taken(&mut checkpoints), Some(new.clone()));
        if saved {
            break;
        }
    }
}

/// There is room where a slot fits before or behind the old one, wherever that is.
#[test]
fn where_there_is_room_its_last_checkpoint_outlives_a_power_failure_in_the_first_save_of_the_next()
{
    for blocks in SMALL + 2 * LARGE - 1..=12 {
        for saves in 1..8 {
            change(SMALL, LARGE, blocks, saves);
            change(LARGE, SMALL, blocks, saves);
        }
    }
}

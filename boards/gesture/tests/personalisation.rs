//! The program on a simulated wrist: the same code as on the boards, against a sensor that answers
//! on the bus.

mod support;

use gesture::{Accelerometer, App, Event, Gesture, Memory, SensorError};
use std::cell::RefCell;
use std::f64::consts::PI;
use std::rc::Rc;
use support::gestures::User;
use support::sensor::{Bus, SECONDS_A_GESTURE, World};

/// Left-handed, with the device on the side of the wrist instead of its back, and askew.
const OTHER: User = User { yaw: 0.8, roll: 1.4, mirrored: true, slowness: 1.1 };

/// Two milliseconds before and after each piece of training: a slow board.
const PIECE: f64 = 2e-3;

/// Every gesture in turn, so many times.
fn script(rounds: usize, with_button: bool) -> Vec<(Gesture, bool)> {
    Gesture::ALL
        .into_iter()
        .cycle()
        .take(4 * rounds)
        .map(|gesture| (gesture, with_button))
        .collect()
}

/// Runs the program until the script has ended, and hears its events with their times.
#[expect(clippy::expect_used, reason = "a failure here fails the test")]
fn run(world: &Rc<RefCell<World>>, piece: f64) -> Vec<(f64, Event)> {
    let mut memory = Memory::new();
    let mut events = Vec::new();
    let accelerometer = Accelerometer::new(Bus(world.clone())).expect("the sensor is there");
    let button = || world.borrow().button_is_down();
    let cycles = || {
        world.borrow_mut().pass(piece);
        (world.borrow().time * 64e6) as u64 as u32
    };
    let mut app = App::new(accelerometer, button, cycles, &mut memory).expect("the weights fit");
    while world.borrow().time < world.borrow().end() {
        app.turn(&mut |event| events.push((world.borrow().time, event)));
    }
    events
}

/// How many of the gestures without the button were recognised.
fn accuracy(script: &[(Gesture, bool)], events: &[(f64, Event)]) -> f64 {
    let (mut right, mut all) = (0.0, 0.0);
    for (number, (gesture, _)) in script.iter().enumerate().filter(|(_, (_, down))| !down) {
        let from = number as f64 * SECONDS_A_GESTURE;
        let said = events.iter().find_map(|(time, event)| match event {
            Event::Recognised(said) if *time > from => Some(*said),
            _ => None,
        });
        all += 1.0;
        right += f64::from(u8::from(said == Some(*gesture)));
    }
    right / all
}

#[test]
fn the_start_weights_are_those_that_the_command_makes() {
    let made = support::pretrain::weights().expect("the training converges");
    assert!(made == include_bytes!("../weights.bin"), "cargo run --release --example pretrain");
}

#[test]
fn the_user_whom_the_start_weights_know_is_recognised_at_once() {
    let script = script(10, false);
    let world = World::new(User::USUAL, script.clone(), 7);
    let accuracy = accuracy(&script, &run(&world, PIECE));
    assert!(accuracy >= 0.95, "{accuracy}");
}

#[test]
fn five_examples_of_each_gesture_teach_it_another_users_hand() {
    let user = OTHER;
    let before = script(10, false);
    let before = accuracy(&before, &run(&World::new(user, before.clone(), 8), PIECE));
    let taught: Vec<_> = [script(5, true), script(10, false)].concat();
    let after = accuracy(&taught, &run(&World::new(user, taught.clone(), 9), PIECE));
    println!("before {before}, after {after}");
    assert!(before <= 0.6 && after >= 0.9, "{before}, then {after}");
}

#[test]
fn no_reading_is_missed_while_it_learns() {
    // The slowest board of all is away for a third of a second at a time.
    for (piece, least_steps) in [(PIECE, 100), (0.15, 3)] {
        let world = World::new(OTHER, script(5, true), 10);
        let events = run(&world, piece);
        let steps = events.iter().filter(|(_, event)| matches!(event, Event::Step { .. })).count();
        assert!(steps >= least_steps, "{steps} steps");
        assert!(!events.iter().any(|(_, event)| *event == Event::ReadingsLost));
        let world = world.borrow();
        assert_eq!(world.lost, 0);
        assert_eq!(world.fetched + world.readings_waiting(), world.made);
    }
}

#[test]
fn examples_that_come_faster_than_steps_are_all_taken() {
    let world = World::new(OTHER, script(5, true), 10);
    let events = run(&world, 0.15);
    let count = |wanted: &dyn Fn(&Event) -> bool| events.iter().filter(|(_, e)| wanted(e)).count();
    let labelled = count(&|event| matches!(event, Event::Labelled(_)));
    let refused = count(&|event| matches!(event, Event::Refused(_)));
    assert_eq!((labelled, refused), (20, 0));
    // What was begun with fewer examples is given up.
    assert_eq!(count(&|event| matches!(event, Event::Learned(_))), 1);
}

#[test]
fn readings_that_were_missed_are_told() {
    // Each piece as long as the sensor can wait, and longer.
    let world = World::new(OTHER, script(2, true), 11);
    let events = run(&world, 0.5);
    assert!(world.borrow().lost > 0);
    assert!(events.iter().any(|(_, event)| *event == Event::ReadingsLost));
}

#[test]
fn a_sensor_that_fails_is_told_once_and_training_goes_on() {
    let world = World::new(OTHER, script(5, true), 12);
    // In the middle of a round.
    let gone = 4.0 * SECONDS_A_GESTURE - 0.5..4.0 * SECONDS_A_GESTURE + 1.0;
    world.borrow_mut().unplugged = gone.clone();
    let events = run(&world, PIECE);
    let count = |wanted: &dyn Fn(&Event) -> bool| events.iter().filter(|(_, e)| wanted(e)).count();
    assert_eq!(count(&|event| matches!(event, Event::SensorFailed(SensorError::Bus(_)))), 1);
    assert_eq!(count(&|event| *event == Event::SensorBack), 1);
    let learning =
        |(time, event): &&(f64, Event)| gone.contains(time) && matches!(event, Event::Step { .. });
    assert!(events.iter().filter(learning).count() > 1, "no step while the sensor was gone");
    assert_eq!(count(&|event| matches!(event, Event::LearningFailed(_))), 0);
}

#[test]
fn what_is_no_lis3dh_is_refused() {
    let world = World::new(User::USUAL, Vec::new(), 13);
    world.borrow_mut().unplugged = 0.0..PI;
    let refused = Accelerometer::new(Bus(world)).err();
    assert!(matches!(refused, Some(SensorError::Bus(_))), "{refused:?}");
}

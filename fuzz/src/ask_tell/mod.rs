//! Every optimizer in any order of calls, with any answers. The same calls are made of one with the
//! scalar kernels and one with the wide ones, and after each it is checked what the documentation
//! promises.

mod config;
mod objective;
mod session;
mod step;
mod subject;

use crate::input::Input;
use config::Config;
use rolling_ball::kernels::{Scalar, Wide};
use session::Session;

/// The longest theta.
const LONGEST: usize = 40;

/// The most operations of an input.
const OPERATIONS: u32 = 64;

/// Makes the calls that the bytes say; how many of the library there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    let length = input.below(LONGEST + 1);
    let config = Config::read(&mut input, length);
    // The second vector may be of another length.
    let second = if input.byte() < 250 { length } else { input.below(LONGEST + 1) };
    let mut vectors = [[[0.0_f32; LONGEST]; 6]; 3];
    let mut workspaces = vectors.each_mut().map(|vectors| {
        let mut workspace = vectors.each_mut().map(|vector| &mut vector[..]);
        for (index, vector) in workspace.iter_mut().enumerate() {
            let length = if index == 1 { second } else { length };
            *vector = &mut std::mem::take(vector)[..length];
        }
        workspace
    });
    let [scalar, wide, spare] = workspaces.each_mut().map(std::mem::take);
    let (scalar, wide) = (config.build(Scalar, scalar), config.build(Wide, wide));
    let (scalar, wide) = match (scalar, wide) {
        (Ok(scalar), Ok(wide)) => (scalar, wide),
        (Err(scalar), Err(wide)) => {
            assert_eq!(format!("{scalar:?}"), format!("{wide:?}"), "the kernels differ");
            return 1;
        }
        (scalar, wide) => panic!("{:?}, but {:?}", scalar.err(), wide.err()),
    };
    let mut session = Session::new(config, length, [scalar, wide], spare, &mut input);
    for _ in 0..OPERATIONS {
        if input.ended() {
            break;
        }
        session.operate(&mut input);
    }
    session.calls
}

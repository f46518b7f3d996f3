//! Settings that are on or off.

use rolling_ball::Error;

/// Reads one that is 1 or 0, and refuses any other number: nobody has written it on purpose.
pub fn switch(name: &'static str, value: u32) -> Result<bool, Error> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::Setting { name, value: value as f32, expected: "0 or 1" }),
    }
}

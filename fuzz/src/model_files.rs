//! Model files and descriptions, damaged in any way: an import answers or says what is wrong, and
//! its memory is bounded.

mod description;

use crate::files::{damage, in_memory, refused};
use crate::input::Input;
use crate::memory::{TIMES, check};
use crate::trace::tell;
use description::Description;
use rolling_ball_import::Import;

/// Makes the calls that the bytes say; how many there were.
pub fn run(data: &[u8]) -> u64 {
    let mut input = Input::new(data);
    let Description { mut text, mut model, mut inputs } = Description::read(&mut input);
    for file in [&mut text, &mut model, &mut inputs] {
        let changes = input.byte().saturating_sub(160) / 24;
        damage(file, &mut input, changes);
    }
    let bytes = text.len() + model.len() + 2 * inputs.len();
    tell(format_args!("{}", String::from_utf8_lossy(&text)));
    let files = [("network.toml", text), ("model", model), ("inputs", inputs)];
    let [text, model, inputs] = files.map(|(name, content)| in_memory(name, &content));
    let mut import = Import::new(model).network(text);
    let extra = input.byte();
    if extra & 1 == 1 {
        import = import.int8(&inputs);
    }
    if extra & 2 == 2 {
        import = import.test(inputs);
    }
    match check(TIMES, bytes, || import.read()) {
        Ok(imported) => {
            assert!(!imported.files().is_empty());
            tell(format_args!("{:?}", imported.report()));
        }
        Err(error) => refused(&error, 4096),
    }
    1
}

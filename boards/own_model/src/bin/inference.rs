//! One inference of the imported model, counted: for `cargo xtask bench --only int8`. The desktop
//! tells the hash of the outputs alone.
#![cfg_attr(target_os = "none", no_std, no_main)]

use rolling_ball::Error;
use rolling_ball::nn::Quantized;

mod model {
    #![allow(missing_docs)]
    include!(concat!(env!("OUT_DIR"), "/own_model.rs"));
}

const INPUTS: usize = model::Network::INPUTS;
const SCRATCH: usize = model::Network::INFERENCE_SCRATCH;

/// Pseudo-random bytes.
static INPUT: [u8; INPUTS] = {
    let mut bytes = [0; INPUTS];
    let (mut rest, mut state) = (bytes.as_mut_slice(), 1_u32);
    while let [byte, others @ ..] = rest {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
        rest = others;
    }
    bytes
};

/// The instructions of an inference, and the hash of the outputs.
fn infer(scratch: &mut [f32], clock: fn() -> u64) -> Result<(u64, u32), Error> {
    let network = model::network()?;
    let input = Quantized { values: &INPUT, scale: 1.0 / 255.0, offset: 0.0 };
    let start = clock();
    let empty = clock() - start;
    let start = clock();
    let outputs = network.predict(core::hint::black_box(&model::THETA), &input, scratch)?;
    let instructions = (clock() - start).saturating_sub(empty);
    Ok((instructions, rolling_ball_rehearsal::hash(outputs)))
}

#[cfg(target_os = "none")]
#[cortex_m_rt::entry]
fn main() -> ! {
    use qemu_board::{exit, firmware, instructions, print_line};
    use static_cell::ConstStaticCell;

    static MEMORY: ConstStaticCell<[f32; SCRATCH]> = ConstStaticCell::new([0.0; SCRATCH]);
    firmware::prepare();
    match infer(MEMORY.take(), instructions::elapsed) {
        Ok((instructions, hash)) => {
            print_line!("inference instructions {instructions} hash {hash:08x}");
            exit::success()
        }
        Err(error) => firmware::end(Err(error)),
    }
}

/// With an argument, the median of the nanoseconds of an inference too.
#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Error> {
    const TIMES: usize = 101;
    let mut scratch = vec![0.0; SCRATCH];
    let (_, hash) = infer(&mut scratch, || 0)?;
    print!("inference hash {hash:08x}");
    if std::env::args().len() > 1 {
        let mut taken = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let start = std::time::Instant::now();
            infer(&mut scratch, || 0)?;
            taken.push(start.elapsed().as_nanos());
        }
        taken.sort_unstable();
        print!(" nanoseconds {}", taken[TIMES / 2]);
    }
    println!();
    Ok(())
}

//! A model of your own, imported by the build script: fine-tuned by an emulated Cortex-M from the
//! image in its flash, or on the desktop from the images that are named.
#![cfg_attr(target_os = "none", no_std, no_main)]

use rolling_ball::Error;
use rolling_ball_rehearsal::{Image, Model};

mod model {
    #![allow(missing_docs)]
    include!(concat!(env!("OUT_DIR"), "/own_model.rs"));
}

fn start<'a>(image: &Image<'a>) -> Result<Model<'a, model::Layers, model::Backbone>, Error> {
    Ok(Model { network: model::network()?, start: &model::THETA, image: *image })
}

#[cfg(target_os = "none")]
#[cortex_m_rt::entry]
fn main() -> ! {
    use qemu_board::firmware::{Aligned, run};
    use rolling_ball::nn::{self, Memory};
    use rolling_ball_rehearsal::Buffers;
    use static_cell::ConstStaticCell;

    const KEPT: usize = match usize::from_str_radix(env!("OWN_MODEL_KEPT"), 10) {
        Ok(count) => count,
        Err(_) => panic!("OWN_MODEL_KEPT: expected a number of samples"),
    };
    static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("OWN_MODEL_IMAGE")));
    static MEMORY: ConstStaticCell<nn::memory!(model::Network, 2)> =
        ConstStaticCell::new(Memory::ZERO);
    static FEATURES: ConstStaticCell<nn::features!(model::Network, KEPT)> =
        ConstStaticCell::new([0 as _; _]);

    let buffers = Buffers::from(MEMORY.take()).with_features(FEATURES.take());
    run(&IMAGE.0, buffers, start)
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    if files.is_empty() {
        return Err("expected the files of images, as `cargo xtask model` writes them".into());
    }
    for file in files {
        // Read into floats, which lie where an image must.
        let bytes = std::fs::read(file)?;
        rolling_ball_rehearsal::desktop::print(&start(&Image::parse(&bytes)?)?)?;
    }
    Ok(())
}

//! A model of your own, imported by the build script: fine-tuned by an emulated Cortex-M from the
//! image in its flash, or on the desktop from the images that are named. With `--outputs`, the
//! desktop tells the model's outputs for the images' samples.
#![cfg_attr(target_os = "none", no_std, no_main)]

use rolling_ball::Error;
#[cfg(not(target_os = "none"))]
use rolling_ball::nn::Samples;
#[cfg(not(target_os = "none"))]
use rolling_ball_rehearsal::desktop;
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
    let mut files: Vec<_> = std::env::args_os().skip(1).collect();
    let outputs = files.first().is_some_and(|first| first == "--outputs");
    files.drain(..usize::from(outputs));
    if files.is_empty() {
        return Err("expected the files of images, as `cargo xtask model` writes them".into());
    }
    for file in files {
        let bytes = std::fs::read(file)?;
        let model = start(&Image::parse(&bytes)?)?;
        if outputs { tell_outputs(&model)? } else { desktop::print(&model)? }
    }
    Ok(())
}

#[cfg(not(target_os = "none"))]
fn tell_outputs(model: &Model<'_, model::Layers, model::Backbone>) -> Result<(), Error> {
    let mut scratch = vec![0.0; model::Network::INFERENCE_SCRATCH];
    for sample in model.image.held_out.all() {
        let output = model.network.predict(model.start, &sample.input, &mut scratch)?;
        println!("{}", output.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

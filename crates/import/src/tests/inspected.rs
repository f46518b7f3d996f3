//! What is told of a model without importing it, beside what an import of it becomes.

use super::{committed::digits_mlp, models, shared};
use crate::{Cut, Import, Inspection, Int8, sizes};
use anyhow::{Context, Result, ensure};
use rolling_ball::nn::{self, Kernel, Map, Padding, PaddingBySide, Stride, Window};
use std::path::Path;

fn inspected(file: &Path) -> Result<Inspection> {
    Ok(Import::new(file).inspect()?)
}

fn cut<'a>(inspection: &'a Inspection, train: &str) -> Result<&'a Cut> {
    inspection.cuts.iter().find(|cut| cut.train == train).with_context(|| train.to_owned())
}

/// As an import of this operator file with `last:1` lays its layers out.
type First =
    nn::Conv2d<Map<7, 5, 3>, Window<Kernel<3, 2>, Stride<2>, PaddingBySide<1, 1, 0, 1>>, 5>;
type Second = nn::Conv2d<Map<4, 3, 5>, Window<Kernel<2, 3>, Stride<2, 1>, Padding<0, 1>>, 4>;
type Backbone = nn::FloatBackbone<'static, (First, nn::over::Relu6<Map<4, 3, 5>>)>;
type Last = nn::Network<'static, Second, Backbone>;
type All = nn::Network<'static, (First, nn::over::Relu6<Map<4, 3, 5>>, Second)>;

#[test]
fn the_figures_of_an_operator_file_are_the_constants_of_its_types() -> Result<()> {
    let found = inspected(&models().join("operators/convolution_same_f32.tflite"))?;
    let last = cut(&found, "last:1")?;
    ensure!((last.parameters, last.ram_bytes) == (Last::PARAMETERS, Last::RAM_BYTES), "{last:?}");
    ensure!(last.flash_bytes == 4 * (Backbone::PARAMETERS + Last::PARAMETERS), "{last:?}");
    let all = cut(&found, "all")?;
    ensure!((all.parameters, all.ram_bytes) == (All::PARAMETERS, All::RAM_BYTES), "{all:?}");
    ensure!(all.int8.is_none() && found.cuts.len() == 3, "{found:?}");
    // 90 and 120 weights at 12 and 6 positions; the first layer hands no gradient on.
    let [first, second] = [90 * 12, 120 * 6];
    ensure!(all.multiply_adds.forward == first + second, "{all:?}");
    ensure!(all.multiply_adds.backward == first + 2 * second, "{all:?}");
    ensure!(last.multiply_adds.backward == second, "{last:?}");
    let layers: Vec<_> = found.layers.iter().map(|layer| layer.becomes.as_deref()).collect();
    ensure!(layers == [Some("Conv2d"), Some("Relu6"), Some("Conv2d")], "{layers:?}");
    let [convolution, ..] = &found.layers[..] else { anyhow::bail!("no layers") };
    ensure!(convolution.shape == Some(vec![4, 3, 5]) && convolution.parameters == 95);
    Ok(())
}

#[test]
fn a_description_is_told_as_it_is_before_the_other_places_to_cut() -> Result<()> {
    let import = Import::new(models().join("digits_mlp.safetensors"));
    let found = import.network(models().join("digits_mlp.toml")).inspect()?;
    let first = found.cuts.first().context("no cuts")?;
    ensure!(first.train == "as described", "{first:?}");
    ensure!(first.parameters == digits_mlp::Network::PARAMETERS, "{first:?}");
    ensure!(first.ram_bytes == digits_mlp::Network::RAM_BYTES, "{first:?}");
    ensure!(found.cuts.iter().skip(1).any(|cut| cut.train == "last:1"), "{found:?}");
    Ok(())
}

/// The length of theta and the bytes of RAM and of flash that an import has.
fn sizes_of(file: &Path, train: &str) -> Result<[usize; 3]> {
    let sizes = Import::new(file).train([train]).read()?.sizes();
    Ok([sizes.parameters, sizes.ram_bytes(), sizes.flash_bytes])
}

#[test]
fn the_figures_of_every_cut_are_those_of_an_import_with_it() -> Result<()> {
    for file in ["residual.onnx", "convolution_same_int8.tflite", "depthwise_f32.tflite"] {
        let file = models().join("operators").join(file);
        let found = inspected(&file)?;
        ensure!(found.refused.is_none() && found.cuts.len() >= 3, "{found:?}");
        for Cut { train, parameters, ram_bytes, flash_bytes, int8, .. } in &found.cuts {
            let of_int8 = int8.map(|int8| [int8.ram_bytes, int8.flash_bytes]);
            let [ram, flash] = of_int8.unwrap_or([*ram_bytes, *flash_bytes]);
            ensure!([*parameters, ram, flash] == sizes_of(&file, train)?, "{file:?} {train}");
        }
    }
    Ok(())
}

#[test]
fn a_model_of_mlperf_tiny_in_int8_is_told_with_its_int8_sizes() -> Result<()> {
    let Some(shared) = shared() else { return Ok(()) };
    let file = shared.join("models/mlperf_tiny/pretrainedResnet_quant.tflite");
    let found = inspected(&file)?;
    let last = cut(&found, "last:1")?;
    // 9 convolutions, of which 8 have their parameters before the last layer.
    let Int8 { ram_bytes, flash_bytes } = last.int8.context("expected an int8 backbone")?;
    ensure!(last.parameters == 650 && last.ram_bytes > 3 * ram_bytes, "{last:?}");
    ensure!([650, ram_bytes, flash_bytes] == sizes_of(&file, "last:1")?, "{last:?}");
    ensure!(last.flash_bytes > 3 * flash_bytes, "{last:?}");
    // Beside the last convolution, two others lie frozen in its residual.
    let two = cut(&found, "last:2")?;
    let Int8 { ram_bytes, flash_bytes } = two.int8.context("expected frozen layers in int8")?;
    ensure!([two.parameters, ram_bytes, flash_bytes] == sizes_of(&file, "last:2")?, "{two:?}");
    ensure!(cut(&found, "all")?.int8.is_none());
    // It is a well-known network: 12.5 million products.
    ensure!((12_400_000..12_600_000).contains(&last.multiply_adds.forward), "{last:?}");
    Ok(())
}

#[test]
fn some_outputs_of_a_layer_are_trained_by_a_range_behind_its_name() -> Result<()> {
    let file = models().join("operators/convolution_same_f32.tflite");
    let names = inspected(&file)?.layers.into_iter().next().context("a layer")?.names;
    let name = names.first().context("a name")?;
    // 90 weights and 5 biases in the first layer, 120 and 4 in the second.
    for (train, parameters, frozen) in [
        (format!("{name}:1..3"), 2 * (18 + 1), 3 * (18 + 1) + 124),
        (format!("{name}:3.."), 2 * (18 + 1), 3 * (18 + 1) + 124),
        (format!("{name}:biases"), 5, 90 + 124),
        ("last:2:..1".to_owned(), 18 + 1 + 124, 4 * (18 + 1)),
    ] {
        let imported = Import::new(&file).train([&train]).read()?;
        ensure!(imported.sizes().parameters == parameters, "{train}");
        let found = sizes::split(&imported.graph, &imported.parameters).frozen.len();
        ensure!(found == frozen, "{train}: {found}");
    }
    for (train, expected) in [
        (format!("{name}:2..2"), "expected a range of its 5 outputs to train, found 2..2"),
        (format!("{name}:4..6"), "expected a range of its 5 outputs to train, found 4..6"),
        ("last:1:0..2".to_owned(), "the last layer is trained whole"),
        (format!("{name}:x..2"), "no layer is called"),
    ] {
        let error = Import::new(&file).name("net").train([&train]).read().err();
        let said = error.context("expected an error")?.to_string();
        ensure!(said.contains(expected), "{train}: {said}");
    }
    let depthwise = models().join("operators/depthwise_f32.tflite");
    let error = Import::new(depthwise).name("net").train(["last:2:0..1"]).read().err();
    let said = error.map(|error| error.to_string()).unwrap_or_default();
    ensure!(said.contains("expected a dense layer or a convolution without groups"), "{said}");
    Ok(())
}

/// What the last two layers of two models of MLPerf Tiny take, whole and in part.
#[test]
fn the_last_two_layers_of_the_models_of_mlperf_tiny_fit_small_boards() -> Result<()> {
    let Some(shared) = shared() else { return Ok(()) };
    for (file, train, most) in [
        ("kws_ref_model.tflite", "last:2", 110_000),
        ("kws_ref_model.tflite", "last:2:0..8", 64 << 10),
        ("kws_ref_model.tflite", "last:2:rank4", 70_000),
        ("vww_96_int8.tflite", "last:2:0..32", 256_000),
        ("vww_96_int8.tflite", "last:2:rank4", 128_000),
    ] {
        let found = inspected(&shared.join("models/mlperf_tiny").join(file))?;
        let Int8 { ram_bytes, .. } = cut(&found, train)?.int8.context("an int8 backbone")?;
        ensure!(ram_bytes <= most, "{file} {train}: {ram_bytes}");
    }
    Ok(())
}

#[test]
fn a_file_that_cannot_be_imported_is_told_with_the_operator_that_has_no_layer() -> Result<()> {
    for (file, operator) in [
        ("refused_batch_matmul.tflite", "BATCH_MATMUL (PartitionedCall:0)"),
        ("selu.onnx", "node /Selu (Selu)"),
        ("log_softmax.onnx", "node /LogSoftmax (LogSoftmax)"),
    ] {
        let found = inspected(&models().join("operators").join(file))?;
        let refused = found.refused.context("expected it to be refused")?;
        ensure!(refused.contains(operator) && refused.contains("without it"), "{refused}");
        let named: Vec<_> = found.layers.iter().filter(|layer| layer.refused).collect();
        ensure!(named.len() == 1 && named[0].operator == operator, "{file}: {named:?}");
        ensure!(found.cuts.is_empty());
    }
    Ok(())
}

//! The samples of the federation, and the network that it begins with.

use super::environment::Environment;
use anyhow::{Context, Result, ensure};
use rolling_ball::nn::{Dense, Layer, Relu};
use rolling_ball_rehearsal::hash;
use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use std::fs;
use std::path::{Path, PathBuf};
use workbench::data::Dataset;
use workbench::data::digits::{Sensor, clean, sensed};
use workbench::data::speakers::Recordings;
use workbench::pretrain::{DIGITS_RECIPE, Recipe, SPEAKERS_RECIPE, pretrain};
use workbench::progress;
use workbench::workspace::root;

const HIDDEN: usize = 32;
const CLASSES: usize = 10;
/// The first groups of a data set, as `fleet/rolling_ball_fleet/partition.py` has them.
const PRETRAINING_GROUPS: u8 = 2;
/// What the devices of the groups after these see the digits with, where there are no spoken ones.
const SENSORS: [Sensor; 4] = [
    Sensor { rotation: 40.0, gain: 0.7, offset: 2.0, noise: 1.0 },
    Sensor { rotation: -30.0, gain: 1.0, offset: 0.0, noise: 1.0 },
    Sensor { rotation: 20.0, gain: 0.5, offset: 4.0, noise: 1.5 },
    Sensor { rotation: -15.0, gain: 0.8, offset: 1.0, noise: 2.0 },
];

/// What every device of a federation has.
pub struct Model {
    /// The folder of the samples.
    pub data: PathBuf,
    /// The compiled network.
    pub library: PathBuf,
    /// The parameters that it begins with.
    pub theta: Vec<f32>,
    /// What a byte is multiplied by.
    pub scale: f32,
    /// What is added then.
    pub offset: f32,
}

impl Model {
    /// Pre-trains the network on the first groups of the spoken digits, or of the digits by sensor
    /// where those are not here, and compiles it.
    pub fn prepare(environment: &Environment, fsdd: Option<&Path>) -> Result<Self> {
        match fsdd {
            Some(folder) => {
                let known = |speaker| speaker < PRETRAINING_GROUPS;
                let (data, _) = Recordings::read(folder)?.divide(known);
                type Layers = (Dense<320, HIDDEN>, Relu<HIDDEN>, Dense<HIDDEN, CLASSES>);
                let folder = fs::canonicalize(folder).context("cannot find the spoken digits")?;
                of::<Layers>(environment, folder, &data, &SPEAKERS_RECIPE)
            }
            None => {
                let folder = environment.folder().join("digits");
                let data = by_sensor(&folder)?;
                type Layers = (Dense<64, HIDDEN>, Relu<HIDDEN>, Dense<HIDDEN, CLASSES>);
                of::<Layers>(environment, folder, &data, &DIGITS_RECIPE)
            }
        }
    }

    /// The parameters that are trained.
    pub fn parameters(&self) -> usize {
        self.theta.len()
    }
}

fn of<L: Layer>(
    environment: &Environment,
    data: PathBuf,
    pretraining: &Dataset,
    recipe: &Recipe,
) -> Result<Model> {
    let bar = progress::bar("pre-training", "epochs");
    let theta = pretrain::<L>(pretraining, recipe, &bar)?;
    bar.finish_and_clear();
    let Dataset { scale, offset, width, .. } = *pretraining;
    let folder = environment.folder().join("model");
    fs::create_dir_all(&folder).context("cannot make target/fleet/model")?;
    let (weights, layers) = (folder.join("fleet.safetensors"), folder.join("fleet.toml"));
    fs::write(&layers, description(width)).context("cannot write target/fleet/model")?;
    write(&weights, &theta, width)?;
    let compiled = progress::during("compiling the network", || {
        let program = "import sys, rolling_ball\n\
                       model = rolling_ball.import_model(sys.argv[1], network=sys.argv[2])\n\
                       network = model.build(source=sys.argv[3], quiet=True)\n\
                       print(network.path)\n\
                       print(rolling_ball.hash(network.theta))";
        let arguments = [Path::new("-c"), Path::new(program), &weights, &layers, &root()];
        environment.python(&arguments, "compiling the network")
    })?;
    let (library, checksum) = compiled.trim().split_once('\n').context("no network was told of")?;
    ensure!(
        checksum.trim() == hash(&theta).to_string(),
        "the imported parameters are {checksum}, and not those of the pre-training"
    );
    Ok(Model { data, library: library.trim().into(), theta, scale, offset })
}

/// The layers, as import reads them.
fn description(width: usize) -> String {
    format!(
        "name = \"fleet\"\ninput = [{width}]\nlayers = [\n  \
         {{ type = \"dense\", tensors = \"hidden\", outputs = {HIDDEN} }},\n  \
         {{ type = \"relu\" }},\n  \
         {{ type = \"dense\", tensors = \"classifier\", outputs = {CLASSES} }},\n]\n"
    )
}

fn write(path: &Path, theta: &[f32], width: usize) -> Result<()> {
    let bytes: Vec<u8> = theta.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut rest = bytes.as_slice();
    let mut tensors = Vec::new();
    for (name, shape) in [
        ("hidden.weight", vec![HIDDEN, width]),
        ("hidden.bias", vec![HIDDEN]),
        ("classifier.weight", vec![CLASSES, HIDDEN]),
        ("classifier.bias", vec![CLASSES]),
    ] {
        let length = 4 * shape.iter().product::<usize>();
        let (tensor, others) = rest.split_at_checked(length).context("theta is too short")?;
        tensors.push((name, TensorView::new(Dtype::F32, shape, tensor)?));
        rest = others;
    }
    ensure!(rest.is_empty(), "theta is longer than the layers");
    serialize_to_file(tensors, None, path).context("cannot write the parameters")?;
    Ok(())
}

/// Writes the digits as six groups: two of clean ones, and one for each sensor. Returns the clean
/// ones.
fn by_sensor(folder: &Path) -> Result<Dataset> {
    let known = clean()?;
    let mut groups: Vec<u8> =
        (0..known.labels.len()).map(|index| index as u8 % PRETRAINING_GROUPS).collect();
    let (mut x, mut y) = (known.inputs.clone(), known.labels.clone());
    for (group, sensor) in (PRETRAINING_GROUPS..).zip(&SENSORS) {
        let seen = sensed(sensor, group.into())?;
        groups.extend(vec![group; seen.labels.len()]);
        x.extend(seen.inputs);
        y.extend(seen.labels);
    }
    fs::create_dir_all(folder).context("cannot make a folder for the digits")?;
    for (part, bytes) in [("x", x), ("y", y), ("speaker", groups)] {
        fs::write(folder.join(format!("digits.{part}.u8.bin")), bytes)
            .context("cannot write the digits")?;
    }
    Ok(known)
}

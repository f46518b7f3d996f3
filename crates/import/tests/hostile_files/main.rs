//! How much memory an import takes, of files that are as large or as misleading as they can be. It
//! prints the table of docs/reliability.md.

mod onnx;
mod tflite;

use anyhow::{Context, Result, ensure};
use peak_alloc::PeakAlloc;
use rolling_ball_import::Import;
use safetensors::tensor::{Dtype, TensorView};
use std::fs;
use std::path::{Path, PathBuf};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What docs/import.md promises: so many times the bytes of the files that are read, and so many
/// bytes more, for the activations of the largest network that is accepted and for the largest
/// description and header.
const TIMES: usize = 18;
/// The same of an ONNX or TFLite file. A weight may be a byte there, and becomes a float: as the
/// file has it, as a parameter, and in text.
const TIMES_OF_GRAPHS: usize = 36;
const MORE: usize = 170_000_000;

/// The files of an import in a folder of their own.
struct Files {
    folder: tempfile::TempDir,
    inputs: bool,
    /// What is trained of a model that says its layers itself.
    train: Option<&'static str>,
}

impl Files {
    fn new(network: &str) -> Result<Self> {
        let files = Self { folder: tempfile::tempdir()?, inputs: false, train: None };
        fs::write(files.path("network.toml"), network)?;
        files.tensors("model.safetensors", &[])
    }

    /// A model that says its layers itself.
    fn graph(model: &[u8], train: &'static str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let files = Self { folder, inputs: false, train: Some(train) };
        files.raw("model.safetensors", model)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tensors(self, name: &str, tensors: &[(&str, Dtype, &[usize])]) -> Result<Self> {
        let data = tensors.iter().map(|(_, dtype, shape)| values(*dtype, shape.iter().product()));
        let data: Vec<Vec<u8>> = data.collect();
        let views = tensors.iter().zip(&data).map(|((name, dtype, shape), data)| {
            Ok((*name, TensorView::new(*dtype, shape.to_vec(), data)?))
        });
        let views: Vec<_> = views.collect::<Result<_>>()?;
        self.raw(name, &safetensors::serialize(views, None)?)
    }

    fn inputs(mut self, shape: &[usize]) -> Result<Self> {
        self.inputs = true;
        let one: &[usize] = &[1];
        self.tensors(
            "inputs.safetensors",
            &[
                ("inputs", Dtype::U8, shape),
                ("scale", Dtype::F32, one),
                ("offset", Dtype::F32, one),
                ("labels", Dtype::U8, &shape[..1]),
            ],
        )
    }

    fn header(self, text: &str) -> Result<Self> {
        let length = (text.len() as u64).to_le_bytes();
        self.raw("model.safetensors", &[&length, text.as_bytes()].concat())
    }

    fn raw(self, name: &str, bytes: &[u8]) -> Result<Self> {
        fs::write(self.path(name), bytes)?;
        Ok(self)
    }

    /// Removes the model, and puts something else in its place.
    fn instead(self, place: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let model = self.path("model.safetensors");
        fs::remove_file(&model)?;
        place(&model)?;
        Ok(self)
    }

    fn import(&self) -> Import {
        let import = Import::new(self.path("model.safetensors"));
        if let Some(train) = self.train {
            return import.train([train]);
        }
        let import = import.network(self.path("network.toml"));
        let inputs = || self.path("inputs.safetensors");
        if self.inputs { import.int8(inputs()).test(inputs()) } else { import }
    }

    /// The bytes that may be read. What is no file has none.
    fn size(&self) -> Result<usize> {
        let mut size = 0;
        for entry in fs::read_dir(self.folder.path())? {
            let metadata = entry?.metadata()?;
            size += if metadata.is_file() { usize::try_from(metadata.len())? } else { 0 };
        }
        Ok(size)
    }
}

/// Floats of as many digits as there are, and bytes of 0.
fn values(dtype: Dtype, count: usize) -> Vec<u8> {
    match dtype {
        Dtype::F32 => {
            let bits = |index: u32| 0xb080_0000 | index.wrapping_mul(7919) & 0x007f_ffff;
            (0..count as u32).flat_map(|index| bits(index).to_le_bytes()).collect()
        }
        _ => vec![0; count * dtype.bitsize() / 8],
    }
}

/// A description of a network called `hostile`.
fn network(input: &str, backbone: &str, layers: &str) -> String {
    format!("name = 'hostile'\ninput = {input}\nbackbone = [{backbone}]\nlayers = [{layers}]\n")
}

const DENSE: &str = "{ type = 'dense', tensors = 'a', outputs = 1024 }";
const WEIGHTS: (&str, Dtype, &[usize]) = ("a.weight", Dtype::F32, &[1024, 1024]);
const BIASES: (&str, Dtype, &[usize]) = ("a.bias", Dtype::F32, &[1024]);
const RELU: &str = "{ type = 'relu' },";

fn pool(kernel: usize, stride: usize) -> String {
    format!("{{ type = 'max_pool', kernel = {kernel}, stride = {stride} }}")
}

/// What is imported, and the files.
fn cases() -> Result<Vec<(&'static str, Files)>> {
    let model = "model.safetensors";
    let small = network("[4]", "", RELU);
    let nested = |text: &str, count: usize| format!("{small}a = {}", text.repeat(count));
    let tensors = |tensor: &str| {
        let names = (0..).map(|index| format!("\"{index}\":{tensor},"));
        let mut header = String::from("{");
        names
            .take_while(|name| {
                header.push_str(name);
                header.len() < (1 << 20) - 100
            })
            .count();
        header.pop();
        header + "}"
    };
    let empty = r#"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#;
    let zeros = |count| {
        let shape = vec!["0"; count].join(",");
        format!(r#"{{"a":{{"dtype":"U8","shape":[{shape}],"data_offsets":[0,0]}}}}"#)
    };
    let cases = vec![
        (
            "a million weights that learn",
            Files::new(&network("[1024]", "", DENSE))?.tensors(model, &[WEIGHTS, BIASES])?,
        ),
        (
            "the same frozen, in int8",
            Files::new(&network("[1024]", DENSE, RELU))?
                .tensors(model, &[WEIGHTS, BIASES])?
                .inputs(&[100, 1024])?,
        ),
        (
            "two million inputs of a byte",
            Files::new(&network("[1, 1]", &pool(1, 1), RELU))?.inputs(&[2_000_000, 1])?,
        ),
        (
            "a pool of 1024 over 2048 x 2048",
            Files::new(&network("[1, 2048, 2048]", &pool(1024, 128), RELU))?
                .inputs(&[1, 2048, 2048])?,
        ),
        (
            "the same at a stride of 1",
            Files::new(&network("[1, 2048, 2048]", &pool(1024, 1), RELU))?
                .inputs(&[1, 2048, 2048])?,
        ),
        (
            "the largest input, of 16 million values",
            Files::new(&network("[1, 4096, 4092]", &pool(64, 64), RELU))?
                .inputs(&[1, 4096, 4092])?,
        ),
        (
            "10,000 x 10,000 weights",
            Files::new(&network(
                "[10000]",
                "",
                "{ type = 'dense', tensors = 'a', outputs = 10000 }",
            ))?,
        ),
        (
            "2^32 x 2^32 x 2^32 values",
            Files::new(&network("[4294967296, 4294967296, 4294967296]", "", RELU))?,
        ),
        (
            "2 layers that share 4 MB",
            Files::new(&network("[1024]", "", &format!("{DENSE},").repeat(2)))?
                .tensors(model, &[WEIGHTS, BIASES])?,
        ),
        (
            "3 layers that share 4 MB",
            Files::new(&network("[1024]", "", &format!("{DENSE},").repeat(3)))?
                .tensors(model, &[WEIGHTS, BIASES])?,
        ),
        ("14,000 layers", Files::new(&network("[4]", "", &RELU.repeat(14_000)))?),
        ("256 KB of brackets", Files::new(&nested("[", 260_000))?),
        ("a key of 128,000 parts", Files::new(&nested("a.", 128_000).replace("a = ", ""))?),
        ("a list of 128,000 numbers", Files::new(&format!("input = [{}]", "1,".repeat(128_000)))?),
        ("a description of 1 MB", Files::new(&format!("{small}#{}", " ".repeat(1 << 20)))?),
        ("a header of 2^64 - 1 bytes", Files::new(&small)?.raw(model, &[0xff; 64])?),
        ("a header of 2 MB", Files::new(&small)?.header(&" ".repeat(2 << 20))?),
        ("a header of 1 MB of tensors", Files::new(&small)?.header(&tensors(empty))?),
        ("a header of 1 MB of zeros", Files::new(&small)?.header(&zeros(500_000))?),
        ("a header of 1 MB of brackets", Files::new(&small)?.header(&"[".repeat(1 << 20))?),
        (
            "tensors that overlap",
            Files::new(&small)?.header(
                r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},
                    "b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
            )?,
        ),
        (
            "a tensor beyond the end",
            Files::new(&small)?
                .header(r#"{"a":{"dtype":"U8","shape":[4096],"data_offsets":[0,4096]}}"#)?,
        ),
        (
            "a file of 1 TB",
            Files::new(&small)?.instead(|path| Ok(fs::File::create(path)?.set_len(1 << 40)?))?,
        ),
        ("a directory", Files::new(&small)?.instead(|path| Ok(fs::create_dir(path)?))?),
    ];
    #[cfg(unix)]
    let cases = cases
        .into_iter()
        .chain([
            (
                "`/dev/zero`",
                Files::new(&small)?
                    .instead(|path| Ok(std::os::unix::fs::symlink("/dev/zero", path)?))?,
            ),
            (
                "a pipe",
                Files::new(&small)?.instead(|path| {
                    let status = std::process::Command::new("mkfifo").arg(path).status()?;
                    ensure!(status.success(), "mkfifo failed");
                    Ok(())
                })?,
            ),
        ])
        .collect();
    Ok(cases)
}

/// Imports the files, and returns the most memory that this took and what came of it.
fn measured(files: &Files) -> (usize, String) {
    let import = files.import();
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let ended = import.read();
    let peak = MEMORY.peak_usage() - before;
    let folder = format!("{}/", files.folder.path().display());
    let said = match ended {
        Ok(_) => "imported".to_owned(),
        Err(error) => format!("refused: {}", error.to_string().replace(&folder, "")),
    };
    (peak, said)
}

/// A number of bytes, for people.
fn bytes(count: usize) -> String {
    match count {
        0..1000 => format!("{count} B"),
        1000..1_000_000 => format!("{} KB", count / 1000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{} GB", count / 1_000_000_000),
    }
}

#[test]
fn the_memory_of_an_import_is_bounded_by_its_files() -> Result<()> {
    println!("| what is imported | files | memory | times the files | what happens |");
    println!("|---|---|---|---|---|");
    let mut cases = cases()?;
    for (what, model) in onnx::cases().into_iter().chain(tflite::cases()) {
        cases.push((what, Files::graph(&model, "all")?));
    }
    cases.push(("an ONNX input of 8 million values", Files::graph(&onnx::largest(), "none")?));
    cases.push(("a TFLite input of 4 million values", Files::graph(&tflite::largest(), "none")?));
    let mut too_much = Vec::new();
    for (what, files) in cases {
        let size = files.size()?;
        let (peak, said) = measured(&files);
        let said = said.lines().next().context("it says nothing")?;
        // Of a file of a few bytes the multiple says nothing.
        let times = if size < 1 << 17 {
            String::new()
        } else {
            format!("{:.1}", peak as f64 / size as f64)
        };
        println!("| {what} | {} | {} | {times} | {said} |", bytes(size), bytes(peak));
        let most = if files.train.is_some() { TIMES_OF_GRAPHS } else { TIMES };
        if peak > most.saturating_mul(size).saturating_add(MORE) {
            too_much.push(format!("{what}: {peak} bytes of memory for {size} of files"));
        }
    }
    println!(
        "| at most | | | {TIMES}, of ONNX and TFLite {TIMES_OF_GRAPHS}, and {} more | |",
        bytes(MORE)
    );
    ensure!(too_much.is_empty(), "{}", too_much.join("\n"));
    Ok(())
}

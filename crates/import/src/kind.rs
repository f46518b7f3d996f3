//! What kind of file a model is, by its first bytes.

use anyhow::{Result, bail};

/// A kind of file that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Tensors by name, without the network that they belong to.
    Safetensors,
    /// A graph of ONNX's operators.
    Onnx,
    /// A graph of TensorFlow Lite's operators.
    Tflite,
}

/// How a PyTorch module that is in memory is saved.
const FROM_PYTORCH: &str = "\
    load it where its class is defined, and export its graph: \
    `torch.onnx.export(model.eval(), example_input, \"model.onnx\")`; or save its tensors for a \
    description in TOML: \
    `safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")`";

/// How a Keras model is converted.
const FROM_KERAS: &str = "\
    load it with `model = keras.saving.load_model(PATH)` and convert it: \
    `open(\"model.tflite\", \"wb\").write(\
    tf.lite.TFLiteConverter.from_keras_model(model).convert())`";

impl Kind {
    /// Recognises a file.
    ///
    /// # Errors
    ///
    /// A file of another kind, with the line that converts it where there is one.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        if bytes.get(4..8) == Some(b"TFL3") {
            return Ok(Self::Tflite);
        }
        let zip = bytes.starts_with(b"PK\x03\x04");
        let has = |name: &[u8]| {
            let head = &bytes[..bytes.len().min(4096)];
            head.windows(name.len()).any(|window| window == name)
        };
        let (what, how) = match bytes {
            [] => ("an empty file", "is the model saved whole?"),
            _ if zip && (has(b"data.pkl") || has(b"constants.pkl")) => {
                ("a file that torch.save or torch.jit.save wrote", FROM_PYTORCH)
            }
            _ if zip && (has(b"metadata.json") || has(b"config.json")) => {
                ("a Keras model (.keras)", FROM_KERAS)
            }
            _ if zip => ("a zip archive", "unpack it, and import the model that is inside"),
            // The first byte of a pickle of protocol 2 or above.
            [0x80, 2..=5, ..] => {
                ("a pickled Python object, such as a PyTorch module", FROM_PYTORCH)
            }
            _ if bytes.starts_with(b"\x89HDF\r\n\x1a\n") => {
                ("a Keras model in HDF5 (.h5)", FROM_KERAS)
            }
            _ if bytes.starts_with(b"GGUF") => (
                "a language model for llama.cpp (GGUF)",
                "no microcontroller can hold it; a model of ONNX or TFLite can be imported",
            ),
            _ if is_safetensors(bytes) => return Ok(Self::Safetensors),
            // The first field of an ONNX file is the version of its format, a small number.
            [0x08, 1..=32, ..] => return Ok(Self::Onnx),
            _ if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() => {
                ("a JSON file", "a model for the web is converted back by tensorflowjs_converter")
            }
            _ => ("none of these, or a damaged one", "is the file whole?"),
        };
        bail!("expected an ONNX, TFLite or safetensors file, found {what}: {how}")
    }
}

/// The length of a header in JSON, and its first letter. A length that makes no sense is that of a
/// damaged file, and told by who reads it.
fn is_safetensors(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{') || bytes.get(5..8) == Some(&[0; 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> String {
        Kind::of(bytes).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_model_that_can_be_imported_is_recognised() -> Result<()> {
        assert_eq!(Kind::of(b"\x1c\0\0\0TFL3\0\0\0\0")?, Kind::Tflite);
        assert_eq!(Kind::of(b"\x02\0\0\0\0\0\0\0{}")?, Kind::Safetensors);
        assert_eq!(Kind::of(b"\x08\x08\x12\x07pytorch")?, Kind::Onnx);
        Ok(())
    }

    #[test]
    fn a_model_of_another_kind_is_answered_with_what_converts_it() {
        for (bytes, what, how) in [
            (&b"PK\x03\x04\0\0archive/data.pkl"[..], "torch.save", "torch.onnx.export("),
            (b"PK\x03\x04\0\0metadata.json", "a Keras model (.keras)", "TFLiteConverter"),
            (b"PK\x03\x04\0\0picture.png", "a zip archive", "unpack it"),
            (b"\x80\x02cmodule\nNet\n", "a pickled Python object", "torch.onnx.export("),
            (b"\x89HDF\r\n\x1a\n\0\0", "HDF5", "keras.saving.load_model"),
            (b"GGUF\x03\0\0\0", "llama.cpp", "ONNX or TFLite"),
            (b"{\"format\": \"layers-model\"}", "a JSON file", "tensorflowjs_converter"),
            (b"", "an empty file", "saved whole"),
            (b"hello, this is no model", "a damaged one", "is the file whole?"),
        ] {
            let said = said(bytes);
            assert!(said.contains(what) && said.contains(how), "{said}");
            assert!(said.starts_with("expected an ONNX, TFLite or safetensors file"), "{said}");
        }
    }
}

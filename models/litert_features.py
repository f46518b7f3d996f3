#!/usr/bin/env python3
"""Let LiteRT compute the features of a TFLite model, to compare an import with.

    python litert_features.py MODEL.tflite INPUTS.safetensors OUT.safetensors [COUNT]

Wants tensorflow-cpu 2.21.0 and safetensors 0.8.0. The inputs are the `inputs` of the second file:
in the model's own type, or bytes with `scale` and `offset`. The third file gets the first COUNT of
them, or all (`inputs`), the model's `outputs`, and the `features`, which is what its last
FULLY_CONNECTED sees. Then

    rolling-ball import MODEL.tflite --train last:1 --expected OUT.safetensors
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from safetensors.numpy import load_file, save_file  # noqa: E402
from tensorflow.lite.tools import flatbuffer_utils  # noqa: E402

FULLY_CONNECTED = 9


def quantised(values, tensor):
    scale, zero = tensor["quantization"]
    return np.clip(np.rint(values / scale) + zero, -128, 127).astype(np.int8)


def main():
    if len(sys.argv) not in [4, 5]:
        sys.exit(__doc__)
    model, source, out = sys.argv[1:4]
    given = load_file(source)
    inputs = given["inputs"][: int(sys.argv[4]) if len(sys.argv) == 5 else None]
    if "scale" in given:
        inputs = (inputs * given["scale"] + given["offset"]).astype(np.float32)
    file = flatbuffer_utils.read_model(model)
    [graph] = file.subgraphs
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in file.operatorCodes]
    dense = [op for op in graph.operators if codes[op.opcodeIndex] == FULLY_CONNECTED][-1]
    # As a second output, so that LiteRT computes both as it does in a product.
    graph.outputs = [graph.outputs[0], dense.inputs[0]]
    file.signatureDefs = None
    engine = tf.lite.Interpreter(model_content=flatbuffer_utils.convert_object_to_bytearray(file))
    engine.allocate_tensors()
    [image], [answer, seen] = engine.get_input_details(), engine.get_output_details()
    if image["dtype"] == np.int8 and inputs.dtype != np.int8:
        inputs = quantised(inputs, image)
    outputs, features = [], []
    for value in inputs.reshape(-1, *image["shape"]):
        engine.set_tensor(image["index"], value)
        engine.invoke()
        outputs.append(engine.get_tensor(answer["index"])[0])
        features.append(engine.get_tensor(seen["index"]).reshape(-1))
    print("scale and zero point of the features:", *seen["quantization"])
    tensors = {"inputs": inputs, "outputs": np.stack(outputs), "features": np.stack(features)}
    save_file(tensors, out)


main()

#!/usr/bin/env python3
"""Write the network of digits_cnn.safetensors as the files that a framework exports.

    python digits_graphs.py onnx      digits_cnn.onnx, with PyTorch 1.13 (Debian 12's python3-torch)
    python digits_graphs.py tflite    digits_cnn.tflite, in full int8, with tensorflow-cpu 2.21.0

Both want safetensors 0.8.0. The weights are those of digits_cnn.safetensors, and int8 is calibrated
on digits_calibration.safetensors. The same versions write the same files.
"""

import os
import sys
from pathlib import Path

from safetensors.numpy import load_file

HERE = Path(__file__).parent


def onnx(weights, path):
    import torch
    from torch import nn

    torch.set_num_threads(1)
    model = nn.Sequential()
    for name, module in {
        "conv1": nn.Conv2d(1, 8, 3, padding=1),
        "relu1": nn.ReLU(),
        "pool1": nn.MaxPool2d(2),
        "conv2": nn.Conv2d(8, 16, 3, padding=1),
        "relu2": nn.ReLU(),
        "pool2": nn.MaxPool2d(2),
        "flatten": nn.Flatten(),
        "classifier": nn.Linear(64, 10),
    }.items():
        model.add_module(name, module)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    names = {"input_names": ["image"], "output_names": ["logits"]}
    torch.onnx.export(model.eval(), torch.zeros(1, 1, 8, 8), str(path), opset_version=17, **names)


def tflite(weights, path):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import numpy as np
    import tensorflow as tf

    layers = tf.keras.layers
    model = tf.keras.Sequential([
        layers.Input((8, 8, 1), batch_size=1, name="image"),
        layers.Conv2D(8, 3, padding="same", activation="relu", name="conv1"),
        layers.MaxPool2D(name="pool1"),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2"),
        layers.MaxPool2D(name="pool2"),
        layers.Flatten(name="flatten"),
        layers.Dense(10, name="classifier"),
    ])
    for name in ["conv1", "conv2"]:
        kernel = weights[f"{name}.weight"].transpose(2, 3, 1, 0)
        model.get_layer(name).set_weights([kernel, weights[f"{name}.bias"]])
    # PyTorch flattens channel by channel, Keras place by place.
    dense = weights["classifier.weight"].reshape(10, 16, 2, 2).transpose(2, 3, 1, 0).reshape(64, 10)
    model.get_layer("classifier").set_weights([dense, weights["classifier.bias"]])

    calibration = load_file(HERE / "digits_calibration.safetensors")
    images = calibration["inputs"] * calibration["scale"] + calibration["offset"]
    images = images.reshape(-1, 1, 8, 8, 1).astype(np.float32)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    path.write_bytes(converter.convert())


def main():
    formats = {"onnx": onnx, "tflite": tflite}
    if len(sys.argv) != 2 or sys.argv[1] not in formats:
        sys.exit(__doc__)
    weights = load_file(HERE / "digits_cnn.safetensors")
    formats[sys.argv[1]](weights, HERE / f"digits_cnn.{sys.argv[1]}")


main()

#!/usr/bin/env python3
"""Write small TFLite models of operators that the tests of import read, and what LiteRT computes.

Writes to `operators/`, with `pip install tensorflow-cpu==2.21.0 safetensors==0.8.0`:

    NAME_f32.tflite, NAME_int8.tflite        the network, in float and in full int8
    NAME_uint8.tflite                        the same with an input and outputs of other bytes
    NAME_inside.tflite                       the same with an input and outputs of real numbers
    NAME_hybrid.tflite                       int8 weights under float values
    refused_WHY.tflite                       what import does not read, and says so
    NAME_KIND_expected.safetensors           inputs, and LiteRT's outputs for them: `outputs`, and
                                             `outputs.1` and so on where the network has several;
                                             for integers also `reference`, `reference.1` ... of
                                             its reference kernels, which round in another way;
                                             for int8 weights also `real`, with these as floats

Seeds are fixed: the same versions write the same files.
"""

import functools
import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402

HERE = Path(__file__).parent / "operators"
EXPECTED, CALIBRATION = 8, 64


def weights(*shape, seed=1):
    return np.random.default_rng(seed).normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape).astype("f4")


def convolution_same(x):
    """Strides of 2 on odd sizes, and a window of even size: one more position below and right."""
    x = tf.nn.relu6(3 * (tf.nn.conv2d(x, weights(3, 2, 3, 5), 2, "SAME") + weights(5, seed=2)))
    return tf.nn.conv2d(x, weights(2, 3, 5, 4, seed=3), [1, 2, 1, 1], "SAME")


def convolution_dilated(x):
    x = tf.nn.conv2d(x, weights(3, 3, 3, 4), 1, "SAME", dilations=[1, 2, 1, 1]) + weights(4, seed=2)
    return tf.nn.relu(tf.nn.conv2d(x, weights(2, 2, 4, 6, seed=3), 1, "VALID", dilations=[1, 3, 2, 1]))


def depthwise(x):
    """Two filters for each channel, then a dilated one."""
    x = tf.nn.depthwise_conv2d(x, weights(3, 3, 3, 2), [1, 2, 2, 1], "SAME") + weights(6, seed=2)
    x = tf.nn.relu(x)
    return tf.nn.depthwise_conv2d(x, weights(3, 2, 6, 1, seed=3), [1, 1, 1, 1], "SAME", dilations=[2, 2])


def pools(x):
    """Windows that leave the map: the average is over what is inside."""
    average = tf.nn.avg_pool2d(x, [3, 2], [2, 1], "SAME")
    largest = tf.nn.max_pool2d(x, 3, 2, "SAME")
    return average, largest, tf.nn.avg_pool2d(x, [2, 3], 2, "VALID"), tf.nn.max_pool2d(x, 2, 1, "VALID")


def sums(x):
    """Sums, differences and products, of a map and itself, a vector, and a value for each channel."""
    other = tf.nn.conv2d(x, weights(1, 1, 3, 3), 1, "SAME")
    mean = tf.reduce_mean(other, [1, 2], keepdims=True)
    return tf.nn.relu(x + other), x + 3 * weights(3, seed=2), x - other, x * tf.nn.sigmoid(mean), mean - x


def means(x):
    return tf.reduce_mean(x, [1, 2]), tf.reduce_mean(x, [1, 2], keepdims=True), tf.reduce_mean(x, [3])


def concatenations(x):
    """Parts whose scales differ."""
    small = tf.nn.sigmoid(x)
    return tf.concat([x, small, 5 * x], 3), tf.concat([x, x], 1)


def activations(x):
    return (
        tf.nn.sigmoid(x),
        tf.nn.tanh(x),
        tf.nn.relu(x),
        tf.nn.relu6(4 * x),
        tf.nn.leaky_relu(x, 0.3),
        x * tf.nn.relu6(x + 3) / 6,
    )


def prelu(x):
    """As Keras has it, which the converter recognises."""
    return tf.nn.relu(x) + -np.abs(weights(1, 1, 3)) * tf.nn.relu(-x)


def curves(x):
    gelu = 0.5 * x * (1 + tf.math.erf(x * np.sqrt(0.5).astype("f4")))
    return tf.nn.elu(x), gelu


def signal(x):
    """Convolutions of one dimension, as Keras makes them."""
    x = tf.nn.relu(tf.nn.conv1d(x, weights(5, 2, 6), 2, "SAME") + weights(6, seed=2))
    x = tf.nn.conv1d(x, weights(3, 6, 4, seed=3), 1, "VALID", dilations=2)
    return tf.reduce_mean(tf.nn.relu(x), 1)


def shapes(x):
    """Nothing is computed: what is padded, turned and renamed."""
    zeros = tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]])
    ones = tf.pad(x, [[0, 0], [0, 0], [2, 0], [0, 0]], constant_values=1.0)
    turned = tf.transpose(x, [0, 3, 1, 2])
    return zeros, ones, turned, tf.reshape(turned, [1, 7, 15]), tf.expand_dims(turned, 2)


def dense(x):
    """A dense layer for each position, and one over all."""
    x = tf.reshape(tf.matmul(tf.reshape(x, [35, 3]), weights(3, 6)) + weights(6, seed=2), [1, 7, 5, 6])
    x = tf.nn.relu(tf.reshape(x, [1, 210]))
    return tf.matmul(x, weights(210, 5, seed=3)) + weights(5, seed=4)


def softmax(x):
    x = tf.reshape(2 * x, [7, 15])
    return tf.nn.softmax(x)


def hybrid(x, stored=lambda weights, axis: weights):
    """Large enough that the converter turns the weights to int8."""
    x = tf.nn.conv2d(x, stored(weights(3, 3, 3, 40), (0, 1, 2)), 1, "SAME") + weights(40, seed=2)
    x = tf.nn.conv2d(tf.nn.relu(x), stored(weights(1, 1, 40, 40, seed=6), (0, 1, 2)), 1, "SAME")
    filters = stored(weights(3, 3, 40, 3, seed=3), (0, 1))
    x = tf.nn.depthwise_conv2d(tf.nn.relu(x), filters, [1, 2, 2, 1], "SAME")
    x = tf.reshape(tf.nn.relu(x), [1, 1440])
    return tf.matmul(x, stored(weights(1440, 6, seed=4), 0)) + weights(6, seed=5)


def real(x):
    """The same with what the weights in int8 stand for."""

    def stored(weights, axis):
        scales = np.abs(weights).max(axis, keepdims=True) / np.float32(127)
        return np.round(weights / scales) * scales

    return hybrid(x, stored).numpy()


def multiplied(x):
    """Two tensors that are both computed."""
    return tf.matmul(x, x, transpose_b=True)


def looped(x):
    return tf.while_loop(lambda x: tf.reduce_sum(x) < 9, lambda x: (x + 1,), (x,))[0]


def custom(x):
    """What TFLite has no operator for."""
    return tf.nn.relu(tf.math.erfinv(x))


def plain(x):
    return tf.nn.relu(tf.nn.conv2d(x, weights(3, 3, 3, 4), 1, "SAME"))


RESOLVERS = {
    "outputs": tf.lite.experimental.OpResolverType.AUTO,
    "reference": tf.lite.experimental.OpResolverType.BUILTIN_REF,
}
KINDS = {"hybrid": ["hybrid"], "convolution_same": ["f32", "int8", "uint8", "inside"]}
INTEGERS = {"int8", "uint8"}
# The reference kernels of this LiteRT compute dense layers as XNNPACK does, and lack ELU.
NO_REFERENCE = {"dense", "curves"}

IMAGE, SIGNAL = (1, 7, 5, 3), (1, 19, 2)
CASES = {
    case.__name__: (case, shape)
    for case, shape in [
        (convolution_same, IMAGE),
        (convolution_dilated, (1, 9, 8, 3)),
        (depthwise, IMAGE),
        (pools, IMAGE),
        (sums, IMAGE),
        (means, IMAGE),
        (concatenations, IMAGE),
        (activations, IMAGE),
        (prelu, IMAGE),
        (curves, IMAGE),
        (signal, SIGNAL),
        (shapes, IMAGE),
        (dense, IMAGE),
        (softmax, IMAGE),
        (hybrid, IMAGE),
    ]
}

# What import refuses, and what is set in the converter.
FLOAT16 = {"target_spec.supported_types": [tf.float16], "optimizations": [tf.lite.Optimize.DEFAULT]}
REFUSED = {
    "batch_matmul": (multiplied, IMAGE, {}),
    "several_subgraphs": (looped, IMAGE, {}),
    "custom_operator": (custom, IMAGE, {"allow_custom_ops": True}),
    "float16": (plain, IMAGE, FLOAT16),
    "open_shape": (plain, (1, None, None, 3), {}),
}


def convert(function, shape, kind, settings=()):
    module = tf.Module()
    module.call = tf.function(function, input_signature=[tf.TensorSpec(shape, tf.float32)])
    concrete = module.call.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    if kind != "f32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind in INTEGERS or kind == "inside":
        random = np.random.default_rng(7)
        converter.representative_dataset = lambda: (
            [random.normal(0, 1.5, shape).astype("f4")] for _ in range(CALIBRATION)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if kind in INTEGERS:
        converter.inference_input_type = converter.inference_output_type = tf.as_dtype(kind)
    for name, value in dict(settings).items():
        *path, last = name.split(".")
        setattr(functools.reduce(getattr, path, converter), last, value)
    return converter.convert()


def evaluate(model, inputs, resolver):
    """The outputs of LiteRT, in the order of the file, for each input."""
    interpreter = tf.lite.Interpreter(model_content=model, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    exits = interpreter.get_output_details()
    outputs = [[] for _ in exits]
    for value in inputs:
        interpreter.set_tensor(entry["index"], value)
        interpreter.invoke()
        for output, there in zip(outputs, exits):
            output.append(interpreter.get_tensor(there["index"]).copy())
    return [np.stack(output) for output in outputs]


def main():
    HERE.mkdir(exist_ok=True)
    for name, (function, shape) in CASES.items():
        for kind in KINDS.get(name, ["f32", "int8"]):
            model = convert(function, shape, kind)
            random = np.random.default_rng(11)
            inputs = random.normal(0, 1.5, (EXPECTED, *shape)).astype("f4")
            if kind in INTEGERS:
                limits = np.iinfo(kind)
                inputs = random.integers(limits.min, limits.max + 1, inputs.shape, dtype=kind)
            tensors = {"inputs": inputs}
            for told, resolver in RESOLVERS.items():
                if told == "reference" and (kind == "f32" or name in NO_REFERENCE):
                    continue
                for index, output in enumerate(evaluate(model, inputs, resolver)):
                    tensors[told if index == 0 else f"{told}.{index}"] = output
            (HERE / f"{name}_{kind}.tflite").write_bytes(model)
            if kind == "hybrid":
                tensors["real"] = np.stack([real(value) for value in inputs])
            save_file(tensors, HERE / f"{name}_{kind}_expected.safetensors")
    for name, (function, shape, settings) in REFUSED.items():
        (HERE / f"refused_{name}.tflite").write_bytes(convert(function, shape, "f32", settings))


if __name__ == "__main__":
    main()

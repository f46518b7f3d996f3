"""A fully connected network with ReLU, its samples, and its mean softmax cross-entropy in each framework.

The file is what `cargo xtask bench` writes, in little-endian 32-bit floats: the parameters layer by layer (the weights,
a row for each output, then the biases), the inputs of the samples, and their classes.
"""

import json
import os
import sys
import time


def use_threads(framework, threads):
    """Before the framework is imported: how many threads it shall use."""
    if framework == "jax":
        # XLA takes as many threads as the process may use cores.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
        os.environ["JAX_PLATFORMS"] = "cpu"
    else:
        import torch

        torch.set_num_threads(threads)


def answer(respond):
    """Answers requests, a line of JSON each, until there are no more."""
    for line in sys.stdin:
        print(json.dumps(respond(json.loads(line))), flush=True)


def median_seconds(work, seconds):
    """The median time of a call, and how many threads were busy meanwhile. The first calls do not count."""
    begun = time.perf_counter()
    for _ in range(3):
        work()
        if time.perf_counter() - begun > seconds:
            break
    times = []
    begun, busy = time.perf_counter(), time.process_time()
    while not times or time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    threads = (time.process_time() - busy) / (time.perf_counter() - begun)
    return sorted(times)[len(times) // 2], threads


def layers(vector, widths):
    """A vector as long as the parameters, as weights and biases of each layer."""
    parts = []
    for inputs, outputs in zip(widths, widths[1:]):
        weights, biases, vector = (
            vector[: inputs * outputs].reshape(outputs, inputs),
            vector[inputs * outputs :][:outputs],
            vector[inputs * outputs + outputs :],
        )
        parts.append((weights, biases))
    return parts


class Torch:
    """PyTorch, eager. Parameters are a list of tensors."""

    name = "torch"

    def parameters(self, vector, widths):
        import torch

        return [torch.tensor(part) for layer in layers(vector, widths) for part in layer]

    def samples(self, inputs, classes):
        import torch

        return torch.tensor(inputs), torch.tensor(classes)

    def loss(self, parameters, inputs, classes):
        from torch.nn import functional

        for index in range(0, len(parameters), 2):
            if index > 0:
                inputs = functional.relu(inputs)
            inputs = functional.linear(inputs, parameters[index], parameters[index + 1])
        return functional.cross_entropy(inputs, classes)


class Jax:
    """JAX. Parameters are a list of arrays, the weights a column for each output as is usual there."""

    name = "jax"

    def parameters(self, vector, widths):
        import jax.numpy as jnp

        return [jnp.array(part.T) for layer in layers(vector, widths) for part in layer]

    def samples(self, inputs, classes):
        import jax.numpy as jnp

        return jnp.array(inputs), jnp.array(classes)

    def loss(self, parameters, inputs, classes):
        import jax
        import jax.numpy as jnp

        for index in range(0, len(parameters), 2):
            if index > 0:
                inputs = jax.nn.relu(inputs)
            inputs = inputs @ parameters[index] + parameters[index + 1]
        logits = jnp.take_along_axis(inputs, classes[:, None], axis=1)[:, 0]
        return jnp.mean(jax.nn.logsumexp(inputs, axis=1) - logits)


def read(path, widths, batch):
    """Parameters, inputs and classes."""
    import numpy

    values = numpy.fromfile(path, dtype="<f4")
    count = sum((inputs + 1) * outputs for inputs, outputs in zip(widths, widths[1:]))
    theta, inputs, classes = numpy.split(values, [count, count + batch * widths[0]])
    return theta, inputs.reshape(batch, widths[0]), classes.astype(numpy.int64)

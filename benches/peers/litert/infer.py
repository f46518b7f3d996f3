"""Inferences by LiteRT on one thread with its XNNPACK kernels, for `xtask bench --only int8`.

A line of JSON names a TFLite file and the samples of a batch; the answer is the median of the
seconds that a sample takes.
"""

import json
import statistics
import sys
import time

import numpy
from ai_edge_litert.interpreter import Interpreter

TIMES = 30


def seconds_a_sample(model, batch):
    interpreter = Interpreter(model, num_threads=1)
    (described,) = interpreter.get_input_details()
    shape = [batch, *described["shape"][1:]]
    interpreter.resize_tensor_input(described["index"], shape)
    interpreter.allocate_tensors()
    random = numpy.random.default_rng(1)
    values = random.integers(-128, 128, shape).astype(described["dtype"])
    interpreter.set_tensor(described["index"], values)
    interpreter.invoke()
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter()
        interpreter.invoke()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) / batch


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"seconds": seconds_a_sample(request["model"], request["batch"])}), flush=True)

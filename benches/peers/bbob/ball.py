"""The ball that needs losses only, by way of the C library as a shared object:
`bindings/c/include/rolling_ball.h`.
"""

import ctypes
import pathlib
import re

import numpy

HEADER = pathlib.Path(__file__).resolve().parents[3] / "bindings/c/include/rolling_ball.h"
REQUEST_LOSS = 1


class Schedule(ctypes.Structure):
    """`rb_schedule`."""

    _fields_ = [
        ("kind", ctypes.c_uint32),
        ("first", ctypes.c_float),
        ("last", ctypes.c_float),
        ("steps", ctypes.c_uint32),
    ]


class Config(ctypes.Structure):
    """`rb_zeroth_order_ball_config`."""

    _fields_ = [
        ("parameters", ctypes.c_size_t),
        ("radius", Schedule),
        ("learning_rate", Schedule),
        ("seed", ctypes.c_uint32),
    ]


class Library:
    """The functions that are called here."""

    def __init__(self, path):
        text = HEADER.read_text()
        words = re.search(r"#define RB_OPTIMIZER_WORDS (\d+)", text)
        self.optimizer = ctypes.c_uint64 * int(words[1])
        self.version = int(re.search(r"#define RB_VERSION (\d+)", text)[1])
        library = ctypes.CDLL(path)
        self.shrinking = library.rb_zeroth_order_ball_shrinking
        self.shrinking.argtypes = [ctypes.c_float, ctypes.c_size_t, ctypes.c_uint32]
        self.shrinking.restype = Config
        self.init = library.rb_zeroth_order_ball_init_sized
        self.init.argtypes = [
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_uint32,
            ctypes.POINTER(Config),
            ctypes.c_void_p,
        ]
        self.begin = library.rb_begin
        self.begin.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self.tell_loss = library.rb_tell_loss
        self.tell_loss.argtypes = [ctypes.c_void_p, ctypes.c_float, ctypes.c_void_p]

    def ball(self, radius):
        """The ball with its preset: only the radius is chosen."""

        def minimise(loss, start, budget, seed):
            steps = budget // 2
            config = self.shrinking(radius, len(start), steps)
            # What the structures above are must be what the library has.
            settings = (config.parameters, config.radius.first, config.radius.steps)
            if settings != (len(start), radius, steps):
                raise RuntimeError(f"{HEADER} has other settings than {__file__}")
            config.seed = seed
            theta = numpy.array(start, dtype=numpy.float32)
            optimizer, request = self.optimizer(), ctypes.c_uint32()
            size = ctypes.sizeof(optimizer)
            check(self.init(optimizer, size, self.version, config, theta.ctypes.data))
            for _ in range(steps):
                check(self.begin(optimizer, ctypes.byref(request)))
                while request.value == REQUEST_LOSS:
                    check(self.tell_loss(optimizer, loss(theta), ctypes.byref(request)))

        return minimise


def check(error):
    """Of an `rb_error`, which is 0 where there is none."""
    if error != 0:
        raise RuntimeError(f"the C library answers with error {error} of {HEADER}")

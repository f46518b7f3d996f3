#!/usr/bin/env python3
"""Writes the golden trajectories beside this file, or checks them with --check.

The paper's rolling ball (arXiv 2505.19527) in double precision: rest the ball on the graph, move its centre
along the tangent, and project it back onto the graph by plain gradient steps that start at theta. The same
recurrence with every operation rounded to single precision says how far a correct f32 implementation may stray.
Standard library only.
"""

import argparse
import json
import math
import pathlib
import random
import struct
import sys

# A trajectory is a few thousand operations from its start, and `sin` and `exp` may differ by a last bit
# between C libraries: a check allows that much, and no more.
CHECK_TOLERANCE = 1e-9


class Single:
    """A number whose every operation is rounded to IEEE-754 single precision.

    Rounding the double-precision result once more is exact single precision for + - * / and sqrt.
    """

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = struct.unpack("<f", struct.pack("<f", value))[0]

    def __add__(self, other):
        return Single(self.value + other.value)

    def __sub__(self, other):
        return Single(self.value - other.value)

    def __mul__(self, other):
        return Single(self.value * other.value)

    def __truediv__(self, other):
        return Single(self.value / other.value)

    def __neg__(self):
        return Single(-self.value)

    def __float__(self):
        return self.value


def apply(function, number):
    """A function of one number, in the number's own precision."""
    return type(number)(function(float(number)))


def sum_of(numbers, number):
    total = number(0.0)
    for element in numbers:
        total = total + element
    return total


def quadratic(constants):
    """1/2 sum_d diagonal[d] theta[d]^2"""

    def evaluate(theta, number):
        diagonal = [number(d) for d in constants["diagonal"]]
        gradient = [d * t for d, t in zip(diagonal, theta)]
        terms = (g * t for g, t in zip(gradient, theta))
        return number(0.5) * sum_of(terms, number), gradient

    return evaluate


def sine_model(constants):
    """mean_i (theta[1] sin(theta[0] x[i]) - y[i])^2"""

    def evaluate(theta, number):
        frequency, amplitude = theta
        count, two = number(len(constants["x"])), number(2.0)
        loss, slopes = number(0.0), [number(0.0), number(0.0)]
        for x, y in zip(constants["x"], constants["y"]):
            x, y = number(x), number(y)
            sine, cosine = apply(math.sin, frequency * x), apply(math.cos, frequency * x)
            residual = amplitude * sine - y
            loss = loss + residual * residual
            slopes[0] = slopes[0] + two * residual * amplitude * x * cosine
            slopes[1] = slopes[1] + two * residual * sine
        return loss / count, [slope / count for slope in slopes]

    return evaluate


def weierstrass_like(constants):
    """sum_d sum_{k=1..n} sin(k^2 theta[d]) / k^2"""

    def evaluate(theta, number):
        loss, gradient = number(0.0), []
        for t in theta:
            slope = number(0.0)
            for k in range(1, constants["n"] + 1):
                square = number(k * k)
                loss = loss + apply(math.sin, square * t) / square
                slope = slope + apply(math.cos, square * t)
            gradient.append(slope)
        return loss, gradient

    return evaluate


def gaussian_wells(constants):
    """-sum_j exp(-|theta - minima[j]|^2 / (2 sigma^2)) + |theta|^2"""

    def evaluate(theta, number):
        variance = number(constants["sigma"]) * number(constants["sigma"])
        two = number(2.0)
        loss = sum_of((t * t for t in theta), number)
        gradient = [two * t for t in theta]
        for minimum in constants["minima"]:
            away = [t - number(m) for t, m in zip(theta, minimum)]
            squared = sum_of((a * a for a in away), number)
            well = apply(math.exp, -(squared / (two * variance)))
            loss = loss - well
            gradient = [g + well * a / variance for g, a in zip(gradient, away)]
        return loss, gradient

    return evaluate


def roll(function, settings, number):
    """The trajectory of contact points, and the loss at each."""
    radius, rate = number(settings["radius"]), number(settings["learning_rate"])
    gamma, one = number(settings["projection_step"]), number(1.0)
    theta = [number(t) for t in settings["theta0"]]
    thetas, losses = [theta], []
    for _ in range(settings["steps"]):
        loss, gradient = function(theta, number)
        losses.append(loss)
        squared = sum_of((g * g for g in gradient), number)
        reach = radius / apply(math.sqrt, one + squared)
        displaced = [t - (reach + rate) * g for t, g in zip(theta, gradient)]
        height = loss + reach - rate * squared
        for _ in range(settings["projection_iterations"]):
            loss, gradient = function(theta, number)
            above = loss - height
            theta = [
                t - gamma * ((t - d) + above * g) for t, d, g in zip(theta, displaced, gradient)
            ]
        thetas.append(theta)
    losses.append(function(theta, number)[0])
    return [[float(t) for t in theta] for theta in thetas], [float(loss) for loss in losses]


def cases():
    """Our own constants: name, function, settings of the run, constants of the function."""
    yield (
        "quadratic_three_scales",
        quadratic,
        dict(radius=0.02, learning_rate=0.02, projection_step=0.02, projection_iterations=30,
             steps=50, theta0=[0.25, -0.5, 1.5]),
        dict(diagonal=[20.0, 3.0, 0.25]),
    )
    x = [-1.5 + 0.125 * i for i in range(25)]
    yield (
        "sine_model",
        sine_model,
        dict(radius=0.75, learning_rate=0.0625, projection_step=0.03125,
             projection_iterations=24, steps=50, theta0=[1.0, 0.5]),
        dict(x=x, y=[1.25 * math.sin(1.75 * a) + 0.1 * math.cos(5.0 * a) for a in x]),
    )
    yield (
        "weierstrass_like_3d",
        weierstrass_like,
        dict(radius=0.125, learning_rate=0.015625, projection_step=0.015625,
             projection_iterations=24, steps=60, theta0=[0.25, -1.125, 2.25]),
        dict(n=4),
    )
    generator = random.Random(20250519)
    minima = [[round(generator.uniform(-2.0, 2.0), 3) for _ in range(2)] for _ in range(24)]
    yield (
        "gaussian_wells_two_dozen",
        gaussian_wells,
        dict(radius=0.5, learning_rate=0.03125, projection_step=0.03125,
             projection_iterations=24, steps=60, theta0=[1.75, -1.0]),
        dict(minima=minima, sigma=0.5),
    )


def deviation(exact, rounded):
    return max(abs(a - b) for a, b in zip(exact, rounded))


def flat(rows):
    return [element for row in rows for element in row]


def document(name, make, settings, constants):
    function = make(constants)
    theta, loss = roll(function, settings, float)
    rounded_theta, rounded_loss = roll(function, settings, Single)
    return {
        "name": name,
        "description": f"f(theta) = {make.__doc__}",
        **settings,
        **constants,
        "theta": theta,
        "loss": loss,
        "max_abs_deviation_of_a_float32_run": deviation(flat(theta), flat(rounded_theta)),
        "max_abs_loss_deviation_of_a_float32_run": deviation(loss, rounded_loss),
    }


def same(left, right):
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, (int, float)):
        return abs(left - right) <= CHECK_TOLERANCE
    return left == right


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true",
                        help="write nothing; fail where a committed file is not what this script makes")
    arguments = parser.parse_args()
    folder = pathlib.Path(__file__).resolve().parent
    stale = []
    for case in cases():
        made = document(*case)
        path = folder / f"{made['name']}.json"
        if not arguments.check:
            path.write_text(json.dumps(made) + "\n")
            print(f"{path.name}: an f32 run strays {made['max_abs_deviation_of_a_float32_run']:.2e}")
        elif not path.exists() or not same(made, json.loads(path.read_text())):
            stale.append(path.name)
    if stale:
        sys.exit(f"not what generate.py makes: {', '.join(stale)}")


if __name__ == "__main__":
    main()

"""Methods that minimise by losses alone.

Each is called with the loss, the start, how many losses it may ask for, and a seed. It is ended by
an exception of the loss when those are spent. What is restarted starts anywhere in the cube from
which all starts are.
"""

import itertools
import math

import cma
import numpy
import scipy.optimize

# Of starts, and of the domain.
START, EDGE = 4.0, 5.0
# How far everyone looks around a start at first who looks around it at all: CMA-ES's usual
# deviation on these functions.
DISTANCE = 2.0


def anywhere(generator, dimension, edge=START):
    return generator.uniform(-edge, edge, dimension)


def cma_es(times):
    """CMA-ES with so many times the default population; restarted where it has stopped."""

    def minimise(loss, start, budget, seed):
        generator = numpy.random.default_rng(seed)
        population = times * (4 + int(3 * math.log(len(start))))
        for restart in itertools.count():
            options = {"popsize": population, "seed": seed + restart, "verbose": -9}
            search = cma.CMAEvolutionStrategy(start, DISTANCE, options)
            while not search.stop():
                places = search.ask()
                search.tell(places, [loss(place) for place in places])
            start = anywhere(generator, len(start))

    return minimise


def spsa(loss, start, budget, seed):
    """Two losses along random signs (Spall 1992); their distance and the gain shrink on half a
    cosine. The gain is chosen as Spall (1998) advises: by the slopes of the first steps, for moves
    of half the distance, and no move is longer.
    """
    generator = numpy.random.default_rng(seed)
    theta, steps, slopes = numpy.array(start), budget // 2, []
    longest = DISTANCE / 2
    for step in range(steps):
        shrinking = max((1 + math.cos(math.pi * step / steps)) / 2, 1e-3)
        signs = generator.choice([-1.0, 1.0], len(theta))
        distance = DISTANCE * shrinking
        slope = (loss(theta + distance * signs) - loss(theta - distance * signs)) / (2 * distance)
        if len(slopes) < 5:
            slopes.append(abs(slope))
        usual = numpy.mean(slopes)
        if usual > 0:
            move = longest * shrinking * slope / usual
            theta -= min(max(move, -longest), longest) * signs


def nelder_mead(loss, start, budget, seed):
    """Nelder and Mead's simplex, with the coefficients for many dimensions (Gao and Han 2012);
    restarted.
    """
    generator = numpy.random.default_rng(seed)
    while True:
        simplex = numpy.vstack([start, start + DISTANCE * numpy.eye(len(start))])
        most = {"maxiter": budget, "maxfev": budget}
        options = {"initial_simplex": simplex, "adaptive": True, **most}
        scipy.optimize.minimize(loss, start, method="Nelder-Mead", options=options)
        start = anywhere(generator, len(start))


def l_bfgs_b(loss, start, budget, seed):
    """L-BFGS-B with gradients by differences, whose losses count; restarted."""
    generator = numpy.random.default_rng(seed)
    while True:
        scipy.optimize.minimize(loss, start, method="L-BFGS-B", bounds=[(-EDGE, EDGE)] * len(start))
        start = anywhere(generator, len(start))


def random_search(loss, start, budget, seed):
    """Places in the domain."""
    generator = numpy.random.default_rng(seed)
    while True:
        loss(anywhere(generator, len(start), EDGE))

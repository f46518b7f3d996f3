"""Methods that need losses only on the BBOB functions of COCO: `run.py LIBRARY`, which is the C
library as a shared object.

Requests: {"function", "dimension", "first", "instances", "budgets"}, where budgets are losses a
dimension, the largest last. Answers: {"methods", "instances"}: their names, and for each instance,
from the first on, a run of each of them, {"left", "reached"}. There `left` is for each budget how
far the best loss is above the optimum, and `reached` is for each target after how many losses the
run with the largest budget has reached it, or null.
"""

import json
import sys
import warnings

try:
    import numpy

    # It says without being asked that there is nothing to plot with.
    with warnings.catch_warnings(action="ignore"):
        import ball
        import cocoex
        import methods
except ImportError as error:
    needed = "install benches/peers/bbob/requirements.txt, or run benches/peers/setup.sh bbob"
    sys.exit(f"{error}: {needed}")

# How far above the optimum: COCO's 51, of which each is 10^0.2 times the next.
TARGETS = 10 ** numpy.linspace(2, -8, 51)


class Spent(Exception):
    """There are no more losses."""


class Loss:
    """A function of the suite, a number of times."""

    def __init__(self, problem, budget):
        self.problem, self.budget, self.values = problem, budget, []

    def __call__(self, place):
        if len(self.values) == self.budget:
            raise Spent
        self.values.append(self.problem(numpy.asarray(place, dtype=float)))
        return self.values[-1]

    def least(self):
        """The best of the losses so far, after each."""
        return numpy.minimum.accumulate(self.values) - self.problem.best_value()


def least(method, function, dimension, instance, budget):
    problem = cocoex.BareProblem("bbob", function, dimension, instance)
    start = methods.anywhere(numpy.random.default_rng([function, dimension, instance]), dimension)
    loss = Loss(problem, budget)
    try:
        method(loss, start, budget, 1000 * function + instance)
    except Spent:
        pass
    return loss.least()


def main():
    library = ball.Library(sys.argv[1])
    # Whether it must know the number of losses beforehand; if not, a longer run begins as a shorter
    # one.
    compared = {
        "ball, radius 4": (library.ball(4.0), True),
        "ball, radius 2": (library.ball(2.0), True),
        "CMA-ES": (methods.cma_es(1), False),
        "CMA-ES, population x 4": (methods.cma_es(4), False),
        "SPSA": (methods.spsa, True),
        "Nelder-Mead, restarted": (methods.nelder_mead, False),
        "L-BFGS-B, restarted": (methods.l_bfgs_b, False),
        "random search": (methods.random_search, False),
    }

    def run(name, instance, function, dimension, budgets):
        method, planned = compared[name]
        budgets = [dimension * budget for budget in budgets]
        whole = least(method, function, dimension, instance, budgets[-1])
        left = []
        for budget in budgets[:-1]:
            curve = whole[:budget]
            if planned:
                curve = least(method, function, dimension, instance, budget)
            left.append(curve[-1])

        def losses_to(target):
            return int(numpy.argmax(whole <= target)) + 1 if whole[-1] <= target else None

        reached = [losses_to(target) for target in TARGETS]
        return {"left": left + [whole[-1]], "reached": reached}

    for line in sys.stdin:
        request = json.loads(line)
        case = request["function"], request["dimension"], request["budgets"]
        instances = range(request["first"], request["first"] + request["instances"])
        runs = [[run(name, instance, *case) for name in compared] for instance in instances]
        print(json.dumps({"methods": list(compared), "instances": runs}), flush=True)


main()

"""The time of a gradient evaluation and of an SGD step: `gradient.py torch|jax THREADS`.

Requests: {"file", "widths", "batch", "seconds"}. Answers: {"loss", "gradient_norm", "gradient", "step", "threads"}, where
`gradient` and `step` are median seconds and `threads` is how many were busy.
"""

import sys

import network

RATE = 1e-3


class Torch(network.Torch):
    def work(self, parameters, samples):
        import torch

        for parameter in parameters:
            parameter.requires_grad_()

        def gradient():
            loss = self.loss(parameters, *samples)
            return loss, torch.autograd.grad(loss, parameters)

        def step():
            _, gradients = gradient()
            with torch.no_grad():
                for parameter, slope in zip(parameters, gradients):
                    parameter.sub_(slope, alpha=RATE)

        return gradient, step


class Jax(network.Jax):
    def work(self, parameters, samples):
        import jax

        evaluate = jax.jit(jax.value_and_grad(self.loss))

        @jax.jit
        def descend(parameters, *samples):
            gradients = jax.grad(self.loss)(parameters, *samples)
            return [parameter - RATE * slope for parameter, slope in zip(parameters, gradients)]

        point = [parameters]

        def gradient():
            return jax.block_until_ready(evaluate(parameters, *samples))

        def step():
            point[0] = jax.block_until_ready(descend(point[0], *samples))

        return gradient, step


def main():
    framework = {"torch": Torch, "jax": Jax}[sys.argv[1]]()
    network.use_threads(framework.name, int(sys.argv[2]))
    known = {}

    def respond(request):
        path, widths, batch = request["file"], request["widths"], request["batch"]
        if path not in known:
            theta, inputs, classes = network.read(path, widths, batch)
            parameters = framework.parameters(theta, widths)
            gradient, step = framework.work(parameters, framework.samples(inputs, classes))
            loss, gradients = gradient()
            norm = sum(float((slope**2).sum()) for slope in gradients) ** 0.5
            known[path] = gradient, step, {"loss": loss.item(), "gradient_norm": norm}
        gradient, step, checks = known[path]
        of_gradient, threads = network.median_seconds(gradient, request["seconds"])
        of_step, _ = network.median_seconds(step, request["seconds"])
        return checks | {"gradient": of_gradient, "step": of_step, "threads": threads}

    network.answer(respond)


main()

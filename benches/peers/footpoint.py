"""The paper's solver for the footpoint, with a number of gradient evaluations: `footpoint.py torch|jax THREADS`.

Requests: {"file", "widths", "batch", "seconds", "radius", "rate", "gamma", "evaluations"}. Answers: {"distance", "solve",
"threads"}, where `distance` is D at the end, `solve` is median seconds and `threads` is how many were busy.

From the contact theta with the loss f, its gradient g and w = sqrt(1 + |g|^2), the displaced centre is
(theta - (radius / w + rate) g, f + radius / w - rate |g|^2), and D is half the squared distance from it to a point of the
graph. The solver takes steps of gamma down the gradient of D; the first shares its gradient with the contact.
"""

import sys

import network


class Torch(network.Torch):
    def work(self, start, samples):
        import torch

        parameters = [part.clone().requires_grad_() for part in start]

        def evaluate():
            loss = self.loss(parameters, *samples)
            return loss.item(), torch.autograd.grad(loss, parameters)

        def solve(radius, rate, gamma, evaluations):
            with torch.no_grad():
                for parameter, part in zip(parameters, start):
                    parameter.copy_(part)
            loss, slopes = evaluate()
            squared = sum(slope.square().sum().item() for slope in slopes)
            reach = radius / (1.0 + squared) ** 0.5
            height = loss + reach - rate * squared
            centre = [part.sub(slope, alpha=reach + rate) for part, slope in zip(start, slopes)]
            for index in range(evaluations):
                if index > 0:
                    loss, slopes = evaluate()
                with torch.no_grad():
                    for parameter, slope, displaced in zip(parameters, slopes, centre):
                        parameter.lerp_(displaced, gamma)
                        parameter.sub_(slope, alpha=gamma * (loss - height))
            return parameters, centre, height

        return solve


class Jax(network.Jax):
    def work(self, start, samples):
        import jax
        import jax.numpy as jnp

        evaluate = jax.value_and_grad(self.loss)

        @jax.jit
        def descend(start, samples, radius, rate, gamma, evaluations):
            loss, slopes = evaluate(start, *samples)
            squared = sum(jnp.sum(slope**2) for slope in slopes)
            reach = radius / jnp.sqrt(1.0 + squared)
            height = loss + reach - rate * squared
            centre = [part - (reach + rate) * slope for part, slope in zip(start, slopes)]

            def project(parameters, loss, slopes):
                return [
                    parameter - gamma * ((parameter - displaced) + (loss - height) * slope)
                    for parameter, slope, displaced in zip(parameters, slopes, centre)
                ]

            def move(_, parameters):
                return project(parameters, *evaluate(parameters, *samples))

            first = project(start, loss, slopes)
            return jax.lax.fori_loop(1, evaluations, move, first), centre, height

        def solve(*settings):
            return jax.block_until_ready(descend(start, samples, *settings))

        return solve


def main():
    framework = {"torch": Torch, "jax": Jax}[sys.argv[1]]()
    network.use_threads(framework.name, int(sys.argv[2]))
    known = {}

    def respond(request):
        path, widths, batch = request["file"], request["widths"], request["batch"]
        if path not in known:
            theta, inputs, classes = network.read(path, widths, batch)
            samples = framework.samples(inputs, classes)
            known[path] = samples, framework.work(framework.parameters(theta, widths), samples)
        samples, solve = known[path]
        settings = [request[name] for name in ("radius", "rate", "gamma", "evaluations")]
        parameters, centre, height = solve(*settings)
        apart = sum(((at - displaced) ** 2).sum().item() for at, displaced in zip(parameters, centre))
        above = framework.loss(parameters, *samples).item() - float(height)
        seconds, threads = network.median_seconds(lambda: solve(*settings), request["seconds"])
        return {"distance": (apart + above**2) / 2, "solve": seconds, "threads": threads}

    network.answer(respond)


main()

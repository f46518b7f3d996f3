"""What a federation is compared with.

    python -m rolling_ball_fleet.references state=... data=... network=... ...

prints as JSON the accuracy of held-out devices: with the parameters that the network comes with,
with those that the federation has saved, and with those of central training on the samples of all
devices; each as they are, after the device has tuned them on its own samples, and after it has done
so guarded. A held-out device is tested on all other held-out samples of its group.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from .client_app import byte_of, partition_of
from .device import network, rehearse
from .report import command
from .server_app import accuracy
from .settings import Settings
from .state import State

# Central training: passes over all samples, and samples of a step.
PASSES, BATCH = 60, 32


def compare(config: dict) -> dict[str, dict[str, float]]:
    """Mean accuracy of the held-out devices, and that of the unknown group, by training."""
    net = network(str(config["network"]))
    partition = partition_of(str(config["data"]), int(config["devices"]), int(config["seed"]))
    settings, byte = Settings.of(config), byte_of(config)
    state = State.load(Path(str(config["state"])), int(config["federation"]))
    if state is None:
        raise ValueError(f"nothing is saved in {config['state']}: run the federation first")
    devices, unknown = partition.held_out_devices(), partition.unknown()

    def tuned(theta: np.ndarray, guarded: bool) -> float:
        of_device = replace(settings, guarded=guarded)
        return float(
            np.mean(
                [
                    accuracy(net, rehearse(net, theta, own, byte, of_device).theta, others, byte)
                    for own, others in devices
                ]
            )
        )

    def shared(theta: np.ndarray) -> dict[str, float]:
        held_out = [accuracy(net, theta, others, byte) for _, others in devices]
        return {
            "held-out": float(np.mean(held_out)),
            "tuned": tuned(theta, guarded=False),
            "guarded": tuned(theta, guarded=True),
            "unknown": accuracy(net, theta, unknown, byte),
        }

    everything = partition.federation()
    steps = PASSES * len(everything) // BATCH
    centrally = replace(settings, steps=steps, batch=BATCH, guarded=False)
    shuffled = everything.at(np.random.default_rng(settings.seed).permutation(len(everything)))
    central = rehearse(net, net.theta, shuffled, byte, centrally).theta
    thetas = {"start": net.theta, "federated": state.theta, "central": central}
    return {name: shared(theta) for name, theta in thetas.items()}


if __name__ == "__main__":
    description = "Compares a federation that is saved with local and central training."
    sys.exit(command("references", description, compare))

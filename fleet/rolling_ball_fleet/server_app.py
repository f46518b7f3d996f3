"""The ServerApp: goes on where the last server stopped, and saves each round before it is told."""

import logging
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp

from .client_app import byte_of, partition_of
from .device import network
from .state import State
from .strategy import ARRAYS, THETA, settings, strategy

log = logging.getLogger("flwr")
app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Makes the rounds that are left."""
    config = context.run_config
    folder = Path(str(config["state"]))
    if not folder.is_absolute():
        raise ValueError(f"state={folder}: name a folder by its whole path, as nodes share it")
    net = network(str(config["network"]))
    partition = partition_of(str(config["data"]), int(config["devices"]), int(config["seed"]))
    federation = int(config["federation"])
    state = State.load(folder, federation) or State(federation, 0, net.theta)
    if len(state.theta) != net.parameters:
        raise ValueError(
            f"{folder} has {len(state.theta)} parameters, the network {net.parameters}: it is of "
            "another network; name another folder with state="
        )
    rounds = int(config["rounds"]) - state.round
    log.info("federation %s goes on after round %s", federation, state.round)
    byte = byte_of(config)
    fleet = strategy(config, state, folder)
    held_out, unknown = partition.held_out(), partition.unknown()

    def evaluate(_: int, arrays: ArrayRecord) -> MetricRecord:
        theta = arrays[THETA].numpy()
        metrics = {
            "held-out": accuracy(net, theta, held_out, byte),
            "unknown": accuracy(net, theta, unknown, byte),
        }
        fleet.told(metrics)
        return MetricRecord(metrics)

    timeout = float(config["timeout"])
    fleet.start(
        grid,
        ArrayRecord({THETA: Array(state.theta)}),
        num_rounds=rounds,
        timeout=timeout,
        train_config=settings(config),
        evaluate_fn=evaluate,
    )
    fleet.finish(grid, timeout)


def accuracy(net, theta: np.ndarray, samples, byte: tuple[float, float]) -> float:
    """The part of the samples that the network classifies right."""
    if not np.isfinite(theta).all():
        return 0.0
    outputs = net.outputs(theta, samples.x, scale=byte[0], offset=byte[1])
    return float(np.mean(outputs.argmax(1) == samples.y))

"""The server's side of a round, around any strategy of Flower.

Flower averages the replies of nodes. Here a node may be a gateway to many devices, a reply has
their changes, and a device must be told when its update is safe. `Fleet` translates:
the strategy within sees one message a device, with all parameters, and averages as it always does.
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import numpy as np
from flwr.app import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MessageType,
    MetricRecord,
    RecordDict,
    UserConfig,
)
from flwr.serverapp import Grid
from flwr.serverapp.strategy import (
    DifferentialPrivacyServerSideFixedClipping,
    FedAvg,
    FedTrimmedAvg,
    Strategy,
)

from .settings import Settings
from .state import State
from .update import COUNTS, NUMBERS, Refusal, Update, bitmap, updates

# Flower's own logger.
log = logging.getLogger("flwr")

MEANS = ("samples", "clipped", "trimmed")
ARRAYS, CONFIG, THETA, WEIGHT = "arrays", "config", "theta", "num-examples"


class Fleet(Strategy):
    """A strategy of Flower over devices behind nodes.

    `clipped` shortens each change to the median length of the round's changes, and lets no device
    weigh more than the median of them. With `refuse`, updates that are not finite or of a wrong
    length are left out and told. After each round the state is saved, before anybody hears of it.
    """

    def __init__(
        self,
        within: Strategy,
        state: State,
        folder: Path,
        *,
        clipped: bool = False,
        refuse: bool = True,
    ) -> None:
        self.within, self.state, self.folder = within, state, folder
        self.clipped, self.refuse = clipped, refuse

    def summary(self) -> None:
        """Tells what it is made of."""
        log.info(
            "\t├──> Fleet: federation %s, %s rounds done, changes %s, bad updates %s",
            self.state.federation,
            self.state.round,
            "clipped" if self.clipped else "as they are",
            "refused" if self.refuse else "averaged",
        )
        self.within.summary()

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Asks each node for a round, and tells whose updates the last one has."""
        # Not Flower's number: it counts from 1 in every run, and a round without a usable reply is
        # made again.
        config = ConfigRecord({**config, **self.said(), "round": self.state.round + 1})
        return self.within.configure_train(server_round, arrays, config, grid)

    def said(self) -> ConfigRecord:
        """What is saved: the last round, and whose updates it has."""
        return ConfigRecord(
            {
                "federation": self.state.federation,
                "saved": self.state.round,
                "included": bitmap(self.state.included),
            }
        )

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Averages what came, and saves it."""
        updates, refused = self.received(replies)
        changes = {}
        for update in updates:
            try:
                changes[update.device] = self.change(update)
            except Refusal as reason:
                refused[update.device] = str(reason)
        for device, reason in sorted(refused.items()):
            log.warning("\t> device %s is left out: %s", device, reason)
        if self.clipped and changes:
            changes = clip(changes)
        by_device = {update.device: update for update in updates}
        # In the order of the devices, so that the bits of a mean do not depend on who was first.
        heaviest = median(by_device[device].samples for device in changes) if changes else 0
        messages = [
            self.message(by_device[device], change, heaviest if self.clipped else None)
            for device, change in sorted(changes.items())
        ]
        arrays, metrics = self.within.aggregate_train(server_round, messages)
        if arrays is None:
            return None, metrics
        metrics = MetricRecord({**(metrics or {}), "refused": len(refused)})
        theta = arrays[THETA].numpy()
        self.state = self.state.after(theta, frozenset(changes), dict(metrics))
        self.state.save(self.folder)
        return arrays, metrics

    def received(self, replies: Iterable[Message]) -> tuple[list[Update], dict[int, str]]:
        """The updates of all nodes' devices, one a device, and why others have none."""
        found: dict[int, Update] = {}
        refused: dict[int, str] = {}
        for message in replies:
            if message.has_error():
                node = message.metadata.src_node_id
                log.warning("\t> node %s has no reply: %s", node, message.error.reason)
                continue
            try:
                of_node, lost = updates(message.content)
            except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
                node = message.metadata.src_node_id
                log.warning("\t> node %s sent what is no reply: %r", node, error)
                continue
            refused.update(lost)
            for update in of_node:
                if update.device in found:
                    refused[update.device] = "two nodes say that they are this device"
                found[update.device] = update
        return [update for update in found.values() if update.device not in refused], refused

    def change(self, update: Update) -> np.ndarray:
        """The change that an update tells, or why it is left out."""
        try:
            update.check(len(self.state.theta))
        except Refusal:
            # A length that is wrong fits no mean; all else goes into it where nothing is refused.
            if self.refuse or update.change.shape != self.state.theta.shape:
                raise
        return update.change

    def message(self, update: Update, change: np.ndarray, heaviest: float | None) -> Message:
        """What the strategy within takes for the reply of a client, which weighs no more than
        the heaviest may."""
        samples = update.samples
        metrics = MetricRecord({WEIGHT: samples if heaviest is None else min(samples, heaviest)})
        for key in COUNTS + NUMBERS:
            metrics[key] = update.metrics[key]
        theta = self.state.theta + change
        content = RecordDict({ARRAYS: ArrayRecord({THETA: Array(theta)}), "metrics": metrics})
        return Message(content, dst_node_id=0, message_type=MessageType.TRAIN)

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """As the strategy within; by default nobody is asked, as devices tell with their updates
        how good the shared parameters were to them."""
        return self.within.configure_evaluate(server_round, arrays, config, grid)

    def aggregate_evaluate(
        self, server_round: int, replies: Iterable[Message]
    ) -> MetricRecord | None:
        """As the strategy within."""
        return self.within.aggregate_evaluate(server_round, replies)

    def told(self, metrics: dict[str, float]) -> None:
        """Adds metrics to those of the last round, and saves them."""
        self.state = self.state.told(metrics)
        self.state.save(self.folder)

    def finish(self, grid: Grid, timeout: float) -> None:
        """Tells every node that the last round is saved, so that devices keep what belongs to
        it."""
        record = RecordDict({CONFIG: self.said()})
        messages = [
            Message(record, dst_node_id=node, message_type=MessageType.QUERY)
            for node in grid.get_node_ids()
        ]
        list(grid.send_and_receive(messages, timeout=timeout))


def clip(changes: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Shortens changes to their median length."""
    lengths = {device: float(np.linalg.norm(change)) for device, change in changes.items()}
    limit = median(lengths.values())
    return {
        device: change if lengths[device] <= limit else change * np.float32(limit / lengths[device])
        for device, change in changes.items()
    }


def summed(records: list[RecordDict], weight: str) -> MetricRecord:
    """The metrics of a round: counts are added up, numbers are means by samples."""
    rows = [record["metrics"] for record in records]
    metrics = MetricRecord({"devices": len(rows)})
    for key in COUNTS:
        if key != "hash":
            metrics[key] = sum(row[key] for row in rows)
    weights = [row[weight] for row in rows]
    for key in NUMBERS:
        metrics[key] = float(np.average([row[key] for row in rows], weights=weights))
    return metrics


def strategy(config: UserConfig, state: State, folder: Path) -> Fleet:
    """The strategy that the configuration of a run names."""
    mean = str(config["mean"])
    if mean not in MEANS:
        raise ValueError(f"mean is {mean!r}; it must be one of {MEANS}")
    nodes = int(config["minimum-nodes"])
    common = {
        "fraction_train": float(config["fraction"]),
        "fraction_evaluate": 0.0,
        "min_train_nodes": nodes,
        "min_available_nodes": nodes,
        "weighted_by_key": WEIGHT,
        "arrayrecord_key": ARRAYS,
        "configrecord_key": CONFIG,
        "train_metrics_aggr_fn": summed,
    }
    if mean == "trimmed":
        within = FedTrimmedAvg(beta=float(config["trim"]), **common)
    else:
        within = FedAvg(**common)
    noise, norm = float(config["noise-multiplier"]), float(config["clipping-norm"])
    if noise > 0.0:
        if mean != "samples":
            raise ValueError("noise-multiplier needs mean = \"samples\": docs/fleet.md says why")
        within = DifferentialPrivacyServerSideFixedClipping(
            within, noise, norm, num_sampled_clients=int(config["devices"])
        )
    refuse = bool(config["refuse"])
    return Fleet(within, state, folder, clipped=mean == "clipped", refuse=refuse)


def settings(config: UserConfig) -> ConfigRecord:
    """What a round asks of the devices, checked."""
    return Settings.of(config).record()

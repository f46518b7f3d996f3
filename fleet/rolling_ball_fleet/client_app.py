"""The ClientApp: a node that is one rehearsed device, several of them, or a gateway to boards.

What a node is, its configuration says: `devices="0-14"` are rehearsed devices,
`boards="127.0.0.1:9000,127.0.0.1:9001"` are boards behind sockets. A node of Flower's simulation,
which has only a `partition-id`, is the rehearsed device of that number; where the run has `boards`,
they are the last devices, and the last node is the gateway to them.
"""

from functools import lru_cache
from pathlib import Path

from flwr.app import Context, Message, RecordDict, UserConfig
from flwr.clientapp import ClientApp

from . import bad
from .device import Device, OldRound, Round, network
from .gateway import Board, BoardError
from .partition import Partition
from .settings import Settings
from .update import Update, is_set, reply

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """Makes a round with every device of this node."""
    config = message.content["config"]
    theta = message.content["arrays"]["theta"].numpy()
    settings = Settings.of(config)
    number = Round(config["federation"], config["round"])
    updates: list[Update] = []
    lost: dict[int, str] = {}
    for device in devices(context):
        try:
            if bad.is_absent(device.number, number.round, context.run_config):
                raise ConnectionError("it has died in the middle of the round")
            tell(device, config)
            update = device.train(number, theta, settings)
            updates.append(bad.update(update, number.round, context.run_config))
        except (ConnectionError, TimeoutError, ValueError, OldRound, BoardError) as error:
            lost[device.number] = str(error) or type(error).__name__
    return Message(reply(updates, lost), reply_to=message)


@app.query()
def finish(message: Message, context: Context) -> Message:
    """Hears that the last round is saved."""
    for device in devices(context):
        try:
            tell(device, message.content["config"])
        except (ConnectionError, TimeoutError, BoardError):
            # It hears so at the beginning of the next round.
            pass
    return Message(RecordDict(), reply_to=message)


def tell(device: Device | Board, config) -> None:
    """Tells a device which round is saved, and whether its update is in it."""
    saved = Round(config["federation"], config["saved"])
    device.saved(saved, is_set(config["included"], device.number))


def devices(context: Context) -> list[Device | Board]:
    """The devices of this node."""
    node, config = context.node_config, context.run_config
    boards = str(node.get("boards", config["boards"])).split(",")
    first = int(config["devices"]) - len(boards)
    if "boards" in node:
        return behind(boards, first, config)
    if "devices" in node:
        numbers = span(str(node["devices"]))
    elif "partition-id" in node:
        number = int(node["partition-id"])
        if config["boards"] and number >= first:
            return behind(boards, first, config) if number == first else []
        numbers = range(number, number + 1)
    else:
        raise ValueError(
            "this node is nobody: give it --node-config 'devices=\"0-14\"' for rehearsed devices, "
            "or 'boards=\"HOST:PORT,...\"' for boards"
        )
    return [rehearsed(number, config) for number in numbers]


def behind(addresses: list[str], first: int, config: UserConfig) -> list[Board]:
    """Boards behind these addresses, which are the devices from this one on."""
    return [
        Board(rehearsed(number, config), address) for number, address in enumerate(addresses, first)
    ]


def rehearsed(number: int, config: UserConfig) -> Device:
    """The rehearsed device of this number."""
    partition = partition_of(str(config["data"]), int(config["devices"]), int(config["seed"]))
    samples = bad.labels(partition.device(number), number, config)
    folder = Path(str(config["state"])) / "devices"
    return Device(number, network(str(config["network"])), samples, byte_of(config), folder)


def byte_of(config: UserConfig) -> tuple[float, float]:
    """What a byte of an input stands for: it is multiplied by the first and added to the second."""
    return float(config["scale"]), float(config["offset"])


def span(text: str) -> range:
    """The numbers of "3" or "0-14"."""
    first, _, last = text.partition("-")
    try:
        numbers = range(int(first), int(last or first) + 1)
    except ValueError:
        numbers = range(0)
    if not numbers:
        raise ValueError(f"devices={text!r} are no numbers such as \"3\" or \"0-14\"")
    return numbers


@lru_cache(maxsize=2)
def partition_of(folder: str, devices: int, seed: int) -> Partition:
    """The partition, which a process reads once."""
    if not folder:
        raise ValueError("name the folder of the samples with data=")
    return Partition(folder, devices, seed)

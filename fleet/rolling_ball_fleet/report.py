"""What a federation has come to.

    python -m rolling_ball_fleet.report state=...

prints as JSON the metrics of each round, the checksum of the shared parameters, and how the boards
compared with their rehearsals.
"""

import argparse
import json
import sys
import zlib
from pathlib import Path

from .settings import defaults, overridden
from .state import State


def report(config: dict) -> dict:
    """The history, the checksum, and the comparisons."""
    folder = Path(str(config["state"]))
    state = State.load(folder, int(config["federation"]))
    if state is None:
        raise ValueError(f"nothing is saved in {folder}: run the federation first")
    file = folder / "devices" / "boards.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return {
        "round": state.round,
        "hash": zlib.crc32(state.theta.tobytes()),
        "history": state.history,
        "boards": [json.loads(line) for line in lines],
    }


def command(name: str, description: str, work) -> int:
    """A command that takes KEY=VALUE and prints JSON."""
    parser = argparse.ArgumentParser(
        prog=f"python -m rolling_ball_fleet.{name}", description=description
    )
    parser.add_argument(
        "config", nargs="*", metavar="KEY=VALUE", help="as --run-config of flwr run; docs/fleet.md"
    )
    try:
        print(json.dumps(work(overridden(defaults(), parser.parse_args().config))))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(command("report", "Tells what a federation has come to.", report))

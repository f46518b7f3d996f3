"""`python -m rolling_ball`: the command `rolling-ball`."""

import sys

from ._native import command


def main() -> int:
    """Runs the command with the arguments of the process; returns its exit code."""
    return command(["rolling-ball", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())

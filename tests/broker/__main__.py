"""`python -m tests.broker run -- COMMAND …` and `python -m tests.broker serve`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from tests.broker import VARIABLE, BrokerMissingError, connect

if TYPE_CHECKING:
    from types import FrameType


def main() -> int:
    """Run one of the two commands; the exit code is the command's, 130 or 143 after a signal, 2 without a broker."""
    parser = argparse.ArgumentParser(prog="python -m tests.broker", description=__doc__)
    commands = parser.add_subparsers(dest="verb", required=True)
    run = commands.add_parser("run", help=f"run COMMAND with a broker at ${VARIABLE}, then stop the broker")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    commands.add_parser("serve", help="print the broker's address and keep it running until Ctrl-C")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has background commands ignore it
    try:
        if arguments.verb == "serve":
            _serve()
        command = arguments.command[arguments.command[:1] == ["--"] :]
        return _run(command) if command else parser.error("give a command after --")
    except BrokerMissingError as missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _run(command: list[str]) -> int:
    broker = connect()
    try:
        child = subprocess.Popen(command, env={**os.environ, VARIABLE: broker.bootstrap})
        try:
            return _shell_code(child.wait())
        except KeyboardInterrupt:  # the terminal told the child too; it may have more to do than we have
            return _shell_code(child.wait())
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
    finally:
        broker.stop()


def _serve() -> NoReturn:
    broker = connect()
    try:
        sys.stderr.write(f"export {VARIABLE}={broker.bootstrap}  (Ctrl-C stops the broker)\n")
        sys.stdout.write(f"{broker.bootstrap}\n")
        sys.stdout.flush()
        while True:  # not signal.pause(): a signal that comes just before it would not wake it
            time.sleep(0.5)
    finally:
        broker.stop()


def _shell_code(code: int) -> int:
    return 128 - code if code < 0 else code


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())

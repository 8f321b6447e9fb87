"""What arguments of the command line may be; each function raises `ArgumentTypeError` with what would be right."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from typing import Literal


def address(text: str) -> str:
    """Return HOST:PORT as it is."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, as in 127.0.0.1:9092")
    return text


def name(text: str) -> str:
    """Return a name that Kafka takes."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text) or text in {".", ".."}:
        raise argparse.ArgumentTypeError(f"{text!r} is no name: use up to 100 of a-z, A-Z, 0-9, '.', '_' and '-'")
    return text


def topics(text: str) -> tuple[str, ...]:
    """Return the names of topics; none for `all`."""
    if text == "all":
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError("give topic names, as in north-korea,russia, or all")
    return names


def count(text: str) -> int:
    """Return a number of processes."""
    if not text.isdigit() or not 0 < int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1024")
    return int(text)


def rate(text: str) -> float:
    """Return a number above 0."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return found


def moment(text: str) -> datetime:
    """Return a time; a date alone is its midnight, and one without an offset is in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time, as in 2026-01-31 or 2026-01-31T06:00+02:00") from error
    return found if found.utcoffset() is not None else found.replace(tzinfo=UTC)


def as_of(text: str) -> datetime | Literal["recorded"]:
    """Return a time as `moment` does, or the word for what an archive has recorded."""
    return "recorded" if text == "recorded" else moment(text)


def words(text: str) -> tuple[str, ...]:
    """Return what stands between commas, in lower case."""
    found = tuple(word.strip().lower() for word in text.split(",") if word.strip())
    if not found:
        raise argparse.ArgumentTypeError("give at least one")
    return found

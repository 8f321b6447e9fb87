"""Fields of a parsed line, each held to its type; what is of another raises, and the codec says which line it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from processors.records import writable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_INT = 2**53 - 1
"""What every JSON reader holds exactly (RFC 8259 §6); SQLite and orjson overflow only far above."""


def text(row: dict[str, Any], name: str) -> str:
    """Return a string; KeyError or TypeError where there is none."""
    value = row[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")
    return value


def text_or_none(row: dict[str, Any], name: str) -> str | None:
    """Return a string, or None where it is null or missing; TypeError for anything else."""
    return None if row.get(name) is None else text(row, name)


def moment(value: str | None) -> datetime | None:
    """Return an RFC 3339 time (without an offset it is taken as UTC), or None for null; ValueError for other text."""
    if value is None:
        return None
    found = datetime.fromisoformat(value)
    return writable(found) if found.utcoffset() is not None else found.replace(tzinfo=UTC)


def texts(row: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of strings, empty where it is null or missing; TypeError for anything else."""
    values = row.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{name} must be a list of strings")
    return tuple(values)


def by_name(row: dict[str, Any], name: str, read: Callable[[dict[str, Any], str], T]) -> dict[str, T]:
    """Return an object, each field as `read` reads it; empty where it is null or missing, TypeError for all else."""
    found = row.get(name) or {}
    if not isinstance(found, dict):
        raise TypeError(f"{name} must be an object, not {type(found).__name__}")
    return {each: read(found, each) for each in found}


def count(row: dict[str, Any], name: str, low: int = 0) -> int:
    """Return a whole number that every reader of JSON holds; KeyError or TypeError where there is none."""
    value = row[name]
    if type(value) is not int or not low <= value < MAX_INT:  # a bool is an int too, but no number here
        raise TypeError(f"{name} must be a whole number from {low} on, not {value!r}")
    return value

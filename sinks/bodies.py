"""A page's bytes in a line of JSON: as text where they are UTF-8 and not larger so, else as base64."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sinks.fields import text

_CONTROL = bytes(set(range(32)) - set(b"\b\t\n\f\r"))
_ESCAPED = bytes(range(32)) + b'"\\'
_LITTLE = 256
"""Bytes that are not worth it: a short body stays a text that can be read."""


def body_row(body: bytes) -> dict[str, object]:
    """Return the field that holds a body: `body`, a text, or `body_base64`."""
    found = _text_of(body)
    return {"body_base64": base64.b64encode(body).decode("ascii")} if found is None else {"body": found}


def body_of(row: dict[str, Any]) -> bytes:
    """Return the body that a row holds; KeyError, TypeError or ValueError where there is none."""
    if "body_base64" not in row:
        return text(row, "body").encode("utf-8")
    try:
        return base64.b64decode(row["body_base64"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"body_base64 is not base64: {error}") from error


def _text_of(body: bytes) -> str | None:
    plain = len(body.translate(None, _ESCAPED))
    short = len(body.translate(None, _CONTROL))
    if (short - plain) + 5 * (len(body) - short) > len(body) // 3 + _LITTLE:  # a `\u0000` has six bytes
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None

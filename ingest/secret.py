"""What must never be seen in a log, an error or a repr, and how it is masked."""

from __future__ import annotations

import re

MASK = "***"

# After `://` up to the last `@` before the path: the user information of a URL (RFC 3986, 3.2.1).
_USERINFO = re.compile(r"(?<=://)[^/?#\s\"'<>]*@")
# A query parameter whose name says that it is a credential.
_CREDENTIAL = re.compile(
    r"(?i)(?<=[?&;])([\w.-]{0,40}(?:token|secret|passw|api_?key|auth|signature)[\w.-]{0,40}=)[^&;#\s\"'<>]+"
)


def mask_urls(text: str) -> str:
    """Return the text with the credentials of every URL in it masked: user information and telling parameters."""
    text = _USERINFO.sub(f"{MASK}@", text) if "@" in text else text
    return _CREDENTIAL.sub(rf"\1{MASK}", text) if "=" in text else text


class Secret:
    """A value from the environment; only `reveal` shows it.

    No dataclass: `dataclasses.asdict` would spread the value out.
    """

    __slots__ = ("_parts", "_value")

    def __init__(self, value: str, parts: tuple[str, ...] = ()) -> None:
        self._value = value
        self._parts = parts

    def reveal(self) -> str:
        """Return the value itself, for the library that needs it."""
        return self._value

    def words(self) -> tuple[str, ...]:
        """Return every string that must be masked: the whole, and the parts that came from the environment."""
        return (self._value, *self._parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.words() == other.words()

    def __hash__(self) -> int:
        return hash(self.words())

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

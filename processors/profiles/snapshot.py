"""What all sites together have learned, frozen and named: what a run goes by from its start to its end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from processors.profiles.verdicts import Known, Verdict

_ENGINE = "1"
"""Part of the version: raised when the same snapshot takes out other lines than before."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The lines that go, by site and key."""

    sites: Mapping[str, Mapping[str, Known]]
    version: str | None
    """A digest of it all; None where nothing is known, so that nothing depends on it."""

    @classmethod
    def load(cls, body: str) -> Snapshot:
        """Read what `snapshot_of` wrote; "" is the empty snapshot."""
        rows = json.loads(body) if body else {}
        return cls({host: _known(lines) for host, lines in rows.items()}, version_of(body))


def known_of(verdicts: Iterable[Verdict]) -> dict[str, Known]:
    """Return what a site's verdicts put into a snapshot."""
    return {one.key: Known(one.seen, one.since, one.zones) for one in verdicts if one.goes}


def known_to_json(known: Mapping[str, Known]) -> str:
    """Return one site's part of a snapshot."""
    return json.dumps(known)


def known_from_json(text: str) -> dict[str, Known]:
    """Read one site's part back."""
    return _known(json.loads(text))


def snapshot_of(sites: Mapping[str, Mapping[str, Known]]) -> str:
    """Return a snapshot as text, the same for the same content; "" where nothing is known."""
    rows = {host: dict(sorted(known.items())) for host, known in sorted(sites.items()) if known}
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def version_of(body: str) -> str | None:
    """Return what records name a snapshot by."""
    return hashlib.sha256(f"{_ENGINE} {body}".encode()).hexdigest()[:16] if body else None


def _known(lines: Mapping[str, tuple[int, int | None, str]]) -> dict[str, Known]:
    return {key: Known(*known) for key, known in lines.items()}

"""`newstap retract`: an article is taken down, from everything that this service keeps and publishes, for good."""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import closing
from typing import IO, TYPE_CHECKING

from ingest import archived, retracted, state, withheld
from ingest.archive.redaction import redact as redact_archive
from ingest.logs import visible
from ingest.sources.opening import InputError
from ingest.takedowns import line_of
from processors.identity import normalised
from processors.records import Reason
from sinks.base import Kind
from sinks.files_reading import read_lines
from sinks.files_redaction import redact as redact_files
from sinks.outbox import Outbox
from sinks.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from ingest.config import Config
    from sinks.store import Store

_ID = re.compile(r"[0-9a-f]{32}")


def retract(
    config: Config, wanted: Sequence[str], *, why: str = "", dry_run: bool = False, out: IO[str] | None = None
) -> int:
    """Take articles down; return 0, or 1 where a file could not be written: the same command goes on from there.

    Killed at any moment, the next call does the rest, of earlier calls too.

    Args:
        config: where state, archive and files are.
        wanted: record ids and URLs.
        why: in the operator's words; kept with the takedown.
        dry_run: say which articles it would be, and change nothing.
        out: where to print; standard output by default.

    Raises:
        InputError: neither an id nor a URL, or none at all.
        StoreLockedError: a service runs on the state.
        StoreError: there is no state, or it cannot be used.
        ArchiveError: the archive cannot be changed.
    """
    out = out or sys.stdout
    ids = list(dict.fromkeys(key for each in wanted for key in _ids(config, each)))
    if not ids:
        raise InputError("name what is to be taken down, by record id or URL; --list shows what was")
    if dry_run:
        out.writelines(f"{key}: would be taken down\n" for key in ids)
        return 0
    with closing(_owned(config)) as store:
        box = Outbox(store, job="retract")
        for key in ids:
            with store.transaction() as connection:
                retracted.add(connection, key, why, time.time())
                withheld.withhold(connection, box, key)
        try:
            _redact(config, store, out)
        except OSError as error:
            print(f"{error}; the same command goes on from here", file=sys.stderr)  # noqa: T201 - the command's answer
            return 1
    out.writelines(f"{key}: taken down; Kafka is told at the next start of the service\n" for key in ids)
    return 0


def listed(config: Config, out: IO[str] | None = None) -> int:
    """Print what was taken down, when and why; return 0.

    Raises:
        StoreError: there is no state, or it cannot be used.
    """
    _require_state(config)
    with closing(state.beside(config.state.path)) as store, store.reading() as connection:
        (out or sys.stdout).writelines(f"{line_of(one)}\n" for one in retracted.every(connection))
    return 0


def _redact(config: Config, store: Store, out: IO[str]) -> None:
    """Go through archive and files for all takedowns that are not finished."""
    with store.reading() as connection:
        takedowns = retracted.every(connection)
        end = archived.place(connection).length or None
    ids = {one.id for one in takedowns if not one.done}
    if config.archive is not None and config.archive.path.is_dir():
        retracted.write(config.archive.path, takedowns)  # first: whoever replays it from now on leaves them out
        out.write(f"{config.archive.path}: {redact_archive(config.archive.path, ids, end=end)} records replaced\n")
    if config.sinks.files is not None:
        path = config.sinks.files.path
        out.write(f"{path}: {redact_files(path, lambda kind, line: _owner(kind, line, ids))} lines replaced\n")
    with store.transaction() as connection:
        retracted.finish(connection, ids)


def _owner(kind: Kind, line: bytes, ids: Collection[str]) -> str | None:
    """Return whose line of a files sink one is; None for what stays."""
    named = next((key for key in ids if key.encode() in line), None)
    if kind is Kind.DEAD_LETTER:  # it has no id: it goes by its URL, or by the record that it holds
        key = retracted.key_of(json.loads(line).get("url"))
        return key if key in ids else named
    if named is None:
        return None
    row = json.loads(line)
    key = row.get("id") if kind is Kind.RECORD else row.get("detail")
    return key if key in ids and row.get("reason") != Reason.RETRACTED else None


def _ids(config: Config, wanted: str) -> Iterator[str]:
    """Yield the ids that an id or a URL stands for: a page may name another URL as its canonical one."""
    if _ID.fullmatch(wanted):
        yield wanted
        return
    url, key = normalised(wanted), retracted.key_of(wanted)
    if url is None or key is None:
        raise InputError(f"{visible(wanted)}: neither a record id (32 hexadecimal digits) nor a URL")
    yield key
    if config.sinks.files is not None:
        yield from _named(config.sinks.files.path, {wanted, url})


def _named(path: Path, urls: Collection[str]) -> Iterator[str]:
    """Yield the ids of the records in files that came from one of these URLs."""
    needles = [json.dumps(url, ensure_ascii=False)[1:-1].encode() for url in urls]
    for line in read_lines(path / "records"):
        if any(needle in line.body for needle in needles):
            row = json.loads(line.body)
            if row.get("url") in urls or row.get("canonical_url") in urls:
                yield row["id"]


def _owned(config: Config) -> Store:
    _require_state(config)
    return state.owned(config.state.path)


def _require_state(config: Config) -> None:
    if not (config.state.path / state.FILE).exists():
        raise StoreError(f"{config.state.path}: no service has run on this state")

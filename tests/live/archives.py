"""An archive as other people's tools read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastwarc.warc import ArchiveIterator as FastWarc
from warcio.archiveiterator import ArchiveIterator as Warcio

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """A record, as warcio and FastWARC agree on it."""

    file: Path
    offset: int
    kind: str
    headers: dict[str, str]
    block: bytes

    @property
    def told(self) -> dict[str, Any]:
        """What a `metadata` record says."""
        row: dict[str, Any] = json.loads(self.block)
        return row


def files(path: Path) -> list[Path]:
    """Return the WARC files, oldest first."""
    return sorted((path / "warc").glob("*.warc.gz"))


def seen(path: Path) -> list[Seen]:
    """Return every record of an archive; fail where a digest is wrong or the two tools see different things."""
    found = []
    for file in files(path):
        found += _by_fastwarc(file)
        assert _by_warcio(file) == [one.headers["WARC-Record-ID"] for one in found if one.file == file]
    return found


def documents(path: Path) -> list[dict[str, Any]]:
    """Return what the archive tells of each document, in order."""
    told = [one.told for one in seen(path) if one.kind == "metadata"]
    return [row for row in told if row["kind"] != "feed"]


def _by_fastwarc(file: Path) -> list[Seen]:
    found = []
    with file.open("rb") as stream:
        for record in FastWarc(stream, parse_http=False):
            assert record.verify_block_digest(), record.record_id
            block = record.reader.read()
            kind = record.headers["WARC-Type"]
            found.append(Seen(file, record.stream_pos, kind, dict(record.headers), block))
    with file.open("rb") as stream:
        for record in FastWarc(stream):
            if record.headers["WARC-Type"] == "response":
                assert record.verify_payload_digest(), record.record_id
    return found


def _by_warcio(file: Path) -> list[str]:
    ids = []
    with file.open("rb") as stream:
        records = Warcio(stream, check_digests=True)
        for record in records:
            record.content_stream().read()
            if record.rec_type != "revisit":  # there is no payload to check
                assert record.digest_checker.passed, record.digest_checker.problems
            ids.append(record.rec_headers.get_header("WARC-Record-ID"))
    return ids

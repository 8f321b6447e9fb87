"""The process that reads feed documents, one at a time, under limits that it sets itself."""

from __future__ import annotations

import json
import os
import re
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest.feeds import EmptyFeedError, Feed, FeedError, NotAFeedError, feeds_named, parse
from ingest.live.feedcodec import Refused, encoded
from ingest.memory import STARVED, limit_memory
from ingest.schedule import ErrorClass

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def main(pipe: Connection, *, seconds: float, memory_mb: int, jobs: int) -> None:
    """Answer until the other end closes, a limit kills us, or so many documents are done.

    An empty message says that we are ready. A document comes as two messages: its circumstances as JSON, and its bytes.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    limit_memory(memory_mb)
    try:
        with suppress(EOFError, OSError):  # the parent has ended: nobody waits for us
            pipe.send_bytes(b"")
            for _ in range(jobs):
                about, body = json.loads(pipe.recv_bytes()), pipe.recv_bytes()
                signal.setitimer(signal.ITIMER_REAL, seconds)
                answer = encoded(_read(body, about))
                signal.setitimer(signal.ITIMER_REAL, 0)
                pipe.send_bytes(answer)
    except MemoryError:
        os._exit(STARVED)


def _read(body: bytes, about: dict[str, Any]) -> Feed | Refused:
    kind, url, seen = about["content_type"], about["url"], datetime.fromisoformat(about["seen"])
    zone = _zone(about["zone"])
    try:
        return parse(body, url=url, content_type=kind, seen=seen, zone=zone)
    except NotAFeedError as error:
        named = tuple(found.url for found in feeds_named(body, url=url, content_type=kind))
        return Refused(ErrorClass.NOT_A_FEED, str(error), named)
    except EmptyFeedError as error:
        return Refused(ErrorClass.NOT_A_FEED, str(error))
    except FeedError as error:
        return Refused(ErrorClass.UNDECODABLE, str(error))
    except RecursionError:
        return Refused(ErrorClass.UNDECODABLE, "nested too deep")
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a mistake of ours, or of a library: this feed's trouble, not the next one's
        return Refused(ErrorClass.CRASHED, f"{type(error).__name__}: {error}"[:300])


def _zone(name: str | None) -> tzinfo:
    """Return a zone of `[[feeds]]`: a name of the IANA database, or an offset such as `+01:00`; UTC for none."""
    if name is None:
        return UTC
    if offset := _OFFSET.fullmatch(name):
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a database that has lost it since it was checked
        return UTC

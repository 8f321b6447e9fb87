"""The process that reads feed documents, one at a time, under limits that it sets itself."""

from __future__ import annotations

import json
import os
import resource
import signal
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ingest.feeds import EmptyFeedError, Feed, FeedError, NotAFeedError, feeds_named, parse
from ingest.live.feedcodec import Refused, encoded
from ingest.schedule import ErrorClass

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

STARVED = 3
"""Exit code of a process that ran out of memory: an orderly end takes memory too."""


def main(pipe: Connection, *, seconds: float, memory_mb: int, jobs: int) -> None:
    """Answer until the other end closes, a limit kills us, or so many documents are done.

    A document comes as two messages: its circumstances as JSON, and its bytes.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _limit_memory(memory_mb)
    try:
        with suppress(EOFError, OSError):  # the parent has ended: nobody waits for us
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
    zone = UTC if about["zone"] is None else ZoneInfo(about["zone"])
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


def _limit_memory(megabytes: int) -> None:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - a kernel file, not a path of ours
        now = int(statm.read().split()[0]) * resource.getpagesize()
    limit = now + megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

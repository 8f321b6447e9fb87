"""What writing, reading and replaying archives costs, as ratios to bare warcio and FastWARC on the same data.

    python benchmarks/archive.py [--pages 474] [--repeats 5] [--large 40000] [--replayed 474] [--shared DIR]

Every pair is measured in turn in one run, on one core, in processor time; ratios are medians of the pairs. Pages are
the labelled ones, under new URLs.

- write: metadata, request and response of each page as the service writes them, beside warcio writing the same three
  records; both gzip each record and compute digests.
- read: frames, HTTP and digests of gzipped records as a replay reads them, beside FastWARC with `parse_http`, twice:
  with the digests checked by both (`verify_digests`), and on the same records without digests.
- replay: an archive of the service with one worker on one core, beside the same chain over the same pages in a loop.
- memory: PSS of a replay's process tree in the first tenth and at the end of a large archive, of which nothing is
  selected, so that reading is all it does.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks.replay import SETS, memory_of, pinned, tree_of
from ingest.archive import entries
from ingest.archive.records import stamp, warcinfo
from ingest.config import Config
from ingest.fetch.messages import Headers, Response, Wire
from ingest.recipe import Recipe
from ingest.sources.base import Position
from ingest.sources.warc import read_warc
from ingest.worker import chain_of, outcome_of
from processors.records import Form, Mode, Origin, Page

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LIMIT = 5_000_000
SITES = 50
"""That the pages are of: what is learned about a site costs more, the more of its pages come."""
FINGERPRINT = {"newstap": "bench", "rules": "00", "topics": "00", "profiles": None}
REQUEST = b"GET / HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: newstap-bench\r\nAccept: text/html\r\n\r\n"


def main() -> int:
    options = _options()
    htmls = _labelled(options.shared / "extraction")
    cores = sorted(os.sched_getaffinity(0))[:1]
    with tempfile.TemporaryDirectory(prefix="newstap-bench-") as name, pinned(cores):
        folder = Path(name)
        _write(htmls, options, folder)
        _read(htmls, options, folder)
        _replay(htmls, options, folder)
        _memory(htmls, options, folder)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    beside = Path(__file__).resolve().parents[1].parent / "shared"
    parser.add_argument("--pages", type=int, default=474, help="to write and read")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--large", type=int, default=40_000, help="pages of the archive for memory; 0 leaves it out")
    parser.add_argument("--replayed", type=int, default=474, help="pages to replay, and twice; 0 leaves it out")
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("NEWSTAP_SHARED", beside)))
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as the service has it when it archives it."""

    page: Page
    response: Response


def _labelled(folder: Path) -> list[bytes]:
    found: list[bytes] = []
    for name in SETS:
        with gzip.open(folder / f"{name}.jsonl.gz") as stream:
            found += [json.loads(line)["html"].encode() for line in stream]
    return found


def _fetched(htmls: list[bytes], count: int) -> Iterator[Fetched]:
    for number, html in enumerate(islice(cycle(htmls), count)):
        url = f"https://bench{number % SITES}.example/{number}"
        headers = Headers([(b"Content-Type", b"text/html; charset=utf-8"), (b"Content-Length", b"%d" % len(html))])
        wire = Wire(request=REQUEST, status_line=b"HTTP/1.1 200 OK", body=html)
        response = Response(
            status=200, headers=headers, body=html, final_url=url, hops=(), fetched=NOON, remote="192.0.2.1", wire=wire
        )
        origin = Origin(mode=Mode.RUN, feed="https://bench.example/feed", document_id=str(number), fetched=NOON)
        page = Page(form=Form.HTML, body=html, origin=origin, url=url, content_type="text/html; charset=utf-8")
        yield Fetched(page, response)


def _write(htmls: list[bytes], options: argparse.Namespace, folder: Path) -> None:
    pages = list(_fetched(htmls, options.pages))
    pairs = _pairs(options, lambda: _ours(pages, folder / "ours.warc.gz"), lambda: _warcio(pages, folder / "w.warc.gz"))
    _tell("write, beside warcio", pairs, options.pages, "bar 1.0")
    sizes = [(folder / name).stat().st_size / 1e6 for name in ("ours.warc.gz", "w.warc.gz")]
    print(f"  files of {sizes[0]:.1f} and {sizes[1]:.1f} MB")


def _ours(pages: list[Fetched], path: Path) -> None:
    with path.open("wb") as out:
        out.write(warcinfo(path.name, date=stamp(NOON), software="newstap-bench"))
        for one in pages:
            group = entries.document(one.page, one.response, one.page, FINGERPRINT)
            out.write(b"".join(group.members))


def _warcio(pages: list[Fetched], path: Path, *, metadata: bool = True) -> None:
    with path.open("wb") as out:
        writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
        for one in pages:
            url, wire = one.page.url or "", one.response.wire
            body = wire.body if wire is not None else b""
            lines = [(name.decode(), value.decode()) for name, value in one.response.headers.raw]
            headers = StatusAndHeaders("200 OK", lines, protocol="HTTP/1.1")
            response = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=headers)
            if metadata:
                told = json.dumps({"kind": "page", "url": url, "origin": {"feed": one.page.origin.feed}}).encode()
                writer.write_record(writer.create_warc_record(url, "metadata", payload=io.BytesIO(told)))
                asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "bench.example")], is_http_request=True)
                writer.write_record(writer.create_warc_record(url, "request", http_headers=asked))
            writer.write_record(response)


def _read(htmls: list[bytes], options: argparse.Namespace, folder: Path) -> None:
    path, bare = folder / "crawl.warc.gz", folder / "bare.warc.gz"
    _warcio(list(_fetched(htmls, options.pages)), path, metadata=False)
    bare.write_bytes(b"".join(_without_digests(path)))
    for name, file, verify in (("digests checked", path, True), ("without digests", bare, False)):
        pairs = _pairs(
            options,
            lambda file=file: _read_ours(file, options.pages),
            lambda file=file, verify=verify: _read_fast(file, options.pages, verify=verify),
        )
        _tell(f"read, beside FastWARC, {name}", pairs, options.pages, "bar 0.8")


def _without_digests(path: Path) -> Iterator[bytes]:
    """Yield each member of a file anew, its records without digests."""
    data = gzip.decompress(path.read_bytes())
    place = 0
    while place < len(data):
        end = data.index(b"\r\n\r\n", place) + 4
        head = re.sub(rb"WARC-(?:Block|Payload)-Digest: [^\r\n]*\r\n", b"", data[place:end])
        length = re.search(rb"Content-Length: (\d+)", head)
        behind = end + int(length[1]) + 4 if length else len(data)
        yield gzip.compress(head + data[end:behind], 9, mtime=0)
        place = behind


def _read_ours(path: Path, count: int) -> None:
    with path.open("rb", buffering=1 << 20) as stream:
        read = sum(isinstance(content, Page) for content, _ in read_warc(stream, "a", Position(), max_bytes=LIMIT))
    _require(read == count)


def _read_fast(path: Path, count: int, *, verify: bool) -> None:
    with path.open("rb") as stream:
        found = ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True, verify_digests=verify)
        _require(sum(len(record.reader.read()) > 0 for record in found) == count)


def _replay(htmls: list[bytes], options: argparse.Namespace, folder: Path) -> None:
    """Compare extraction in a loop with a replay that has one core for reading, extracting and delivering."""
    if not options.replayed:
        return
    pages = list(_fetched(htmls, 2 * options.replayed))
    whole, half = folder / "whole.warc.gz", folder / "half.warc.gz"
    _ours(pages, whole)
    _ours(pages[: options.replayed], half)
    chain = chain_of(Recipe(config=Config()))
    for one in pages[: options.replayed]:
        outcome_of(chain, one.page)
    pairs = []
    for number in range(max(1, options.repeats // 2)):
        # What starting, and meeting each pattern for the first time, costs is in both, and so in neither.
        more = _process_seconds(whole, folder / f"whole-{number}") - _process_seconds(half, folder / f"half-{number}")
        began = time.process_time()
        for one in pages[options.replayed :]:
            outcome_of(chain, one.page)
        pairs.append((more, time.process_time() - began))
    _tell("replay, beside extraction alone", pairs, options.replayed, "bar 0.95")


def _process_seconds(archive: Path, out: Path) -> float:
    command = [sys.executable, "-m", "ingest", "replay", str(archive), "--to", str(out), "--workers", "1"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    spent: dict[int, float] = {}
    while process.poll() is None:
        for pid in tree_of(process.pid):  # what a worker took is told to nobody who is waited for
            spent[pid] = max(spent.get(pid, 0.0), _spent(pid))
        time.sleep(0.02)
    _require(process.returncode == 0)
    return sum(spent.values())


def _spent(pid: int) -> float:
    """Return the processor time that a process has taken by itself, in seconds: proc(5), `stat`."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # it has ended
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(htmls: list[bytes], options: argparse.Namespace, folder: Path) -> None:
    if not options.large:
        return
    archive = folder / "large.warc.gz"
    with archive.open("wb") as out:
        part = folder / "part.warc.gz"
        _warcio(list(_fetched(htmls, len(htmls))), part, metadata=False)
        for _ in range(-(-options.large // len(htmls))):
            out.write(part.read_bytes())
    size = archive.stat().st_size
    command = [sys.executable, "-m", "ingest", "replay", str(archive), "--to", str(folder / "none")]
    began = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--workers", "1", "--host", "nowhere.example"], stderr=log)
    peaks = [0.0, 0.0]
    while process.poll() is None:
        share = _place(process.pid, archive) / size
        late = share > 0.9
        if late or 0.05 < share <= 0.1:  # once the worker has started
            peaks[late] = max(peaks[late], memory_of(process.pid))
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    _require(process.returncode == 0)
    print(f"memory: {peaks[0]:.0f} MiB in the first tenth, {peaks[1]:.0f} MiB in the last, of an archive of")
    print(f"  {size / 1e9:.2f} GB, {options.large} pages, read at {options.large / seconds:.0f} documents a second")


def _place(pid: int, archive: Path) -> int:
    """Return how far a process has read a file, by asking the kernel."""
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            if link.resolve() == archive.resolve():
                info = Path(f"/proc/{pid}/fdinfo/{link.name}").read_text()
                return int(info.split()[1])
        except OSError:
            continue  # closed meanwhile
    return 0


def _pairs(
    options: argparse.Namespace, ours: Callable[[], None], theirs: Callable[[], None]
) -> list[tuple[float, float]]:
    return [(_seconds(ours), _seconds(theirs)) for _ in range(options.repeats)]


def _seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _tell(what: str, pairs: list[tuple[float, float]], count: int, bar: str) -> None:
    ratio = statistics.median(theirs / ours for ours, theirs in pairs)
    rates = [count / statistics.median(column) for column in zip(*pairs, strict=True)]
    print(f"{what}: {ratio:.2f} ({bar}); {rates[0]:.0f} and {rates[1]:.0f} pages a second and core")


def _require(is_so: object) -> None:
    if not is_so:
        raise SystemExit("it did not read or write what it was to")


if __name__ == "__main__":
    sys.exit(main())

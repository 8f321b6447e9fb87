"""`newstap feeds import` and `export`: again and again with the same result, and there and back."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.feedcommands import changes, opml
from ingest.feedcommands.errors import FeedsError
from ingest.feeds import read_opml
from tests.ingest.feedcommands.settings import configuration, stored

if TYPE_CHECKING:
    from ingest.config import Config

NOW = 1_800_000_000.0
LIST = """<?xml version="1.0"?><opml version="1.1"><head/><body>
<outline text="News"><outline text="Europe">
  <outline TEXT="Harbour &amp; Sea" type="rss" XMLURL="https://a.example/feed?a=1&b=2" htmlUrl="https://a.example/"/>
</outline>
  <outline title="Old &quot;Valley&quot;" xmlurl="feed://b.example/feed"/></outline>
<outline text="Again"><outline xmlUrl="HTTPS://A.example:443/feed?a=1&amp;b=2"/></outline>
<outline xmlUrl="https://c.example/feed" category="/Boston/Weather, Sea"/>
<outline text="File" xmlUrl="file:///srv/x"/><outline text="Nothing" xmlUrl=""/>
<outline text="Secret" xmlUrl="https://u:s3cret@d.example/"/><outline text="Port" xmlUrl="https://e.example:0/"/>
</body></opml>
"""


def imported(config: Config, folder: Path, body: str | bytes = LIST) -> int:
    file = folder / "list.opml"
    file.write_bytes(body.encode() if isinstance(body, str) else body)
    return opml.take_in(config, file, now=NOW)


def exported(config: Config, folder: Path) -> bytes:
    assert opml.give_out(config, folder / "out.opml") == 0
    return (folder / "out.opml").read_bytes()


def held(config: Config) -> list[tuple[str, str | None, tuple[str, ...], tuple[str, ...]]]:
    return [(row.feed.url, row.feed.name, row.feed.folders, row.feed.tags) for row in stored(config)]


def test_a_list_is_taken_in_with_its_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration(tmp_path)
    assert imported(config, tmp_path) == 0

    assert held(config) == [
        ("https://a.example/feed?a=1&b=2", "Harbour & Sea", ("News/Europe", "Again"), ()),
        ("http://b.example/feed", 'Old "Valley"', ("News",), ()),
        ("https://c.example/feed", None, ("Boston/Weather", "Sea"), ()),
    ]
    out, err = capsys.readouterr()
    assert out == "3 added, 0 known, 4 refused\n"
    first, *rest = err.splitlines()
    assert first == "refused: 'file:///srv/x' is not an http or https URL"
    assert rest[0] == "refused: an outline whose xmlUrl is empty"
    assert rest[1] == "refused: 'https://***@d.example/' holds a user name or password"
    assert rest[2].startswith("refused: 'https://e.example:0/' ")


def test_taking_it_in_again_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration(tmp_path)
    imported(config, tmp_path)
    before = stored(config)
    capsys.readouterr()

    imported(config, tmp_path)

    assert capsys.readouterr().out == "0 added, 3 known, 4 refused\n"
    assert stored(config) == before


def test_what_is_given_out_is_the_same_when_it_is_taken_in_elsewhere(tmp_path: Path) -> None:
    here = configuration(tmp_path)
    imported(here, tmp_path)
    changes.pause(here, ["https://c.example/feed"], paused=True)
    body = exported(here, tmp_path)
    (tmp_path / "there").mkdir()
    there = configuration(tmp_path / "there")

    imported(there, tmp_path, body)

    assert sorted(held(there)) == sorted(held(here))
    assert exported(there, tmp_path) == body


def test_what_is_given_out_changes_nothing_here(tmp_path: Path) -> None:
    """Tags are folders in the file, and must not become folders beside the tags that they are."""
    config = configuration(tmp_path)
    imported(config, tmp_path)
    feeds = changes.described(["https://a.example/feed?a=1&b=2", "https://t.example/"], name=None, tags=["x", "News"])
    changes.add(config, feeds, now=NOW)
    before = stored(config)

    body = exported(config, tmp_path)
    imported(config, tmp_path, body)

    assert stored(config) == before
    assert exported(config, tmp_path) == body


def test_the_files_feeds_are_given_out_before_any_service_ran(tmp_path: Path) -> None:
    config = configuration(tmp_path, "https://a.example/feed", more='name = "Harbour"\ntags = ["sea"]\n')

    (one,) = read_opml(exported(config, tmp_path)).subscriptions

    assert (one.url, one.title, one.tags) == ("https://a.example/feed", "Harbour", ("sea",))
    assert not config.state.path.exists()


def test_first_polls_of_a_list_are_spread(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    outlines = "".join(f'<outline xmlUrl="https://h{n}.example/feed"/>' for n in range(100))
    imported(config, tmp_path, f"<opml><body>{outlines}</body></opml>")

    dues = {row.state.next_due for row in stored(config)}
    assert len(dues) == 100
    assert min(dues) == NOW


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "list.opml: "),
        (b"<rss/>", r"list\.opml: not an OPML file"),
        (b'<!DOCTYPE opml [<!ENTITY x "y">]><opml><body/></opml>', r"list\.opml: an OPML file with a document type"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, body: bytes, reason: str) -> None:
    config = configuration(tmp_path)
    with pytest.raises(FeedsError, match=reason):
        imported(config, tmp_path, body)
    assert not config.state.path.exists()


def test_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    config = configuration(tmp_path)
    with pytest.raises(FeedsError, match=r"absent\.opml: cannot be read: No such file"):
        opml.take_in(config, tmp_path / "absent.opml", now=NOW)
    with pytest.raises(FeedsError, match="cannot be written: Is a directory"):
        opml.give_out(config, tmp_path)


def test_the_standard_streams_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    config = configuration(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LIST.encode())))
    assert opml.take_in(config, None, now=NOW) == 0
    capfdbinary.readouterr()

    assert opml.give_out(config, None) == 0
    assert len(read_opml(capfdbinary.readouterr().out).subscriptions) == 3


def test_a_list_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    with pytest.raises(FeedsError, match="/dev/zero: more than 50000000 bytes"):
        opml.take_in(configuration(tmp_path), Path("/dev/zero"), now=NOW)

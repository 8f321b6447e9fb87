"""Dead letters tried again: their inputs become entries that wait, and the service makes something of them."""

from __future__ import annotations

import re
import sys
from contextlib import closing, redirect_stderr
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import httpx

from ingest import pending, state
from ingest.dashboard.letters import Letters
from tests.builders import make_failed, make_origin, make_page
from tests.dashboard.test_guards import OURS, form_token
from tests.ingest.newsroom import newstap
from tests.live.running import Running, item, rss
from tests.site import Site, answer, looped

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.dashboard.conftest import Served

FEED = "https://gazette.example.org/feed.xml"
STEP = """
from pathlib import Path

BROKEN = Path(__file__).with_name("broken")


class Breaking:
    name = "breaking"

    def __call__(self, article):
        if BROKEN.exists():
            raise RuntimeError("out of order")
        return article
"""


def waiting(served: Served) -> list[pending.Pending]:
    with closing(state.beside(served.config.state.path)) as store, store.reading() as connection:
        return pending.ready(connection, 2e9, limit=100)


def test_what_a_letter_holds_waits_once_more_and_counts_its_attempts(served: Served):
    served.feeds(FEED)
    served.dashboard.saw(make_failed(page=make_page(attempt=2)))
    with served.browser() as browser:
        page = browser.get("/overview")
        given = {"form_token": form_token(page)}
        done = browser.post("/letters/1/replay", data=given, headers=OURS)
        again = browser.post("/letters/1/replay", data=given, headers=OURS)

    assert "Try again" in page.text
    assert "Tried again: 1." in done.text
    assert "Try again" not in done.text
    assert again.status_code == 404
    (entry,) = waiting(served)
    assert entry.carried == replace(make_page(attempt=3))
    assert entry.host is None, "what it holds is tried, nothing is fetched"


def test_all_are_tried_that_can_be(served: Served):
    served.feeds(FEED)
    letters = [make_failed(), make_failed(page=None), make_failed(), make_failed(origin=make_origin(feed=None))]
    letters.append(make_failed(origin=make_origin(feed="https://gone.example.org/rss")))
    for letter in letters:
        served.dashboard.saw(letter)
    with served.browser() as browser:
        page = browser.get("/overview")
        done = browser.post("/letters/replay", data={"form_token": form_token(page)}, headers=OURS)

    assert page.text.count(">Try again<") == 3
    assert "Tried again: 2." in done.text
    assert len(waiting(served)) == 2


def test_a_form_from_elsewhere_tries_nothing(served: Served):
    served.feeds(FEED)
    served.dashboard.saw(make_failed())
    with served.browser() as browser:
        given = {"form_token": form_token(browser.get("/feeds"))}
        for path in ("/letters/1/replay", "/letters/replay"):
            answer = browser.post(path, data=given, headers={"sec-fetch-site": "cross-site"})
            assert answer.status_code == 403

    assert waiting(served) == []


def test_pages_are_held_within_a_bound_and_letters_stay():
    letters = Letters(most_bytes=250)
    for _ in range(3):
        letters.add(make_failed(page=make_page(body=b"x" * 100)))

    assert [letter.can_be_tried for letter in letters.newest()] == [True, True, False]


@looped
async def test_the_service_makes_a_record_of_what_had_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A processor was out of order; once it works, the letters come out as records, and the books still add up."""
    monkeypatch.setattr(sys, "path", list(sys.path))  # the folder of a configuration is put into it
    (tmp_path / "breaking.py").write_text(STEP)
    (tmp_path / "broken").touch()
    async with Site() as site:
        site.on("/feed", answer(rss(item(1), item(2))))
        running = Running(tmp_path, site.url("/feed"), dashboard={"listen": "127.0.0.1:0"})
        running.file.write_text('[[processors]]\nuse = "breaking:Breaking"\n' + running.file.read_text())
        with redirect_stderr(StringIO()) as said:
            async with running as service:
                await service.until(lambda: len(service.letters) == 2)
                (tmp_path / "broken").unlink()
                url = re.findall(r"listening on (http://\S+)", said.getvalue())[0]
                async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False, timeout=60) as browser:
                    given = {"form_token": form_token(await browser.get("/overview"))}
                    await browser.post("/letters/replay", data=given, headers=OURS)
                await service.until(lambda: len(service.records) == 2)
                await service.until(service.idle.is_set)

    assert sorted(service.titles) == ["Bridge report 1", "Bridge report 2"]
    monkeypatch.delitem(sys.modules, "breaking", raising=False)
    assert len(service.written()) == 2
    audited = newstap("audit", "--config", "newstap.toml", cwd=tmp_path)
    assert audited.returncode == 0, audited.stdout

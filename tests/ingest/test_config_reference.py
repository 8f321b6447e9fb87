"""`docs/configuration.md` says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest.config import ConfigError, load, reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
ENV = {"WIRE_TOKEN": "t0ken", "KAFKA_PASSWORD": "pw"}


@pytest.fixture
def page() -> str:
    """Return the page; where only the installed package and the tests are at hand, what it is generated from."""
    return PAGE.read_text(encoding="utf-8") if PAGE.exists() else reference()


def test_the_page_is_the_generated_one(page):
    """Write it again with the command at the top of `ingest/config/reference.py`."""
    assert page == reference()


def test_the_sample_loads_without_a_warning(page, tmp_path):
    (sample,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    path = tmp_path / "news.toml"
    path.write_text(sample)

    config = load(path, ENV)

    assert config.warnings == ()
    assert [feed.name for feed in config.feeds] == ["The Fictional Gazette", None]
    assert config.feeds[1].headers["Authorization"].reveal() == "Bearer t0ken"
    assert config.sinks.kafka.sasl_password.reveal() == "pw"
    assert config.processors[0].options == {"words": 100}


def test_the_mistakes_of_the_page_are_told_in_those_words(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("news.toml")
    path.write_text("""
        [fetch]
        timout_seconds = 5
        [schedule]
        interval_seconds = "15m"
        [sinks.kafka]
        security_protocol = "SASL_SSL"
        sasl_mechanism = "PLAIN"
        sasl_username = "newstap"
        sasl_password = "in the clear"
    """)

    with pytest.raises(ConfigError) as caught:
        load(path, {})

    assert f"```\n{caught.value}\n```" in page


def test_every_key_has_a_meaning(page):
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.*?) \|$", page, re.MULTILINE)

    assert len(rows) > 60
    assert [name for name, *_, meaning in rows if not meaning.endswith(".")] == []

"""Nothing that we pin, or let in, falls under an advisory of our own list; and the list is one that finds something."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.supply.advisories import known, listed, lowest
from tests.supply.locks import LOCKS, ROOT, pins

PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))
ADVISORIES = listed()


@pytest.mark.parametrize("lock", LOCKS)
def test_no_version_of_a_lock_is_known_to_be_vulnerable(lock: str):
    assert [str(one) for one in known(pins(lock), ADVISORIES)] == []


def test_no_requirement_lets_in_a_version_that_is_known_to_be_vulnerable():
    """Who installs the wheel without the locks may get the oldest that we allow."""
    texts = [
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
    ]

    assert [str(one) for one in known(lowest(map(Requirement, texts)), ADVISORIES)] == []


def test_a_vulnerable_version_is_found_and_the_first_one_mended_is_not():
    found = known({"h11": "0.14.0", "orjson": "3.11.5", "idna": "3.15", "wheel": "0.39.0"}, ADVISORIES)

    assert [one.id for one in found] == ["CVE-2025-43859", "CVE-2025-67221"]


@pytest.mark.parametrize("advisory", ADVISORIES, ids=lambda one: one.id)
def test_an_advisory_says_what_it_is_about(advisory):
    """One about a library that no lock holds any more may go."""
    assert advisory.package in pins(LOCKS[1])
    assert re.fullmatch(r"CVE-\d{4}-\d{4,}|GHSA(-[a-z0-9]{4}){3}|PYSEC-\d{4}-\d+", advisory.id)
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", advisory.published)
    assert advisory.what
    assert list(advisory.vulnerable)


def test_no_advisory_stands_twice():
    assert len({(one.package, one.id) for one in ADVISORIES}) == len(ADVISORIES)

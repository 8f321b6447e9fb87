"""Licences: `docs/dependencies.md` says of a library what the library itself says, and all of them are allowed."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply.locks import LOCKS, ROOT, pins

PROJECT = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
DIRECT = [Requirement(text) for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])]
DOCUMENT = ROOT.joinpath("docs/dependencies.md").read_text("utf-8")
ROW = re.compile(r"^\| `([\w.-]+)` \| ([^|]+?) \|", re.MULTILINE)
ROWS = {str(canonicalize_name(name)): said for name, said in ROW.findall(DOCUMENT)}
FREE = re.compile(
    r"\b(?:MIT|BSD|Apache|PSF|Python Software Foundation|Zlib|CNRI|MPL|Mozilla|ISC|Unlicense|Dual License)\b",
    re.IGNORECASE,
)
LESSER = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)


def _said(name: str) -> str:
    """What a library's metadata say: the expression, else the field, else the classifiers."""
    told = metadata.metadata(name)
    classes = [one.rpartition("::")[2].strip() for one in told.get_all("Classifier", []) if one.startswith("License")]
    field = (told.get("License") or "").strip()
    return told.get("License-Expression") or ("" if "\n" in field else field) or " OR ".join(classes)


def _words(licence: str) -> str:
    """A licence in the form in which ours and theirs can be compared."""
    return re.sub(r"[ ._-]+", "-", licence.strip()).removesuffix("-License").casefold()


@pytest.mark.parametrize("requirement", DIRECT, ids=lambda requirement: requirement.name)
def test_the_documents_name_the_licence_that_the_library_names(requirement: Requirement):
    ours, theirs = _words(ROWS[str(canonicalize_name(requirement.name))]), _words(_said(requirement.name))

    assert ours == theirs or (theirs == "bsd" and ours.startswith("bsd-"))


def test_every_library_of_the_locks_is_under_a_licence_that_the_documents_allow():
    """The only one of the LGPL is an unmodified wheel beside ours; nothing is under the GPL alone."""
    said = {name: _said(name) for name in pins(LOCKS[1])}

    assert {name: one for name, one in said.items() if not FREE.search(one) and not LESSER.search(one)} == {}
    assert [name for name, one in said.items() if not FREE.search(one) and LESSER.search(one)] == ["crc32c"]

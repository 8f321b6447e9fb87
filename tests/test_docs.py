"""The documents stay true: links lead somewhere, and what they name exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_links_to_other_files_lead_somewhere(document: Path) -> None:
    targets = [t for t in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in t]

    assert [t for t in targets if not (document.parent / t).exists()] == []


def test_every_document_can_be_found_from_the_readme() -> None:
    """A document nobody links to is not read."""
    reached, waiting = set(), [CHECKOUT / "README.md"]
    while waiting:
        here = waiting.pop().resolve()
        if here in reached:
            continue
        reached.add(here)
        for target in LINK.findall(here.read_text(encoding="utf-8")):
            path = (here.parent / target).resolve()
            if "://" not in target and path.exists():
                waiting += [path] if path.suffix == ".md" else sorted(path.glob("*.md")) if path.is_dir() else []

    assert [str(d.relative_to(CHECKOUT)) for d in DOCUMENTS if d.resolve() not in reached] == []


def test_the_index_names_every_file_of_the_folder() -> None:
    docs = CHECKOUT / "docs"
    named = {(docs / target).resolve() for target in LINK.findall((docs / "README.md").read_text(encoding="utf-8"))}
    listed = [path for path in docs.rglob("*") if path.is_file() and path.name != "README.md"]

    assert [str(p.relative_to(docs)) for p in listed if not {p.resolve(), p.parent.resolve()} & named] == []


def test_make_targets_that_the_documents_name_exist() -> None:
    offered = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(
            r"`make ([a-z-]+)`|^ {4}make ([a-z-]+)", document.read_text(encoding="utf-8"), re.MULTILINE
        )
        for target in target
        if target
    }

    assert {"run", "test", "kafka"} <= named
    assert named <= offered


def test_source_paths_that_the_documents_name_exist() -> None:
    pattern = re.compile(r"`((?:ingest|processors|sinks|tests|benchmarks|docs)/[\w./-]*)`")
    missing = {
        f"{document.name}: {path}"
        for document in DOCUMENTS
        for path in pattern.findall(document.read_text(encoding="utf-8"))
        if not (CHECKOUT / path).exists()
    }

    assert missing == set()

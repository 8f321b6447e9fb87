"""The dashboard of Grafana and the rules of Prometheus that docs/ ships name metrics, labels and values that exist."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ingest.metrics import CATALOGUE
from ingest.metrics.catalogue import Kind
from tests.conftest import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

DASHBOARD = CHECKOUT / "docs" / "grafana" / "newstap.json"
RULES = CHECKOUT / "docs" / "prometheus" / "newstap.rules.yml"
SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds."""
_NAME = re.compile(r"\b((?:newstap|process)_[a-z_]+)(\{[^}]*\})?(\[[^]]+\])?")
_MATCHER = re.compile(r'([a-z_]+)(=~|=|!=|!~)"([^"]*)"')
_BY = re.compile(r"\bby \(([^)]*)\)")
_PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}
_RATES = re.compile(r"\b(rate|increase)\((\w+)")


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return panels


def _rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def _expressions() -> Iterator[tuple[str, str]]:
    for panel in _panels():
        for target in panel["targets"]:
            yield f"panel {panel['title']}", target["expr"]
    for rule in _rules():
        yield f"rule {rule['alert']}", rule["expr"]


def _labels(name: str) -> dict[str, tuple[str, ...]]:
    """Return a metric's labels and what each can hold; those of a histogram's series too."""
    if name in _PROCESS:
        return {}
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    if base in CATALOGUE and CATALOGUE[base].kind is Kind.HISTOGRAM:
        return {**CATALOGUE[base].labels, **({"le": ()} if name.endswith("_bucket") else {})}
    return dict(CATALOGUE[name].labels)


def wrong(expression: str) -> list[str]:
    """Return what of an expression does not exist."""
    problems, known = [], set(SCRAPED)
    for name, selector, _ in _NAME.findall(expression):
        try:
            labels = _labels(name)
        except KeyError:
            problems.append(f"no metric {name}")
            continue
        known |= set(labels)
        for label, sign, value in _MATCHER.findall(selector):
            if label not in {*labels, *SCRAPED}:
                problems.append(f"{name} has no label {label}")
            elif labels.get(label) and not set(value.split("|") if "~" in sign else [value]) <= set(labels[label]):
                problems.append(f"{name}: {label} is never {value}")
    for grouped in _BY.findall(expression):
        problems += [f"no label {label}" for label in grouped.split(", ") if label not in known]
    problems += [
        f"{function} of {name}, which counts nothing" for function, name in _RATES.findall(expression) if _gauge(name)
    ]
    return problems


def _gauge(name: str) -> bool:
    return name in CATALOGUE and CATALOGUE[name].kind is Kind.GAUGE


@pytest.mark.parametrize(("where", "expression"), list(_expressions()), ids=lambda value: str(value)[:40])
def test_what_an_expression_names_exists(where: str, expression: str) -> None:
    assert _NAME.search(expression), where
    assert wrong(expression) == [], where


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("sum(newstap_feds)", "no metric newstap_feds"),
        ('newstap_feeds{state="x"}', "newstap_feeds has no label state"),
        ('newstap_feeds{health=~"active|ill"}', "newstap_feeds: health is never active|ill"),
        ("sum by (sink) (newstap_feeds)", "no label sink"),
        ("rate(newstap_feeds[5m])", "rate of newstap_feeds, which counts nothing"),
        ("newstap_fetch_seconds", None),
    ],
)
def test_what_does_not_exist_is_found(expression: str, problem: str | None) -> None:
    assert wrong(expression) == ([] if problem is None else [problem])


def test_legends_and_messages_name_labels_of_their_expressions() -> None:
    for panel in _panels():
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            grouped = {label for group in _BY.findall(target["expr"]) for label in group.split(", ")}
            assert named <= grouped | SCRAPED, panel["title"]
    for rule in _rules():
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        labels = {label for name, *_ in _NAME.findall(rule["expr"]) for label in _labels(name)}
        assert named <= labels, rule["alert"]


def test_panels_lie_beside_each_other_and_have_numbers_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in _panels():
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in _panels()}) == len(_panels())


def test_rules_have_what_prometheus_wants_of_them() -> None:
    names = [rule["alert"] for rule in _rules()]
    assert len(set(names)) == len(names) > 5
    for rule in _rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m")), rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, rule["alert"]

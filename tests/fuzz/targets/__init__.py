"""Every target, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.targets import archives, bodies, definitions, feeds, texts, urls, wire

if TYPE_CHECKING:
    from tests.fuzz.target import Target

_MODULES = (archives, bodies, definitions, feeds, texts, urls, wire)
TARGETS: dict[str, Target] = {target.name: target for module in _MODULES for target in module.TARGETS}

"""Boilerplate rules: data that says which lines of an extracted text are not the article."""

from __future__ import annotations

from processors.boilerplate.rules import LineRules, RulesError

__all__ = ["LineRules", "RulesError"]

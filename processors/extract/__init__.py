"""Extraction: an HTML page, bytes as received, becomes an article. Home of trafilatura, lxml and charset-normalizer."""

from __future__ import annotations

from processors.extract.extractor import PASSES, Extract

__all__ = ["PASSES", "Extract"]

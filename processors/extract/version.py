"""Which extractor this is, for those who do not load it."""

from __future__ import annotations

from importlib.metadata import version

_REVISION = 4
"""Raised when this package gives another result than before for the same page."""
VERSION = f"trafilatura {version('trafilatura')} / newstap-extract {_REVISION}"
"""What a result depends on beside the page and the rules."""

"""A newsroom on loopback for the demo: ten invented outlets that publish sixty articles, one a second, and then rest.

`script` holds what is published, `expected` what must come of it, `Newsroom` serves it, `hosted` does so in a thread
of its own. Everything in it was written for this project: invented outlets tell settled history or plainly fictional
local news. It serves a demo and tests; it is no web server for anything else.
"""

from __future__ import annotations

from ingest.demo.newsroom.expected import Expectation, expected
from ingest.demo.newsroom.room import FeedOffer, Newsroom, hosted
from ingest.demo.newsroom.script import Script, load

__all__ = ["Expectation", "FeedOffer", "Newsroom", "Script", "expected", "hosted", "load"]

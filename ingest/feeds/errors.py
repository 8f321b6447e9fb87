"""What a document that should have been a feed can turn out to be.

    FeedError
    ├── EmptyFeedError       no bytes, or white space only
    ├── NotAFeedError        a web page, an OPML list, a picture ...: whole, perhaps, but no feed
    ├── UnreadableFeedError  meant as a feed, but nothing can be read from it
    └── HostileFeedError     built, or broken, so that reading it would cost far more than it is worth

All are the publisher's doing: they say nothing about us, and the next poll may well succeed.
"""

from __future__ import annotations


class FeedError(ValueError):
    """A document gave no feed; the message says why, in words for the operator."""


class EmptyFeedError(FeedError):
    """Nothing was sent. Not the same as a feed without entries, which is a `Feed`."""


class NotAFeedError(FeedError):
    """Something else than a feed was sent."""


class UnreadableFeedError(FeedError):
    """A feed was sent that no parser can read."""


class HostileFeedError(FeedError):
    """The document crosses a limit that real feeds keep away from."""

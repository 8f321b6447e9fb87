"""What ends a command with exit code 2: the user can mend it."""

from __future__ import annotations


class FeedsError(Exception):
    """The command cannot be carried out as given, and nothing was changed; `str` gives a line for each reason."""

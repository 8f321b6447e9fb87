"""`newstap site`: what was learned about a site, in words, as rules of one's own, or no longer."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from ingest.jobs import STATE_FOLDER
from ingest.logs import visible
from ingest.profiles import Profiles
from processors.boilerplate.lines import core, fold
from processors.profiles.lessons import RULE
from processors.profiles.verdicts import HEAD, MIDDLE, TAIL, Verdict, independent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ingest.config import Config
    from processors.profiles.site import Site

_ZONES = {HEAD: "above the text", MIDDLE: "among the paragraphs", TAIL: "below the text"}
_SHOWN = 100
"""Characters of a line."""
_LENGTH = 160
"""Characters that a rule takes by default."""


def profiles_of(config: Config, folder: Path | None) -> Profiles:
    """Return the profiles of the configuration, or of a replay's output folder where one is named."""
    return Profiles(config.state.path if folder is None else folder / STATE_FOLDER)


def site(config: Config, action: str, host: str, folder: Path | None, out: IO[str] = sys.stdout) -> int:
    """Show, export or forget what is known of a site; return 1 where nothing is.

    Args:
        config: says where the profiles lie.
        action: `show`, `export` or `forget`.
        host: the site; a `www.` in front makes no difference.
        folder: of a replay's output, whose profiles are meant instead.
        out: where to print.
    """
    host = host.lower().removeprefix("www.")
    profiles = profiles_of(config, folder)
    found = profiles.site(host)
    if found is None:
        print(f"{profiles.path}: nothing is known of {host!r}", file=sys.stderr)  # noqa: T201 - the command's answer
        return 1
    if action == "forget":
        profiles.forget(host)
        out.write(f"{host}: forgotten; its articles teach again when they are read again\n")
        return 0
    writers: dict[str, Callable[[Site, Sequence[Verdict], IO[str]], None]] = {"show": _show, "export": _export}
    writers[action](*found, out)
    return 0


def _show(found: Site, lines: Sequence[Verdict], out: IO[str]) -> None:
    distinct = len(independent(found.lessons))
    goes = sum(line.goes for line in lines)
    out.write(f"{found.host}: looks back on {distinct} distinct articles; {goes} of {len(lines)} recurring lines go\n")
    for line in sorted(lines, key=lambda line: not line.goes):
        out.write(f"  {line.why}; {_receipt(line)}\n    {visible(line.block.text)[:_SHOWN]}\n")


def _receipt(line: Verdict) -> str:
    since = "" if line.since is None else f" since {datetime.fromtimestamp(line.since, UTC):%Y-%m-%d}"
    where = ", ".join(_ZONES[zone] for zone in line.zones)
    return f"on {line.seen} articles{since}{', ' + where if where else ''}"


def _export(found: Site, lines: Sequence[Verdict], out: IO[str]) -> None:
    """Print what goes as a file for `[extraction] rules`."""
    for line in lines:
        text = line.block.text
        if line.goes and (words := core(fold(text))):
            out.write(f"# {_receipt(line)}\n[[rule]]\nname = {json.dumps(RULE)}\nhosts = {json.dumps([found.host])}\n")
            out.write(f"words = {_quoted(words)}\nmax_length = {max(_LENGTH, len(fold(text)))}\n")
            out.write(f"takes = {_quoted(text)}\n\n")


def _quoted(text: str) -> str:
    """Return a list of one TOML string; what JSON escapes, TOML does the same way."""
    return json.dumps([text], ensure_ascii=False).replace("\x7f", "\\u007f")

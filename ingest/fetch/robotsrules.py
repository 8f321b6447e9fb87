"""What a robots.txt says (RFC 9309), read so that no file costs more than its length allows for."""

from __future__ import annotations

import re

from protego import Protego

from ingest.fetch.reservations import AGENTS

DISALLOW_ALL = "User-agent: *\nDisallow: /"
MOST_RULES = 30_000
"""Rules of a file, each counted for every robot of its group that we ask about, and twice where Protego makes two of
it. More are a second of work and 50 MB, and the garbage collector, for which all threads wait, takes 100 ms of them."""
QUICK_CHARACTERS = 4000
"""A file of so many is read within some 15 ms, whatever it says."""
QUICK_BYTES = 100_000
"""`Rules.size` up to which a question is answered within some 5 ms, whatever is asked."""
_BYTES_OF_RULE = 700
"""What a rule with a wildcard holds of memory; one without takes less than half of that."""
_LINE = re.compile(
    r"(user(?:\s+|-)?agents?|allow|disallow|dissallow|dissalow|disalow|diasllow|disallaw|crawl[-\s]delay)"
    r"(?:\s*:|\s|\Z)\s*(.*)",
    re.IGNORECASE | re.DOTALL,
)
"""As generous as Protego, which is given these lines in one spelling. Others do not end a group (RFC 9309 §2.2.4)."""
_RULES = {"a": "Allow", "d": "Disallow", "c": "Crawl-delay"}
"""By the first letter."""
_TOKEN = re.compile(r"[A-Za-z_-]+")
_OTHERS = "<>"
"""Stands for every robot that we never ask about."""


class TooManyRulesError(Exception):
    """A file holds more than `MOST_RULES`; to leave some of them out would allow what they forbid."""


class Rules:
    """A robots.txt, or what stands in for one.

    Args:
        text: the file; `DISALLOW_ALL` where it could not be read.
        token: our product token.

    Raises:
        TooManyRulesError: it is made to cost time and memory.
    """

    def __init__(self, text: str, token: str) -> None:
        self._ours = f"<{token.lower()}>"
        lines = _Lines(AGENTS | {token.lower()})
        for line in text.splitlines():
            lines.take(line.partition("#")[0].strip())
        self._parsed = Protego.parse("\n".join(lines.taken))
        self._reserved = tuple(sorted(lines.named & AGENTS))
        self.size = len(text) + lines.rules * _BYTES_OF_RULE
        """Bytes of memory, estimated."""

    @property
    def crawl_delay(self) -> float | None:
        """Seconds between requests that the site asks of us."""
        return self._parsed.crawl_delay(self._ours)

    def allow(self, url: str) -> bool:
        """Say whether we may fetch a URL."""
        return bool(self._parsed.can_fetch(url, self._ours))

    def reserved_against(self, url: str) -> tuple[str, ...]:
        """Return the collectors of training data that are named here and may not fetch a URL."""
        return tuple(agent for agent in self._reserved if not self._parsed.can_fetch(url, f"<{agent}>"))


def product_token(user_agent: str) -> str:
    """Return what robots.txt files call us: `newstap` of `newstap/1.0 (+https://…)` (RFC 9309 §2.2.1)."""
    found = _TOKEN.match(user_agent)
    return found[0].lower() if found else user_agent.partition("/")[0].strip().lower()


class _Lines:
    """The lines of a robots.txt that are handed to Protego.

    Protego takes a group `news` for `newstap`, and `*bot` for any bot; RFC 9309 §2.2.1 wants the whole token. In
    brackets, no token is part of another. It also keeps every rule once for each robot of its group: 12,000 robots and
    as many rules, in 300 kB, are 144 million. So all that we never ask about are one to it.

    Args:
        wanted: the tokens that are asked about, lower case.
    """

    def __init__(self, wanted: frozenset[str]) -> None:
        self.taken: list[str] = []
        self.named: set[str] = set()
        self.rules = 0
        self._wanted = wanted
        self._group: set[str] = set()
        self._names_robots = False

    def take(self, line: str) -> None:
        """Take the next line, without its comment and the spaces around it."""
        found = _LINE.match(line)
        if found is None:
            return
        field = _RULES.get(found[1][0].lower())
        if field is None:
            self._take_robot(found[2])
        else:
            self._take_rule(f"{field}: {found[2]}")

    def _take_robot(self, value: str) -> None:
        if not self._names_robots:
            self._group.clear()
            self._names_robots = True
        name = self._name(value)
        if name not in self._group:
            self._group.add(name)
            self.taken.append(f"User-agent: {name}")

    def _name(self, value: str) -> str:
        if value == "*" or not value:
            return value
        named = _TOKEN.match(value)
        token = (named[0] if named else value).lower()
        if token not in self._wanted:
            return _OTHERS
        self.named.add(token)
        return f"<{token}>"

    def _take_rule(self, rule: str) -> None:
        if not self._names_robots and self._group <= {_OTHERS, ""}:
            return  # nobody asks; the first is kept, since it ends the list of robots
        self._names_robots = False
        self.rules += len(self._group) * (2 if "$" in rule else 1)
        if self.rules > MOST_RULES:
            raise TooManyRulesError(f"more than {MOST_RULES} rules")
        self.taken.append(rule)

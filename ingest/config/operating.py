"""The sections of the configuration for whoever operates newstap: what it tells, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from ingest.config.kinds import Choice, Flag, Whole
from ingest.config.network import Credential, Listen, is_loopback
from ingest.config.sections import Clash, Section
from ingest.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms(Section):
    """What is told of who is improbably silent, of items that are lost, and of pages that read badly."""

    enabled: Annotated[bool, Flag(), "Learn what is usual, and tell what is not."] = True
    silence_false_a_year: Annotated[
        int,
        Whole(1, 365),
        "How many false alarms of silence a year are accepted of each feed, outlet and topic; with fewer, true ones"
        " come later.",
    ] = 2
    kafka: Annotated[
        bool, Flag(), "Each alarm that is raised, and each that is over, is a message in Kafka (`alarms.v1`)."
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard(Section):
    """The one HTTP listener: `/healthz`, `/livez`, `/readyz`, `/metrics` and the pages for people."""

    listen: Annotated[
        str, Listen(), 'Where it listens; port 0 picks a free one, `""` is off. Off by default in `fetch` and `work`.'
    ] = "127.0.0.1:8080"
    token: Annotated[
        Secret | None,
        Credential(),
        "What `Authorization: Bearer` must carry for more than a plain yes or no. An address that other machines can"
        " reach needs one.",
    ] = None

    def clashes(self) -> Iterator[Clash]:
        """See `Section`."""
        if self.listen and self.token is None and not is_loopback(self.listen):
            yield Clash(
                ("listen", "token"),
                f"{self.listen!r} is not a loopback address, and another address needs a token",
                'set token = "${NAME}", or listen on 127.0.0.1',
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging(Section):
    """Messages for people and their machines, on standard error."""

    level: Annotated[str, Choice(("debug", "info", "warning", "error")), "The least that is worth a line."] = "info"
    format: Annotated[str, Choice(("text", "json")), "Lines for the eye, or one JSON object a line."] = "text"


ALARMS = Alarms()
DASHBOARD = Dashboard()
LOGGING = Logging()
"""What holds where the file says nothing."""

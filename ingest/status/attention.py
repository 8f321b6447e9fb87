"""What somebody should look at. A feed that fails or is dead is none of it: feeds come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

MOST_ALARMS = 10
"""That are told one by one."""

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.status.figures import Status


def attention(found: Status) -> Iterator[str]:
    """Yield a line for each thing."""
    service, feeds = found.service, found.feeds
    if service.pid is None and (found.entries_waiting or found.outbox):
        yield f"no service runs, and {found.entries_waiting} entries and {found.outbox} items wait for one"
    if service.health not in {None, "ok"}:
        yield f"the service is {service.health}"
        yield from (f"{part}: {why}" for part, why in service.parts.items())
    if service.problem is not None:
        yield f"the service's health is not known: {service.problem}"
    if service.pid is not None and feeds.overdue:
        yield f"{feeds.overdue} feeds are overdue although the service runs"
    if feeds.failing and not feeds.healthy:
        yield f"no feed is healthy, {feeds.failing} are failing"
    problems = [group.problem for group in (found.workers, found.link) if group is not None and group.problem]
    if problems:
        yield f"Kafka: {problems[0]}"
    for alarm in found.alarms[:MOST_ALARMS]:
        yield f"{alarm.scope} {alarm.name} is {alarm.kind}: {alarm.why}"
    if (more := len(found.alarms) - MOST_ALARMS) > 0:
        yield f"and {more} more alarms; --json has them"

"""For how long a member of a consumer group may count on what it was given."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kafka.coordinator.heartbeat import Heartbeat

if TYPE_CHECKING:
    from kafka import KafkaConsumer


class Beats(Heartbeat):  # type: ignore[misc]  # the library is not typed
    """The library's heartbeats, which note when the last one was sent that was answered.

    Its own notes do not tell (3.0.12): what was sent last may be the next one already, and its sessions begin anew with
    whatever says where the coordinator is. A process that was frozen does both at the moment it wakes.
    """

    answered = float("-inf")
    """When that was, in monotonic seconds. One is sent after the other, so it is the one that was sent last."""

    def received_heartbeat(self) -> None:
        """Note that the one that was sent last was answered."""
        super().received_heartbeat()
        self.answered = self.last_send

    def reset_timeouts(self) -> None:
        """Begin a session; only the answer to a heartbeat, at once, says that it counts."""
        super().reset_timeouts()
        self.fail_heartbeat()

    def lease_seconds(self, session_seconds: float) -> float:
        """Return for how long at least the group does not give up a member, whose sessions are so long."""
        return float(self.answered + session_seconds - time.monotonic())


def watched(consumer: KafkaConsumer) -> Beats:
    """Have a consumer's heartbeats be such ones; to be called before it subscribes to anything."""
    coordinator = consumer._coordinator  # noqa: SLF001 - the library has no public way
    coordinator.heartbeat = beats = Beats(**coordinator.config)
    return beats

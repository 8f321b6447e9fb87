"""What the parts say of themselves, and what follows for the whole."""

from __future__ import annotations

import json
import threading

import pytest

from ingest.health import MAX_WHY, Health, Status


class Clock:
    """Monotonic seconds, and with an offset Unix time: 2026-01-01T00:00:00Z at the start."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now - 100.0 + 1_767_225_600


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock=clock, wall=clock.wall)


def test_a_service_without_trouble_is_ok(health, clock):
    health.part("polling")
    clock.now += 12.5

    assert health.snapshot() == {
        "status": "ok",
        "ready": False,
        "draining": False,
        "uptime_seconds": 12.5,
        "parts": {"polling": {"state": "ok", "since": "2026-01-01T00:00:00Z"}},
    }


def test_a_part_that_fails_degrades_the_service_and_says_since_when_and_why(health, clock):
    kafka = health.part("sink kafka")
    health.part("polling")
    clock.now += 60

    kafka.failing("no broker answers")

    found = health.snapshot()
    assert health.status is Status.DEGRADED
    assert found["status"] == "degraded"
    assert found["parts"]["sink kafka"] == {
        "state": "failing",
        "since": "2026-01-01T00:01:00Z",
        "why": "no broker answers",
    }
    assert found["parts"]["polling"]["state"] == "ok"


def test_a_part_that_cannot_go_on_outweighs_one_that_fails(health):
    health.part("a").down("refused for good")
    health.part("b").failing("away")

    assert health.snapshot()["status"] == "down"


def test_the_reason_may_change_without_a_new_beginning(health, clock):
    part = health.part("sink files")
    part.failing("disk full")
    clock.now += 60
    part.failing("disk still full")

    assert health.snapshot()["parts"]["sink files"]["since"] == "2026-01-01T00:00:00Z"
    assert health.snapshot()["parts"]["sink files"]["why"] == "disk still full"


def test_a_part_that_is_well_again_is_ok_since_then(health, clock):
    part = health.part("sink files")
    part.failing("disk full")
    clock.now += 60
    part.ok()

    assert health.snapshot()["status"] == "ok"
    assert health.snapshot()["parts"]["sink files"] == {"state": "ok", "since": "2026-01-01T00:01:00Z"}


def test_a_part_without_a_sign_of_life_is_failing_and_the_process_not_alive(health, clock):
    part = health.part("polling", heartbeat_seconds=30)
    clock.now += 30
    assert (health.status, health.is_alive) == (Status.OK, True)

    clock.now += 15

    assert (health.status, health.is_alive) == (Status.DEGRADED, False)
    assert health.snapshot()["parts"]["polling"] == {
        "state": "failing",
        "since": "2026-01-01T00:00:30Z",
        "why": "no sign of life for 45 s",
    }
    part.beat()
    assert (health.status, health.is_alive) == (Status.OK, True)


@pytest.mark.parametrize("sign", ["ok", "beat", "failing", "down"])
def test_whatever_a_part_says_is_a_sign_of_life(health, clock, sign):
    part = health.part("polling", heartbeat_seconds=30)
    clock.now += 29
    getattr(part, sign)(*(["why"] if sign in {"failing", "down"} else []))
    clock.now += 29

    assert health.is_alive


def test_a_beat_does_not_mend_what_fails(health):
    part = health.part("polling", heartbeat_seconds=30)
    part.failing("no network")
    part.beat()

    assert health.status is Status.DEGRADED


def test_a_part_that_is_down_stays_down_when_it_falls_silent(health, clock):
    health.part("polling", heartbeat_seconds=30).down("crashed five times")
    clock.now += 60

    assert health.snapshot()["parts"]["polling"]["why"] == "crashed five times"
    assert not health.is_alive


def test_a_part_without_a_heartbeat_may_be_silent_for_ever(health, clock):
    health.part("state")
    clock.now += 1e9

    assert (health.status, health.is_alive) == (Status.OK, True)


def test_a_part_that_restarts_finds_itself_again(health, clock):
    first = health.part("polling", heartbeat_seconds=30)
    first.failing("crashed")
    clock.now += 60

    again = health.part("polling", heartbeat_seconds=30)

    assert again is first
    assert health.is_alive
    assert health.status is Status.DEGRADED


def test_a_part_that_ended_on_purpose_is_not_reported(health, clock):
    health.part("polling", heartbeat_seconds=30)
    health.forget("polling")
    clock.now += 60

    assert health.snapshot()["parts"] == {}
    assert health.is_alive


def test_the_service_is_ready_between_its_start_and_its_drain(health):
    told = [health.is_ready]
    health.ready()
    told.append(health.is_ready)
    health.draining()
    told.append(health.is_ready)
    health.ready()
    told.append(health.is_ready)

    assert told == [False, True, False, False]
    assert health.snapshot()["draining"] is True


def test_a_reason_is_one_short_line_without_secrets(health):
    health.part("sink kafka").failing("https://ann:hunter2@broker.example/\nforged \ud800" + "x" * 1000)

    why = health.snapshot()["parts"]["sink kafka"]["why"]
    assert why.startswith("https://***@broker.example/\\nforged \\ud800")
    assert len(why) == MAX_WHY
    json.dumps(why).encode()


def test_parts_may_speak_from_many_threads():
    health = Health()

    def speak(name: str) -> None:
        for number in range(200):
            part = health.part(name, heartbeat_seconds=60)
            part.failing(str(number))
            health.snapshot()
            part.ok()

    threads = [threading.Thread(target=speak, args=[f"part {number % 3}"]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert health.status is Status.OK
    assert sorted(health.snapshot()["parts"]) == ["part 0", "part 1", "part 2"]

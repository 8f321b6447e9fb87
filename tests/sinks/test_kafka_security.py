"""Credentials and access rights, against a broker that asks for them: clear errors, and no secret in any of them."""

from __future__ import annotations

import itertools
import logging
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from kafka.admin import ACLResourcePatternType as PatternType

from ingest.secret import Secret
from ingest.tokens import EndpointToken
from sinks.base import SinkBrokenError
from sinks.kafka import KafkaSink
from sinks.reader import DeniedError, Reader, UnreadableError
from tests.broker import start
from tests.broker.tokens import PROPERTIES as TOKENS
from tests.broker.tokens import granting, token
from tests.commands import newstap
from tests.sinks.kafka_driver import MemoryLedger, drive, items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.broker import OwnBroker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
SECRET = "hunter2-SENTINEL"
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
PROPERTIES = {
    "listener.security.protocol.map": "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN,OAUTHBEARER",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.plaintext.plain.sasl.jaas.config": (
        f'{LOGIN} username="broker" password="b" user_broker="b" user_news="{SECRET}";'
    ),
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:broker;User:ANONYMOUS",
    "inter.broker.listener.name": "PLAINTEXT",  # else it does not log in to itself, and transactions have no ends
    **TOKENS,
}


def login(user: str, password: str) -> dict[str, str]:
    return {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": user,
        "sasl_plain_password": password,
    }


@pytest.fixture(scope="module")
def guarded() -> Iterator[OwnBroker]:
    """A broker that asks for a password and grants nothing that was not granted."""
    broker = start(PROPERTIES)
    yield broker
    broker.stop()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What reaches the handlers of the root logger, at any level."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(f"{record.name}: {record.getMessage()}")
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


def sink(broker: OwnBroker, user: str, password: str, prefix: str = "news") -> KafkaSink:
    return KafkaSink(
        MemoryLedger(prefix),
        bootstrap=broker.bootstrap,
        prefix=prefix,
        topics=("china",),
        patience_seconds=2.0,
        security=login(user, password),
    )


def test_a_wrong_password_is_told_without_telling_it(guarded: OwnBroker, logged: list[str]) -> None:
    """At the first try, although the broker hangs up right after its answer."""
    wrong = sink(guarded, "news", f"not-{SECRET}")

    with pytest.raises(SinkBrokenError, match="SaslAuthenticationFailed") as raised:
        wrong.open()
    assert len(wrong.check()) == 1
    assert SECRET not in f"{raised.value} {wrong.check()} {logged}"
    assert not [line for line in logged if line.startswith("kafka.")], "the library's own flood"


def test_missing_rights_are_told(guarded: OwnBroker) -> None:
    denied = sink(guarded, "news", SECRET)

    with pytest.raises(SinkBrokenError, match=r"Authorization"):
        denied.open()
    assert "Authorization" in denied.check()[0]


def test_with_rights_it_delivers(guarded: OwnBroker) -> None:
    """The rights that docs/kafka.md lists are all that it takes, with topics that somebody else made."""
    owner = sink(guarded, "broker", "b", "granted")
    drive(owner, [])
    owner.close()
    grant(guarded, ResourceType.TOPIC, "granted.", [ACLOperation.DESCRIBE, ACLOperation.WRITE])
    grant(guarded, ResourceType.TOPIC, "granted.", [ACLOperation.DESCRIBE_CONFIGS, ACLOperation.READ])
    grant(guarded, ResourceType.TRANSACTIONAL_ID, "newstap-", [ACLOperation.DESCRIBE, ACLOperation.WRITE])
    grant(guarded, ResourceType.GROUP, "newstap-", [ACLOperation.DESCRIBE, ACLOperation.READ])
    mine = sink(guarded, "news", SECRET, "granted")

    settled(mine, r"^$")
    drive(mine, items(30))
    assert mine.open() == 30
    mine.close()


def test_one_topic_that_may_not_be_written_is_named_with_what_to_grant(guarded: OwnBroker) -> None:
    owner = sink(guarded, "broker", "b", "partly")
    drive(owner, [])
    owner.close()
    grant(guarded, ResourceType.TOPIC, "partly.", [ACLOperation.DESCRIBE, ACLOperation.DESCRIBE_CONFIGS])
    grant(guarded, ResourceType.TOPIC, "partly.", [ACLOperation.READ])
    for granted in ("partly.articles.", "partly.dead-letters."):
        grant(guarded, ResourceType.TOPIC, granted, [ACLOperation.WRITE])
    denied = r"no right to write to partly\.topic\.china\.v1 \(.*; grant Describe and Write"

    mine = sink(guarded, "news", SECRET, "partly")
    settled(mine, denied)
    assert len(mine.check()) == 1
    with pytest.raises(SinkBrokenError, match=denied):
        mine.open()


def test_a_right_taken_away_while_running_is_named(guarded: OwnBroker) -> None:
    owner = sink(guarded, "broker", "b", "taken")
    drive(owner, [])
    owner.close()
    rights = [ACLOperation.DESCRIBE, ACLOperation.DESCRIBE_CONFIGS, ACLOperation.WRITE, ACLOperation.READ]
    grant(guarded, ResourceType.TOPIC, "taken.", rights)
    grant(guarded, ResourceType.TRANSACTIONAL_ID, "newstap-", [ACLOperation.DESCRIBE, ACLOperation.WRITE])
    grant(guarded, ResourceType.GROUP, "newstap-", [ACLOperation.DESCRIBE, ACLOperation.READ])
    mine = sink(guarded, "news", SECRET, "taken")
    settled(mine, r"^$")
    drive(mine, items(4))

    grant(guarded, ResourceType.TOPIC, "taken.topic.", [ACLOperation.WRITE], ACLPermissionType.DENY)
    with pytest.raises(SinkBrokenError, match=r"taken\.topic\.china\.v1.*; grant Describe and Write"):
        deliver_more(mine)


def oauth(ask: Callable[[], str]) -> dict[str, Any]:
    return {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": ask,
    }


def test_with_a_token_it_delivers_and_a_reader_reads(guarded: OwnBroker) -> None:
    """A token that has run out is told, and is not shown."""
    with granting("broker", SECRET) as endpoint:
        ask = EndpointToken(endpoint.url, Secret("broker"), Secret(SECRET))
        mine = KafkaSink(
            MemoryLedger("token"),
            bootstrap=guarded.bootstrap,
            prefix="token",
            topics=("china",),
            security=oauth(ask),
        )
        drive(mine, items(12))
        mine.close()
    with (
        Reader(guarded.bootstrap, "token.articles.v1", group="token", security=oauth(ask)) as reader,
        pytest.raises(UnreadableError, match="schema None is not known"),  # the driver's items are no records
    ):
        next(reader)
    old = token("broker", -30.0)
    with (
        Reader(guarded.bootstrap, "token.articles.v1", group="token", security=oauth(lambda: old)) as reader,
        pytest.raises(DeniedError, match="SaslAuthenticationFailed") as raised,
    ):
        next(reader)
    assert old not in str(raised.value)
    assert len(endpoint.asked) == 1


def test_a_reader_without_rights_is_told_which(guarded: OwnBroker) -> None:
    owner = sink(guarded, "broker", "b", "unread")
    drive(owner, items(1))
    owner.close()
    grant(guarded, ResourceType.TOPIC, "unread.", [ACLOperation.DESCRIBE])
    with (
        Reader(guarded.bootstrap, "unread.articles.v1", group="nobody", security=login("news", SECRET)) as reader,
        pytest.raises(DeniedError, match=r"Authorization.*grant .*Read"),
    ):
        next(reader)


OAUTH = """
[state]
path = "state"
[sinks.kafka]
bootstrap = "{bootstrap}"
topic_prefix = "asked"
security_protocol = "SASL_PLAINTEXT"
sasl_mechanism = "OAUTHBEARER"
"""


def test_check_logs_in_with_a_token(guarded: OwnBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what is wrong where it has none."""
    monkeypatch.delenv("NEWSTAP_KAFKA_BOOTSTRAP", raising=False)
    config = tmp_path / "news.toml"
    head = OAUTH.format(bootstrap=guarded.bootstrap)
    (tmp_path / "token").write_text(token("broker"))
    config.write_text(f'{head}sasl_oauth_token_file = "token"\n')
    well = newstap("check", "--config", config)
    with granting("broker", SECRET) as endpoint:
        config.write_text(
            f'{head}sasl_username = "broker"\nsasl_password = "${{PW}}"\nsasl_oauth_url = "{endpoint.url}"\n'
        )
        wrong = newstap("check", "--config", config, env={"PW": f"not-{SECRET}"})

    assert well.returncode == 0, well.stderr
    assert wrong.returncode == 2
    assert f"no token: {endpoint.url} answers 401 (invalid_client)" in wrong.stderr
    told = well.stdout + well.stderr + wrong.stdout + wrong.stderr
    assert SECRET not in told
    assert token("broker")[:30] not in told


def settled(mine: KafkaSink, wanted: str) -> None:
    """Wait until the broker acts on the rights it was given: it answers a moment before it does."""
    deadline = time.monotonic() + 60
    while not re.search(wanted, text := "\n".join(mine.check())):
        assert time.monotonic() < deadline, text
        time.sleep(0.1)


def deliver_more(mine: KafkaSink) -> None:
    """Deliver a few items at a time, for a minute."""
    deadline = time.monotonic() + 60
    for count in itertools.count(8, 4):
        assert time.monotonic() < deadline
        drive(mine, items(count))


def grant(
    broker: OwnBroker,
    kind: ResourceType,
    prefix: str,
    operations: list[ACLOperation],
    permission: ACLPermissionType = ACLPermissionType.ALLOW,
) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap, **login("broker", "b"))
    pattern = ResourcePattern(kind, prefix, PatternType.PREFIXED)
    admin.create_acls([ACL("User:news", "*", operation, permission, pattern) for operation in operations])
    admin.close()

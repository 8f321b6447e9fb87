"""What a configuration means when it is right."""

from __future__ import annotations

import pickle
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.config import BOOTSTRAP, Config, ConfigError, FilesSink, load

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "news.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


DEFAULTS = {
    "state": {"path": Path("var/state")},
    "schedule": {
        "interval_seconds": 900,
        "min_interval_seconds": 600,
        "max_interval_seconds": 86400,
        "backoff_seconds": 60,
        "redirect_stable_seconds": 604800,
        "unconditional_seconds": 691200,
        "dead_after_errors": 30,
        "dead_interval_seconds": 604800,
        "gone_confirm_seconds": 86400,
        "gone_probe_seconds": 2592000,
        "first_fetch": "all",
    },
    "fetch": {
        "timeout_seconds": 30,
        "host_delay_seconds": 1.0,
        "host_connections": 2,
        "robots_ttl_seconds": 86400,
        "max_feed_bytes": 10_000_000,
        "max_page_bytes": 5_000_000,
        "allow_networks": (),
        "pages": True,
    },
    "topics": {"enabled": ("north-korea", "russia", "china"), "paths": ()},
    "profiles": {"refresh_seconds": 3600},
    "extraction": {"worker_timeout_seconds": 10, "worker_memory_mb": 700, "workers": 0, "rules": ()},
    "dashboard": {"listen": "127.0.0.1:8080", "token": None},
    "logging": {"level": "info", "format": "text"},
}


@pytest.mark.parametrize("section", DEFAULTS)
def test_defaults_are_those_of_the_published_contract(section):
    loaded = getattr(load(None, {}), section)

    assert {name: getattr(loaded, name) for name in DEFAULTS[section]} == DEFAULTS[section]


def test_without_a_file_records_go_to_files_and_nowhere_else():
    config = load(None, {})

    assert config.sinks.files == FilesSink(path=Path("var/out"), compression="none", fsync="batch")
    assert config.sinks.files.rotate_bytes == 134_217_728
    assert config.sinks.files.rotate_seconds == 3600
    assert config.sinks.kafka is None
    assert config.archive is None
    assert config.feeds == config.processors == config.warnings == ()


def test_an_empty_file_means_the_same_as_none_but_below_its_folder(write):
    path = write("")

    config = load(path, {})

    assert config.file == path
    assert config.state.path == path.parent / "var/state"
    assert config.sinks.files.path == path.parent / "var/out"
    assert config.schedule == load(None, {}).schedule


@pytest.mark.parametrize(
    ("text", "files", "kafka"),
    [
        ("", True, False),
        ("[sinks.files]", True, False),
        ("[sinks.kafka]", False, True),
        ("[sinks.files]\n[sinks.kafka]", True, True),
    ],
    ids=["no sinks", "files", "kafka only", "both"],
)
def test_sinks_are_those_that_are_named_and_files_if_none_is(write, text, files, kafka):
    sinks = load(write(text), {}).sinks

    assert (sinks.files is not None, sinks.kafka is not None) == (files, kafka)


def test_kafka_defaults(write):
    kafka = load(write("[sinks.kafka]"), {}).sinks.kafka

    assert kafka.bootstrap == "127.0.0.1:9092"
    assert kafka.delivery == "exactly-once"
    assert (kafka.partitions, kafka.replication, kafka.create_topics) == (6, 1, True)
    assert (kafka.topic_prefix, kafka.compression, kafka.retention_ms) == ("news", "lz4", -1)
    assert (kafka.security_protocol, kafka.tls, kafka.sasl) == ("PLAINTEXT", False, False)


def test_relative_paths_start_from_the_file_and_absolute_ones_stay(write, tmp_path):
    (tmp_path / "mine").mkdir()
    text = """
        [state]
        path = "here"
        [topics]
        paths = ["mine"]
        [sinks.files]
        path = "/srv/out"
        [archive]
    """

    config = load(write(text), {})

    assert config.state.path == tmp_path / "here"
    assert config.topics.paths == (tmp_path / "mine",)
    assert config.sinks.files.path == Path("/srv/out")
    assert config.archive.path == tmp_path / "var/archive"


def test_a_feed_has_all_its_keys(write):
    text = """
        [[feeds]]
        url = "https://gazette.example.org/feed"
        name = "The Fictional Gazette"
        interval_seconds = 1200.5
        pages = false
        language = "pt-BR"
        zone = "Asia/Seoul"
        tags = ["local", "daily"]
        headers = { Authorization = "Bearer ${TOKEN}", Accept-Language = "ko" }
    """

    (feed,) = load(write(text), {"TOKEN": "s3cret"}).feeds

    assert (feed.url, feed.name) == ("https://gazette.example.org/feed", "The Fictional Gazette")
    assert (feed.interval_seconds, feed.pages, feed.language) == (1200.5, False, "pt-BR")
    assert (feed.zone, feed.tags) == ("Asia/Seoul", ("local", "daily"))
    assert {name: value.reveal() for name, value in feed.headers.items()} == {
        "Authorization": "Bearer s3cret",
        "Accept-Language": "ko",
    }


@pytest.mark.parametrize("zone", ["Asia/Seoul", "UTC", "+09:00", "-03:30"])
def test_a_zone_is_a_name_or_an_offset(write, zone):
    (feed,) = load(write(f'[[feeds]]\nurl = "https://example.org/"\nzone = "{zone}"'), {}).feeds

    assert feed.zone == zone


@pytest.mark.parametrize("value", ["0.001", "1", "1e-3", "86_400"])
def test_times_may_be_small_whole_or_not(write, value):
    config = load(write(f"[profiles]\nrefresh_seconds = {value}"), {})

    assert config.profiles.refresh_seconds == float(value)


def test_every_time_may_be_small_at_once(write):
    names = [name for name in DEFAULTS["schedule"] if name.endswith("_seconds")]

    config = load(write("[schedule]\n" + "\n".join(f"{name} = 0.01" for name in names)), {})

    assert {getattr(config.schedule, name) for name in names} == {0.01}


def test_networks_are_read_as_networks(write):
    config = load(write('[fetch]\nallow_networks = ["127.0.0.0/8", "::1/128"]'), {})

    assert config.fetch.allow_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "127.9.9.9:1", "[::1]:8080", "localhost:65535", "LOCALHOST:0", ""])
def test_the_dashboard_listens_anywhere_or_nowhere(write, listen):
    assert load(write(f'[dashboard]\nlisten = "{listen}"'), {}).dashboard.listen == listen


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:8080", "[::]:0", "192.0.2.1:80", "news.example:8080", "localhost.example:1"]
)
def test_with_a_token_it_listens_on_any_address(write, listen):
    dashboard = load(write(f'[dashboard]\nlisten = "{listen}"\ntoken = "${{T}}"'), {"T": "t0ken"}).dashboard

    assert dashboard.listen == listen
    assert dashboard.token.reveal() == "t0ken"


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:8080", "[::]:0", "192.0.2.1:80", "news.example:8080", "localhost.example:1"]
)
def test_without_a_token_it_listens_on_loopback_only(write, listen):
    with pytest.raises(ConfigError) as caught:
        load(write(f'[dashboard]\nlisten = "{listen}"'), {})

    assert f"dashboard.listen: '{listen}' is not a loopback address, and another address needs a token" in str(
        caught.value
    )


def test_alarms_in_kafka_need_a_kafka(write):
    assert load(write("[alarms]\nkafka = true\n[sinks.kafka]"), {}).tells_alarms
    assert not load(write("[sinks.kafka]"), {}).tells_alarms

    with pytest.raises(ConfigError) as caught:
        load(write("[alarms]\nkafka = true"), {})
    assert "alarms: kafka is true, but there is no [sinks.kafka] for alarms to go to; add one" in str(caught.value)


def test_several_brokers_may_be_named_with_spaces(write):
    config = load(write('[sinks.kafka]\nbootstrap = "a.example:9092, [::1]:9093"'), {})

    assert config.sinks.kafka.bootstrap == "a.example:9092,[::1]:9093"


def test_the_environment_overrides_the_address_of_kafka(write):
    path = write('[sinks.kafka]\nbootstrap = "a.example:9092"\npartitions = 3')

    kafka = load(path, {BOOTSTRAP: "127.0.0.1:19092"}).sinks.kafka

    assert (kafka.bootstrap, kafka.partitions) == ("127.0.0.1:19092", 3)


@pytest.mark.parametrize("text", ["", "[sinks.files]"])
def test_the_environment_alone_adds_no_kafka(write, text):
    assert load(write(text), {BOOTSTRAP: "127.0.0.1:19092"}).sinks.kafka is None


def test_an_empty_override_is_none(write):
    assert load(write("[sinks.kafka]"), {BOOTSTRAP: ""}).sinks.kafka.bootstrap == "127.0.0.1:9092"


def test_the_user_agent_tells_the_version_and_no_other_word_changes(write):
    agent = load(
        write('[fetch]\nuser_agent = "newstap/VERSION (SUBVERSION; +https://example.org)"'), {}
    ).fetch.user_agent

    assert agent.startswith("newstap/")
    assert "/VERSION" not in agent
    assert agent.endswith(" (SUBVERSION; +https://example.org)")


def test_what_stands_in_the_file_is_told_from_defaults(write):
    config = load(write('[dashboard]\nlisten = "127.0.0.1:8080"\n[sinks.kafka]'), {})

    assert config.given == {"dashboard", "dashboard.listen", "sinks", "sinks.kafka"}


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "news.toml"
    path.write_bytes(b'\xef\xbb\xbf[logging]\nlevel = "debug"')

    assert load(path, {}).logging.level == "debug"


def test_a_configuration_reaches_worker_processes(write):
    text = '[[feeds]]\nurl = "https://example.org/"\nheaders = { Cookie = "${C}" }\n[[processors]]\nuse = "a:B"'
    config = load(write(text), {"C": "crumbs"})

    assert pickle.loads(pickle.dumps(config)) == config  # our own bytes, made a line ago


def test_a_configuration_cannot_be_changed_by_accident():
    config = Config()

    with pytest.raises(AttributeError):
        config.state = None  # type: ignore[misc,assignment]  # the very thing that must fail


def warnings_of(path: Path) -> list[str]:
    return [f"{warning.key}: {warning.what}" for warning in load(path, {"P": "x"}).warnings]


def test_a_user_agent_without_a_contact_is_warned_of_where_feeds_are_polled(write):
    feed = '[[feeds]]\nurl = "https://example.org/"\n'

    assert warnings_of(write(feed)) == [
        "fetch.user_agent: names no contact, so that a site in trouble can only block it"
    ]
    assert warnings_of(write(feed + '[fetch]\nuser_agent = "me (a@example.org)"')) == []
    assert warnings_of(write("")) == []


def test_an_interval_outside_the_bounds_is_warned_of_where_it_was_written(write):
    text = """
        [fetch]
        user_agent = "me (a@example.org)"
        [schedule]
        max_interval_seconds = 700
        [[feeds]]
        url = "https://example.org/"
        interval_seconds = 60
    """

    assert warnings_of(write(text)) == ["feeds[0].interval_seconds: 60 is outside 600 to 700, which win"]
    assert warnings_of(write("[schedule]\ninterval_seconds = 60")) == [
        "schedule.interval_seconds: 60 is outside 600 to 86400, which win"
    ]


def test_a_password_in_clear_on_the_network_is_warned_of(write):
    text = """
        [sinks.kafka]
        security_protocol = "SASL_PLAINTEXT"
        sasl_mechanism = "PLAIN"
        sasl_username = "newstap"
        sasl_password = "${P}"
    """

    assert warnings_of(write(text)) == ["sinks.kafka.security_protocol: the password crosses the network in clear"]

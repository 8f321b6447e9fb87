"""What is said of a configuration that is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.config import BOOTSTRAP, Config, ConfigError, load
from ingest.config.kinds import Spot
from ingest.config.sections import Table, keys_of


@pytest.fixture
def lines(tmp_path, monkeypatch):
    """Return the error lines of a file with this text, which is named `news.toml`."""
    monkeypatch.chdir(tmp_path)

    def lines(text: str | bytes, **env: str) -> list[str]:
        path = Path("news.toml")
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        with pytest.raises(ConfigError) as caught:
            load(path, env)
        return str(caught.value).split("\n")

    return lines


def test_all_problems_are_told_at_once_each_on_its_line(lines):
    text = """
        [fetch]
        timout_seconds = 5
        host_connections = 0
        allow_networks = ["127.0.0.1/8", "10.0.0.0/8", 7]
        [schedule]
        interval_seconds = "15m"
        min_interval_seconds = 20
        max_interval_seconds = 10
        [[feeds]]
        url = "ftp://example.org/feed"
        [[feeds]]
        name = "no address"
        [dashboard]
        listen = "8080"
    """

    assert [line.partition(";")[0] for line in lines(text)] == [
        "news.toml: fetch.timout_seconds: unknown key",
        "news.toml: fetch.host_connections: 0 is out of range",
        "news.toml: fetch.allow_networks[0]: '127.0.0.1/8' has bits set beyond its prefix",
        "news.toml: fetch.allow_networks[2]: 7 is not a string",
        "news.toml: schedule.interval_seconds: '15m' is not a number",
        "news.toml: schedule.min_interval_seconds: 20 is more than max_interval_seconds, 10",
        "news.toml: feeds[0].url: 'ftp://example.org/feed' is not an http or https URL",
        "news.toml: feeds[1].url: is missing",
        "news.toml: dashboard.listen: '8080' names no host and port",
    ]


WRONG = {
    "a quoted number": ("[extraction]\nworkers = '2'", "extraction.workers: '2' is not a whole number; "),
    "a boolean for a whole number": ("[extraction]\nworkers = true", "extraction.workers: true is not a whole number"),
    "a fraction for a whole number": ("[extraction]\nworkers = 1.0", "extraction.workers: 1.0 is not a whole number"),
    "a boolean for a time": ("[fetch]\ntimeout_seconds = false", "fetch.timeout_seconds: false is not a number"),
    "a time of zero": ("[fetch]\ntimeout_seconds = 0", "fetch.timeout_seconds: 0 is out of range; give a number above"),
    "a negative time": ("[fetch]\nhost_delay_seconds = -1", "fetch.host_delay_seconds: -1 is out of range"),
    "an infinite time": ("[fetch]\ntimeout_seconds = inf", "fetch.timeout_seconds: inf is out of range"),
    "no number at all": ("[fetch]\ntimeout_seconds = nan", "fetch.timeout_seconds: nan is out of range"),
    "a time beyond all dates": ("[fetch]\ntimeout_seconds = 1e300", "timeout_seconds: 1e+300 is more than a hundred"),
    "a size of zero": ("[fetch]\nmax_page_bytes = 0", "fetch.max_page_bytes: 0 is out of range; give a whole number"),
    "a special number": ("[sinks.kafka]\nretention_ms = -2", "retention_ms: -2 is out of range; give -1, or whole"),
    "a number for a flag": ("[fetch]\npages = 1", "fetch.pages: 1 is not a boolean; give true or false"),
    "a word that is no choice": (
        '[sinks.files]\ncompression = "gz"',
        'sinks.files.compression: \'gz\' is not one of the choices; give "none", "gzip" or "zstd"',
    ),
    "a table for a path": ("[state.path]\na = 1", "state.path: a table is not a string; give a path in quotes"),
    "an empty path": ('[state]\npath = ""', "state.path: is empty; give a path"),
    "a path with a NUL": ('[state]\npath = "a\\u0000b"', "state.path: 'a\\x00b' holds control characters"),
    "a home folder": ('[state]\npath = "~/x"', "state.path: '~/x' starts with ~, which is not expanded here"),
    "a path that must exist": ('[topics]\npaths = ["no.toml"]', "topics.paths[0]: there is no 'no.toml'; name what"),
    "a string for an array": ('[topics]\nenabled = "china"', "topics.enabled: 'china' is not an array; give a list"),
    "a topic twice": ('[topics]\nenabled = ["a", "b", "a"]', "topics.enabled[2]: 'a' stands there twice"),
    "a topic that Kafka refuses": ('[topics]\nenabled = ["a b"]', "topics.enabled[0]: 'a b' is not a topic name; give"),
    "a topic of 101 characters": (f'[topics]\nenabled = ["{"a" * 101}"]', "is not a topic name"),
    "a topic with a newline": ('[topics]\nenabled = ["a\\n"]', "topics.enabled[0]: 'a\\n' holds control characters"),
    "a prefix that Kafka refuses": ('[sinks.kafka]\ntopic_prefix = "neẅs"', "topic_prefix: 'neẅs' is not a start of"),
    "a prefix of dots": ('[sinks.kafka]\ntopic_prefix = ".."', "sinks.kafka.topic_prefix: '..' is not a start of"),
    "a port too high": ('[sinks.kafka]\nbootstrap = "a:65536"', "bootstrap: '65536' is not a port from 1 to 65535"),
    "a port in other digits": ('[sinks.kafka]\nbootstrap = "a:٣"', "sinks.kafka.bootstrap: '٣' is not a port"),
    "a broker at port 0": ('[sinks.kafka]\nbootstrap = "a:0"', "sinks.kafka.bootstrap: '0' is not a port from 1"),
    "a broker without a port": ('[sinks.kafka]\nbootstrap = "a:1,b"', "bootstrap: 'b' names no host and port"),
    "a bare IPv6 address": ('[dashboard]\nlisten = "::1:80"', "dashboard.listen: '::1' is not a host name or address"),
    "an IPv6 address gone wrong": ('[dashboard]\nlisten = "[::g]:80"', "listen: '[::g]' is not a host name"),
    "no network": ('[fetch]\nallow_networks = ["lan"]', "fetch.allow_networks[0]: 'lan' is not a network; give"),
    "no URL": ('[[feeds]]\nurl = "http://[::1/"', "feeds[0].url: is not a URL: its host or port cannot be read"),
    "a URL without a host": ('[[feeds]]\nurl = "https:///x"', "feeds[0].url: 'https:///x' names no host and port"),
    "a URL with a space": ('[[feeds]]\nurl = "https://a/b c"', "feeds[0].url: 'https://a/b c' holds a space"),
    "a URL with a port too high": (
        '[[feeds]]\nurl = "https://a:99999/"',
        "is not a URL: its host or port cannot be read",
    ),
    "a language": ('[[feeds]]\nurl = "https://a/"\nlanguage = "en_GB"', "feeds[0].language: 'en_GB' is not a language"),
    "a time zone nearly": (
        '[[feeds]]\nurl = "https://a/"\nzone = "Asia/Seol"',
        "feeds[0].zone: 'Asia/Seol' is not a time zone; did you mean \"Asia/Seoul\"?",
    ),
    "a folder of time zones": (
        '[[feeds]]\nurl = "https://a/"\nzone = "Asia"',
        "feeds[0].zone: 'Asia' is not a time zone; ",
    ),
    "no time zone": (
        '[[feeds]]\nurl = "https://a/"\nzone = "+9"',
        "feeds[0].zone: '+9' is not a time zone; give a name",
    ),
    "a table for feeds": ('[feeds]\nurl = "https://a/"', "feeds: a table is not an array of tables; write [[feeds]]"),
    "a string for a feed": (
        'feeds = ["https://a/"]',
        "feeds[0]: 'https://a/' is not a table; write [[feeds]] on a line",
    ),
    "a string for a table": (
        'sinks = { kafka = "a:1" }',
        "sinks.kafka: 'a:1' is not a table; write [sinks.kafka] on a",
    ),
    "a processor without a name": (
        '[[processors]]\nuse = "mine"',
        "use: 'mine' is not a \"package.module:Name\"; give",
    ),
    "an option that is no argument": (
        '[[processors]]\nuse = "a:B"\noptions = { "x-y" = 1 }',
        "processors[0].options.x-y: cannot be a keyword argument; give a Python identifier",
    ),
    "options that are no table": (
        '[[processors]]\nuse = "a:B"\noptions = 3',
        "options: 3 is not a table; write options",
    ),
    "a user agent beyond ASCII": (
        '[fetch]\nuser_agent = "né"',
        "fetch.user_agent: 'né' is not a line of printable ASCII",
    ),
    "no sink in [sinks]": (
        "[sinks]",
        "sinks.files: there is neither this nor [sinks.kafka], so records would go nowhere",
    ),
    "a login without TLS or SASL": (
        '[sinks.kafka]\nsasl_mechanism = "PLAIN"',
        "is of no use with security_protocol PLAIN",
    ),
    "a key that nothing resembles": ("[state]\nzzz = 1", "state.zzz: unknown key; the keys here are path"),
    "a key with a line break": ('"a\\nb" = 1', '"a\\nb": unknown key; the keys here are alarms, archive, dashboard'),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_thing_wrong_is_one_line_with_its_place_value_and_remedy(lines, name):
    text, expected = WRONG[name]

    (line,) = lines(text)

    assert line.startswith("news.toml: ")
    assert expected in line
    assert "; " in line


def test_a_misspelt_key_gives_no_second_error_by_its_default(lines):
    text = "[schedule]\nmin_interval_seconds = 90_000\nmax_interval_secnds = 100_000"

    assert lines(text) == ["news.toml: schedule.max_interval_secnds: unknown key; did you mean max_interval_seconds?"]


def test_a_misspelt_required_key_is_not_missing_besides(lines):
    assert lines('[[feeds]]\nulr = "https://example.org/"') == [
        "news.toml: feeds[0].ulr: unknown key; did you mean url?"
    ]


@pytest.mark.parametrize(
    "other",
    ["https://EXAMPLE.org/feed", "https://example.org:443/feed", "https://example.org/feed#top"],
    ids=["capitals", "the usual port", "a fragment"],
)
def test_the_same_feed_twice_is_found_beside_other_problems(lines, other):
    text = f"""
        [[feeds]]
        url = "https://example.org/feed"
        [[feeds]]
        name = "its index must count"
        [[feeds]]
        url = "{other}"
    """

    assert lines(text) == [
        "news.toml: feeds[1].url: is missing; give a value: http or https URL",
        "news.toml: feeds[2].url: is the same as in feeds[0]; name each once",
    ]


def test_feeds_that_differ_in_the_query_or_scheme_are_two(tmp_path):
    path = tmp_path / "news.toml"
    urls = ["http://example.org/f", "https://example.org/f", "https://example.org/f?a=1", "https://example.org/F"]
    path.write_text("\n".join(f'[[feeds]]\nurl = "{url}"' for url in urls))

    assert [feed.url for feed in load(path, {}).feeds] == urls


def test_login_and_certificates_have_to_fit_the_protocol(lines):
    text = """
        [sinks.kafka]
        security_protocol = "SASL_PLAINTEXT"
        sasl_username = "newstap"
        ssl_cafile = "news.toml"
        ssl_keyfile = "news.toml"
    """

    told = [line.removeprefix("news.toml: sinks.kafka.").split(";")[0] for line in lines(text)]

    assert told == [
        "sasl_mechanism: is missing for SASL_PLAINTEXT",
        "sasl_password: is missing for SASL_PLAINTEXT",
        "ssl_cafile: is of no use with security_protocol SASL_PLAINTEXT",
        "ssl_keyfile: is of no use with security_protocol SASL_PLAINTEXT",
        "ssl_keyfile: is of no use without ssl_certfile",
    ]


TOKEN = "[sinks.kafka]\nsecurity_protocol = 'SASL_SSL'\nsasl_mechanism = 'OAUTHBEARER'\n"
ENDPOINT = "sasl_oauth_url = 'https://example.org/token'\n"
LOGIN = "sasl_username = 'news'\nsasl_password = '${PW}'\n"
FILE = "sasl_oauth_token_file = 'news.toml'\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (TOKEN + LOGIN, ["sasl_oauth_url: is missing for OAUTHBEARER"]),
        (TOKEN + ENDPOINT, [f"sasl_{name}: is missing for SASL_SSL" for name in ("username", "password")]),
        (
            TOKEN + FILE + ENDPOINT + "sasl_username = 'news'",
            [f"sasl_{name}: is of no use with sasl_oauth_token_file" for name in ("username", "oauth_url")],
        ),
        (
            TOKEN.replace("OAUTHBEARER", "PLAIN") + LOGIN + ENDPOINT,
            ["sasl_oauth_url: is of no use with sasl_mechanism PLAIN"],
        ),
        ("[sinks.kafka]\n" + FILE, ["sasl_oauth_token_file: is of no use with security_protocol PLAINTEXT"]),
    ],
)
def test_a_token_comes_from_one_place_with_what_that_needs(lines, text, wanted):
    told = [line.removeprefix("news.toml: sinks.kafka.").split(";")[0] for line in lines(text, PW="x")]

    assert told == wanted


@pytest.mark.parametrize("text", [TOKEN + ENDPOINT + LOGIN + "sasl_oauth_scope = 'kafka'", TOKEN + FILE])
def test_either_place_of_a_token_is_well(tmp_path, text):
    path = tmp_path / "news.toml"
    path.write_text(text)

    assert load(path, {"PW": "x"}).sinks.kafka.sasl_mechanism == "OAUTHBEARER"


def test_a_secret_or_token_in_clear_is_told(tmp_path):
    path = tmp_path / "news.toml"
    path.write_text((TOKEN + ENDPOINT + LOGIN).replace("SASL_SSL", "SASL_PLAINTEXT").replace("https:", "http:"))

    told = [(caution.keys[0], caution.what) for caution in load(path, {"PW": "x"}).sinks.kafka.cautions()]

    assert told == [
        ("security_protocol", "the token crosses the network in clear"),
        ("sasl_oauth_url", "the client's secret crosses the network in clear"),
    ]


def test_an_override_from_the_environment_is_told_as_such_with_the_rest(lines):
    assert lines("[state]\npath = 3", **{BOOTSTRAP: "nowhere"}) == [
        "news.toml: state.path: 3 is not a string; give a path in quotes",
        f"environment: {BOOTSTRAP}: 'nowhere' names no host and port; give \"host:port\", or several with commas",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nb = = 2", "news.toml: line 2, column 5: Invalid value; correct the TOML"),
        ("[state]\n[state]", "news.toml: line 2, column 7: Cannot declare ('state',) twice; correct"),
        ("a = 2026-02-31", "news.toml: "),
        ("a = " + "9" * 5000, "news.toml: "),
        ("a = " + "[" * 50_000, "news.toml: is nested too deep; "),
        (b"a = '\xff'", "news.toml: is not UTF-8 at byte 5; save it as UTF-8"),
        ("x = 1\na" + ".a" * 50_000 + " = 1", "news.toml: line 2: a key of more than 100 parts; "),
        ("[" + "a." * 50_000 + "a]", "news.toml: line 1: a key of more than 100 parts; "),
        ("# " + "x" * 4_000_000, "news.toml: is longer than 4000000 bytes; keep feeds in the store"),
    ],
    ids=["syntax", "a table twice", "no such day", "a number too long", "nesting", "bytes", "dots", "table", "size"],
)
def test_what_is_not_toml_is_told_with_its_place(lines, text, expected):
    (line,) = lines(text)

    assert line.startswith(expected)


def test_numbers_with_points_are_no_key_however_many_there_are(tmp_path: Path) -> None:
    (tmp_path / "news.toml").write_text(f"[revisits]\nafter_seconds = {[n + 0.5 for n in range(999)]}\n")

    assert len(load(tmp_path / "news.toml", {}).revisits.after_seconds) == 999


@pytest.mark.parametrize(("name", "told"), [("none.toml", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_a_problem_like_others(tmp_path, monkeypatch, name, told):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError) as caught:
        load(Path(name), {})

    assert str(caught.value) == f"{name}: cannot be read: {told}; name a file that can be"


@pytest.mark.parametrize(
    "text",
    [
        f'[logging]\nlevel = "{"x" * 5000}"',
        f"{'k' * 5000} = 1",
        f'[state]\npath = "{"x" * 5000}"',
        f'[state]\npath = "{"x" * 300}/state"',
        f'[[feeds]]\nurl = "https://example.org/{"x" * 9000}"',
    ],
    ids=["value", "key", "path", "name in a path", "url"],
)
def test_long_values_and_keys_are_cut(lines, text):
    (line,) = lines(text)

    assert len(line) < 250


def test_of_very_many_problems_the_first_hundred_are_told(lines):
    found = lines("".join(f"key{n} = 1\n" for n in range(5_000)))

    assert len(found) == 101
    assert found[-1] == "news.toml: 4900 problems more"


def test_dots_in_strings_and_comments_are_no_keys(tmp_path):
    path = tmp_path / "news.toml"
    path.write_text(f'# {"." * 500}\n[fetch]\nuser_agent = "{"." * 500}" # {"." * 500}\n')

    assert load(path, {}).fetch.user_agent == "." * 500


def test_a_configuration_without_an_end_is_not_read_to_it():
    with pytest.raises(ConfigError, match="/dev/zero: is longer than 4000000 bytes"):
        load(Path("/dev/zero"), {})


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(date(2026, 1, 1))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
TABLES = {name: getattr(key.kind, "section") for name, key in keys_of(Config).items()}  # noqa: B009 - a kind need not have it


@st.composite
def documents(draw: st.DrawFn) -> dict[str, object]:
    """Tables with real names and keys, holding anything at all."""
    found: dict[str, object] = {}
    for name in draw(st.lists(st.sampled_from(sorted(TABLES)), unique=True)):
        keys = st.sampled_from(sorted(keys_of(TABLES[name]))) | st.text()
        table = draw(st.dictionaries(keys, VALUES, max_size=4))
        found[name] = [table] if draw(st.booleans()) else table
    return found


@example({"revisits": {"after_seconds": ["soon", "later"]}})
@given(documents())
def test_whatever_a_file_holds_it_is_read_or_refused_and_nothing_else(document):
    spot = Spot(source="news.toml", base=Path(), env={}, problems=[])

    config = spot.read(Table(Config), document)

    assert isinstance(config, Config)
    assert all("\n" not in str(problem) for problem in spot.problems)

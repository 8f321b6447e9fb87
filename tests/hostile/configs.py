"""Hostile configurations in TOML, and what `newstap check` must make of each."""

from __future__ import annotations

from typing import NamedTuple

SECRET = "hunter2-in-a-password"
_LOGIN = (
    '[sinks.kafka]\nbootstrap = "127.0.0.1:9"\nsecurity_protocol = "SASL_PLAINTEXT"\nsasl_mechanism = "PLAIN"\n'
    'sasl_username = "u"\n'
)
_FEED = '[[feeds]]\nurl = "{}"\n'


class Hostile(NamedTuple):
    """A configuration."""

    text: str | bytes
    accepted: bool = False
    files: tuple[tuple[str, str], ...] = ()
    """Name and content of files beside it."""


CONFIGS: dict[str, Hostile] = {
    "empty": Hostile("", accepted=True),
    "only_bom": Hostile(b"\xef\xbb\xbf", accepted=True),
    "not_utf8": Hostile(b'[state]\npath = "\xff\xfe"\n'),
    "utf16": Hostile('[state]\npath = "var"\n'.encode("utf-16")),
    "binary": Hostile(bytes(range(256)) * 64),
    "nul": Hostile(b'[state]\npath = "a\0b"\n'),
    "nul_escape": Hostile('[state]\npath = "a\\u0000b"\n'),
    "yaml": Hostile("state:\n  path: var\n"),
    "json": Hostile('{"state": {"path": "var"}}'),
    "duplicate_key": Hostile('[state]\npath = "a"\npath = "b"\n'),
    "duplicate_table": Hostile('[state]\npath = "a"\n[state]\npath = "b"\n'),
    "unknown_key": Hostile('[state]\npaht = "var"\n'),
    "unknown_table": Hostile("[stat]\n"),
    "wrong_types": Hostile('feeds = "none"\n[fetch]\ntimeout_seconds = "soon"\nallow_networks = 5\n'),
    "table_as_value": Hostile("state = 5\nfetch = []\n"),
    "deep_arrays": Hostile("[topics]\nenabled = " + "[" * 50_000 + "]" * 50_000 + "\n"),
    "deep_tables": Hostile("x = " + "{a=" * 50_000 + "1" + "}" * 50_000 + "\n"),
    "long_dotted_key": Hostile("a" + ".a" * 50_000 + " = 1\n"),
    "endless_number": Hostile("[fetch]\nmax_page_bytes = " + "9" * 100_000 + "\n"),
    "endless_line": Hostile('[state]\npath = "' + "x" * 5_000_000 + '"\n'),
    "endless_key": Hostile("k" * 1_000_000 + " = 1\n"),
    "many_unknown_keys": Hostile("".join(f"key{n} = {n}\n" for n in range(20_000))),
    "not_a_number": Hostile("[schedule]\ninterval_seconds = nan\n"),
    "infinite": Hostile("[schedule]\ninterval_seconds = inf\n"),
    "overflow": Hostile("[schedule]\ninterval_seconds = 1e999\n"),
    "negative": Hostile("[fetch]\nmax_page_bytes = -1\n"),
    "nothing_allowed": Hostile("[fetch]\nhost_connections = 0\n"),
    "a_million_workers": Hostile("[extraction]\nworkers = 1000000\n"),
    "zone_as_path": Hostile(_FEED.format("http://127.0.0.1:9/") + 'zone = "../../../../etc/passwd"\n'),
    "file_feed": Hostile(_FEED.format("file:///etc/passwd")),
    "script_feed": Hostile(_FEED.format("javascript:alert(1)")),
    "private_feed": Hostile(_FEED.format("http://169.254.169.254/latest/meta-data/")),
    "port_of_another_service": Hostile(_FEED.format("http://127.0.0.1:22/")),
    "feed_with_line_break": Hostile(_FEED.format("http://127.0.0.1/\\r\\nHost: evil")),
    "feed_of_a_megabyte": Hostile(_FEED.format("http://127.0.0.1:9/" + "a" * 1_000_000)),
    "secret_in_url": Hostile(_FEED.format(f"http://reader:{SECRET}@127.0.0.1:9/")),
    "secret_as_text": Hostile(f'{_LOGIN}sasl_password = "{SECRET}"\n'),
    "secret_not_set": Hostile(f'{_LOGIN}sasl_password = "${{NEWSTAP_NEVER}}"\n'),
    "header_with_line_break": Hostile('[fetch]\nuser_agent = "newstap\\r\\nX-Evil: 1"\n'),
    "feed_header_with_line_break": Hostile(
        _FEED.format("http://127.0.0.1:9/") + 'headers = { "X-A" = "1\\r\\nX-Evil: 1" }\n'
    ),
    "topic_prefix": Hostile('[sinks.kafka]\nbootstrap = "127.0.0.1:9"\ntopic_prefix = "../../x y"\n'),
    "topic_prefix_too_long": Hostile(f'[sinks.kafka]\nbootstrap = "127.0.0.1:9"\ntopic_prefix = "{"n" * 300}"\n'),
    "bootstrap_of_nothing": Hostile('[sinks.kafka]\nbootstrap = "http://127.0.0.1:99999/"\n'),
    "topic_as_path": Hostile('[topics]\nenabled = ["../../../etc/passwd"]\n'),
    "topics_of_binary": Hostile('[topics]\npaths = ["x.toml"]\n', files=(("x.toml", "\0\1\2"),)),
    "topics_missing": Hostile('[topics]\npaths = ["absent.toml"]\n'),
    "endless_regex": Hostile(
        '[extraction]\nrules = ["x.toml"]\n',
        files=(("x.toml", '[[rules]]\nname = "slow"\npatterns = ["(a+)+$"]\nexamples = ["aaa"]\n'),),
    ),
    "processor_of_os": Hostile('[[processors]]\nuse = "os:system"\n'),
    "processor_of_nothing": Hostile('[[processors]]\nuse = "no_such_module:Thing"\n'),
    "processor_as_path": Hostile('[[processors]]\nuse = "../../evil.py"\n'),
    "listening_to_all": Hostile('[dashboard]\nlisten = "0.0.0.0:0"\n'),
    "listening_nowhere": Hostile('[dashboard]\nlisten = "127.0.0.1:99999"\n'),
    "network_of_nothing": Hostile('[fetch]\nallow_networks = ["127.0.0.0/99", "everything"]\n'),
    "output_in_proc": Hostile('[sinks.files]\npath = "/proc/self/newstap"\n'),
    "output_is_a_file": Hostile('[sinks.files]\npath = "x"\n', files=(("x", ""),)),
    "state_is_output": Hostile(
        '[state]\npath = "var"\n[sinks.files]\npath = "var"\n[archive]\npath = "var"\n', accepted=True
    ),
}

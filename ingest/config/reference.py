"""`docs/configuration.md`, written from the model, so that no key is without its line and no line without its key.

python -c "from ingest.config import reference; print(reference(), end='')" > docs/configuration.md
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ingest.config.model import Config
from ingest.config.sections import Key, Table, Tables, keys_of

if TYPE_CHECKING:
    from ingest.config.sections import Section

_INTRODUCTION = """\
# Configuration

newstap reads one TOML file, named with `--config FILE`. Every key has a default. Without a file the defaults are
all there is: records go to files under `var/out`, and the state is kept under `var/state`.

This page is generated from the code that checks the file (`ingest/config/reference.py`); a test holds them together.

- **Paths** that are relative, the default ones too, start from the folder of the configuration file, or from the
  working directory where there is none. `~` is not expanded.
- **Times** are in seconds, whole or not, and have `_seconds` in their name (`retention_ms` alone is Kafka's own).
  Small values are legal for all of them.
- **Secrets** never stand in the file. Where a key takes one, write `"${NAME}"` and put the secret into the environment
  variable `NAME`; a secret in the file itself is an error. Feed headers may have text around it, as in
  `"Bearer ${NAME}"`. Errors and logs show `***` for a secret, and for the user name and password of any URL.
- **Sinks**: a file without `[sinks]` writes to `[sinks.files]` with its defaults; one with `[sinks.kafka]` alone writes
  to Kafka alone.

## Mistakes

All mistakes are reported at once, one a line, and the exit code is 2; nothing starts with half a configuration:

```
news.toml: fetch.timout_seconds: unknown key; did you mean timeout_seconds?
news.toml: schedule.interval_seconds: '15m' is not a number; give a number above 0, in seconds, without quotes
news.toml: sinks.kafka.sasl_password: must not stand in the file; put it in the environment and write "${NAME}"
```

There are warnings for what is legal but probably not meant: a user agent without a contact, an interval outside its
bounds, a password that crosses the network in clear.

## A sample

```toml
[state]
path = "/var/lib/newstap/state"

[fetch]
user_agent = "newstap/VERSION (+https://news.example.org/about)"

[[feeds]]
url = "https://gazette.example.org/feed.xml"
name = "The Fictional Gazette"
zone = "Asia/Seoul"
tags = ["local"]

[[feeds]]
url = "https://wire.example.net/atom"
pages = false
headers = { Authorization = "Bearer ${WIRE_TOKEN}" }

[topics]
enabled = ["north-korea", "russia"]

[[processors]]
use = "my_steps:DropShort"
options = { words = 100 }

[sinks.files]
path = "/var/lib/newstap/out"
compression = "zstd"

[sinks.kafka]
bootstrap = "kafka-1.example.org:9093,kafka-2.example.org:9093"
replication = 3
security_protocol = "SASL_SSL"
sasl_mechanism = "SCRAM-SHA-512"
sasl_username = "newstap"
sasl_password = "${KAFKA_PASSWORD}"

[archive]
path = "/var/lib/newstap/archive"

[logging]
format = "json"
```

## Environment

| variable | meaning |
|---|---|
| `NEWSTAP_KAFKA_BOOTSTRAP` | Overrides `bootstrap` of `[sinks.kafka]`. Where Kafka is not configured it adds nothing. |
| `NAME` of a `"${NAME}"` | The secret. An error if it is not set or empty. |

## Keys
"""


def reference() -> str:
    """Return the documentation of every key: its type, default and meaning."""
    return "\n".join([_INTRODUCTION, *_tables(Config, "")])


def _tables(section: type[Section], path: str) -> Iterator[str]:
    """Give the chapters of the tables within a section, in the order of the model."""
    for key in keys_of(section).values():
        if isinstance(key.kind, Table | Tables):
            here = f"{path}.{key.name}" if path else key.name
            if any(not isinstance(inner.kind, Table | Tables) for inner in keys_of(key.kind.section).values()):
                yield _chapter(key.kind, here)
            yield from _tables(key.kind.section, here)


def _chapter(kind: Table | Tables, path: str) -> str:
    heading = f"[[{path}]]" if isinstance(kind, Tables) else f"[{path}]"
    rows = "".join(_row(key) for key in keys_of(kind.section).values())
    meaning = inspect.getdoc(kind.section)
    return f"### `{heading}`\n\n{meaning}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}"


def _row(key: Key) -> str:
    default = "required" if key.required else _default(key.default)
    return f"| `{key.name}` | {key.kind.label} | {default} | {key.meaning} |\n"


def _default(value: object) -> str:
    return "none" if value is None else f"`{_toml(value)}`"


def _toml(value: object) -> str:
    """Return a default as it would stand in the file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:_}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return "{}" if isinstance(value, Mapping) else f'"{value}"'

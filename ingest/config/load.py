"""Reading a configuration: the file, the environment, and every problem of both at once."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ingest.config.kinds import Spot
from ingest.config.model import Config
from ingest.config.network import Brokers
from ingest.config.problems import ENVIRONMENT, ConfigError, Problem
from ingest.config.sections import Section, Table, keys_of, sections_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

S = TypeVar("S", bound=Section)
BOOTSTRAP = "NEWSTAP_KAFKA_BOOTSTRAP"
MOST_BYTES = 4_000_000
"""Of the file: some 40,000 feeds."""
_MOST_DOTS = 100
# What dots may stand in: strings, comments, and numbers that stand alone.
_NO_KEY = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|#.*|(?<![\w.-])[+-]?[\d_]+\.[\d_]+(?:[eE][+-]?\d+)?(?![\w.-])")
_AT = re.compile(r"(.*) \(at (.*)\)", re.DOTALL)


def load(path: Path | None, env: Mapping[str, str]) -> Config:
    """Return the configuration of a file, or, without one, the defaults.

    Args:
        path: the file; relative paths in it, and the default ones, start from its folder.
        env: where `${NAME}` references and `NEWSTAP_KAFKA_BOOTSTRAP` are looked up.

    Raises:
        ConfigError: with every problem there is, not only the first.
    """
    base = Path() if path is None else path.parent
    spot = Spot(source=ENVIRONMENT if path is None else str(path), base=base, env=env, problems=[])
    data = {} if path is None else _toml(path)
    config = spot.read(Table(Config), data)
    bootstrap = _bootstrap(spot)
    if spot.problems or not isinstance(config, Config):
        raise ConfigError(spot.problems)
    if bootstrap is not None and config.sinks.kafka is not None:
        kafka = replace(config.sinks.kafka, bootstrap=bootstrap)
        config = replace(config, sinks=replace(config.sinks, kafka=kafka))
    config = _anchored(config, base)
    agent = re.sub(r"\bVERSION\b", _version(), config.fetch.user_agent)
    config = replace(config, file=path, given=frozenset(_given(data)), fetch=replace(config.fetch, user_agent=agent))
    return replace(config, warnings=_warnings(config, spot.source))


def _toml(path: Path) -> dict[str, Any]:
    """Return the file's tables.

    Raises:
        ConfigError: it cannot be read, or is not TOML.
    """

    def wrong(what: str, right: str) -> ConfigError:
        return ConfigError([Problem(source=str(path), key="", what=what, right=right)])

    try:
        with path.open("rb") as stream:
            body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise wrong(f"is longer than {MOST_BYTES} bytes", "keep feeds in the store: newstap feeds import")
        text = body.decode("utf-8-sig")
        if (number := _winding(text)) is not None:
            raise wrong(f"line {number}: a key of more than {_MOST_DOTS} parts", "a configuration needs four levels")
        return tomllib.loads(text)
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}", "name a file that can be") from error
    except UnicodeDecodeError as error:
        raise wrong(f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from error
    except RecursionError as error:
        raise wrong("is nested too deep", "a configuration needs four levels") from error
    except ValueError as error:  # TOMLDecodeError is one; a date or a number out of Python's range is a bare one
        raise wrong(_syntax(error), "correct the TOML there (strings stand in quotes)") from None


def _winding(text: str) -> int | None:
    """Return the number of a line with a key of so many parts that tomllib takes gigabytes for it: their square."""
    if text.count(".") <= _MOST_DOTS:
        return None
    lines = enumerate(text.split("\n"), 1)
    return next((n for n, line in lines if line.count(".") > _MOST_DOTS < _NO_KEY.sub("", line).count(".")), None)


def _syntax(error: ValueError) -> str:
    message, place = match.groups() if (match := _AT.fullmatch(str(error))) else (str(error), "")
    return f"{place}: {message}" if place else message


def _bootstrap(spot: Spot) -> str | None:
    """Return the override of Kafka's address, if there is one."""
    value = spot.env.get(BOOTSTRAP, "")
    if not value:
        return None
    read = replace(spot, source=ENVIRONMENT, key=BOOTSTRAP).read(Brokers(), value)
    return read if isinstance(read, str) else None


def _anchored(section: S, base: Path) -> S:
    """Return a section with its relative paths, and those of the sections within it, put below a folder."""

    def moved(value: object) -> object:
        if isinstance(value, Path):
            return base / value
        if isinstance(value, Section):
            return _anchored(value, base)
        return tuple(map(moved, value)) if isinstance(value, tuple) else value

    return replace(section, **{name: moved(getattr(section, name)) for name in keys_of(type(section))})


def _given(data: Mapping[str, object], path: str = "") -> Iterator[str]:
    for name, value in data.items():
        yield f"{path}{name}"
        if isinstance(value, dict):
            yield from _given(value, f"{path}{name}.")


def _version() -> str:
    """Return newstap's version; of a checkout that is not installed, which has none, the word "dev"."""
    try:
        return importlib.metadata.version("newstap")
    except importlib.metadata.PackageNotFoundError:
        return "dev"


def _warnings(config: Config, source: str) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            source=source, key=f"{path}.{clash.keys[0]}" if path else clash.keys[0], what=clash.what, right=clash.right
        )
        for path, section in sections_in(config)
        for clash in section.cautions()
    )

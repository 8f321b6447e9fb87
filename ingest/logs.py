"""Log lines: one event a line, fields beside the message, nothing in them that could forge a line or tell a secret.

    logger = logging.getLogger(__name__)
    logger.info("job finished", extra={"records": 12})
    bound(logger, url=url).warning("not fetched", extra={"error": str(error)})

As text: `2026-11-23T10:00:00Z INFO replay: job finished records=12`; as JSON: one object a line.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
import urllib.parse
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from ingest.secret import MASK, mask_urls

if TYPE_CHECKING:
    from collections.abc import Iterable

QUIET = (
    *("asyncio", "courlan", "fastwarc", "htmldate", "httpcore", "httpx", "kafka", "trafilatura", "uvicorn"),
    "warcio",
)
"""Libraries of which only warnings are news: at the level of info some log every request."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_BARE = re.compile(r"[^\s\"=\\]+")

# Whatever ends a line, moves the cursor or reorders what is read (UAX 9, 2), and surrogates, which cannot be written.
_CONTROLS = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF]
_BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_ESCAPES = {code: f"\\u{code:04x}" for code in [*_CONTROLS, *_BIDI, *range(0xD800, 0xE000)]}
_ESCAPES |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def escaped(text: str) -> str:
    """Return the text on one line, with control characters, bidirectional controls and surrogates as escapes."""
    return text.translate(_ESCAPES)


def visible(text: str) -> str:
    """Return the text on one line for a terminal: a blank for what could move its cursor or direction."""
    return "".join(c if c.isprintable() else " " for c in text)


class Masker:
    """Takes secrets out of text: those it is told, and the credentials of any URL."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for word in secrets if word for form in (word, repr(word)[1:-1], urllib.parse.quote(word, ""))}
        longest_first = sorted(forms, key=len, reverse=True)  # so that no secret survives behind a part of it
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced."""
        known = self._known.sub(MASK, text) if self._known else text
        return mask_urls(known)


class _Formatter(logging.Formatter):
    """What both forms share: the parts of a record, masked."""

    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self._mask = masker

    def _time(self, record: logging.LogRecord, precision: str) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec=precision).replace("+00:00", "Z")

    def _message(self, record: logging.LogRecord) -> str:
        return self._mask(record.getMessage())

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        return {name: self._plain(value) for name, value in given.items()}

    def _plain(self, value: object) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value as JSON can tell it; what is no JSON type becomes its `str`."""
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, Mapping):
            return {self._mask(str(key)): self._plain(each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(each) for each in value]
        return self._mask(str(value))

    def _trace(self, record: logging.LogRecord) -> str | None:
        parts = [self.formatException(record.exc_info)] if record.exc_info else []
        parts += [self.formatStack(record.stack_info)] if record.stack_info else []
        return self._mask("\n".join(parts)) or None


def _logger(record: logging.LogRecord) -> str:
    return record.name.removeprefix("ingest.")


class TextFormatter(_Formatter):
    """`TIME LEVEL logger: message key=value …`; a traceback follows on lines that begin with a bar."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        head = f"{self._time(record, 'seconds')} {record.levelname} {_logger(record)}: {self._message(record)}"
        fields = [f"{name}={self._word(value)}" for name, value in self._fields(record).items()]
        trace = (self._trace(record) or "").split("\n") if record.exc_info or record.stack_info else []
        return "\n".join([escaped(" ".join([head, *fields])), *(f"    | {escaped(line)}" for line in trace)])

    def _word(self, value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        plain = not isinstance(value, str) or _BARE.fullmatch(text)
        return text if plain else json.dumps(text, ensure_ascii=False)


class JsonFormatter(_Formatter):
    """One object a line: `time`, `level`, `logger`, `message`, then the fields, and `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        line = {
            "time": self._time(record, "milliseconds"),
            "level": record.levelname.lower(),
            "logger": _logger(record),
            "message": self._message(record),
        }
        if trace := self._trace(record):
            line["exception"] = trace
        for name, value in self._fields(record).items():
            line[f"{name}_" if name in line else name] = value
        return escaped(json.dumps(line, ensure_ascii=False))


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second `setup` finds it."""


def setup(level: str, form: str, stream: TextIO | None = None, *, secrets: Iterable[str] = ()) -> None:
    """Send log lines to a stream, replacing what an earlier call set up.

    Args:
        level: the least that is written: `debug`, `info`, `warning` or `error`; of libraries, `warning` at least.
        form: `text` or `json`.
        stream: standard error where None.
        secrets: values that are masked wherever they turn up.
    """
    masker = Masker(secrets)
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(masker) if form == "json" else TextFormatter(masker))
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    logging.captureWarnings(True)  # noqa: FBT003 - the standard library's signature


class Bound(logging.LoggerAdapter[logging.Logger]):
    """A logger whose fields go with every line; a line's own `extra` adds to them."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:  # noqa: ANN401 - the standard library's signature
        """See `logging.LoggerAdapter`, which before Python 3.13 drops a line's own fields."""
        return msg, {**kwargs, "extra": {**(self.extra or {}), **(kwargs.get("extra") or {})}}


def bound(logger: logging.Logger, **fields: object) -> Bound:
    """Return the logger with fields that every line repeats, such as the feed or the page at hand."""
    return Bound(logger, fields)

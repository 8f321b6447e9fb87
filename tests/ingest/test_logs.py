"""Log lines."""

from __future__ import annotations

import io
import json
import logging
import re
import warnings

import pytest

from ingest import logs

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
FORGED = "title\n2026-01-01T00:00:00Z ERROR replay: \x1b[31mforged\r\x00\x85\u2028\u202e\ud800"


@pytest.fixture
def stream():
    """Return where lines go, and put logging back as it was."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield io.StringIO()
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(False)


@pytest.fixture
def logger():
    return logging.getLogger("ingest.replay")


def test_a_text_line_has_time_level_logger_message_and_fields(stream, logger):
    logs.setup("info", "text", stream)

    logger.info(
        "read %d", 3, extra={"file": "a.warc", "seconds": 0.25, "topics": ["china"], "note": 'two "words"', "x": ""}
    )

    line = stream.getvalue()
    assert re.fullmatch(TIME + "Z INFO replay: .*\n", line)
    assert line.endswith(r'replay: read 3 file=a.warc seconds=0.25 topics=["china"] note="two \"words\"" x=""' + "\n")


def test_a_json_line_has_the_same_as_values(stream, logger):
    logs.setup("info", "json", stream)

    logger.warning("read %d", 3, extra={"seconds": 0.25, "ok": True, "none": None, "nested": {"a": (1, float("nan"))}})

    line = json.loads(stream.getvalue())
    assert re.fullmatch(TIME + r"\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "warning",
        "logger": "replay",
        "message": "read 3",
        "seconds": 0.25,
        "ok": True,
        "none": None,
        "nested": {"a": [1, "nan"]},
    }


def test_a_field_cannot_take_the_place_of_what_every_line_has(stream, logger):
    logs.setup("info", "json", stream)

    logger.info("x", extra={"level": "forged", "time": "never"})

    line = json.loads(stream.getvalue())
    assert (line["level"], line["level_"], line["time_"]) == ("info", "forged", "never")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("place", ["message", "argument", "field", "key", "exception", "logger"])
def test_no_input_ends_a_line_or_reaches_the_terminal(stream, logger, form, place):
    logs.setup("info", form, stream)

    match place:
        case "message":
            logger.info(FORGED)
        case "argument":
            logger.info("%s", FORGED)
        case "field":
            logger.info("x", extra={"title": FORGED})
        case "key":
            logger.info("x", extra={FORGED: [FORGED]})
        case "logger":
            logging.getLogger(FORGED).info("x")
        case "exception":
            logger.info("x", exc_info=ValueError(FORGED))

    first, *others = stream.getvalue().splitlines()
    assert all(line.startswith("    | ") for line in others)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800]", stream.getvalue())
    assert "forged" in stream.getvalue()
    if form == "json":
        assert others == []
        assert json.loads(first)["message"]


def test_json_gives_back_what_was_logged(stream, logger):
    logs.setup("info", "json", stream)

    logger.info(FORGED, extra={"korean": "한국"})

    line = json.loads(stream.getvalue())
    assert (line["message"], line["korean"]) == (FORGED, "한국")
    assert "한국" in stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked_wherever_they_are(stream, logger, form):
    secret = "pass'w/ord\\é"
    logs.setup("info", form, stream, secrets=[secret, "pass", ""])

    logger.info("with %s", secret, extra={"a": secret, "b": [secret], "c": {secret: 1}, "d": repr(secret)})
    logger.info("%s", {"password": secret}, exc_info=ValueError(f"https://h/{secret}"))
    logger.info("https://h/?q=pass%27w%2Ford%5C%C3%A9 from https://user:pw@h/")

    assert "ord" not in stream.getvalue().replace("word", "").replace("record", "")
    assert "pw@" not in stream.getvalue()
    assert stream.getvalue().count("***") >= 9


def test_an_error_is_followed_by_its_trace_behind_a_bar(stream, logger):
    logs.setup("info", "text", stream)

    try:
        int("no luck")
    except ValueError:
        logger.exception("failed", extra={"url": "https://example.org/"}, stack_info=True)

    first, *trace = stream.getvalue().splitlines()
    assert first.endswith("ERROR replay: failed url=https://example.org/")
    assert "    | ValueError: invalid literal for int() with base 10: 'no luck'" in trace
    assert any("Stack (most recent call last)" in line for line in trace)


def test_json_holds_the_trace_as_a_field(stream, logger):
    logs.setup("info", "json", stream)

    logger.error("failed", exc_info=ValueError("no luck"))

    assert json.loads(stream.getvalue())["exception"] == "ValueError: no luck"


def test_levels_below_the_one_asked_for_are_left_out(stream, logger):
    logs.setup("warning", "text", stream)

    logger.info("quiet")
    logger.warning("loud")

    assert [line.split(": ")[1] for line in stream.getvalue().splitlines()] == ["loud"]


def test_libraries_are_heard_from_warning_on_in_our_format(stream):
    logs.setup("debug", "json", stream)

    logging.getLogger("kafka.client").info("chatter")
    logging.getLogger("trafilatura.core").warning("trouble")

    assert [json.loads(line)["logger"] for line in stream.getvalue().splitlines()] == ["trafilatura.core"]


def test_libraries_are_no_louder_than_the_rest(stream):
    logs.setup("error", "text", stream)

    logging.getLogger("kafka.client").warning("trouble")

    assert stream.getvalue() == ""


def test_warnings_of_python_are_log_lines(stream):
    logs.setup("info", "text", stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old habit", DeprecationWarning, stacklevel=1)

    assert " WARNING py.warnings: " in stream.getvalue()
    assert "old habit" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_a_second_setup_replaces_the_first_and_leaves_other_handlers_alone(stream, logger):
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)
    first = io.StringIO()
    logs.setup("info", "text", first)

    logs.setup("info", "json", stream)
    logger.info("once")

    assert first.getvalue() == ""
    assert stream.getvalue().count("once") == 1
    assert other in logging.getLogger().handlers


def test_standard_error_is_where_lines_go_unless_told(stream, logger, capsys):
    logs.setup("info", "text")

    logger.info("hello")

    assert capsys.readouterr().err.endswith("INFO replay: hello\n")


def test_a_bound_logger_repeats_its_fields_and_adds_those_of_a_line(stream, logger):
    logs.setup("info", "json", stream)
    page = logs.bound(logger, url="https://example.org/", feed="a")

    page.info("one", extra={"feed": "b", "n": 1})
    page.info("two")

    one, two = map(json.loads, stream.getvalue().splitlines())
    assert (one["url"], one["feed"], one["n"]) == ("https://example.org/", "b", 1)
    assert (two["feed"], two.get("n")) == ("a", None)

"""The wire format: what is encoded comes back, what was published decodes for ever, and nothing else does."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.records import Edit, Evidence, Form, Hint, Mode, Origin, Reason, Revision, Step, TextSource, TopicTag
from sinks import codec
from sinks.codec import CodecError
from tests.builders import make_article, make_failed, make_hint, make_origin, make_page, make_record, make_skipped

WIRE = Path(__file__).resolve().parents[1] / "data" / "wire"
DECODERS = {"record": codec.decode_record, "dead-letter": codec.decode_failed, "skipped": codec.decode_skipped}
BARE = Origin(mode=Mode.RUN)
MAKERS = {"record": make_record, "dead-letter": make_failed, "skipped": make_skipped}
FELL_BACK = make_origin(mode=Mode.RUN, archive=None, fallback=Reason.CONSENT_WALL, reserved=("noai", "robots:gptbot"))
CARRIED = make_page(
    form=Form.CARRIED,
    body=b"<p>The ferry sails.</p>",
    origin=FELL_BACK,
    hint=make_hint(content="<p>The ferry sails.</p>", url="https://gazette.example.org/go?to=ferry"),
    text_source=TextSource.FEED,
)
OF_A_FEED = {
    "record": {"origin": FELL_BACK},
    "dead-letter": {"origin": FELL_BACK, "page": CARRIED, "attempt": 1},
    "skipped": {"origin": FELL_BACK, "reason": Reason.ROBOTS},
}
"""What the `feed` samples of the wire say beside what the builders do."""
EARLIER = {"record": {"article": make_article(image_caption=None, paywalled=None, provenance={})}}
"""What the samples do not say yet."""

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
maybe = texts | st.none()
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(timezones=offsets) | st.none()
fractions = st.floats(0, 1)
counts = st.integers(0, 2**53 - 2)
numbers = st.integers(1, 2**53 - 2)
hints = st.builds(
    Hint,
    title=maybe,
    summary=maybe,
    authors=st.lists(texts).map(tuple),
    published=times,
    modified=times,
    language=maybe,
    content=maybe,
    url=maybe,
)
origins = st.builds(
    make_origin,
    mode=st.sampled_from(Mode),
    document_id=maybe,
    feed=maybe,
    fetched=times,
    fallback=st.none() | st.sampled_from(Reason),
    reserved=st.lists(texts).map(tuple),
)
evidence = st.builds(Evidence, field=st.just("text"), phrase=texts, start=counts, end=counts)
articles = st.builds(
    make_article,
    **dict.fromkeys(["title", "text"], texts),
    **dict.fromkeys(
        ["url", "canonical_url", "summary", "language", "site", "image", "image_caption", "section", "wire"], maybe
    ),
    **dict.fromkeys(["published", "modified"], times),
    authors=st.lists(texts).map(tuple),
    topics=st.lists(
        st.builds(TopicTag, topic=texts, score=fractions, evidence=st.lists(evidence, max_size=2).map(tuple)),
        max_size=2,
    ).map(tuple),
    text_source=st.sampled_from(TextSource),
    paywalled=st.none() | st.booleans(),
    provenance=st.dictionaries(texts, texts, max_size=3),
)
records = st.builds(
    make_record,
    id=texts,
    article=articles,
    origin=origins,
    fingerprint=st.dictionaries(texts, maybe, max_size=3),
    revision=st.builds(
        Revision,
        n=numbers,
        changed=st.none() | st.lists(texts).map(tuple),
        numbers=st.none() | st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
        diff=st.none() | st.lists(st.builds(Edit, old=texts, new=texts), max_size=2).map(tuple),
    ),
    dup=st.none() | st.just(make_record().dup),
    story=st.none() | st.builds(lambda merged: replace(make_record().story, merged=merged), maybe),
)
pages = st.builds(
    make_page,
    form=st.sampled_from(Form),
    body=st.binary() | texts.map(str.encode),
    url=maybe,
    content_type=maybe,
    hint=hints,
    origin=origins,
)


@given(records)
def test_a_record_comes_back(record):
    body = codec.encode_record(record)

    assert codec.decode_record(body) == record
    assert b"\n" not in body
    assert codec.decode_outcome(codec.encode_outcome(record)) == record


@given(
    st.builds(
        make_failed, page=pages, origin=origins, url=maybe, error=texts, step=st.sampled_from(Step), attempt=numbers
    )
)
def test_a_dead_letter_comes_back_with_its_input(failed):
    body = codec.encode_failed(failed)

    # The letter's origin and attempt are its input's too: they are written once.
    assert codec.decode_failed(body) == replace(failed, page=of_its_letter(failed))
    assert b"\n" not in body
    without = replace(failed, page=None)
    assert codec.decode_outcome(codec.encode_outcome(without)) == without


@given(origins, maybe, maybe)
def test_a_skipped_document_comes_back(origin, url, detail):
    skipped = make_skipped(origin=origin, url=url, detail=detail)

    assert codec.decode_skipped(codec.encode_skipped(skipped)) == skipped
    assert codec.decode_outcome(codec.encode_outcome(skipped)) == skipped


@given(pages, numbers)
def test_a_page_goes_to_a_worker_and_comes_back(page, attempt):
    page = replace(page, attempt=attempt)

    assert codec.decode_page(codec.encode_page_header(page), page.body) == page


def of_its_letter(failed):
    return replace(failed.page, origin=failed.origin, attempt=failed.attempt)


@pytest.mark.parametrize(
    ("body", "key"),
    [(b"plain", "body"), ("ü\ufeff\x00\u2028".encode(), "body"), (b"", "body"), (b"\xff\x00", "body_base64")],
)
def test_a_body_is_text_where_it_can_be(body, key):
    row = json.loads(codec.encode_failed(make_failed(page=make_page(body=body))))["input"]

    assert {"body", "body_base64"} & set(row) == {key}
    assert codec.decode_failed(codec.encode_failed(make_failed(page=make_page(body=body)))).page.body == body


def test_fields_stand_in_the_documented_order():
    row = json.loads(codec.encode_record(make_record()))

    assert " ".join(row) == (
        "schema id url canonical_url title text summary authors published modified language site image image_caption "
        "section paywalled wire topics removed text_source provenance revision dup story origin fingerprint"
    )
    assert " ".join(row["revision"]) == "n of previous class changed correction numbers diff"


def test_times_keep_the_publishers_zone():
    row = json.loads(codec.encode_record(make_record()))

    assert row["published"] == "2024-05-01T08:30:00+09:00"
    assert row["origin"]["fetched"] == "2024-05-02T03:04:05.678000+00:00"


@pytest.fixture
def far_from_utc(monkeypatch):
    """A machine in Seoul."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-05-01T08:30:00Z", datetime(2024, 5, 1, 8, 30, tzinfo=UTC)),
        ("2024-05-01T08:30:00", datetime(2024, 5, 1, 8, 30, tzinfo=UTC)),
        ("2024-05-01T08:30:00.5-05:00", datetime(2024, 5, 1, 8, 30, 0, 500_000, timezone(timedelta(hours=-5)))),
    ],
)
def test_times_as_others_write_them(written, meant, far_from_utc):
    assert codec.decode_record(line(published=written)).article.published == meant


def test_lone_surrogates_become_u_fffd_one_for_one():
    """A processor of a user's own may bring them; the offsets of evidence must still hold."""
    phrase = Evidence(field="text", phrase="Mos\udcffcow", start=2, end=9)
    article = make_article(
        title="\ud800",
        text="\ud83d\ude00Mos\udcffcow",
        topics=(TopicTag(topic="russia", score=1, evidence=(phrase,)),),
        authors=("A\udfff",),
    )
    record = make_record(article=article, fingerprint={"a\ud800": "\ud800"}, origin=make_origin(document_id="\ud800"))

    again = codec.decode_record(codec.encode_record(record))

    assert (again.article.title, again.article.authors) == ("\ufffd", ("A\ufffd",))
    found = again.article.topics[0].evidence[0]
    assert again.article.text[found.start : found.end] == found.phrase == "Mos\ufffdcow"
    assert (again.fingerprint, again.origin.document_id) == ({"a\ufffd": "\ufffd"}, "\ufffd")
    assert again.article.published == article.published


@given(st.text())
def test_no_text_is_refused(text):
    for body in (
        codec.encode_record(make_record(article=make_article(text=text, removed=()), id=text)),
        codec.encode_failed(make_failed(error=text, page=make_page(url=text, hint=make_hint(title=text)))),
        codec.encode_skipped(make_skipped(detail=text)),
        codec.encode_page_header(make_page(content_type=text)),
    ):
        json.loads(body)


def line(**fields):
    return json.dumps(json.loads(codec.encode_record(make_record())) | fields).encode()


def letter(**fields):
    return json.dumps(json.loads(codec.encode_failed(make_failed())) | fields).encode()


def skip(**fields):
    return json.dumps(json.loads(codec.encode_skipped(make_skipped())) | fields).encode()


@pytest.mark.parametrize("schema", [None, 0, 2, "1", True, [1]])
def test_an_unknown_schema_is_refused(schema):
    for decode, body in ((codec.decode_record, line), (codec.decode_failed, letter), (codec.decode_skipped, skip)):
        with pytest.raises(CodecError, match=r"schema .* is not known; this version reads 1"):
            decode(body(schema=schema))


def test_what_may_be_left_out():
    """By a writer of another version, or by hand."""
    bare = {"schema": 1, "id": "a", "title": "T", "text": "x"}

    record = codec.decode_record(json.dumps(bare).encode())

    assert record == make_record(
        id="a",
        article=type(record.article)(title="T", text="x"),
        origin=Origin(mode=Mode.REPLAY),
        fingerprint={},
        revision=Revision(),
        dup=None,
        story=None,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"id": 5}, {"id": None}, {"title": None}, {"text": ["x"]}, {"url": 5}, {"authors": "Ada"}, {"authors": [5]},
        {"published": "yesterday"}, {"published": 1714519800}, {"text_source": "dream"}, {"topics": [5]},
        {"topics": [{"topic": "a", "score": None}]}, {"topics": [{"topic": "a", "score": 2}]}, {"topics": 7},
        {"topics": [{"topic": "a", "score": 1, "evidence": [{"field": "a", "phrase": "x", "start": 0, "end": "1"}]}]},
        {"paywalled": "no"}, {"provenance": ["x"]}, {"provenance": {"title": 5}},
        {"removed": ["x"]}, {"removed": [{"rule": 5, "text": ""}]}, {"revision": [1]},
        {"revision": {"n": "1"}}, {"revision": {"n": 1.5}}, {"revision": {"n": True}}, {"revision": {"n": 0}},
        {"revision": {"n": 2**63}}, {"revision": {"n": 10**30}}, {"revision": {"n": 1, "changed": "title"}},
        {"revision": {"of": "x"}}, {"dup": {"copy_of": "x"}}, {"dup": {"copy_of": "x", "score": "NaN", "kind": "near"}},
        {"story": {"id": "x"}}, {"story": 5}, {"origin": {"mode": "dream"}}, {"origin": {}, "revision": {"n": None}},
        {"origin": {"mode": "run", "fallback": "dream"}},
        {"origin": {"mode": "run", "fallback": ""}}, {"origin": {"mode": "run", "reserved": "noai"}},
        {"origin": {"mode": "run", "fetched": "x"}}, {"origin": {"mode": "run", "archive": {"file": "x"}}},
        {"origin": {"mode": "run", "archive": {"file": "x", "offset": 2**64}}}, {"fingerprint": {"a": 5}},
        {"fingerprint": ["a"]}, {"fingerprint": "ab"},
    ],
)  # fmt: skip
def test_what_is_no_record(fields):
    with pytest.raises(CodecError, match="not a record"):
        codec.decode_record(line(**fields))


def test_a_story_needs_its_time():
    story = json.loads(line())["story"]
    for wrong in (None, "", "2024-05-01T00:00:00", 5):
        with pytest.raises(CodecError, match="not a record"):
            codec.decode_record(line(story=story | {"first_seen": wrong}))


@pytest.mark.parametrize(
    "fields",
    [
        {"dead_letter": 1}, {"dead_letter": None}, {"step": "dream"}, {"error": None}, {"origin": None}, {"url": 5},
        {"attempt": "2"}, {"attempt": None}, {"attempt": 1e300}, {"input": 5}, {"input": {"form": "html"}},
        {"input": {"form": "dream", "body": ""}}, {"input": {"form": "html", "body": 5}},
        {"input": {"form": "html", "body_base64": "=x"}},
        {"input": {"form": "html", "body_base64": "A*A=="}}, {"input": {"form": "html", "body_base64": 5}},
        {"input": {"form": "html", "body": "", "hint": {"title": 5}}},
        {"input": {"form": "html", "body": "", "hint": {"content": 5}}},
        {"input": {"form": "html", "body": "", "hint": 5}},
        {"input": {"form": "html", "body": "", "text_source": "dream"}},
        {"input": {"form": "html", "body": "\ud800"}},
    ],
)  # fmt: skip
def test_what_is_no_dead_letter(fields):
    with pytest.raises(CodecError):
        codec.decode_failed(letter(**fields))


@pytest.mark.parametrize("fields", [{"reason": "dream"}, {"reason": None}, {"origin": 5}, {"url": 5}, {"detail": []}])
def test_what_is_no_skipped_document(fields):
    with pytest.raises(CodecError, match="not a skipped document"):
        codec.decode_skipped(skip(**fields))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"null", b"\xff", b"{}", b"[" * 100_000, b'{"a":1e999}'])
def test_what_is_no_json_object(body):
    for decode in (*DECODERS.values(), codec.decode_outcome):
        with pytest.raises(CodecError):
            decode(body)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["n", "mode", "archive", "body"]), inner)
    ),
    max_leaves=5,
)


@given(st.data())
def test_a_hostile_line_gives_an_outcome_or_a_codec_error(data):
    """Any field replaced by anything, at the top or one below."""
    sample, decode = data.draw(st.sampled_from([(line(), "record"), (letter(), "dead-letter"), (skip(), "skipped")]))
    row = json.loads(sample)
    inner = [value for value in row.values() if isinstance(value, dict)]
    for place in data.draw(st.lists(st.sampled_from([row, *inner]), min_size=1, max_size=2)):
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(json_values)
    try:
        outcome = DECODERS[decode](json.dumps(row).encode())
    except CodecError:
        return
    codec.encode_outcome(outcome)


@pytest.mark.parametrize("path", sorted(WIRE.glob("*.json")), ids=lambda path: path.name)
def test_what_was_published_keeps_decoding(path):
    """Each sample is a line as an earlier version wrote it, but for `future`: what a later one may. Never edit one."""
    sample = path.read_bytes()
    what = path.name.partition(".")[0]

    outcome = DECODERS[what](sample)

    if "future" not in path.name:
        assert kept(json.loads(sample), json.loads(codec.encode_outcome(outcome)[1:]))
    if "full" in path.name:
        assert outcome == MAKERS[what](**EARLIER.get(what, {}))
    if "feed" in path.name:
        assert outcome == MAKERS[what](**EARLIER.get(what, {}) | OF_A_FEED[what])


def kept(old, new):
    """Whether everything of the old value stands in the new one: fields may be added."""
    if isinstance(old, dict):
        return all(name in new and kept(value, new[name]) for name, value in old.items())
    return old == new


def test_there_are_samples_of_everything():
    names = {path.name.partition(".")[0] for path in WIRE.glob("*.json")}

    assert names == set(DECODERS)

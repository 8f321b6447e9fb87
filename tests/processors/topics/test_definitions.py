import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.topics import definitions
from processors.topics.aboutness import BIAS, WEIGHTS
from processors.topics.definitions import TopicsError, load, shipped
from processors.topics.model import Kind
from processors.topics.parsing import Report, extended, nearest, read_topic
from processors.topics.tag import run_examples
from tests.conftest import CHECKOUT

ARCTIC = """
name = "arctic-shipping"
about = "Ships through the Arctic"

[primary]
en = ["Arctic shipping", "Northern Sea Route"]

[secondary]
any = ["icebreaker*"]

[examples]
must = ["An icebreaker opened the Northern Sea Route in 1932."]
must_not = ["The ferry was late."]
"""


@pytest.fixture
def write(tmp_path):
    def _write(text, name="own.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def problems(enabled, *paths):
    with pytest.raises(TopicsError) as caught:
        load(enabled, paths)
    return caught.value.problems


def test_names_are_sorted_and_limited_to_those_enabled():
    assert load(["russia", "china"]).names == ("china", "russia")
    assert load(None).names == shipped()
    assert load([]).names == ()


def test_the_issue_s_topics_are_shipped():
    assert {"north-korea", "russia", "china", "south-korea", "taiwan", "ukraine", "iran"} <= set(shipped())


def test_own_topic_is_read_from_a_file_and_from_a_folder(write):
    path = write(ARCTIC)
    for where in (path, path.parent):
        topics = load(["arctic-shipping"], [where])
        assert topics.names == ("arctic-shipping",)
        assert run_examples(topics) == []


def test_trailing_star_makes_a_stem_and_only_gates_by_language(write):
    path = write('name = "x"\n[primary]\nes-only = ["rusa*"]\nen = ["Rus"]\n')
    phrases = load(["x"], [path]).topics[0].phrases
    assert [(p.text, p.stem, p.only) for p in phrases] == [("rusa", True, "es"), ("Rus", False, None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name = "Arctic!"\n[primary]\nany = ["ice"]', "name: 'Arctic!' is no topic name"),
        ('nam = "x"\nname = "x"\n[primary]\nany = ["ice"]', "nam: unknown key 'nam'; did you mean 'name'?"),
        ('name = "x"\nthreshold = 2\n[primary]\nany = ["ice"]', "threshold: 2 is out of range"),
        ('name = "x"\nthreshold = true\n[primary]\nany = ["ice"]', "threshold: True is out of range"),
        ('name = "x"\ncountry = "ZZ"\n[primary]\nany = ["ice"]', "country: 'ZZ' is no country code"),
        ('name = "x"\nabout = 3\n[primary]\nany = ["ice"]', "about: is no text"),
        ('name = "x"', "primary: no phrase"),
        ('name = "x"\nprimary = ["ice"]', "primary: is no table"),
        ('name = "x"\n[primary]\nany = "ice"', "primary.any: is no list of phrases"),
        ('name = "x"\n[primary]\nenglish = ["ice"]', "primary.english: is no language"),
        ('name = "x"\n[primary]\nany = ["ice", "a*b"]', "primary.any[1]: 'a*b' has a * that is not its last character"),
        ('name = "x"\n[primary]\nany = ["ice", " sea"]', "primary.any[1]: ' sea' is empty or has white space"),
        ('name = "x"\n[primary]\nany = ["ice", "a"]', "primary.any[1]: 'a' is a single letter"),
        ('name = "x"\n[primary]\nany = ["ice", "--"]', "primary.any[1]: '--' has no letter"),
        (f'name = "x"\n[primary]\nany = ["{"ice" * 50}"]', "is too long; at most 100 characters"),
        ('name = "x"\n[primary]\nany = ["ice"]\n[not]\nany = ["ice"]', "not: 'ice' is also in primary"),
        ('name = "x"\n[primary]\nany = ["ice"]\n[examples]\nmust = [3]', "examples.must[0]: is no example"),
        ('name = "x"\n[primary]\nany = ["ice"]\n[examples]\nmay = ["a"]', "examples.may: unknown key 'may'"),
        ('name = "x"\nexamples = 1\n[primary]\nany = ["ice"]', "examples: is no table"),
        ('name = "x"\npolicies = 1\n[primary]\nany = ["ice"]', "policies: is no table"),
        ('name = "x"\n[primary]\nany = ["ice"]\n[policies]\na = true', "policies.a: True is no table"),
        ('name = "x"\n[primary]\nany = ["ice"]\n[policies.a]\nabout = "?"', "policies.a.counts: is no switch"),
        ('name = "x"\n[primary]\nany = ["ice"]\n[policies.a]\ncounts = true\nb = 1', "policies.a.b: unknown key 'b'"),
        ('name = "china"\n[primary]\nany = ["ice"]', "name: 'china' is defined in china.toml (shipped)"),
        ('extends = "chnia"', "extends: unknown shipped topic 'chnia'; did you mean 'china'?"),
        ('extends = "china"\n[policies]\nhongkong = true', "unknown policy 'hongkong'; did you mean 'hong-kong'?"),
        ('extends = "china"\n[policies]\nhong-kong = 1', "policies.hong-kong: 1 is no switch; write true or false"),
        ('extends = "china"\nname = "other"', "name: unknown key 'name'"),
        ("name = ", "file: is not TOML"),
    ],
)
def test_each_mistake_is_named_with_its_place_and_what_would_be_right(write, text, expected):
    found = problems(None, write(text))
    assert any(expected in problem for problem in found), found
    assert all(problem.startswith(f"{write(text)}: ") and "; " in problem for problem in found)


KEYS = st.sampled_from(
    ["name", "about", "country", "threshold", "policies", "examples", *Kind, "any", "en", "counts", "must"]
)
LEAVES = st.sampled_from(["x", "ice*", "CN", 0.5, True, 3]) | st.dates() | st.lists(st.sampled_from(["ice", 1, {}]))
TABLES = st.dictionaries(KEYS, st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner)))


@given(TABLES)
def test_whatever_the_tables_hold_is_a_topic_or_a_list_of_problems(raw):
    for tables in (raw, extended({"name": "x", "primary": {"en": ["ice"]}}, raw, Report("own.toml"))):
        report = Report("own.toml")
        assert (read_topic(tables, report, {"CN": []}) is None) == bool(report.problems)


def test_all_mistakes_of_all_files_come_at_once(write, tmp_path):
    first, second = write('name = "x"\nthreshold = 9'), write("name = 4", "b.toml")
    found = problems(None, first, second, tmp_path / "gone.toml")
    assert {problem.split(": ")[1] for problem in found} == {"threshold", "primary", "name", "file"}
    assert any("cannot be read (No such file or directory)" in problem for problem in found)


def test_file_that_is_not_utf8_is_a_problem(tmp_path):
    (tmp_path / "a.toml").write_bytes(b'name = "\xff"')
    assert "is not UTF-8 at byte 8" in problems(None, tmp_path)[0]


def test_empty_folder_is_a_problem(tmp_path):
    assert "no definition in this folder" in problems(None, tmp_path)[0]


def test_unknown_enabled_name_suggests_the_nearest():
    (problem,) = problems(["chna"])
    assert problem.startswith("topics: enabled: unknown topic 'chna'; did you mean 'china'?; ")
    assert problem.endswith("[topics] paths")


def test_far_off_name_lists_all_there_are():
    assert nearest("zzz", ["b", "a"]) == "use one of a, b"


def test_extension_adds_moves_and_switches(write):
    path = write('extends = "china"\nthreshold = 0.7\n[policies]\nhong-kong = true\n[not]\nen = ["Shanghai"]\n')
    topic = load(["china"], [path]).topics[0]
    kinds = {phrase.text: phrase.kind for phrase in topic.phrases}
    assert topic.threshold == 0.7
    assert kinds["Hong Kong"] is Kind.SECONDARY
    assert kinds["Shanghai"] is Kind.NOT
    assert kinds["Beijing"] is Kind.PRIMARY
    assert "Hong Kong" not in {phrase.text for phrase in load(["china"]).topics[0].phrases}


def test_a_topic_is_extended_once(write):
    text = 'extends = "china"\nthreshold = 0.7'
    found = problems(None, write(text), write(text, "b.toml"))
    assert "'china' is already extended by" in found[0]


def test_digest_changes_with_what_matters_and_with_nothing_else(write):
    def digest(text, enabled=("arctic-shipping",)):
        return load(enabled, [write(text)]).digest

    first = digest(ARCTIC)
    assert len(first) == 16
    assert int(first, 16)
    assert digest("# a comment\n" + ARCTIC) == first
    assert digest(ARCTIC.replace("The ferry was late", "The ferry was on time")) == first
    assert digest(ARCTIC.replace("about = ", "about = 'new'#")) == first
    assert digest(ARCTIC.replace('about = "', 'threshold = 0.6\nabout = "')) != first
    assert digest(ARCTIC.replace("icebreaker*", "icebreaker")) != first
    assert digest(ARCTIC, ["arctic-shipping", "china"]) != first


PACKAGE = Path(definitions.__file__).parent
DOCS = CHECKOUT / "docs" / "topics.md"


def documented(beginning):
    """The TOML blocks of the documentation that begin so."""
    blocks = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in blocks if block.startswith(beginning)]


@pytest.mark.parametrize("text", documented("name = "), ids=lambda text: text.split('"')[1])
def test_the_documented_definitions_work_and_show_examples(write, text):
    topics = load([text.split('"')[1]], [write(text)])
    assert {example.must for example in topics.topics[0].examples} == {True, False}
    assert run_examples(topics) == []


def test_the_documented_extension_works(write):
    (text,) = documented("extends = ")
    assert run_examples(load(["china"], [write(text)])) == []


def test_the_first_topic_shown_takes_ten_lines():
    assert len([line for line in documented("name = ")[0].splitlines() if line]) <= 10


def test_the_documented_weights_and_policies_are_those_in_use():
    text = DOCS.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d\.\d\d) \|", text, re.MULTILINE))
    assert {name: float(weight) for name, weight in rows.items()} == WEIGHTS
    assert f"| bias | {BIAS:.2f} |" in text
    for topic in shipped():
        for policy in re.findall(
            r"^\[policies\.([\w-]+)\]", (PACKAGE / f"{topic}.toml").read_text("utf-8"), re.MULTILINE
        ):
            assert f"| `{topic}`: `{policy}` |" in text

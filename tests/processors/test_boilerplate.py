"""The engine of the line rules: where a rule applies, what it takes with it, how files are read, what it costs."""

from __future__ import annotations

import random
from time import process_time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.boilerplate import LineRules, RulesError
from processors.boilerplate.load import Where, parse

if TYPE_CHECKING:
    from pathlib import Path

ALL = LineRules.load()
PROSE = "The harbour wall of Alder was finished in the spring of 1894, after eleven years of work by three hundred men."
MORE_PROSE = (
    "A storm broke forty metres of it in 1953, and the town rebuilt them with stone from the quarry on the hill."
)
STEPS = [
    "Get the news faster.",
    "Tap to install our app.",
    "Install the Gazette News app",
    "in two easy steps:",
    "1. Tap in your navigation bar.",
    "2. Tap to Add to Home Screen.",
]
RULE = '[[rule]]\nname = "standing-line"\nwords = ["the tide never sleeps"]\ntakes = ["The Tide Never Sleeps"]\n'


def rules(text: str) -> LineRules:
    found, problems = parse("test.toml", text)
    assert problems == []
    return LineRules(found, "digest")


class TestApply:
    def test_what_is_left_and_what_went_are_the_input_line_for_line(self) -> None:
        lines = [PROSE, *STEPS, MORE_PROSE, "Read more: The lamp is lit again", PROSE]

        text, removed = ALL.apply("\n".join(lines), language="en")

        assert text.split("\n") == [PROSE, MORE_PROSE, PROSE]
        assert [cut.text for cut in removed] == [*STEPS, "Read more: The lamp is lit again"]
        assert [cut.rule for cut in removed] == ["app-install"] * 6 + ["related"]

    def test_the_steps_go_only_beside_a_line_that_is_taken_by_itself(self) -> None:
        text = "\n".join([PROSE, "in two easy steps:", "2. Tap to Add to Home Screen.", MORE_PROSE])

        assert ALL.apply(text) == (text, ())

    def test_empty_lines_do_not_part_a_block(self) -> None:
        _, removed = ALL.apply("\n\n".join(STEPS))

        assert [cut.text for cut in removed] == STEPS

    def test_prompts_run_together_on_one_line_go(self) -> None:
        together = "Get the news faster. Tap to install our app."

        assert ALL.match(together) == "app-install"
        assert ALL.match("Get the news faster. Nobody in Alder did, in those days.") is None

    def test_a_remark_is_cut_off_the_end_of_its_paragraph(self) -> None:
        text, removed = ALL.apply(f"{PROSE} (More North Korea stories.)")

        assert text == PROSE
        assert [(cut.rule, cut.text) for cut in removed] == [("more-stories", "(More North Korea stories.)")]

    @pytest.mark.parametrize(
        "end", ["(more on that later)", "(Alder has more than one harbour.)", "He wanted to read more."]
    )
    def test_other_last_words_stay(self, end: str) -> None:
        assert ALL.apply(f"{PROSE} {end}") == (f"{PROSE} {end}", ())

    def test_a_paragraph_that_is_all_remark_leaves_no_empty_line(self) -> None:
        text, removed = ALL.apply(f"{PROSE}\n(More North Korea stories.)\n{MORE_PROSE}")

        assert text == f"{PROSE}\n{MORE_PROSE}"
        assert len(removed) == 1

    def test_a_note_about_the_author_goes_with_its_heading(self) -> None:
        note = ["About the Author", "Ada Quill has written about harbours for thirty years and lives beside one."]
        text, removed = ALL.apply("\n".join([PROSE, MORE_PROSE, PROSE, *note]), language="en")

        assert text.split("\n") == [PROSE, MORE_PROSE, PROSE]
        assert [(cut.rule, cut.text) for cut in removed] == [("about-author", line) for line in note]

    @pytest.mark.parametrize("place", [0, 1], ids=["at the start", "before most of the text"])
    def test_a_heading_takes_no_larger_part_of_a_text_with_it(self, place: int) -> None:
        lines = [PROSE, MORE_PROSE, MORE_PROSE]
        lines.insert(place, "About the Author")

        assert ALL.apply("\n".join(lines), language="en") == ("\n".join(lines), ())

    def test_the_repeated_title_goes_from_the_start_only(self) -> None:
        lines = ["Harbour wall turns 130", *[PROSE] * 8, "Harbour wall turns 130"]

        text, removed = ALL.apply("\n".join(lines), title="Harbour Wall Turns 130")

        assert text.split("\n") == lines[1:]
        assert [(cut.rule, cut.text) for cut in removed] == [("title", "Harbour wall turns 130")]

    def test_headlines_below_related_stories_go_at_the_end_but_not_in_the_middle(self) -> None:
        block = ["Related stories", "Slipway closed for painting", "Gulls steal pasty, again"]

        assert ALL.apply("\n".join([PROSE, *block]))[0] == PROSE
        assert ALL.apply("\n".join([PROSE, *block, MORE_PROSE]))[0] == "\n".join([PROSE, *block[1:], MORE_PROSE])

    @pytest.mark.parametrize("where", ["head", "tail", "line"])
    def test_where_a_rule_applies(self, where: str) -> None:
        own = rules(f'{RULE}where = "{where}"\n')
        line = "The tide never sleeps"

        text, removed = own.apply("\n".join([line, PROSE, line, MORE_PROSE, line]))

        places = {"head": [0], "tail": [4], "line": [0, 2, 4]}[where]
        assert len(removed) == len(places)
        assert [
            i for i, kept in enumerate([line, PROSE, line, MORE_PROSE, line]) if kept == line and i not in places
        ] == [i for i in (0, 2, 4) if i not in places]
        assert text.count(line) == 3 - len(places)

    @given(st.text(max_size=400), st.sampled_from([None, "en", "ja", "xx"]))
    def test_nothing_is_lost_whatever_the_text(self, text: str, language: str | None) -> None:
        kept, removed = ALL.apply(text, title=text[:20], language=language, host="gazette.example")

        assert len("".join(kept.split())) + sum(len("".join(cut.text.split())) for cut in removed) == len(
            "".join(text.split())
        )


class TestScope:
    def test_a_rule_with_hosts_is_for_those_and_their_subdomains(self) -> None:
        own = rules(f'{RULE}hosts = ["gazette.example"]\n')

        assert own.match("The tide never sleeps", host="gazette.example") == "standing-line"
        assert own.match("The tide never sleeps", host="www.gazette.example") == "standing-line"
        assert own.match("The tide never sleeps", host="othergazette.example") is None
        assert own.match("The tide never sleeps") is None

    def test_a_rule_with_languages_is_for_those_and_for_unknown_ones(self) -> None:
        own = rules(f'{RULE}languages = ["en"]\n')

        assert own.match("The tide never sleeps", language="en-GB") == "standing-line"
        assert own.match("The tide never sleeps") == "standing-line"
        assert own.match("The tide never sleeps", language="de") is None


class TestFiles:
    def test_a_users_rule_is_tried_first_and_counts_in_the_digest(self, tmp_path: Path) -> None:
        file = tmp_path / "own.toml"
        file.write_text('[[rule]]\nname = "mine"\nwords = ["advertisement"]\ntakes = ["Advertisement"]\n', "utf-8")

        own = LineRules.load([file])

        assert own.match("Advertisement") == "mine"
        assert ALL.match("Advertisement") == "advert"
        assert own.digest != ALL.digest == LineRules.load().digest

    def test_every_problem_of_every_file_is_told_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text(
            '[[rule]]\nname = "Bad Name"\nwhere = "below"\nwords = ["x"]\npaterns = ["y"]\ntakes = "z"\nlanguage = 3\n'
            '[[rule]]\nname = "greedy"\npatterns = ["("]\ntriggers = ["two words"]\ntakes = ["q"]\n'
            '[[rule]]\nname = "slow"\npatterns = ["(a+)+"]\ntriggers = ["a"]\ntakes = ["a"]\n'
            '[[rule]]\nname = "upper"\npatterns = ["Follow"]\ntriggers = ["follow"]\ntakes = ["Follow"]\n'
            '[[rule]]\nname = "untrue"\nwords = ["stop"]\ntakes = ["go"]\nkeeps = ["stop"]\n'
            '[[rule]]\nname = "empty"\ntakes = ["a"]\n',
            "utf-8",
        )
        (tmp_path / "b.toml").write_text("rules = 1\n[[rule]", "utf-8")
        (tmp_path / "d.toml").write_text("other = 1\n", "utf-8")
        (tmp_path / "e.toml").write_bytes(b"\xff\xfe")

        with pytest.raises(RulesError) as caught:
            LineRules.load([tmp_path / f"{name}.toml" for name in "abcde"])

        told = "\n".join(caught.value.problems)
        for wanted in (
            "'Bad Name' is not a rule name",
            "where 'below' is unknown; one of line, head, tail, rest, end",
            "'paterns' is unknown; did you mean 'patterns'?",
            "did you mean 'languages'?",
            "'takes' is 'z'; it must be a list of strings",
            "pattern '(' is no regular expression",
            "trigger 'two words' is not one word",
            "rule slow: pattern '(a+)+' nests repetitions",
            "rule upper: pattern 'Follow' cannot match",
            "rule untrue: does not take its example 'go'",
            "rule untrue: takes 'stop', which it says it keeps",
            "rule empty: nothing to match",
            "b.toml: not TOML",
            "c.toml: cannot be read",
            "d.toml: 'other' is unknown",
            "e.toml: cannot be read",
        ):
            assert wanted in told

    def test_a_rule_at_the_end_of_paragraphs_is_read(self) -> None:
        found, _ = parse("x", '[[rule]]\nname = "a"\nwhere = "end"\nwords = ["b"]\ntakes = ["(b)"]\n')

        assert found[0].where is Where.END


class TestCost:
    """Bounds are some 20 times what was measured, so that a busy machine passes and a quadratic pattern does not."""

    def test_loading_is_quick_enough_for_a_workers_start(self) -> None:
        start = process_time()
        LineRules.load()

        assert process_time() - start < 1

    def test_an_article_of_forty_paragraphs_takes_under_a_millisecond_or_so(self) -> None:
        pick = random.Random(7)
        words = f"{PROSE} {MORE_PROSE} She said more people read the story and signed up.".split()
        text = "\n".join(" ".join(pick.choices(words, k=35)) + "." for _ in range(40))
        ALL.apply(text)
        start = process_time()
        for _ in range(20):
            ALL.apply(text)

        assert (process_time() - start) / 20 < 0.02

    @pytest.mark.parametrize(
        "text",
        [
            "a" * 1_000_000,
            "install the app " * 60_000,
            "Word. " + "(More x stories.) " * 60_000,
            "(" * 1_000_000 + ")",
            "點擊" * 500_000,
            "x" + " " * 1_000_000 + "(",
            ". " * 500_000,
            "Tap to install our app.\n" * 40_000,
            "in two easy steps\n" * 40_000,
            ("read more sign up subscribe newsletter story " * 8 + "\n") * 3_000,
            "Related stories\n" * 40_000,
        ],
        ids=lambda text: text[:12],
    )
    def test_hostile_text_of_a_megabyte_is_done_in_linear_time(self, text: str) -> None:
        start = process_time()
        ALL.apply(text, title="a" * 100_000)

        assert process_time() - start < 6

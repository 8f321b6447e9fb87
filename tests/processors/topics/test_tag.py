import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.records import Article, TopicTag
from processors.topics.aboutness import BIAS, WEIGHTS, Features, score
from processors.topics.definitions import load, shipped
from processors.topics.tag import EVIDENCE_LIMIT, TagTopics, run_examples

SCRIPTS = (
    "[а-яё]", "[іїє]", "[于运运]|举", "[於運]", "[ぁ-ん]", "[가-힣]", "[ء-ي]", "[א-ת]", "[ऀ-ॿ]",
)  # fmt: skip
"""Russian, Ukrainian, Chinese in both scripts, Japanese, Korean, Arabic, Hebrew, Hindi."""
LATIN_LANGUAGES = 9
"""English, Spanish, French, German, Portuguese, Italian, Turkish, Indonesian, Vietnamese."""
FILLER = (
    "The council repaired the bridge. The library bought new shelves. The choir sang in the square on Sunday. "
    "The bus company moved its stop to the market. A ferry once crossed the river every ten minutes. "
)


@pytest.fixture(scope="module")
def tagger():
    return TagTopics(load(None))


def article(text, title="", **fields):
    return Article(title=title, text=text, **fields)


def topics(tagger, *args, **fields):
    return {tag.topic for tag in tagger(article(*args, **fields)).topics}


def reasons(tagger, topic, *args, **fields):
    """Phrase and reason of everything ignored for a topic."""
    for made in tagger.explain(article(*args, **fields)):
        if made.topic == topic:
            return {(f.evidence.phrase, f.ignored) for f in made.findings if f.ignored}
    return set()


def test_examples_of_every_shipped_definition_hold():
    assert run_examples(load(None)) == []


@pytest.mark.parametrize("name", shipped())
def test_examples_hold_with_the_topic_alone(name):
    assert run_examples(load([name])) == []


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_topic_shows_an_example_in_every_language(name):
    """One for each script, and as many in Latin script as there are languages that use it."""
    must = [example.text for example in load([name]).topics[0].examples if example.must]
    for script in SCRIPTS:
        assert any(re.search(script, text) for text in must), script
    assert sum(bool(re.match("[A-Za-zÀ-ỹ]", text)) for text in must) >= LATIN_LANGUAGES


def test_failing_example_is_reported_with_its_score(tmp_path):
    path = tmp_path / "ferry.toml"
    path.write_text(
        'name = "ferry"\n[primary]\nen = ["ferry"]\n[examples]\nmust = ["A bus."]\nmust_not = ["The ferry."]'
    )
    failures = run_examples(load(["ferry"], [path]))
    assert [(failure.example.text, failure.example.must) for failure in failures] == [
        ("A bus.", True),
        ("The ferry.", False),
    ]
    assert failures[0].score == 0
    assert failures[1].score >= failures[1].threshold


def test_evidence_points_into_title_summary_and_text(tagger):
    made = tagger(
        article(
            "In 1957 Moscow announced the first satellite.\nThe SOVIET UNION kept its maker's name secret.",
            title="Russia's first satellite",
            summary="İstanbul heard it: a beep from the Kremlin's engineers.",
        )
    )
    evidence = made.topics[0].evidence
    assert [(e.field, e.phrase) for e in evidence] == [
        ("title", "Russia"),
        ("summary", "Kremlin"),
        ("text", "Moscow"),
        ("text", "SOVIET UNION"),
    ]
    assert all(getattr(made, e.field)[e.start : e.end] == e.phrase for e in evidence)


def test_summary_that_repeats_the_text_is_not_counted_twice(tagger):
    text = "Moscow announced the first satellite in 1957."
    assert [e.field for e in tagger(article(text, summary=text)).topics[0].evidence] == ["text"]


def test_tags_are_ordered_by_score_then_name(tagger):
    made = tagger(
        article("Russia and China signed. China and Russia agreed.", title="China and Russia sign treaty")
    ).topics
    assert [tag.topic for tag in made] == [t.topic for t in sorted(made, key=lambda tag: (-tag.score, tag.topic))]
    assert {tag.topic for tag in made} == {"china", "russia"}


def test_untouched_article_is_returned_as_it_is(tagger):
    plain = article(FILLER)
    assert tagger(plain) is plain


def test_earlier_tags_are_replaced(tagger):
    stale = (TopicTag(topic="china", score=1.0, evidence=()),)
    assert tagger(article(FILLER, topics=stale)).topics == ()
    assert tagger(article("A trip to Japan. " + FILLER, topics=stale)).topics == ()


def test_title_and_lead_count_more_than_a_late_mention(tagger):
    def value(title, text):
        found = {made.topic: made.score for made in tagger.explain(article(text, title=title))}
        return found["china"]

    body = FILLER * 4
    late = value("Notes from the valley", body + "A cousin wrote from China.")
    lead = value("Notes from the valley", "A cousin wrote from China. " + body)
    title = value("A cousin writes from China", "A cousin wrote from China. " + body)
    assert late < lead < title
    assert late < 0.3
    assert title > 0.8


def test_first_sentence_does_for_a_title_where_there_is_none(tagger):
    """A late mention in an untitled text is one in passing; in the sentence that opens it, it is the subject."""
    assert topics(tagger, "The tram line opened. " + FILLER * 2 + "The trams were built in China.") == set()
    assert topics(tagger, "The trams of the new line were built in China. " + FILLER * 2) == {"china"}


LISTS = {
    "en": "Exports to Peru, Russia, China and Canada fell by a tenth.",
    "es": "Las exportaciones a Brasil, Rusia, China y Canadá cayeron.",
    "fr": "Les exportations vers la Russie, la Chine et le Canada ont reculé.",
    "de": "Der Bund lieferte mehr nach Brasilien, Russland, China und Kanada.",
    "ru": "Экспорт в Россию, Китай, Японию и Бразилию вырос.",
    "zh": "对日本、俄罗斯、中国和加拿大的出口下降。",
    "ja": "工場はカナダ、ロシア、中国やチリへの輸出を減らした。",
    "ko": "수출은 캐나다, 러시아, 중국, 일본에서 줄었다.",
    "ar": "انخفضت الصادرات إلى اليابان وروسيا والصين وكندا.",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_a_mention_in_a_list_of_countries_is_one_in_passing(tagger, text):
    assert topics(tagger, text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Russia, China and Iran signed the charter.",
        "The Soviet Union, China and Iran signed the charter.",
        "Russia, China, Iran and Cuba signed the charter.",
    ],
)
def test_a_list_that_opens_the_text_is_its_subject(tagger, text):
    assert topics(tagger, text) >= {"russia", "china", "iran"}


def test_a_list_in_the_title_or_the_summary_is_their_subject(tagger):
    def value(**fields):
        found = {made.topic: made.score for made in tagger.explain(article(FILLER, **fields))}
        return found["china"]

    assert value(title="Tariffs for Canada, Mexico, China") > 0.5
    assert value(title="Tariffs for Canada, Mexico, Peru, Japan, China") < 0.5
    short, long = "Some see Peru, Chad, China as allies.", "Some see Peru, Chad, Japan, Kenya, China as allies."
    assert value(title="", summary=short) > value(title="", summary=long)


def test_a_plain_mention_counts_beside_a_list(tagger):
    assert topics(tagger, "Envoys of Peru, Chad, China and Malta met in Beijing. Beijing paid for the hall.") == {
        "china"
    }


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        ("MOSCOW (Reuters) - The bridge opened. " + FILLER, ("MOSCOW", "dateline")),
        ("MOSCOW — The bridge opened. " + FILLER, ("MOSCOW", "dateline")),
        ("MOSCOW, March 3 (Agency) -- The bridge opened. " + FILLER, ("MOSCOW", "dateline")),
        ("(Moscow) — The bridge opened. " + FILLER, ("Moscow", "dateline")),
        ("MOSCÚ (EFE).- El puente abrió. " + FILLER, ("MOSCÚ", "dateline")),
        ("МОСКВА, 3 марта. /ТАСС/. Мост открыт. " + FILLER, ("МОСКВА", "dateline")),
        ("(모스크바=연합뉴스) 다리가 열렸다. " + FILLER, ("모스크바", "dateline")),
        ("【モスクワ共同】橋が開通した。" + FILLER, ("モスクワ", "dateline")),
        ("【モスクワ＝山田】橋が開通した。" + FILLER, ("モスクワ", "dateline")),
        ("新华社莫斯科3月3日电 大桥开通。" + FILLER, ("莫斯科", "dateline")),
        (FILLER + "Mitarbeit: A. Writer, Moskau", ("Moskau", "credit line")),
        (FILLER + "Avec notre correspondant à Moscou.", ("Moscou", "credit line")),
        (FILLER + "Source: Kremlin press service.", ("Kremlin", "credit line")),
        (FILLER + "(Reporting by A. Writer in Moscow; editing by B. Other)", ("Moscow", "credit line")),
        (FILLER + "Additional reporting by A. Writer in Moscow.", ("Moscow", "credit line")),
        (FILLER + "A. Writer in Moscow contributed reporting.", ("Moscow", "credit line")),
        ("The Moscow, Idaho, library opened. " + FILLER, ("Moscow", "namesake place")),
        ("A Moscow mule for two. " + FILLER, ("Moscow mule", "blocked phrase")),
        ("The FSB said so. " + FILLER, ("FSB", "needs support")),
        ("The bakery on Moscow Road opened. " + FILLER, ("Moscow", "namesake place")),
        ("The Kremlin Bistro opened. " + FILLER, ("Kremlin", "namesake place")),
        ("A Moscow-born cook opened a bakery. " + FILLER, ("Moscow", "describes something else")),
        ("A bakery opened in a Russian-era mill. " + FILLER, ("Russian", "describes something else")),
    ],
)
def test_what_is_not_the_subject_is_ignored_and_explained(tagger, text, ignored):
    assert topics(tagger, text) == set()
    assert ignored in reasons(tagger, "russia", text)


@pytest.mark.parametrize(
    "text",
    [
        "The embassy in Moscow (Russia) opened a library in 1934.",
        "Moscow - a city of eight hundred years - opened its metro in 1935.",
        "A novel by a Moscow author, translated by a friend, won the prize in Moscow.",
        "Moscow, Georgia and the border treaty of 1921: Moscow signed first.",
        "Moscow Roads Agency opened a bridge, and Moscow Streetcar number 1 crossed it.",
        "The Moscow-Kazan railway opened in 1893.",
        "莫斯科3月3日电影节开幕，首映来自莫斯科的影片。",
        "(Moscow opened its metro in 1935.) The first line ran to the park.",
        "Moscow is the source: the letters were found there in 1935.",
    ],
)
def test_ordinary_prose_is_no_dateline_credit_line_or_namesake(tagger, text):
    assert reasons(tagger, "russia", text) == set()


def test_outlet_s_own_name_is_ignored(tagger):
    text = "The Russian Bridge Gazette wishes its readers well. " + FILLER
    assert topics(tagger, text, site="Russian Bridge Gazette") == set()
    assert ("Russian", "outlet's own name") in reasons(tagger, "russia", text, site="Russian Bridge Gazette")


def test_outlet_named_with_one_word_hides_nothing(tagger):
    assert topics(tagger, "Moscow announced the first satellite in 1957.", site="Moscow") == {"russia"}


def test_hostile_repetition_takes_linear_time_and_bounded_evidence(tagger):
    """Thirty thousand credit lines and outlet names between phrases; quadratic work would outlast the time limit."""
    text = "Moscow. Bridge Gazette. Reporting by Moscow.\n" * 30_000
    tags = tagger(article(text, site="Bridge Gazette")).topics
    assert [(tag.topic, len(tag.evidence)) for tag in tags] == [("russia", EVIDENCE_LIMIT)]


def test_ambiguous_phrase_counts_beside_a_clear_one(tagger):
    text = "The FSB moved its archive to Moscow in 1992."
    assert [e.phrase for e in tagger(article(text)).topics[0].evidence] == ["FSB", "Moscow"]


@pytest.mark.parametrize(
    ("name", "policy", "text"),
    [
        ("china", "hong-kong", "Hong Kong's legislature passed the budget in 1985."),
        ("russia", "crimea", "Simferopol in Crimea opened its trolleybus line in 1959."),
        ("china", "tiktok", "TikTok opened an office by the harbour."),
    ],
)
def test_policies_decide_what_belongs_to_a_topic(tmp_path, name, policy, text):
    path = tmp_path / "own.toml"
    path.write_text(f'extends = "{name}"\n[policies]\n{policy} = true\n')
    assert topics(TagTopics(load([name])), text) == set()
    assert topics(TagTopics(load([name], [path])), text) == {name}


def test_a_score_does_not_depend_on_the_other_topics_that_are_on(tagger):
    """A country competes whether its topic is on or not, by the same names."""
    text = (
        "Seoul and the Blue House answered. Yoon Suk Yeol spoke of Taipei, Tehran and Kyiv, and of Pyongyang. " + FILLER
    )
    alone = TagTopics(load(["north-korea"])).explain(article(text))
    assert alone == tuple(made for made in tagger.explain(article(text)) if made.topic == "north-korea")


def test_own_topic_works_without_training(tmp_path):
    path = tmp_path / "chips.toml"
    path.write_text('name = "semiconductors"\n[primary]\nen = ["semiconductor*", "chipmaker*"]\n')
    tagger = TagTopics(load(["semiconductors"], [path]))
    about = "The chipmaker will build its plant by the river. " + FILLER + "The semiconductor plant opens in May."
    assert topics(tagger, about, title="Chipmaker chooses the valley") == {"semiconductors"}
    assert topics(tagger, FILLER * 3 + "The library has a book on semiconductors. " + FILLER) == set()


def test_explanation_adds_up_to_the_score(tagger):
    made = tagger.explain(article("Moscow announced the first satellite.", title="Satellite"))[0]
    assert set(made.features) == set(WEIGHTS)
    assert made.contributions["bias"] == BIAS
    logit = sum(made.contributions.values())
    assert made.score == pytest.approx(1 / (1 + 2.718281828**-logit), abs=1e-4)
    assert made.tagged


@pytest.mark.parametrize("name", WEIGHTS)
def test_no_feature_lowers_the_score(name):
    low = Features(*([0.3] * len(WEIGHTS)))
    assert score(low._replace(**{name: 0.9})) >= score(low)


def test_travels_to_another_process(tagger):
    one = article("Moscow announced the first satellite in 1957.")
    assert pickle.loads(pickle.dumps(tagger))(one) == tagger(one)


NAMES = ["China", "Russia", "中国", "대만", "Moscow, Idaho", "Пекин", "North\u00a0Korea", "صين", "the Koreas"]
AROUND = ["İ", "ǅ", "ß", "\n", ". ", " ", "(", "Reporting by", "x", "\x1f", "—", "'s", "😀"]
PIECES = st.sampled_from([*NAMES, *AROUND])


@given(st.lists(PIECES), st.lists(PIECES), st.lists(PIECES))
def test_any_text_gives_sound_evidence_and_the_same_result_twice(title, text, summary):
    made = SHARED(one := article("".join(text), title="".join(title), summary="".join(summary)))
    assert made == SHARED(one)
    for tag in made.topics:
        assert 0 <= tag.score <= 1
        assert all(getattr(made, e.field)[e.start : e.end] == e.phrase for e in tag.evidence)
    tagged = {explained.topic: explained.score for explained in SHARED.explain(one) if explained.tagged}
    assert tagged == {tag.topic: tag.score for tag in made.topics}


SHARED = TagTopics(load(None))

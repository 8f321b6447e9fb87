"""Text as copied from a page: every shape that people paste."""

from __future__ import annotations

import textwrap
from time import process_time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.base import Skip
from processors.boilerplate import LineRules
from processors.copied import ReadCopied, decoded, is_title
from processors.records import Form, Hint, Mode, Origin, Page, Reason

if TYPE_CHECKING:
    from processors.records import Article

READ = ReadCopied(LineRules.load())
TITLE = "Harbour Wall Turns 130"
ONE = "The harbour wall of Alder was finished in the spring of 1894, after eleven years of work by three hundred men."
TWO = "A storm broke forty metres of it in 1953, and the town rebuilt them with stone from the quarry on the hill."
BODY = f"{ONE}\n\n{TWO}"
CAPTION = "The wall in the winter of 1953, seen from the lamp.   (Harbour Museum/Gazette News Service)"


def read(text: str | bytes, hint: Hint | None = None) -> Article:
    body = text if isinstance(text, bytes) else text.encode()
    return READ(Page(form=Form.COPIED, body=body, origin=Origin(mode=Mode.REPLAY), hint=hint or Hint()))


def removed(article: Article) -> list[tuple[str, str]]:
    return [(cut.rule, cut.text) for cut in article.removed]


class TestShapes:
    def test_everything_a_page_can_have(self) -> None:
        article = read(
            f"{TITLE}\n\nEleven years of work, and one bad night\nBy Ann Lee,  Harbour Gazette Staff\n"
            f"Posted May 2, 2024 9:15 AM CDT\nHow the Town Rebuilt It\n{CAPTION}\n\n"
            f"{ONE} (More harbour stories.)\n\n{TWO}\n\n"
            "Get the news faster.\nTap to install our app.\n2. Tap to Add to Home Screen.\n"
        )

        assert article.title == TITLE
        assert article.summary == "Eleven years of work, and one bad night"
        assert article.authors == ("Ann Lee",)
        assert article.published is not None
        assert article.published.isoformat() == "2024-05-02T09:15:00-05:00"
        assert article.text == f"{ONE}\n{TWO}"
        assert article.language == "en"
        assert removed(article) == [
            ("second-headline", "How the Town Rebuilt It"),
            ("caption", CAPTION),
            ("more-stories", "(More harbour stories.)"),
            ("app-install", "Get the news faster."),
            ("app-install", "Tap to install our app."),
            ("app-install", "2. Tap to Add to Home Screen."),
        ]

    def test_only_a_title(self) -> None:
        article = read(TITLE)

        assert (article.title, article.text, article.removed) == (TITLE, "", ())

    def test_a_title_and_one_paragraph(self) -> None:
        article = read(f"{TITLE}\n{ONE}")

        assert (article.title, article.text, article.summary) == (TITLE, ONE, None)

    def test_no_title(self) -> None:
        """Then the hint's is taken, and the first paragraph is text."""
        article = read(BODY, Hint(title="From the feed"))

        assert (article.title, article.text) == ("From the feed", f"{ONE}\n{TWO}")

    def test_no_footer_leaves_nothing_removed(self) -> None:
        assert read(f"{TITLE}\n\n{BODY}").removed == ()

    def test_hard_wrapped_paragraphs_are_joined(self) -> None:
        wrapped = "\n\n".join(textwrap.fill(f"{a} {b}", 72) for a, b in ((ONE, TWO), (TWO, ONE)))

        assert read(f"{TITLE}\n\n{wrapped}").text == f"{ONE} {TWO}\n{TWO} {ONE}"

    @pytest.mark.parametrize("line_end", ["\r\n", "\r", "\u2028"])
    def test_other_line_ends(self, line_end: str) -> None:
        article = read(f"{TITLE}\n\nBy Ann Lee\n\n{BODY}".replace("\n", line_end))

        assert (article.title, article.authors, article.text) == (TITLE, ("Ann Lee",), f"{ONE}\n{TWO}")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_encodings(self, encoding: str) -> None:
        title, text = (
            "Café am Hafen öffnet",
            "Das Café am Hafen öffnet nach elf Jahren wieder, sagte der Wirt am Montag.",
        )

        article = read(f"{title}\n\n{text}".encode(encoding))

        assert (article.title, article.text, article.language) == (title, text, "de")

    def test_a_dateline_belongs_to_the_text(self) -> None:
        text = f"MOSCOW (AP) — {ONE}"

        assert read(f"Satellite Circles the Earth\n\nBy ANN LEE\n\n{text}\n\n{TWO}").text == f"{text}\n{TWO}"

    def test_byline_below_the_date(self) -> None:
        article = read(f"{TITLE}\nMay 2, 2024 9:15 AM ET\nBy Ann Lee\n{BODY}")

        assert article.authors == ("Ann Lee",)
        assert article.published is not None
        assert article.text == f"{ONE}\n{TWO}"

    def test_publication_and_update(self) -> None:
        article = read(f"{TITLE}\nPublished: May 2, 2024 9:15 AM EDT\nUpdated: May 3, 2024 10:00 AM EDT\n\n{BODY}")

        assert article.published is not None
        assert article.modified is not None
        assert article.published < article.modified
        assert article.text == f"{ONE}\n{TWO}"

    @pytest.mark.parametrize(
        "byline", ["By Ann Lee and Tom Reed", "By Ann Lee, Tom Reed, The Harbour Gazette", "By Ann Lee & Tom Reed"]
    )
    def test_two_authors_and_the_outlet_behind_them(self, byline: str) -> None:
        assert read(f"{TITLE}\n{byline}\nMay 2, 2024\n\n{BODY}").authors == ("Ann Lee", "Tom Reed")

    def test_a_caption_among_the_paragraphs(self) -> None:
        article = read(f"{TITLE}\nBy Ann Lee\n\n{ONE}\n\nThe wall in 1900. (Photo: Harbour Museum)\n\n{TWO}")

        assert article.text == f"{ONE}\n{TWO}"
        assert removed(article) == [("caption", "The wall in 1900. (Photo: Harbour Museum)")]

    @pytest.mark.parametrize("front", ["", "By Ann Lee\n", "By Ann Lee\nMay 2, 2024\n"])
    def test_a_first_paragraph_that_ends_in_brackets_stays(self, front: str) -> None:
        text = f"{ONE} (The lamp is older.)"

        assert read(f"{TITLE}\n{front}\n{text}\n\n{TWO}").text == f"{text}\n{TWO}"

    def test_a_dek_that_is_a_sentence(self) -> None:
        article = read(f"{TITLE}\n\nThe town remembers eleven years of work.\nBy Ann Lee\nMay 2, 2024\n\n{BODY}")

        assert article.summary == "The town remembers eleven years of work."
        assert article.text == f"{ONE}\n{TWO}"

    def test_control_characters_go(self) -> None:
        article = read(f"Harbour\x00 Wall\x07\n\n{ONE}\x00\n\n{TWO}")

        assert (article.title, article.text) == ("Harbour Wall", f"{ONE}\n{TWO}")

    @pytest.mark.parametrize("nothing", [b"", b"  \n\t\n", b"\x00\x00", b"\xef\xbb\xbf"])
    def test_no_text_at_all_is_skipped(self, nothing: bytes) -> None:
        with pytest.raises(Skip) as caught:
            read(nothing)

        assert caught.value.reason is Reason.EMPTY


SAMPLES = [
    (
        "ja",
        "港の灯台、百周年を迎える",
        "記者：浜野渚\n2024年5月2日 9時15分",
        "浜野渚",
        "港の灯台が百周年を迎え、町では記念の催しが開かれた。灯台守の孫が最初の灯をともした。",
        "タップしてアプリをインストール。",
    ),
    (
        "ko",
        "항구 등대 백 주년을 맞다",
        "고은마루 기자\n입력 2024.05.02. 오전 9:15",
        "고은마루",
        "항구의 등대가 백 주년을 맞아 마을에서 기념 행사가 열렸다. 등대지기의 손자가 첫 불을 밝혔다.",
        "무단전재 및 재배포 금지",
    ),
    (
        "ar",
        "منارة الميناء تكمل مئة عام",
        "بقلم: مها البحري\n2 مايو 2024 09:15",
        "مها البحري",
        "أكملت منارة الميناء مئة عام، وأقيم في البلدة احتفال كبير حضره ثلاثمئة شخص من أهل القرية.",
        "اضغط لتثبيت تطبيقنا",
    ),
    (
        "ru",
        "Маяку исполнилось сто лет",
        "Автор: Вера Полозова\n2 мая 2024, 09:15",
        "Вера Полозова",
        "Портовому маяку исполнилось сто лет, и в городе прошёл праздник, на который пришли триста человек.",
        "Нажмите, чтобы установить наше приложение.",
    ),
    (
        "es",
        "El faro cumple cien años",
        "Por Braulio Candamo\n2 de mayo de 2024, 09:15",
        "Braulio Candamo",
        "El faro del puerto cumplió cien años y el pueblo lo celebró con una fiesta para trescientas personas.",
        "Toca para instalar nuestra aplicación.",
    ),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample[0])
def test_other_languages(sample: tuple[str, str, str, str, str, str]) -> None:
    language, title, front, author, text, footer = sample
    article = read(f"{title}\n\n{front}\n\n{text}\n\n{text}\n\n{footer}")

    assert (article.title, article.language, article.authors) == (title, language, (author,))
    assert article.published is not None
    assert article.published.isoformat() == "2024-05-02T09:15:00+00:00"
    assert article.text == f"{text}\n{text}"
    assert [cut.text for cut in article.removed] == [footer]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (TITLE, True),
        ("Who Built the Wall?", True),
        ("The Ship Is Back in the U.S.", True),
        (ONE, False),
        ("It stands.", False),
        ("May 2, 2024", False),
        ("x" * 201, False),
    ],
)
def test_what_can_be_a_title(line: str, *, wanted: bool) -> None:
    assert is_title(line) is wanted


def test_bytes_of_no_known_encoding_are_read_all_the_same() -> None:
    assert decoded(b"caf\xe9 \x81") == "café \ufffd"


@given(st.binary(max_size=600))
def test_any_bytes_make_an_article_or_are_skipped(body: bytes) -> None:
    try:
        article = read(body)
    except Skip:
        return
    assert "\x00" not in article.title + article.text


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "word " * 200_000,
        "(Photo " * 150_000,
        "Title\n\n" + ". (" * 300_000,
        "By " * 300_000,
        "2023-" * 200_000,
        "T\n\n" + ("x." + " " * 60) * 15_000 + "(",
        "T\n\nx" + " " * 1_000_000 + "(",
    ],
    ids=lambda text: text[:10].strip(),
)
def test_a_line_of_a_megabyte_takes_less_than_a_second(text: str) -> None:
    start = process_time()
    read(text)

    assert process_time() - start < 1


@pytest.mark.parametrize("remark", ["(see photo)", "(photo taken in 1953)", "(the picture is lost)", "(image caption)"])
def test_a_paragraph_that_ends_by_pointing_at_a_photo_is_text(remark: str) -> None:
    article = read(f"{TITLE}\n\n{ONE}\n\n{TWO} {remark}\n\n{ONE}")

    assert article.text == f"{ONE}\n{TWO} {remark}\n{ONE}"


@pytest.mark.parametrize(
    "credit",
    ["(Photo: Ann Lee)", "(AP Photo/Ann Lee)", "(Ann Lee/Getty Images)", "(Harbour Press via AP)", "(Foto: Ana León)"],
)
def test_a_line_with_a_photo_credit_is_a_caption_even_among_the_paragraphs(credit: str) -> None:
    article = read(f"{TITLE}\n\n{ONE}\n\nThe wall as it was {credit}\n\n{TWO}")

    assert article.text == BODY.replace("\n\n", "\n")
    assert removed(article) == [("caption", f"The wall as it was {credit}")]


def test_a_chinese_byline_without_a_colon_gives_the_name_alone() -> None:
    assert read(
        "老城墙迎来一百三十岁\n记者 王明\n2024年5月2日\n\n" + "城墙于一八九四年春天完工，三百人修了十一年。" * 4
    ).authors == ("王明",)


@pytest.mark.parametrize(
    ("line", "author", "published"),
    [
        ("By Jane Roe | March 3, 2024", "Jane Roe", "2024-03-03T00:00:00+00:00"),
        ("By Jane Roe, March 3, 2024 8:51 AM CST", "Jane Roe", "2024-03-03T08:51:00-06:00"),
        ("Von Jana Roth, 03.03.2024", "Jana Roth", "2024-03-03T00:00:00+00:00"),
        ("Jane Roe · March 3, 2024", "Jane Roe", "2024-03-03T00:00:00+00:00"),
        ("Maria Stone | 3 March 2024 | 09:15", "Maria Stone", "2024-03-03T00:00:00+00:00"),
    ],
)
def test_a_byline_and_a_date_on_one_line_are_told_apart(line: str, author: str, published: str) -> None:
    article = read(f"{TITLE}\n{line}\n\n{BODY}")

    assert article.authors == (author,)
    assert article.published is not None
    assert article.published.isoformat() == published
    assert article.summary is None
    assert article.text == f"{ONE}\n{TWO}"


@pytest.mark.parametrize("ending", ["(dpa)", "(Reporting by Ann Lee)", "(See the chart below)"])
def test_a_first_paragraph_that_ends_in_brackets_is_text(ending: str) -> None:
    for gap in ("\n\n", "\n"):
        article = read(f"{TITLE}\nBy Ann Lee\nMay 2, 2024{gap}{ONE} {ending}\n\n{TWO}")

        assert article.text.startswith(ONE)


def test_a_short_line_of_prose_that_ends_in_a_date_is_no_byline() -> None:
    article = read(f"{TITLE}\n\n{ONE}\n\nThe council met on Tuesday, March 3, 2024\n\n{TWO}")

    assert "The council met on Tuesday, March 3, 2024" in article.text

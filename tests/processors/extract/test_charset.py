from __future__ import annotations

import pytest

from processors.extract.charset import known, to_utf8

CHINESE = "苏伊士运河于1869年11月17日正式通航，这条连接地中海与红海的水道经过十年的开凿才得以完成。" * 4
TAIWANESE = "蘇伊士運河於一八六九年十一月十七日正式通航，這條連接地中海與紅海的水道經過十年的開鑿才得以完成。" * 4
JAPANESE = (
    "スエズ運河は1869年11月17日に開通した。地中海と紅海を結ぶこの運河は、十年の工事を経て完成したものである。" * 4
)
KOREAN = (
    "수에즈 운하는 1869년 11월 17일에 개통되었다. 지중해와 홍해를 잇는 이 운하는 십 년의 공사 끝에 완성되었다. " * 4
)
RUSSIAN = (
    "Суэцкий канал был открыт 17 ноября 1869 года после десяти лет работ, которыми руководил Фердинанд де Лессепс. " * 4
)
FRENCH = (
    "Le canal de Suez fut inauguré le 17 novembre 1869, après dix années de travaux menés à bien par les ingénieurs. "
    * 4
)
ENCODED = [
    ("gb18030", "gb2312", CHINESE),
    ("gb18030", "gbk", CHINESE),
    ("big5hkscs", "Big5", TAIWANESE),
    ("cp949", "ks_c_5601-1987", KOREAN),
    ("cp932", "Shift_JIS", JAPANESE),
    ("euc-jp", "EUC-JP", JAPANESE),
    ("windows-1251", "windows-1251", RUSSIAN),
    ("koi8-r", "koi8-r", RUSSIAN),
    ("windows-1252", "iso-8859-1", FRENCH),
]


def _page(text: str, meta: str = "") -> str:
    return f"<html><head>{meta}<title>x</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(("codec", "label", "text"), ENCODED)
def test_header_label_is_read_as_browsers_read_it(codec: str, label: str, text: str) -> None:
    body, _ = to_utf8(_page(text).encode(codec), f"text/html; charset={label}")
    assert text in body.decode()


@pytest.mark.parametrize(("codec", "label", "text"), ENCODED)
def test_meta_label_counts_where_the_header_is_silent(codec: str, label: str, text: str) -> None:
    raw = _page(text, f'<meta http-equiv="Content-Type" content="text/html; charset={label}">').encode(codec)
    assert text in to_utf8(raw, "text/html")[0].decode()


@pytest.mark.parametrize(
    ("codec", "text"), [pair for pair in ((codec, text) for codec, _, text in ENCODED) if pair[0] != "koi8-r"]
)
def test_content_decides_where_nothing_is_declared(codec: str, text: str) -> None:
    assert text in to_utf8(_page(text).encode(codec), None)[0].decode()


def test_valid_utf8_beats_wrong_labels() -> None:
    raw = _page(RUSSIAN, '<meta charset="windows-1251">').encode()
    assert to_utf8(raw, "text/html; charset=iso-8859-1") == (raw, "utf-8")


def test_header_beats_meta_where_both_fit() -> None:
    raw = _page(RUSSIAN, '<meta charset="windows-1252">').encode("windows-1251")
    assert RUSSIAN in to_utf8(raw, "text/html; charset=windows-1251")[0].decode()


def test_label_that_the_bytes_contradict_is_passed_over() -> None:
    raw = _page(CHINESE, '<meta charset="gbk">').encode("gb18030")
    assert CHINESE in to_utf8(raw, "text/html; charset=euc-kr")[0].decode()


@pytest.mark.parametrize("label", ["utf-7", "no-such-charset", "zlib", "idna", "undefined", "unicode_escape"])
def test_labels_that_no_page_may_use_are_ignored(label: str) -> None:
    raw = _page(FRENCH, f'<meta charset="{label}">').encode()
    assert known(label) is None
    assert FRENCH in to_utf8(raw, f"text/html; charset={label}")[0].decode()


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_byte_order_mark_decides_and_is_not_text(codec: str) -> None:
    body, _ = to_utf8(_page(FRENCH).encode(codec), "text/html; charset=windows-1251")
    assert body.decode() == _page(FRENCH)


def test_a_few_bad_bytes_do_not_make_utf8_something_else() -> None:
    raw = _page(RUSSIAN).encode() + b"\xd0 <p>cut</p>\xff"
    body, charset = to_utf8(raw, None)
    assert charset == "utf-8"
    assert RUSSIAN in body.decode()
    assert "\ufffd" in body.decode()


def test_windows_quotes_in_a_page_that_claims_latin_1() -> None:
    raw = b"<p>\x93It is open\x94 \x96 said the engineer\x85</p>"
    assert "“It is open” – said the engineer…" in to_utf8(raw, "text/html; charset=ISO-8859-1")[0].decode()


def test_iso_2022_jp_hides_behind_ascii() -> None:
    raw = _page(JAPANESE, '<meta charset="iso-2022-jp">').encode("iso2022_jp")
    assert JAPANESE in to_utf8(raw, None)[0].decode()


def test_controls_go_and_lone_surrogates_are_replaced() -> None:
    body, _ = to_utf8(b"<p>a\x00b\x01c\x0cd\xed\xa0\x80e\te</p>", None)
    text = body.decode()
    assert text.startswith("<p>abc d")
    assert "\ufffd" in text
    assert text.endswith("e\te</p>")


@pytest.mark.parametrize("body", [b"", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", bytes(range(256)) * 40])
def test_any_bytes_give_valid_utf8(body: bytes) -> None:
    to_utf8(body, "text/html; charset=\xff;;==")[0].decode("utf-8")

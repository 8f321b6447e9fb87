"""Dates as people and machines write them."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.dates import DateLine, date_line, machine_date, written_date
from processors.dates.zones import zone

WRITTEN = [
    ("Posted Jul 27, 2023 8:51 AM CDT", "2023-07-27T08:51:00-05:00"),
    ("Published 3:04 p.m. ET July 4, 2022", "2022-07-04T15:04:00-04:00"),
    ("Updated 8:51 AM ET, Thu July 27, 2023", "2023-07-27T08:51:00-04:00"),
    ("8:51 AM ET, Fri January 27, 2023", "2023-01-27T08:51:00-05:00"),
    ("2:30 am EDT, Thursday July 27, 2023", "2023-07-27T02:30:00-04:00"),
    ("12:05 am PST, Dec. 31, 2022", "2022-12-31T00:05:00-08:00"),
    ("12:05 PM PT Dec 31, 2022", "2022-12-31T12:05:00-08:00"),
    ("Wed 26 Jul 2023 19.04 BST", "2023-07-26T19:04:00+01:00"),
    ("Last modified on Thu 27 Jul 2023 00.17 BST", "2023-07-27T00:17:00+01:00"),
    ("First published on Wed 26 Jul 2023 19.04 BST", "2023-07-26T19:04:00+01:00"),
    ("0851 GMT (1651 HKT) July 27, 2023", "2023-07-27T08:51:00+00:00"),
    ("27 July 2023, 08:51 GMT+9", "2023-07-27T08:51:00+09:00"),
    ("27 July 2023 08:51 UTC+05:30", "2023-07-27T08:51:00+05:30"),
    ("July 27th, 2023", "2023-07-27T00:00:00+00:00"),
    ("27 July 2023", "2023-07-27T00:00:00+00:00"),
    ("On July 27, 2023", "2023-07-27T00:00:00+00:00"),
    ("Thu Jul 27 08:51:00 2023", "2023-07-27T08:51:00+00:00"),
    ("Thu, 27 Jul 2023 08:51:00 -0500 (CDT)", "2023-07-27T08:51:00-05:00"),
    ("2023-07-27 08:51", "2023-07-27T08:51:00+00:00"),
    ("2023-07-27T08:51:00-05:00", "2023-07-27T08:51:00-05:00"),
    ("04/07/2022", "2022-07-04T00:00:00+00:00"),
    ("07/04/2022 3:04 PM", "2022-07-04T15:04:00+00:00"),
    ("27/07/2023 08:51", "2023-07-27T08:51:00+00:00"),
    ("13/07/2022 3:04 PM", "2022-07-13T15:04:00+00:00"),
    ("27.07.2023 08:51", "2023-07-27T08:51:00+00:00"),
    ("27. Juli 2023 um 08:51 Uhr", "2023-07-27T08:51:00+00:00"),
    ("Stand: 27.07.2023, 08:51 Uhr", "2023-07-27T08:51:00+00:00"),
    ("Veröffentlicht am 1. März 2023", "2023-03-01T00:00:00+00:00"),
    ("Donnerstag, 27. Juli 2023, 8.51 Uhr MESZ", "2023-07-27T08:51:00+02:00"),
    ("Publié le 27 juillet 2023 à 08h51", "2023-07-27T08:51:00+00:00"),
    ("1er août 2023", "2023-08-01T00:00:00+00:00"),
    ("Mar. 27 juil. 2023", "2023-07-27T00:00:00+00:00"),
    ("Publicado el 4 de marzo de 2021 a las 10:15", "2021-03-04T10:15:00+00:00"),
    ("5 de noviembre de 2017, 19:45", "2017-11-05T19:45:00+00:00"),
    ("27 luglio 2023 alle 08:51", "2023-07-27T08:51:00+00:00"),
    ("27 de julho de 2023 às 08h51", "2023-07-27T08:51:00+00:00"),
    ("27 juli 2023 om 08:51", "2023-07-27T08:51:00+00:00"),
    ("27 juli 2023 kl. 08.51", "2023-07-27T08:51:00+00:00"),
    ("27. heinäkuuta 2023 klo 8.51", "2023-07-27T08:51:00+00:00"),
    ("27 lipca 2023, 08:51", "2023-07-27T08:51:00+00:00"),
    ("27. července 2023 8:51", "2023-07-27T08:51:00+00:00"),
    ("27 iulie 2023, 08:51", "2023-07-27T08:51:00+00:00"),
    ("2023. július 27. 08:51", "2023-07-27T08:51:00+00:00"),
    ("27 Ιουλίου 2023 08:51", "2023-07-27T08:51:00+00:00"),
    ("27 июля 2023, 08:51", "2023-07-27T08:51:00+00:00"),
    ("27 июля 2023 г. в 08:51 МСК", "2023-07-27T08:51:00+03:00"),
    ("12 апреля 2011, 09:07", "2011-04-12T09:07:00+00:00"),
    ("27 липня 2023 року, 08:51", "2023-07-27T08:51:00+00:00"),
    ("27 Temmuz 2023 - 08:51", "2023-07-27T08:51:00+00:00"),
    ("27 ARALIK 2023 Çarşamba 08:51", "2023-12-27T08:51:00+00:00"),
    ("٢٧ يوليو ٢٠٢٣ - ٠٨:٥١", "2023-07-27T08:51:00+00:00"),
    ("2 مايو 2024", "2024-05-02T00:00:00+00:00"),
    ("27 ביולי 2023, 08:51", "2023-07-27T08:51:00+00:00"),
    ("सोमवार, 27 जुलाई 2023 08:51 AM IST", "2023-07-27T08:51:00+05:30"),
    ("Kamis, 27 Jul 2023 08:51 WIB", "2023-07-27T08:51:00+07:00"),
    ("Thứ năm, 27/7/2023, 08:51 (GMT+7)", "2023-07-27T08:51:00+07:00"),
    ("ngày 27 tháng 7 năm 2023", "2023-07-27T00:00:00+00:00"),
    ("27 ก.ค. 2566 เวลา 08:51 น.", "2023-07-27T08:51:00+00:00"),
    ("2023年7月27日 08時51分", "2023-07-27T08:51:00+00:00"),
    ("2012年9月29日 6時00分", "2012-09-29T06:00:00+00:00"),
    ("2024年5月2日 9時15分", "2024-05-02T09:15:00+00:00"),
    ("发布时间：2023年07月27日 08:51", "2023-07-27T08:51:00+00:00"),
    ("2023年7月27日 星期四 下午3:04", "2023-07-27T15:04:00+00:00"),
    ("입력 2023-07-27", "2023-07-27T00:00:00+00:00"),
    ("입력 2023.07.27. 오전 8:51", "2023-07-27T08:51:00+00:00"),
    ("2023년 7월 27일 오후 3시 4분", "2023-07-27T15:04:00+00:00"),
    ("2023.07.27 08:51", "2023-07-27T08:51:00+00:00"),
]
MACHINE = [
    ("2023-07-27T08:51:00-05:00", "2023-07-27T08:51:00-05:00"),
    ("2023-07-27T08:51:00Z", "2023-07-27T08:51:00+00:00"),
    ("20230727T085100Z", "2023-07-27T08:51:00+00:00"),
    ("2023-W30-4", "2023-07-27T00:00:00+00:00"),
    ("2023-208", "2023-07-27T00:00:00+00:00"),
    ("2023-07-27", "2023-07-27T00:00:00+00:00"),
    ("2023-07", None),
    ("1690465860", "2023-07-27T13:51:00+00:00"),
    ("1690465860000", "2023-07-27T13:51:00+00:00"),
    ("/Date(1690465860000-0500)/", "2023-07-27T13:51:00+00:00"),
    ("2023-07-27 08:51:00 -0500", "2023-07-27T08:51:00-05:00"),
    ("2023-07-27T24:00:00Z", "2023-07-28T00:00:00+00:00"),
    ("2023-07-27T23:59:60Z", "2023-07-28T00:00:00+00:00"),
    ("2023-07-27T08,5", "2023-07-27T08:30:00+00:00"),
    ("Thu, 27 Jul 2023 08:51:00 -0500", "2023-07-27T08:51:00-05:00"),
    ("Thursday, 27-Jul-23 08:51:00 GMT", "2023-07-27T08:51:00+00:00"),
    ("Thu Jul 27 2023 08:51:00 GMT-0500 (Central Daylight Time)", "2023-07-27T08:51:00-05:00"),
    ("7/27/2023 8:51:00 AM", "2023-07-27T08:51:00+00:00"),
    ("2023-07-27T08:51:00.5+05:30", "2023-07-27T08:51:00.500000+05:30"),
    ("2023-07-27 08:51 CDT", "2023-07-27T08:51:00-05:00"),
    ("20230727085100", "2023-07-27T08:51:00+00:00"),
    ("2023-07-27T08:51:00+00:00[UTC]", "2023-07-27T08:51:00+00:00"),
    ("2023-07-27 8:51 PM", "2023-07-27T20:51:00+00:00"),
    ("04/07/2022", None),
    ("2023-02-31", None),
    ("2023-07-27T25:00:00Z", None),
    ("2023-07-27T08:51:00+23:00", None),
    ("1970-01-01T00:00:00Z", None),
    ("0001-01-01T00:00:00", None),
    ("9999-12-31T23:59:59-12:00", None),
    ("article-12345", None),
]
PROSE = [
    "He said on July 27, 2023 that the wall would hold.",
    "March 2023 in the harbour",
    "By Ann Lee, July 27, 2023",
    "27 boats left on Thursday",
    "May",
    "Friday",
    "2023",
    "Two killed in July 2023 storm",
    "港では2023年7月27日に祭りがあった。",
    "31 February 2023",
    "",
]


@pytest.mark.parametrize(("line", "wanted"), WRITTEN)
def test_written_dates(line: str, wanted: str | None) -> None:
    found = written_date(line)

    assert (found.isoformat() if found else None) == wanted


@pytest.mark.parametrize(("value", "wanted"), MACHINE)
def test_machine_dates(value: str, wanted: str | None) -> None:
    found = machine_date(value)

    assert (found.isoformat() if found else None) == wanted


@pytest.mark.parametrize("line", PROSE)
def test_what_is_no_date_line(line: str) -> None:
    assert date_line(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "Publié le 27 juillet 2023 à 08h51, mis à jour le 28 juillet 2023 à 10h02",
        "Published: 27 July 2023 08:51 | Updated: 28 July 2023 10:02",
        "入力 2023.07.27. 08:51 更新 2023.07.28. 10:02",
        "입력 2023.07.27. 오전 8:51 수정 2023.07.28. 오전 10:02",
        "2023年7月27日 08:51 公開 2023年7月28日 10:02 更新",
        "Опубликовано 27 июля 2023 08:51, обновлено 28 июля 2023 10:02",
    ],
)
def test_publication_and_update_are_told_apart(line: str) -> None:
    assert date_line(line) == DateLine(
        datetime.fromisoformat("2023-07-27T08:51:00+00:00"), datetime.fromisoformat("2023-07-28T10:02:00+00:00")
    )


def test_a_day_without_a_year_is_a_date_line_without_a_value() -> None:
    assert date_line("July 27, 8:51 AM") == DateLine()


@pytest.mark.parametrize(
    ("name", "line", "hours"), [("cst", "", -6), ("cst", "2023年7月27日", 8), ("ist", "", 5.5), ("ist", "ביולי", 2)]
)
def test_the_script_of_the_line_decides_an_ambiguous_zone(name: str, line: str, hours: float) -> None:
    found = zone(name, datetime.fromisoformat("2023-07-27").date(), line)

    assert found is not None
    assert found.utcoffset(None).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2023-03-11", -5),
        ("2023-03-12", -4),
        ("2023-11-04", -4),
        ("2023-11-05", -5),
        ("2005-04-03", -4),
        ("2005-10-30", -5),
    ],
)
def test_american_summer_time_by_its_rules(day: str, hours: int) -> None:
    found = zone("et", datetime.fromisoformat(day).date())

    assert found is not None
    assert found.utcoffset(None).total_seconds() == hours * 3600


PARTS = (
    "27 2023 99 0 July mar 27/7/2023 2023-13-41 8:51 25:99 am PM CDT +99:99 GMT-12 Updated 公開 2023年 7月 Mon - – ² "
    "٢٧ tháng 24:00 31 2566 ก.ค."
)
FRAGMENTS = st.lists(st.sampled_from(PARTS.split()), max_size=10).map(" ".join)


@given(st.one_of(FRAGMENTS, st.text(max_size=200)))
@example("9" * 160)
@example("12/31/9999 24:00")
def test_never_raises_and_every_time_has_a_zone(line: str) -> None:
    for found in (written_date(line), machine_date(line)):
        assert found is None or found.utcoffset() is not None

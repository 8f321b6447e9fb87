"""The line below the headline, in as many orders as there are sites, and sentences that look like it."""

from __future__ import annotations

import pytest

from processors.extract.sourceline import is_source_line


@pytest.mark.parametrize(
    "line",
    [
        "http://www.gazette.example 2031年05月01日11:21 江城网",
        "sh.gazette.example 2031-05-01 22:51 来源：江城晚报 我来说两句",
        "江城新聞中心 (來源：港灣日報) 2031-05-01 09:01:22",
        "发布时间：2031-05-01 17:21:17 【编辑：苏见山】",
        "出处：江城在线 2031年05月01日 作者：苏见山 责任编辑：林渡",
        "发表于 2031年5月1日 12:40 - (阅读:3727;评论:63)",
        "2031年05月01日 16:36 来源：江城晚报 参与互动(0) 【字体：↑大 ↓小】",
        "本文来源于《江城财经》　2031年05月01日 18:49 我要评论（0）",
        "2031-05-01 HKT 08:10",
        "2031年5月1日 8時10分 更新",
        "みなと新報 2031年5月1日(木) 午前8時10分",
        "입력 2031.05.01. 오전 9:01 수정 2031.05.01. 오전 9:40",
    ],
)
def test_line_of_date_source_and_buttons(line: str) -> None:
    assert is_source_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "2031年5月1日，江城东岸渡轮恢复开行",
        "5月1日上午8时10分，首班渡轮从老码头出发，船上有两百名乘客",
        "2031年5月1日",
        "来源：江城晚报",
        "记者今天获悉，渡轮将于5月6日6:30从老码头出发，票价两元",
        "8時10分に始発の渡し船が老朽化した岸壁を離れた。",
        "船は 6:30",
        "",
    ],
)
def test_sentence_with_a_date_is_none(line: str) -> None:
    """A date alone has its own rule; a label alone too."""
    assert not is_source_line(line)

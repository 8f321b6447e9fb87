"""The line below a Chinese, Japanese or Korean headline: date, source, writer, counters and buttons in one.

"http://www.gazette.example 2031年05月01日11:21 江城网 来源：江城晚报 【字号：大 中 小】 我要评论(0)": no two sites
order it alike, so what it is made of is taken away piece by piece, and what is left must be next to nothing: a name.
"""

from __future__ import annotations

import re

MAX_LENGTH = 120
MAX_REST = 12
"""Letters and digits that may be left: the name of a site or a desk."""

_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d\s*[-/.年년]\s*)?\d{1,2}\s*[-/.月월]\s*\d{1,2}\s*[日일]?(?:\s*[（(][^）)]{1,3}[）)])?"
    r"[\sT,]*(?:上午|下午|午前|午後|오전|오후|[ap]m)?\s*\d{1,2}\s*[:：时時시]\s*\d{1,2}(?:\s*[:：分분]\s*\d{0,2}秒?)?"
    r"|(?<!\d)(?:19|20)\d\d\s*[-/.年년]\s*\d{1,2}\s*[-/.月월]\s*\d{1,2}\s*[日일]?",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:(?:信息|文章|新闻|新聞|稿件|本文)?(?:来源|來源)(?:于|自)?|稿源|出处|出處|作者|记者|記者|(?:责任|責任)?(?:编辑|編輯)|责编|責編|校对|"
    r"审核|供稿|(?:发布|發布|發佈|发表|發表|更新|时间|時間|日期)(?:时间|時間|日期|于|於)?|关键[字词]|關鍵[字詞]|标签|標籤|"
    r"更新日?時?|公開日?|配信|投稿日?|掲載|入力|입력|수정|기사입력|최종수정|등록|승인|기자)\s*[:：]?\s*"
    r"(?:(?<=[:：])\s*[^\s:：【】\[\]|]{1,24}|《[^》]{1,20}》)?"
)
_BUTTONS = re.compile(
    r"(?:我要|发表|發表|查看|网友|網友|参与)?(?:评论|評論|点评|留言|跟帖|跟贴|纠错)|我来说两句|我來說兩句|参与互动|有?\d+人参与|"
    r"(?:字号|字號|字体|字體|文字サイズ|글자크기)|[大中小](?=[\s|大中小】\])）]|$)|[↑↓]|"
    r"(?:阅读|閱讀|浏览|瀏覽|点击|點擊|人气|热度|조회)(?:数|量|次数)?|[次条條]|打印|列印|收藏|分享到?|微信|微博|手机看新闻|放大|缩小|默认|"
    r"复制链接|關注|关注|推荐|原创|原創|转载|转自|댓글|스크랩|공유|HKT|GMT|星期.|周[一二三四五六日]",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+|\b(?:[a-z0-9-]+\.){1,3}[a-z]{2,8}\b", re.IGNORECASE)
_ENDS = re.compile(r"[。！？!?…”」』]\s*$")


def is_source_line(line: str) -> bool:
    """Tell whether a line is made of a date and such parts, and next to nothing else.

    A line that has a date and a few words is none: "2031年5月1日，江城" may begin a chronicle. It takes a second part,
    or the time of day.
    """
    if len(line) > MAX_LENGTH or _ENDS.search(line):
        return False
    rest, dates = _DATE.subn(" ", line)
    rest, addresses = _ADDRESS.subn(" ", rest)
    rest, labels = _LABELLED.subn(" ", rest)
    rest, buttons = _BUTTONS.subn(" ", rest)
    timed = dates and re.search(r"\d\s*[:：时時시]\s*\d", line) is not None
    left = sum(map(str.isalnum, rest))
    return bool(dates and (timed or addresses or labels or buttons)) and left <= MAX_REST

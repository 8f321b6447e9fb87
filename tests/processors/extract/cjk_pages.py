"""Pages as they are built in East Asia: invented outlets, our own text, and the lines that must come out of each."""

from __future__ import annotations

PORT = (
    "江城港务局周一宣布，停航三个月的东岸渡轮将于五月六日恢复，首班船清晨六点半从老码头出发。",
    "港务局说，停航期间更换了两台发动机，并加固了老码头的石阶，工程费用约一千二百万元。",
    "住在东岸的居民平时要绕行跨江大桥上班，许多人说，这三个月每天在路上多花一个小时。",
    "渡轮票价维持两元不变，六十五岁以上的老人凭证免费，自行车可以推上下层甲板。",
)
LIGHT = (
    "港灣燈塔昨天重新點亮，這座百年燈塔因為颱風受損，停用了將近兩年，附近漁民在岸邊鼓掌。",
    "文化局表示，修復團隊依照舊照片重做了銅製燈罩，透鏡則由兩位退休的燈塔管理員親手擦亮。",
    "燈塔每週六開放參觀，每次限三十人，民眾可以登上塔頂遠眺外海，參觀前須先預約。",
)
SHORT = "東灣一間茶餐廳今早發生小火，無人受傷，消防員十分鐘後將火救熄。"
HARBOUR = (
    "みなと市の朝市が四年ぶりに再開し、夜明け前から大勢の客が岸壁の屋台に列をつくった。",
    "実行委員会によると、出店は前回より少ない四十二店で、地元の漁協が朝どれの魚を並べた。",
    "市は今後、毎月第二日曜に朝市を開く方針で、駅からの臨時バスも増やすとしている。",
)
FERRY = (
    "한빛항 여객선이 석 달 만에 다시 뜬다. 항만청은 정비를 마친 배가 오는 6일 첫차를 띄운다고 밝혔다.",
    "주민들은 그동안 다리를 돌아 출근하느라 매일 한 시간을 길에서 더 보냈다고 말했다.",
    "요금은 그대로이며 예순다섯 살이 넘은 승객은 무료로 탈 수 있다고 항만청은 설명했다.",
)


def _page(body: str, title: str, lang: str, *, charset: str = "utf-8") -> bytes:
    head = f'<meta charset="{charset}"><title>{title}</title>'
    return f'<!DOCTYPE html><html lang="{lang}"><head>{head}</head><body>{body}</body></html>'.encode(charset)


def _links(*texts: str, mark: str = "·", date: str = "2031.04.27") -> str:
    return "".join(
        f'{mark}<a href="/n/{place}.html">{text}</a> <span>{date}</span><br>' for place, text in enumerate(texts)
    )


_OTHERS = ("老街早市重新开张吸引数千市民", "跨江大桥下周夜间封闭检修", "博物馆征集百年渡轮旧照片")
_CELLS = "".join(f'<tr><td><a href="/n/{text}">{text}</a></td></tr>' for text in _OTHERS)
_TITLE = "东岸渡轮五月六日恢复开行"

PORTAL = _page(
    f"""<div class="nav"><a href="/">首页</a><a href="/gn/">国内</a><a href="/sh/">社会</a></div>
    <div class="main"><div class="left"><h1>{_TITLE}</h1>
    <div class="info">2031年05月01日11:21 江城网 <a href="#c">我要评论(<em>0</em>)</a></div>
    <div id="cnt"><p>　　{PORT[0]}</p><p>　　{PORT[1]}</p><p>　　{PORT[2]}</p><p>　　{PORT[3]}</p></div>
    <p>江城网声明：本频道所载内容仅代表作者个人观点，不构成投资建议，风险自担。</p>
    <h2>相关阅读:</h2><div>{_links(*_OTHERS)}</div>
    <div class="qed">[责任编辑：苏见山]</div></div></div>
    <div>江ICP备00000001号 江公网安备00000000000001号</div>""",
    f"{_TITLE}_江城网",
    "zh-CN",
)
OLD_TABLES = _page(
    f"""<table width="960"><tr><td><a href="/">江城热线</a> &gt; <a href="/sh/">社会</a></td></tr></table>
    <table width="960"><tr><td width="680"><center><font size="5"><b>{_TITLE}</b></font></center>
    <center>2031-05-01 08:24:06　来源：江城晚报　【字号：大 中 小】</center><br>
    <font size="3">　　{PORT[0]}<br><br>　　{PORT[1]}<br><br>　　{PORT[2]}<br><br>　　{PORT[3]}</font><br>
    （编辑 苏见山）</td>
    <td width="280"><table>{_CELLS}</table></td></tr></table>""",
    f"{_TITLE}-江城热线",
    "zh",
    charset="gb2312",
)
COMPANIES = _page(
    """<div class="wrap"><h1>两家船厂上午停牌</h1><div id="zw">
    <p>　　<a href="/s/1">江城船舶</a>和<a href="/s/2">东岸重工</a>今天上午停牌，两家公司没有说明原因。</p>
    <p>　　交易所说，午后将公布更多消息，投资人可以留意两家公司的公告。</p>
    <p>　　两家船厂去年一起承造了东岸渡轮的两台新发动机。</p></div>
    <div><a href="/m/1">行情中心</a>|<a href="/m/2">自选股票</a>|<a href="/m/3">新股申购</a></div></div>""",
    "两家船厂上午停牌_江城财经",
    "zh-CN",
)
TAIWAN = _page(
    f"""<div id="story"><h1>百年燈塔重新點亮</h1><p>2031/05/01 10:30　記者蘇見山／港灣報導</p>
    <div class="story_content"><p>{LIGHT[0]}</p><p>{LIGHT[1]}</p><p>{LIGHT[2]}</p>
    <p>延伸閱讀：</p><p>{_links("渡輪五月復航", "老街早市重開", mark="▶ ")}</p>
    <p>加入港灣日報Line好友</p><p>聲明：刊用《港灣日報》稿件務經書面授權</p></div></div>""",
    "百年燈塔重新點亮 | 港灣日報",
    "zh-TW",
)
HONG_KONG = _page(
    f"""<div id="news_body"><div class="t">東灣茶餐廳小火無人受傷</div><div>2031-05-01 HKT 08:10</div>
    <div id="news_text"><p>{SHORT}</p><p>消防處說，起火的是廚房一個舊爐頭，店主事後答應更換全部爐具。</p></div></div>
    <ul>{"".join(f'<li><a href="/h/{place}">灣區即時消息第{place}則標題文字</a></li>' for place in range(16))}</ul>""",
    "東灣茶餐廳小火無人受傷 - 灣區新聞",
    "zh-HK",
)
UNCLOSED = _page(
    f"""<div class="intro"><dl><a href="/v/2031/05/01/a1.html">
    {LIGHT[0]}<br><br>{LIGHT[1]}<br><br>{LIGHT[2]}<br><br>{PORT[0]}<br>{PORT[1]}<br>{PORT[2]}<br>{PORT[3]}</dl></div>
    <div class="foot">港灣電視台　地址：港灣市老街一號　電話：00-00000000</div>""",
    "百年燈塔重新點亮 - 港灣電視台",
    "zh-TW",
)
MESSENGER = _page(
    f"""<div class="rich"><h1>{_TITLE}</h1><div><section><section><span>{PORT[0]}</span></section>
    <section><span>{PORT[1]}</span></section><section><span>{PORT[2]}</span></section>
    <section><span>{PORT[3]}</span></section></section></div>
    <p>图片来自网络，如有侵权请联系删除</p><p>长按识别二维码关注我们</p></div>""",
    _TITLE,
    "zh-CN",
)
JAPAN = _page(
    f"""<div class="article_wrap"><h1>みなと市の朝市、四年ぶり再開</h1><p>2031年5月1日 8時10分</p>
    <div class="cmp"><p>　{HARBOUR[0]}</p><p>　{HARBOUR[1]}</p><p>　{HARBOUR[2]}</p></div>
    <div>{_links("灯台の一般公開始まる", "渡し船が運航再開へ", mark="・")}</div>
    <p>【関連】港の朝市、雨でもにぎわう</p><p>記事・写真の無断転載を禁じます。</p></div>""",
    "みなと市の朝市、四年ぶり再開｜みなと新報",
    "ja",
)
KOREA = _page(
    f"""<div id="wrap"><h3>한빛항 여객선 석 달 만에 재개</h3><div class="info">입력 2031.05.01 08:10</div>
    <div id="txt">{FERRY[0]}<br><br>{FERRY[1]}<br><br>{FERRY[2]}</div>
    <p>무단 전재 및 재배포 금지</p></div>""",
    "한빛항 여객선 석 달 만에 재개 - 한빛뉴스",
    "ko",
)
PAGES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "a portal, a declaration, related links in rows": (PORTAL, PORT),
    "an old layout of tables and breaks in GB2312": (OLD_TABLES, PORT),
    "short paragraphs with the names of companies in links": (
        COMPANIES,
        (
            "江城船舶和东岸重工今天上午停牌，两家公司没有说明原因。",
            "交易所说，午后将公布更多消息，投资人可以留意两家公司的公告。",
            "两家船厂去年一起承造了东岸渡轮的两台新发动机。",
        ),
    ),
    "Taiwan, with a byline and a page's own promotion": (TAIWAN, LIGHT),
    "Hong Kong, a short item beside many headlines": (
        HONG_KONG,
        (SHORT, "消防處說，起火的是廚房一個舊爐頭，店主事後答應更換全部爐具。"),
    ),
    "a link that nobody closed around the article": (UNCLOSED, (*LIGHT, *PORT)),
    "a messenger's sections of spans": (MESSENGER, PORT),
    "Japan": (JAPAN, HARBOUR),
    "Korea": (KOREA, FERRY),
}

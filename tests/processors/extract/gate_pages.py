"""Pages that are no articles, as sites of many kinds serve them; all invented."""

# ruff: noqa: E501, ISC004 - markup and sentences read better unbroken
from __future__ import annotations

import json

LEAD = (
    "The ferry between the old harbour and the islands will sail twice a day again from Monday, the port authority said, "
    "after nine months in which travellers had to take the bus over the new bridge."
)
SECOND = (
    "Repairs to the pier had been delayed by two storms in spring and by a dispute over the steel that was delivered from "
    "abroad; the council has set aside another four million for the works that remain."
)
THIRD = (
    "Fishermen welcomed the news. Islanders had complained all summer that fresh produce reached their shops a day late, and "
    "that the night bus, which was promised for emergencies, came on only three evenings a week."
)
STORIES = (
    "Council approves the plan for a second harbour wall", "Lighthouse keeper retires after forty years of service",
    "Three rescued from a fishing boat off the northern cape", "School reopens two weeks after the flood in the valley",
    "Museum shows letters of the first polar expedition", "Wind farm dispute goes before the court of appeal",
    "Old tram line to be rebuilt by the end of next year", "Bakers warn of higher prices as flour runs short",
    "Researchers map the seabed around the outer islands", "Night trains return to the coast for the summer season",
    "Orchestra finds a new hall in the former shipyard", "Bridge closed for repairs during the first week of May",
    "Volunteers count more seals than ever on the sandbanks", "Town gives its archive of photographs to the public",
)  # fmt: skip
TEASER = "What the decision means for those who live there, and why it took the committee so long to reach it."


def page(body: str, *, title: str, head: str = "", lang: str = "en", frame: bool = True) -> str:
    """Return a page with the header and footer that a site puts around everything."""
    top = (
        '<header class="site-header"><a class="logo" href="/">The Harbour Gazette</a><nav><ul>'
        '<li><a href="/news">News</a></li><li><a href="/sport">Sport</a></li><li><a href="/culture">Culture</a></li>'
        '<li><a href="/subscribe">Subscribe</a></li><li><a href="/login">Log in</a></li></ul></nav></header>'
    )
    bottom = (
        '<footer><p>© 2026 The Harbour Gazette. All rights reserved.</p><ul><li><a href="/imprint">Imprint</a></li>'
        '<li><a href="/privacy">Privacy policy</a></li><li><a href="/cookies">Cookie settings</a></li></ul></footer>'
    )
    inner = f"{top}{body}{bottom}" if frame else body
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>{head}</head>'
        f"<body>{inner}</body></html>"
    )


def declared(**fields: object) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "The ferry sails again"} | fields
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def stub(wall: str, *, text: str = LEAD, head: str = "", lang: str = "en") -> str:
    body = f"<main><article><h1>The ferry sails again</h1><p>{text}</p>{wall}</article></main>"
    return page(body, title="The ferry sails again | The Harbour Gazette", head=head, lang=lang)


def story(
    inner: str = "", *, head: str = "", around: str = "", paragraphs: tuple[str, ...] = (LEAD, SECOND, THIRD)
) -> str:
    text = "".join(f"<p>{one}</p>" for one in paragraphs)
    body = f"<main><article><h1>The ferry sails again from Monday</h1>{text}{inner}</article>{around}</main>"
    return page(body, title="The ferry sails again from Monday | The Harbour Gazette", head=head)


def cards(stories: tuple[str, ...] = STORIES, teaser: str = TEASER) -> str:
    return "".join(
        f'<article class="card"><a href="/news/{n}"><img src="/{n}.jpg" alt=""></a><header><h2><a href="/news/{n}">{one}</a>'
        f"</h2></header><p>{teaser}</p><time>{n} May</time></article>"
        for n, one in enumerate(stories)
    )


def related(stories: tuple[str, ...] = STORIES) -> str:
    items = "".join(f'<li><a href="/news/{n}">{one}</a></li>' for n, one in enumerate(stories))
    return f"<section class='related'><h2>More from the coast</h2><ul>{items}</ul></section>"


_CLOUD = (
    '<div class="main-wrapper" role="main"><div class="main-content"><noscript><div class="h2"><span id="challenge-error-text">'
    "Enable JavaScript and cookies to continue</span></div></noscript></div></div><script>(function(){window._cf_chl_opt="
    '{cvId:"3"};var a=document.createElement("script");a.src="/cdn-cgi/challenge-platform/h/g/orchestrate/chl_page/v1";}());'
    "</script>"
)

CHALLENGES = {
    "just a moment": page(_CLOUD, title="Just a moment...", frame=False),
    "just a moment in German": page(_CLOUD, title="Nur einen Moment…", lang="de", frame=False),
    "just a moment in Chinese": page(_CLOUD, title="请稍候…", lang="zh", frame=False),
    "just a moment in Russian": page(_CLOUD, title="Один момент…", lang="ru", frame=False),
    "checking the connection": page(
        "<h1>gazette.example</h1><h2>Checking if the site connection is secure</h2><div id='challenge-stage'></div><p>"
        "gazette.example needs to review the security of your connection before proceeding.</p><p>Ray ID: 7d2f</p>",
        title="Attention Required!", frame=False,
    ),
    "captcha frame": page(
        '<p id="cmsg">Please enable JS and disable any ad blocker</p><script src="https://ct.example/captcha.js"></script>',
        title="gazette.example", frame=False,
    ),
    "press and hold": page(
        '<div class="px-captcha-container"><h1>Before we continue...</h1><p>Press &amp; Hold to confirm you are a human (and '
        "not a bot).</p><p>Reference ID 5d1c</p></div>",
        title="Access to this page has been denied", frame=False,
    ),
    "unusual traffic": page(
        '<form action="/verify" id="captcha-form"><div class="g-recaptcha" data-sitekey="x"></div></form><p>Our systems have '
        "detected unusual traffic from your computer network. This page checks to see if it's really you sending the "
        "requests, and not a robot.</p>",
        title="https://gazette.example/news/1", frame=False,
    ),
    "access denied": page(
        "<h1>Access Denied</h1><p>You don't have permission to access \"/news/1\" on this server.</p><p>Reference #18.2d3</p>",
        title="Access Denied", frame=False,
    ),
    "needs JavaScript": page(
        "<noscript>You need to enable JavaScript to run this app.</noscript><div id='root'></div>", title="Gazette", frame=False
    ),
    "needs JavaScript in Japanese": page(
        "<noscript>このサイトを表示するにはJavaScriptを有効にしてください。</noscript><div id='app'></div>", title="港新聞",
        lang="ja", frame=False,
    ),
    "French captcha": page(
        "<h1>Vérification</h1><p>Confirmez que vous n'êtes pas un robot pour continuer votre lecture.</p>"
        "<div class='h-captcha'></div>",
        title="Le Port", lang="fr", frame=False,
    ),
    "Russian captcha": page(
        "<form action='/checkcaptcha'><h1>Подтвердите, что запросы отправляли вы, а не робот</h1><p>Нам очень жаль, но запросы с "
        "вашего устройства похожи на автоматические.</p><input type='checkbox'><div class='Captcha'></div></form>",
        title="Вы не робот?", lang="ru", frame=False,
    ),
}  # fmt: skip

_LATEST = (
    "<h2>Latest stories</h2><ul>"
    + "".join(f'<li><a href="/n/{n}">{s}</a></li>' for n, s in enumerate(STORIES[:8]))
    + "</ul>"
)
MISSING = {
    title: page(f"<main><h1>{h1}</h1><p>{text}</p><form><input name=q></form>{more}</main>", title=title, lang=lang)
    for title, h1, text, more, lang in (
        ("Page not found | The Harbour Gazette", "Page not found", "The page you are looking for may have moved.", "", "en"),
        ("404", "404", "Sorry, we can't find that page.", _LATEST, "en"),
        ("Error 404 - The Harbour Gazette", "Error 404", "Check the address and try again.", _LATEST, "en"),
        ("The Harbour Gazette: News of the coast", "Oops! That page can’t be found.", "It looks like nothing was found here. Maybe try a search?", "", "en"),
        ("Article not found - Gazette", "Sorry, this article is no longer available", "It may have expired.", _LATEST, "en"),
        ("Seite nicht gefunden - Hafenblatt", "Seite nicht gefunden", "Leider existiert die von Ihnen gesuchte Seite nicht (mehr).", _LATEST, "de"),
        ("Page introuvable - Le Port", "Cette page est introuvable", "La page que vous cherchez n'existe plus ou a été déplacée.", "", "fr"),
        ("Página no encontrada | El Puerto", "Error 404", "La página que buscas no existe.", _LATEST, "es"),
        ("Página não encontrada - O Porto", "Página não encontrada", "O endereço pode ter mudado.", "", "pt"),
        ("Pagina non trovata | Il Porto", "Pagina non trovata", "La pagina richiesta non è disponibile.", "", "it"),
        ("Pagina niet gevonden - Haven", "Deze pagina bestaat niet", "Probeer het opnieuw via de voorpagina.", "", "nl"),
        ("Sidan hittades inte | Hamnen", "Sidan kunde inte hittas", "Adressen kan vara fel.", "", "sv"),
        ("Nie znaleziono strony - Port", "Nie znaleziono strony", "Sprawdź adres.", "", "pl"),
        ("Страница не найдена — Порт", "404", "Возможно, она была удалена или перенесена.", _LATEST, "ru"),
        ("ページが見つかりません｜港新聞", "お探しのページは見つかりませんでした", "URLをご確認ください。", "", "ja"),
        ("页面不存在_港口新闻", "抱歉，您访问的页面不存在", "请检查网址。", "", "zh"),
        ("페이지를 찾을 수 없습니다 - 항구일보", "요청하신 페이지를 찾을 수 없습니다", "주소를 확인해 주세요.", "", "ko"),
        ("Sayfa bulunamadı - Liman", "Aradığınız sayfa bulunamadı", "Adresi kontrol edin.", "", "tr"),
    )
}  # fmt: skip


def wall(text: tuple[str, ...], buttons: tuple[str, ...], *, title: str, lang: str = "en", extra: str = "") -> str:
    paragraphs = "".join(f"<p>{one}</p>" for one in text)
    labels = "".join(f'<button type="submit" name="agree">{one}</button>' for one in buttons)
    body = f'<div class="consent-overlay"><form action="/collect-consent" method="post"><h1>{title}</h1>{paragraphs}{labels}</form></div>'
    return page(f"{body}{extra}", title=title, lang=lang, frame=False)


CONSENTS = {
    "English": wall(
        (
            "If you click 'Accept all', we and our 237 partners will store and access information on your device, through the use "
            "of cookies, and use precise location data and personal data such as IP addresses to show personalised ads.",
            "If you do not want us and our partners to use cookies and personal data for these purposes, click 'Reject all'. You "
            "can change your choices at any time by clicking on the privacy settings link on our sites.",
        ),
        ("Accept all", "Reject all", "Manage privacy settings"), title="Before you continue",
    ),
    "German, pay or accept": wall(
        (
            "Besuchen Sie uns wie gewohnt mit Werbung und Cookies. Mit Ihrer Zustimmung verarbeiten wir und unsere 212 Partner "
            "personenbezogene Daten wie Ihre IP-Adresse; Ihre Einwilligung können Sie jederzeit in den Datenschutzeinstellungen "
            "widerrufen.",
            "Nutzen Sie unser Angebot ohne Werbetracking für 4,99 Euro im Monat. Informationen dazu in unserer "
            "Datenschutzerklärung und zu den Cookies in den FAQ.",
        ),
        ("Akzeptieren und weiter", "Jetzt abonnieren"), title="Weiter mit Werbung lesen", lang="de",
    ),
    "French": wall(
        (
            "Avec votre accord, nos partenaires et nous utilisons des cookies ou traceurs pour stocker et accéder à vos données "
            "personnelles, comme votre visite sur ce site. Vous pouvez retirer votre consentement à tout moment.",
            "Nos partenaires et nous traitons les données : publicités personnalisées, mesure de performance, cookies tiers.",
        ),
        ("Tout accepter", "Continuer sans accepter"), title="Le respect de votre vie privée", lang="fr",
    ),
    "Spanish": wall(
        (
            "Nosotros y nuestros 120 socios almacenamos cookies y accedemos a datos personales como su dirección IP para mostrar "
            "publicidad personalizada. Puede retirar su consentimiento en cualquier momento desde la política de privacidad.",
        ),
        ("Aceptar y continuar", "Rechazar"), title="Tu privacidad es importante", lang="es",
    ),
    "Italian": wall(
        (
            "Noi e terze parti selezionate utilizziamo cookie o tecnologie simili per finalità tecniche e, con il tuo consenso, "
            "per pubblicità personalizzata e misurazione. Usa il pulsante per acconsentire al trattamento dei dati personali.",
        ),
        ("Accetta", "Rifiuta"), title="Informativa", lang="it",
    ),
    "Dutch": wall(
        (
            "Wij en onze partners gebruiken cookies om persoonsgegevens te verwerken en gepersonaliseerde advertenties te tonen. "
            "Met jouw toestemming kunnen wij de site verbeteren; lees meer in ons privacybeleid.",
        ),
        ("Akkoord", "Instellen"), title="Jouw privacy", lang="nl",
    ),
    "Polish": wall(
        (
            "Klikając przycisk, wyrażasz zgodę na przetwarzanie Twoich danych osobowych przez nas i zaufanych partnerów oraz na "
            "zapisywanie plików cookie w celu wyświetlania spersonalizowanych reklam. Zobacz politykę prywatności.",
        ),
        ("Przejdź do serwisu",), title="Szanujemy Twoją prywatność", lang="pl",
    ),
    "Japanese": wall(
        (
            "当サイトおよびパートナーは、クッキーを使用して個人情報を処理し、広告を表示します。続けるには同意が必要です。",
            "同意はプライバシー設定からいつでも撤回できます。クッキーの詳細はプライバシーポリシーをご覧ください。",
            "パートナー企業はクッキーを用いて広告の効果を測定します。詳しくはプライバシー設定をご確認ください。",
        ),
        ("同意する",), title="クッキーについて", lang="ja",
    ),
    "over an empty shell that names the article": page(
        '<div id="cmp"><p>We value your privacy. We and our partners use cookies and process personal data for personalised ads, '
        "content measurement and audience research; you may withdraw your consent whenever you like.</p><a href='#' "
        "class='btn'>Accept all</a></div><div id='app'></div>",
        title="The ferry sails again", head=declared(), frame=False,
    ),
}  # fmt: skip

_BOX = '<div class="paywall-container"><h3>{}</h3><p>{}</p><a class="btn" href="/abo">{}</a></div>'
PAYWALLS = {
    "by JSON-LD and box": stub(
        _BOX.format("Subscribe to continue reading", "Get unlimited access for 1 a week.", "Subscribe now"),
        head=declared(isAccessibleForFree=False), text=f"{LEAD} {SECOND[:120]} …",
    ),
    "by words alone": stub(
        "<section><h2>This article is for subscribers only</h2><p>Already a subscriber? <a href='/login'>Log in</a></p></section>"
    ),
    "a metered reader": stub(
        "<div><p>You have reached your limit of free articles this month.</p><p>Create an account to go on.</p></div>"
    ),
    "a long stub in a box": stub(
        _BOX.format("Unlock this article", "Start your trial today.", "Try it"), text=f"{LEAD} {SECOND} {THIRD}"
    ),
    "no text but the wall": page(
        "<main><article><h1>The ferry sails again</h1><div class='premium-wall'><p>To continue reading, sign in or subscribe."
        "</p></div></article></main>",
        title="The ferry sails again", head=declared(isAccessibleForFree="False"),
    ),
    "JSON-LD and two lines": stub("", head=declared(isAccessibleForFree=False)),
    "German": stub(
        _BOX.format("Dieser Artikel ist exklusiv für Abonnenten", "Sie sind bereits Abonnent? Jetzt anmelden", "Jetzt testen"),
        text="Die Fähre zwischen dem alten Hafen und den Inseln fährt von Montag an wieder zweimal am Tag, teilte die Behörde mit.",
        lang="de",
    ),
    "French": stub(
        "<div class='lock'><p>Il vous reste 82 % de cet article à lire. La suite est réservée aux abonnés.</p></div>",
        text="Le bac entre le vieux port et les îles reprendra lundi, deux fois par jour, après neuf mois d'arrêt.", lang="fr",
    ),
    "Spanish": stub(
        "<div><p>Contenido exclusivo para suscriptores</p><p>Suscríbete para seguir leyendo</p></div>",
        text="El barco entre el puerto viejo y las islas volverá el lunes, dos veces al día, tras nueve meses.", lang="es",
    ),
    "Italian": stub(
        "<div><p>Contenuto riservato agli abbonati</p><a href='/abbonati'>Abbonati per continuare a leggere</a></div>",
        text="Il traghetto tra il porto vecchio e le isole riparte lunedì, due volte al giorno.", lang="it",
    ),
    "Portuguese": stub(
        "<div><p>Conteúdo exclusivo para assinantes</p><p>Já é assinante? Entre</p></div>",
        text="A balsa entre o porto velho e as ilhas volta na segunda-feira, duas vezes por dia.", lang="pt",
    ),
    "Swedish": stub(
        "<div class='box'><p>För att läsa vidare behöver du vara prenumerant</p><a>Redan prenumerant? Logga in</a></div>",
        text="Färjan mellan gamla hamnen och öarna går igen två gånger om dagen från måndag.", lang="sv",
    ),
    "Polish": stub(
        "<div><p>Pozostało 85% artykułu</p><p>Tekst dostępny tylko dla prenumeratorów</p></div>",
        text="Prom między starym portem a wyspami będzie od poniedziałku pływał dwa razy dziennie.", lang="pl",
    ),
    "Russian": stub(
        "<div><p>Материал доступен только подписчикам</p><p>Чтобы читать дальше, оформите подписку</p></div>",
        text="Паром между старым портом и островами с понедельника снова будет ходить дважды в день.", lang="ru",
    ),
    "Japanese": stub(
        "<div><p>この記事は有料会員限定です。残り1,200文字</p><a>ログインして続きを読む</a></div>",
        text="旧港と島々を結ぶフェリーが月曜日から再び一日二往復で運航されると、港湾局が発表した。", lang="ja",
    ),
    "Chinese": stub(
        "<div><p>本文为付费内容，订阅后继续阅读全文</p></div>",
        text="港务局表示，往返旧港与各岛之间的渡轮将从周一起恢复每日两班。", lang="zh",
    ),
}  # fmt: skip

PLAYER = '<div class="player"><video poster="/p.jpg" controls></video></div>'
VIDEOS = {
    "by og:type": (
        page(f"<main><h1>Watch: The ferry sails again</h1>{PLAYER}<p>{LEAD}</p>{related()}</main>", title="Watch: The ferry",
             head='<meta property="og:type" content="video.other">'),
        "/news/ferry",
    ),
    "by VideoObject": (
        page(f"<main><h1>The ferry sails again</h1>{PLAYER}<p>Scenes from the pier.</p></main>", title="The ferry",
             head=declared(**{"@type": "VideoObject", "name": "The ferry"})),
        "/news/ferry",
    ),
    "by player and path": (
        page(f"<main><h1>The ferry sails again</h1><iframe src='https://play.example/embed/42' allowfullscreen></iframe>"
             f"<p>{TEASER}</p></main>", title="The ferry"),
        "/video/2026/ferry",
    ),
    "no text at all": (
        page(f"<main><h1>El barco vuelve</h1>{PLAYER}</main>", title="El barco vuelve", lang="es",
             head='<meta property="og:type" content="video">'),
        "/videos/barco",
    ),
    "by player and path in German": (
        page(f"<main><h1>Die Fähre fährt wieder</h1>{PLAYER}<p>Bilder vom Hafen, den zweihundert Menschen besuchten.</p></main>",
             title="Die Fähre fährt wieder | Mediathek", lang="de"),
        "/mediathek/faehre",
    ),
}  # fmt: skip

_ZH = (
    *(f"港务局宣布第{n}号码头将于下周重新开放" for n in "一二三四五六七八九十"),
    "旧船厂改建音乐厅获得通过",
    "灯塔管理员退休居民送别",
    "渡轮票价明年起上调一成",
)
INDEXES = {
    "a front page of cards": page(f"<main>{cards()}</main>", title="The Harbour Gazette"),
    "a front page with a headline of the first rank": page(
        f"<main><h1><a href='/lead'>{STORIES[0]}</a></h1><p>{TEASER}</p>{cards(STORIES[1:])}</main>", title="The Harbour Gazette"
    ),
    "a section": page(
        f"<main><h1>Islands</h1><ul>{''.join(f'<li><h3><a href=/i/{n}>{s}</a></h3><p>{TEASER}</p></li>' for n, s in enumerate(STORIES))}"
        "</ul><a href='/islands?page=2'>Next</a></main>",
        title="Islands | The Harbour Gazette",
    ),
    "an old layout": page(
        f"<table><tr><td>{''.join(f'<h3><a href=/o/{n}>{s}</a></h3><p>{TEASER}</p>' for n, s in enumerate(STORIES))}</td></tr></table>",
        title="Harbour news",
    ),
    "a bare list": page(
        f"<main><h1>Archive: May</h1>{''.join(f'<p><a href=/a/{n}>{s}</a></p>' for n, s in enumerate(STORIES))}</main>",
        title="Archive",
    ),
    "a collection by its own word": page(
        f"<main><h1>Topic: Ferries</h1><p>{TEASER}</p>{cards(STORIES[:7])}</main>", title="Ferries", head=declared(**{"@type": "CollectionPage"}),
    ),
    "whose cards are articles by JSON-LD": page(
        f"<main>{cards()}</main>", title="The Harbour Gazette", head="".join(declared(headline=s) for s in STORIES)
    ),
    "in Chinese": page(
        f"<div class='list'>{''.join(f'<li><a href=/z/{n}.html>{s}</a><span>05-{n:02}</span></li>' for n, s in enumerate(_ZH))}</div>",
        title="港口新闻_首页", lang="zh",
    ),
}  # fmt: skip

"""The rules of the package: each takes its own examples, and sentences of news survive in every language."""

from __future__ import annotations

import gzip
import json
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from processors.boilerplate import LineRules
from processors.boilerplate.load import parse

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted((f for f in resources.files("processors.boilerplate").iterdir() if f.name.endswith(".toml")), key=str)
OF_NO_LANGUAGE = {"feed.toml"}
ALL = LineRules.load()
KINDS = {"app-install", "newsletter", "subscribe", "related", "share", "legal", "advert"}

TAKEN = [
    ("en", "Tap to install our app."),
    ("en", "Sign up for our daily newsletter"),
    ("en", "(More Harbour stories.)"),
    ("de", "Tippen Sie hier, um unsere App zu installieren."),
    ("de", "Nachrichten schneller lesen. Tippen Sie hier, um unsere App zu installieren."),
    ("fr", "Recevez l’info plus vite. Touchez pour installer notre application."),
    ("es", "Toca para instalar nuestra aplicación."),
    ("it", "Tocca per installare la nostra app"),
    ("pt", "Toque para instalar nosso aplicativo"),
    ("nl", "Tik om onze app te installeren"),
    ("pl", "Kliknij, aby zainstalować naszą aplikację"),
    ("sv", "Tryck för att installera vår app"),
    ("ru", "Узнавайте новости первыми. Нажмите, чтобы установить наше приложение."),
    ("uk", "Натисніть, щоб встановити наш застосунок."),
    ("tr", "UYGULAMAMIZI YÜKLEMEK İÇİN DOKUNUN"),
    ("ar", "اضغط لتثبيت تطبيقنا"),
    ("he", "לחצו להתקנת האפליקציה שלנו"),
    ("hi", "ऐप इंस्टॉल करने के लिए टैप करें"),
    ("id", "Ketuk untuk memasang aplikasi kami"),
    ("vi", "Nhấn để cài đặt ứng dụng của chúng tôi"),
    ("zh", "更快获取新闻。点击安装我们的应用。"),
    ("zh", "點擊安裝我們的應用程式"),
    ("zh", "（责任编辑：苏见山）"),
    ("zh", "扫描二维码，关注江城晚报公众号"),
    ("ja", "ニュースをもっと速く。タップしてアプリをインストール。"),
    ("ja", "© みなと新報社　無断転載を禁じます"),
    ("ko", "뉴스를 더 빠르게. 탭하여 앱을 설치하세요."),
    ("ko", "고은마루 기자 maru@hanbit.example"),
    ("ko", "무단전재 및 재배포 금지"),
]
NEWS = [
    ("en", "The city launched an app on Monday that tells commuters when the next ferry leaves."),
    ("en", "Users who install the app must confirm their age, the company said."),
    ("en", "The newsletter, which reaches 40,000 readers, will close in June."),
    ("en", "The paper raised its subscription price to nine pounds a month."),
    ("en", "More stories emerged after the trial of 1953."),
    ("en", "Police followed the lorry on the coast road for an hour."),
    ("en", "Share prices fell after the announcement."),
    ("en", "Copyright in the song belongs to the town, a court ruled."),
    ("de", "Die Stadt stellte am Montag eine App vor, die den Fahrplan der Fähre zeigt."),
    ("de", "Der Newsletter des Vereins erscheint seit 1998."),
    ("de", "Das Abo kostet künftig neun Euro im Monat."),
    ("fr", "La ville a lancé lundi une application qui donne l'heure du prochain bac."),
    ("fr", "Le prix de l'abonnement passe à neuf euros par mois."),
    ("es", "La ciudad presentó el lunes una aplicación que avisa de la salida del barco."),
    ("es", "La suscripción costará nueve euros al mes."),
    ("it", "Il comune ha presentato lunedì una app con gli orari del traghetto."),
    ("it", "Il prezzo dell'abbonamento sale a nove euro al mese."),
    ("pt", "A cidade lançou na segunda-feira um aplicativo com os horários da balsa."),
    ("nl", "De stad presenteerde maandag een app met de tijden van de veerboot."),
    ("pl", "Miasto uruchomiło w poniedziałek aplikację z rozkładem promu."),
    ("sv", "Staden lanserade i måndags en app med färjans tider."),
    ("ru", "Город запустил в понедельник приложение с расписанием парома."),
    ("ru", "Стоимость подписки на газету вырастет до ста рублей."),
    ("uk", "Місто запустило в понеділок застосунок із розкладом порома."),
    ("tr", "Belediye pazartesi günü vapur saatlerini gösteren bir uygulama çıkardı."),
    ("tr", "Gazetenin abonelik ücreti arttı."),
    ("ar", "أطلقت المدينة يوم الاثنين تطبيقا يعرض مواعيد العبارة."),
    ("ar", "ارتفع سعر الاشتراك في الصحيفة إلى تسعة دنانير."),
    ("he", "העירייה השיקה ביום שני אפליקציה עם לוח הזמנים של המעבורת."),
    ("hi", "शहर ने सोमवार को नौका का समय बताने वाला ऐप शुरू किया।"),
    ("id", "Kota itu meluncurkan aplikasi jadwal feri pada hari Senin."),
    ("vi", "Thành phố ra mắt ứng dụng lịch phà vào thứ Hai."),
    ("zh", "市政府周一推出一款应用，市民可以查询渡轮时刻。"),
    ("zh", "報社宣布訂閱費用下月起上調。"),
    ("zh", "记者扫描现场二维码后发现链接已经失效。"),
    ("zh", "更多报道显示，沉船发生在黎明之前。"),
    ("ja", "市は月曜日、渡し船の時刻を知らせるアプリを公開した。"),
    ("ja", "新聞の購読料は来月から値上げされる。"),
    ("ja", "続報では、船は夜明け前に沈んだという。"),
    ("ko", "시는 월요일 나룻배 시간을 알려 주는 앱을 내놓았다."),
    ("ko", "신문 구독료가 다음 달부터 오른다."),
    ("ko", "경찰은 무단 복제 혐의로 두 사람을 조사했다."),
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_is_free_of_problems(file: Path) -> None:
    """Unknown fields, patterns that cannot match, triggers that are no words, examples not taken, lines not kept."""
    found, problems = parse(file.name, file.read_text(encoding="utf-8"))

    assert problems == []
    assert file.name in OF_NO_LANGUAGE or {rule.name for rule in found} >= KINDS


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_examples_hold_with_all_the_rules_of_all_languages_together(file: Path) -> None:
    tables = tomllib.loads(file.read_text(encoding="utf-8"))["rule"]
    taken = [line for table in tables if table.get("where") != "end" for line in table["takes"]]
    assert [line for line in taken if ALL.match(line) is None] == []


@pytest.mark.parametrize(("language", "line"), TAKEN)
def test_boilerplate_goes(language: str, line: str) -> None:
    assert ALL.match(line, language=language) is not None


@pytest.mark.parametrize(("language", "line"), NEWS)
def test_news_stays(language: str, line: str) -> None:
    """Whether its language is known or not, and wherever it stands."""
    for known in (language, None):
        assert ALL.apply(line, language=known) == (line, ())


@pytest.mark.corpus
class TestCorpus:
    def test_few_paragraphs_of_labelled_articles_go(self, corpus: Path) -> None:
        """At most 1 in 250 as labelled; nine in ten of those are boilerplate that the labels hold (see the docs)."""
        paragraphs = removed = 0
        for name in ("aeb", "news", "articles"):
            with gzip.open(corpus / "extraction" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
                for line in lines:
                    body = "\n".join(p for p in json.loads(line)["body"].split("\n") if p.strip())
                    paragraphs += body.count("\n") + 1
                    removed += len(ALL.apply(body)[1])

        assert removed / paragraphs < 1 / 250

    def test_footers_that_stand_in_extracted_text_go(self, corpus: Path) -> None:
        rows = [json.loads(line) for line in (corpus / "footers.jsonl").read_text(encoding="utf-8").splitlines()]
        extracted = [ALL.match(row["text"]) is not None for row in rows if row["in_trafilatura_output"]]
        others = [ALL.match(row["text"]) is not None for row in rows if not row["in_trafilatura_output"]]

        assert sum(extracted) / len(extracted) > 0.97
        assert sum(others) / len(others) > 0.7

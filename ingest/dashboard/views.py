"""From values to pages: templates that escape everything, under a policy that loads nothing from elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from ingest.dashboard.sessions import FIELD
from ingest.dashboard.texts import address, plain
from ingest.durations import length

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from ingest.dashboard.sessions import Sessions

POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'"
)
"""No inline script or style, no other host, no frame around us; and no markup out of strings in scripts."""
REFERRER = "same-origin"
"""Nothing to others. With `no-referrer` a browser would send our own forms with `Origin: null` (Fetch, 3.2), and over
plain HTTP from another machine that is all that tells where a form comes from."""
_HERE = files("ingest.dashboard")
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
STATIC = {name: (_HERE / "static" / name).read_bytes() for name in ("dashboard.css", "icon.svg", "live.js")}
"""What pages load, read once."""
PAGES = (("/", "Live"), ("/feeds", "Feeds"), ("/overview", "Overview"))
"""What the head of each page leads to."""


class Views:
    """Makes pages.

    Args:
        sessions: for the tokens of forms.
        version: shown at the foot.
        alarms: how many stand; shown at the head of each page.
        pages: what that leads to, each a path and a name.
    """

    def __init__(
        self,
        sessions: Sessions,
        version: str,
        *,
        alarms: Callable[[], int] = lambda: 0,
        pages: Sequence[tuple[str, str]] = PAGES,
    ) -> None:
        self._sessions = sessions
        self._version = version
        self._alarms = alarms
        self._pages = pages
        self._templates = Environment(
            loader=FunctionLoader(_source),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"plain": plain, "address": address, "clock": clock, "stamp": stamp, "span": length}

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - as templates want
        """Return a page made of a template; a browser without a session gets one, for the forms on it."""
        response = HTMLResponse("", status, headers={"Content-Security-Policy": POLICY, "Referrer-Policy": REFERRER})
        session = self._sessions.of(request)
        if session is None and self._sessions.is_open:
            session = self._sessions.begin(response, secure=request.url.scheme == "https")
        made = self._templates.get_template(f"{name}.html").render(
            values,
            here=request.url.path,
            pages=self._pages,
            version=self._version,
            alarm_count=self._alarms(),
            form_field=FIELD,
            form_token="" if session is None else self._sessions.form_token(session),
            may_leave=not self._sessions.is_open and session is not None,
        )
        response.body = made.encode()
        response.headers["content-length"] = str(len(response.body))
        return response

    def login(self, request: Request, status: int = 200, *, wrong: bool = False) -> Response:
        """Return the page that asks for the token."""
        response = self.page(request, "login", status, wrong=wrong)
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def missing(self, request: Request, what: str, hint: str) -> Response:
        """Return the page that says that something is not there."""
        return self.page(request, "message", 404, title="Not here", what=what, hint=hint)

    def refused(self, request: Request, why: str) -> Response:
        """Return the page that says why a form was not carried out."""
        what = f"This form was not carried out: {why}."
        return self.page(request, "message", 403, title="Not done", what=what, hint="")


async def static(request: Request) -> Response:
    """Answer with a style sheet or a script of ours."""
    name = request.path_params["name"]
    if name not in STATIC:
        return Response("Not Found", 404, media_type="text/plain")
    return Response(STATIC[name], media_type=_TYPES[name.rpartition(".")[2]])


def clock(moment: float | datetime | None) -> str:
    """Return a time for people, in UTC, to the second."""
    if moment is None:
        return ""
    when = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int | float) else moment.astimezone(UTC)
    return when.strftime("%Y-%m-%d %H:%M:%S")


def stamp(moment: float) -> str:
    """Return a Unix time for machines, as RFC 3339 has it."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _source(name: str) -> str:
    return (_HERE / "templates" / name).read_text("utf-8")

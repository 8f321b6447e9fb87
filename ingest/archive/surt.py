"""Keys of URLs as indexes of web archives sort by them (SURT): `com,example)/path?a=1&b=2`."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_WWW = re.compile(r"www\d*\.")
_SLASHES = re.compile(r"//+")
_PORTS = {"http": 80, "https": 443}


def surt(url: str) -> str:
    """Return the key of a URL: host reversed without `www.`, all in small letters, parameters sorted, no fragment.

    What is no address of the web (`urn:…`) is its own key.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url.lower()
    if parts.scheme not in _PORTS or not parts.hostname:
        return url.lower()
    host = parts.hostname if ":" in parts.hostname else _reversed(parts.hostname)
    shown = "" if port in {None, _PORTS[parts.scheme]} else f":{port}"
    path = _SLASHES.sub("/", parts.path).rstrip("/") or "/"
    query = "?" + "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return f"{host}{shown}){path}{query}".lower()


def _reversed(host: str) -> str:
    return ",".join(reversed(_WWW.sub("", host, count=1).split(".")))

"""Certificates for tests, made by openssl when they are needed and good for two days."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost\n"


class Authority:
    """Issues certificates to brokers on loopback and to their clients.

    Args:
        folder: an empty one; everything is kept there.
        name: whose authority it is.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.certificate = folder / "ca.pem"
        """What those who trust it are given."""
        folder.joinpath("names").write_text(NAMES)
        told = ["-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        self._openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", *told)

    def issue(self, name: str) -> tuple[Path, Path]:
        """Return a new certificate and its key (PKCS 8, without a password)."""
        self._openssl("req", "-new", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2"]
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *by)
        return self._folder / f"{name}.pem", self._folder / f"{name}.key"

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self._folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr


def broker_properties(authority: Authority) -> dict[str, str]:
    """Return the server properties of a broker with a certificate of this authority, which also vouches for clients."""
    certificate, key = authority.issue("broker")
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": _one_line(certificate),
        "ssl.keystore.key": _one_line(key),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.certificates": _one_line(authority.certificate),
    }


def _one_line(pem: Path) -> str:
    """Return a PEM file as the value of a Java property: no file for the broker to find, in whatever container."""
    return pem.read_text().strip().replace("\n", "\\n")

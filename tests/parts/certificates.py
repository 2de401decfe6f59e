"""Real certificates for sites on loopback, made by openssl: good ones, and all kinds to be refused."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

HERE = "IP:127.0.0.1"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Authority:
    """Signs certificates; its own stands in ``roots``, for those who are to trust it."""

    def __init__(self, folder: Path, name: str = "Test Authority") -> None:
        self._folder = folder / name.replace(" ", "-")
        self._folder.mkdir()
        self.roots = self._folder / "authority.pem"
        self._key = self._folder / "authority.key"
        _openssl(
            *("req", "-x509", *_KEY, "-days", "2", "-subj", f"/CN={name}"),
            *("-keyout", self._key, "-out", self.roots),
        )
        self._made = 0

    def certificate(self, names: str = HERE, days: int = 2) -> ssl.SSLContext:
        """A server's context with a certificate for ``names`` that ends in ``days``, maybe days ago."""
        return _serving(*self.files(names, days))

    def files(self, names: str = HERE, days: int = 2) -> tuple[Path, Path]:
        """Such a certificate and its key, for servers of other makes."""
        self._made += 1
        stem = self._folder / f"site-{self._made}"
        key, request, certificate = (stem.with_suffix(ending) for ending in (".key", ".csr", ".pem"))
        _openssl(
            *("req", *_KEY, "-subj", "/CN=site", "-addext", f"subjectAltName={names}"),
            *("-keyout", key, "-out", request),
        )
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.roots, "-CAkey", self._key, "-days", str(days)),
            *("-copy_extensions", "copy", "-out", certificate),
        )
        return certificate, key


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that vouches for itself."""
    key, certificate = folder / "self.key", folder / "self.pem"
    _openssl(
        *("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=site", "-addext", f"subjectAltName={HERE}"),
        *("-keyout", key, "-out", certificate),
    )
    return _serving(certificate, key)


def _serving(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context

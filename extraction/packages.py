"""ZIP containers that office files come in, opened only after their size and XML are known to be sane."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from extraction.limits import MAX_PACKAGE_PARTS, MAX_UNPACKED_BYTES
from extraction.model import PROTECTED, UnreadableError

PACKAGE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
_DECLARATIONS = tuple(
    mark.encode(codec) for mark in ("<!DOCTYPE", "<!ENTITY") for codec in ("ascii", "utf-16-le", "utf-16-be")
)
_CHUNK = 1 << 20


def open_package(body: bytes) -> zipfile.ZipFile:
    """The container, its declared sizes within limits; the caller closes it."""
    try:
        package = zipfile.ZipFile(BytesIO(body))
    except PACKAGE_ERRORS as error:
        raise UnreadableError(f"the file is damaged or cut short ({error}); fetch it again") from error
    parts = package.infolist()
    size = sum(part.file_size for part in parts)
    if len(parts) > MAX_PACKAGE_PARTS or size > MAX_UNPACKED_BYTES:
        package.close()
        raise UnreadableError(
            f"the file unpacks to {size // 2**20} MB in {len(parts)} parts, more than is read here; "
            "it may be a decompression bomb: look at it by hand"
        )
    if any(part.flag_bits & 1 for part in parts):
        package.close()
        raise UnreadableError(PROTECTED)
    return package


def read_part(package: zipfile.ZipFile, name: str) -> bytes:
    """One part, whole; XML with a document type is refused, since it can only mean harm here."""
    try:
        data = package.read(name)
    except KeyError as error:
        raise UnreadableError(
            f"the file lacks its part {name}; fetch it again or convert it to PDF"
        ) from error
    except PACKAGE_ERRORS as error:
        raise UnreadableError(f"the file is damaged at {name} ({error}); fetch it again") from error
    _refuse_declarations(name, data)
    return data


def check_parts(body: bytes) -> None:
    """Unpack every part once, so that a lying size, a wrong checksum or an entity is found beforehand."""
    with open_package(body) as package:
        for part in package.infolist():
            try:
                with package.open(part) as stream:
                    head = stream.read(_CHUNK)
                    while stream.read(_CHUNK):
                        pass
            except PACKAGE_ERRORS as error:
                raise UnreadableError(
                    f"the file is damaged at {part.filename} ({error}); fetch it again"
                ) from error
            if part.filename.lower().endswith((".xml", ".rels")):
                _refuse_declarations(part.filename, head)


def _refuse_declarations(name: str, data: bytes) -> None:
    if any(mark in data[:_CHUNK] for mark in _DECLARATIONS):
        raise UnreadableError(f"{name} declares XML entities, as no office program does; look at it by hand")

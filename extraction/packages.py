"""ZIP containers that office files come in, opened only after their size and XML are known to be sane."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
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
    _name_as_meant(package)
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


def _name_as_meant(package: zipfile.ZipFile) -> None:
    """Parts by the names that others call them: some programs write ``xl\\workbook.xml`` or ``/word/…``."""
    for part in package.infolist():
        name = plain_name(part.filename)
        if name != part.filename:
            package.NameToInfo.setdefault(name, part)
            part.filename = name


def plain_name(name: str) -> str:
    """A part's name with slashes, from the root of the package."""
    return name.replace("\\", "/").removeprefix("./").lstrip("/")


def repacked(body: bytes) -> bytes:
    """The package with every part under its plain name; the same bytes where it is so already."""
    with zipfile.ZipFile(BytesIO(body)) as package:
        if all(plain_name(name) == name for name in package.namelist()):
            return body
    with open_package(body) as package:
        return rewritten(package, {})


def rewritten(package: zipfile.ZipFile, changed: Mapping[str, bytes]) -> bytes:
    """The package with some parts replaced or added."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as copy:
        for part in package.infolist():
            if not part.is_dir():
                copy.writestr(part.filename, changed.get(part.filename) or package.read(part))
        for name in changed.keys() - set(package.NameToInfo):
            copy.writestr(name, changed[name])
    return stream.getvalue()


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

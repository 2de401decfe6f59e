"""What kind of file bytes are: their content first, then the declared type, then the name."""

from __future__ import annotations

import re

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "application/rtf"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
)
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OFD = "application/ofd"
OFFICE_XML = "application/vnd.ms-office.xml"
"""Word and Excel of 2003, and packages in one piece: XML that is not packed."""
PDF = "application/pdf"
RTF = "application/rtf"
ZIP = "application/zip"
RAR = "application/vnd.rar"
SEVEN_ZIP = "application/x-7z-compressed"
TAR = "application/x-tar"
GZIP = "application/gzip"
XZ = "application/x-xz"
HTML = "text/html"
PLAIN = "text/plain"
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/tiff", "image/webp", "image/bmp")
WEB_ARCHIVE = "multipart/related"
UNKNOWN = "application/octet-stream"
ENCRYPTED_OFFICE = "application/encrypted-office"
OLE = "application/x-ole-storage"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
OUTLOOK = "application/vnd.ms-outlook"

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = (
    ("EncryptedPackage", ENCRYPTED_OFFICE),
    ("WordDocument", DOC),
    ("Workbook", XLS),
    ("Book", XLS),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", OUTLOOK),
)
_ZIP_PARTS = (
    ("word/document.xml", DOCX),
    ("xl/workbook.xml", XLSX),
    ("OFD.xml", OFD),
    ("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ("ppt/presentation.xml", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("content.xml", OPEN_DOCUMENT),
)
_ZIP_KINDS = (
    (rb"wordprocessingml\.(?:document|template)\.main|ms-word\.(?:document|template)\.macroenabled", DOCX),
    (rb"spreadsheetml\.(?:sheet|template)\.main|ms-excel\.(?:sheet|template)\.macroenabled\.main", XLSX),
)
"""What the list of contents says, for packages whose parts have other names (Word Online's document2.xml)."""
_CONTENTS = "[content_types].xml"
_LONGEST_CONTENTS = 1 << 20
_TAGS = (
    rb"<(?:!doctype\s+html|html|head|body|table|tbody|tr|div|title|meta|script|style|link|center|font|span|p|"
    rb"h[1-6]|ul|a)[\s>/]"
)
_LEADING_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--(?:[^-]|-(?!->)){0,4096}-->\s*)*" + _TAGS, re.IGNORECASE
)
_ANY_HTML = re.compile(_TAGS, re.IGNORECASE)
_OFFICE_XML = re.compile(
    rb"""progid=["'](?:Word\.Document|Excel\.Sheet)|schemas\.microsoft\.com/office/word/2003/wordml"""
    rb"""|schemas\.microsoft\.com/office/2006/xmlPackage|<Workbook\b[^>]*urn:schemas-microsoft-com:office:spreadsheet"""
)
_OPEN_DOCUMENT = re.compile(rb"<office:document\b[^>]{0,4000}opendocument:xmlns:office")
"""OpenDocument in one piece."""
_LEADING_XML = re.compile(rb"\s*<\?xml\s", re.IGNORECASE)
_LEADING_MIME = re.compile(rb"\s*(?:MIME-Version|From|Subject|Date|X-[\w-]+|Content-[\w-]+):", re.IGNORECASE)
_WEB_PARTS = re.compile(rb"(?im)^content-type:\s*(?:multipart/(?:related|alternative|mixed)|text/html)")
_WINDOW, _LONGEST_LEAD = 8192, 64
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\v\f\r\x1a\x1b"})
"""No text has many of these, whatever its encoding: ISO 2022 has escapes, old DOS files end in 1A."""
_ENDINGS = {
    ".htm": HTML,
    ".html": HTML,
    ".shtml": HTML,
    ".xhtml": HTML,
    ".jsp": HTML,
    ".aspx": HTML,
    ".php": HTML,
}
_OFFICE_ENDINGS = {
    ".docx": DOCX,
    ".xlsx": XLSX,
    ".ofd": OFD,
    ".doc": DOC,
    ".wps": DOC,
    ".xls": XLS,
    ".et": XLS,
}
"""Asked only where a container is too damaged to say what it holds."""
_HTML_TYPES = frozenset({HTML, "application/xhtml+xml"})


def without_lead(body: bytes) -> bytes:
    """``body`` without the blanks or the mark that a careless program puts before a file."""
    rest = body[:_LONGEST_LEAD].lstrip(b"\xef\xbb\xbf\r\n\t ")
    lead = min(len(body), _LONGEST_LEAD) - len(rest)
    return body[lead:] if lead and rest.startswith((b"PK\x03\x04", b"{\\rtf", _OLE)) else body


def sniff(body: bytes, media_type: str = "", name: str = "") -> str:
    """Media type of the bytes, lower case, without parameters; ``application/octet-stream`` where unknown."""
    for magic, found in _MAGIC:
        if body.startswith(magic):
            return found
    if b"%PDF-" in body[:1024]:
        return PDF
    if body.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(body, name.lower())
    if body.startswith(_OLE):
        return _sniff_ole(body, name.lower())
    return _sniff_inside(body) or _sniff_text(
        body, media_type.partition(";")[0].strip().lower(), name.lower()
    )


def _sniff_inside(body: bytes) -> str:
    """Kinds whose mark does not stand at the beginning, or is too short to be trusted alone."""
    if body[257:262] == b"ustar":
        return TAR
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "image/webp"
    if body.startswith(b"BM") and body[6:10] == bytes(4) and body[15:18] == bytes(3):
        return "image/bmp"
    return ""


def _sniff_zip(body: bytes, name: str) -> str:
    import zipfile  # noqa: PLC0415  (pages never pay for it)
    import zlib  # noqa: PLC0415
    from io import BytesIO  # noqa: PLC0415

    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            parts = {name.replace("\\", "/").lstrip("./").lower(): name for name in archive.namelist()}
            names = {part for part, _ in _ZIP_PARTS if part.lower() in parts}
            contents = b""
            if not names and (listed := parts.get(_CONTENTS)):
                with archive.open(listed) as stream:
                    contents = stream.read(_LONGEST_CONTENTS).lower()
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, OSError, EOFError):
        # The directory stands at the end: a truncated file has lost it, and its first parts tell its kind.
        names = {part for part, _ in _ZIP_PARTS if part.encode() in body}
        return next((found for part, found in _ZIP_PARTS if part in names), _by_ending(name) or ZIP)
    said = next((kind for mark, kind in _ZIP_KINDS if re.search(mark, contents)), ZIP)
    return next((found for part, found in _ZIP_PARTS if part in names), said)


def _sniff_ole(body: bytes, name: str) -> str:
    from io import BytesIO  # noqa: PLC0415

    import olefile  # noqa: PLC0415  (pages never pay for it)

    try:
        with olefile.OleFileIO(BytesIO(body)) as ole:
            return next((found for stream, found in _OLE_STREAMS if ole.exists(stream)), OLE)
    except (OSError, ValueError, IndexError, TypeError, RecursionError):
        found = next((kind for stream, kind in _OLE_STREAMS if stream.encode("utf-16-le") in body), "")
        return found or _by_ending(name) or OLE


def _by_ending(name: str) -> str:
    return next((found for ending, found in _OFFICE_ENDINGS.items() if name.endswith(ending)), "")


def _sniff_text(body: bytes, media_type: str, name: str) -> str:
    head = body[:_WINDOW]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    head = head.removeprefix(b"\xef\xbb\xbf")
    if (len(head) - len(head.translate(None, _CONTROLS))) * 20 > len(head):
        return UNKNOWN
    ending = next((found for suffix, found in _ENDINGS.items() if name.endswith(suffix)), "")
    if _LEADING_HTML.match(head) or media_type in _HTML_TYPES:
        return HTML
    if _LEADING_MIME.match(head) and _WEB_PARTS.search(head):
        return WEB_ARCHIVE
    if is_office := _OFFICE_XML.search(head) or _LEADING_XML.match(head):
        xml = OFFICE_XML if is_office.re is _OFFICE_XML else "application/xml"
        xml = OPEN_DOCUMENT if _OPEN_DOCUMENT.search(head) else xml
        return HTML if ending == HTML else xml
    if media_type.startswith("text/") and media_type != PLAIN:
        return HTML if ending == HTML or _ANY_HTML.search(head) else PLAIN
    return HTML if ending == HTML or len(_ANY_HTML.findall(head)) > 2 else PLAIN

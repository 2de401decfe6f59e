"""Lists from outside, made safe to read: unpacked within a bound, parsed without entities or network."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from crawling.listing.model import ListError

if TYPE_CHECKING:
    from lxml.etree import _Element

_GZIP = b"\x1f\x8b"
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)


def unpacked(body: bytes, limit: int) -> bytes:
    """``body``, gunzipped where packed (``sitemap.xml.gz``). Raises :class:`ListError` over ``limit``."""
    if not body.startswith(_GZIP):
        return body
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = unpacker.decompress(body, limit)
    except zlib.error as error:
        raise ListError(f"the packed list is broken: {error}") from error
    if unpacker.unconsumed_tail:
        raise ListError(f"the packed list holds more than {limit // 2**20} MB: it is not read")
    if not unpacker.eof:
        raise ListError("the packed list is cut off: ask for it again")
    return content


def parse_xml(text: str) -> _Element:
    """The root of ``text``. Raises :class:`ListError`.

    Feeds write ``&nbsp;`` and bare ampersands: they stay in the text as written. Declared entities are
    refused before parsing, because inside attributes no option of the parser keeps them from growing.
    """
    from lxml.etree import XMLParser, XMLSyntaxError, fromstring  # noqa: PLC0415

    if _ENTITY.search(text):
        raise ListError("the XML declares entities, which lists have no use for: it is not read")
    parser = XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=True,
    )
    try:
        root = fromstring(_mended(_DECLARATION.sub("", text)).encode("utf-8", "replace"), parser)
    except XMLSyntaxError as error:
        raise ListError(f"the XML cannot be read: {error}"[:300]) from error
    if root is None:
        raise ListError("the XML holds nothing that could be read")
    return root


def _mended(text: str) -> str:
    """Ampersands that XML does not know are escaped; the parser would drop them, in addresses too."""
    first, *others = text.split(_CDATA)
    mended = [_BARE.sub("&amp;", first)]
    for other in others:
        data, end, rest = other.partition(_CDATA_END)
        mended += [_CDATA, data, end, _BARE.sub("&amp;", rest)]
    return "".join(mended)


def local_name(element: _Element) -> str:
    """The element's name without its namespace, small; empty for comments and instructions."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def children(element: _Element, name: str) -> list[_Element]:
    """The element's own children called ``name``, in whatever namespace."""
    return [child for child in element if local_name(child) == name]


def text_of(element: _Element, *names: str) -> str:
    """The text of the first child with one of these names, in the order of the names; empty without one."""
    for name in names:
        for child in children(element, name):
            text = " ".join("".join(child.itertext()).split())
            if text:
                return text
    return ""

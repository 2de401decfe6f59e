"""Styles of a Word document that hide or strike the words that have them."""

from __future__ import annotations

from extraction.model import UnreadableError

_MARKS = frozenset({"strike", "dstrike", "vanish"})
_OFF = frozenset({"0", "false", "off"})


def unseen_styles(part: bytes) -> frozenset[str]:
    """Identities of the styles, those that are based on one included; none where the part is broken."""
    from lxml import etree  # noqa: PLC0415

    if not any(mark.encode() in part for mark in _MARKS):
        return frozenset()
    try:
        tree = etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise UnreadableError(f"the document's styles are damaged ({error.msg}); fetch it again") from error
    says: dict[str, bool] = {}
    based: dict[str, str] = {}
    for style in tree.iter("{*}style"):
        identity = _attribute(style, "styleId")
        for element in style.iter():
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if name in _MARKS:
                says[identity] = says.get(identity, False) or _attribute(element, "val") not in _OFF
            elif name == "basedOn":
                based[identity] = _attribute(element, "val")
    return frozenset(identity for identity in {*says, *based} if _is_unseen(identity, says, based))


def _is_unseen(identity: str, says: dict[str, bool], based: dict[str, str]) -> bool:
    met: set[str] = set()
    while identity not in says and identity in based and identity not in met:
        met.add(identity)
        identity = based[identity]
    return says.get(identity, False)


def _attribute(element: object, name: str) -> str:
    from lxml.etree import _Element  # noqa: PLC0415

    if not isinstance(element, _Element):
        return ""
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith(f"}}{name}")), "")

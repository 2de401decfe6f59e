"""What a mail server's refusal means: of this letter for good, of this letter for now, or of us for now.

RFC 5321 gives 4xx to what passes and 5xx to what does not, but providers say 5xx to much that passes: limits
of how often and how much is sent, full mailboxes, busy servers. Their words and enhanced codes (RFC 3463)
tell. The few letters that are tried again in vain die of their tries.
"""

from __future__ import annotations

import re

from alerts.delivery.channels import ChannelDown, PermanentFailure, TemporaryFailure

_LOGIN_WANTED = frozenset({530, 534, 535, 538})
"""RFC 4954: the configuration is at fault, not the message."""
_TOO_LARGE = re.compile(
    r"\b5\.3\.4\b|(?:message|mail|letter)(?: file)? (?:is )?(?:too (?:big|large|long)|size)|size exceeds|"
    r"exceed\w* (?:the |our |its )?(?:fixed |maximum |max )*(?:message |mail )?size|"
    r"(?:邮件|信件)(?:太大|过大|大小)",
    re.IGNORECASE,
)
"""The same 552 as a full mailbox's, and no later try of the same letter makes it smaller."""
_SENT_TOO_MUCH = re.compile(
    r"frequen(?:cy|t)|throttl|rate[ -]?limit|\brate\b.{0,30}(?:exceed|limit)|"
    r"too (?:many|much) (?!recipients)|"
    r"(?:sending|send|connections?|ip|hourly|daily|messages?) (?:\w+ ){0,2}(?:limit|quota)|"
    r"limit(?:s|ed)? (?:\w+ ){0,3}(?:reached|exceed)|exceed\w* (?:\w+ ){0,3}(?:limit|rate|frequency)|"
    r"too fast|\b(?:MI:(?:STC|DMC|CCL|CEL|SFQ)|RP:(?:QRC|CCL|DRC|RCL|TRC|CEL)|HL:(?:IFC|ICC))\b|\b5\.4\.5\b|"
    r"频率|频繁|太快|过快|限额|限流|(?:次数|数量|发送量|发信量|连接数|限制).{0,12}(?:超|过多|上限)|"
    r"超[过出限].{0,12}(?:限|上限|次数|数量)",
    re.IGNORECASE,
)
_MAILBOX_FULL = re.compile(
    r"\b5\.2\.2\b|over ?-?quota|(?:quota|storage|disk space).{0,40}(?:exceed|full|insufficient)|"
    r"exceed\w*.{0,40}(?:quota|storage)|(?:mail ?box|inbox|account|mail ?drop|user).{0,20}\bfull\b|"
    r"insufficient (?:system )?(?:disk )?(?:storage|space)|not enough (?:storage|space)|"
    r"out of (?:storage|space)|no space left|(?:邮箱|信箱|容量|空间|配额).{0,12}(?:满|不足|超|用完|用尽)",
    re.IGNORECASE,
)
_NOT_NOW = re.compile(
    r"\b4\.\d{1,3}\.\d{1,3}\b|"
    r"(?:try|again|retry|resend)\b.{0,30}\b(?:later|again|minutes?|hours?)|"
    r"temporar|gr[ae]y ?-?list|too quickly|unavailable.{0,20}(?:now|moment)|timed? ?out|"
    r"稍后|稍候|重试|再试|暂时|暂不|临时|灰名单|超时",
    re.IGNORECASE,
)
_SERVER_BUSY = re.compile(
    r"\b4\.3\.\d\b|\b5\.3\.[12]\b|\bbusy\b|overload|system load|繁忙|"
    r"(?:service|server|system) (?:is )?(?:currently )?(?:not available|unavailable)",
    re.IGNORECASE,
)
_OF_THIS_LETTER = re.compile(r"\b[45]\.[27]\.\d{1,3}\b|gr[ae]y ?-?list|灰名单", re.IGNORECASE)
"""RFC 3463: of the mailbox, or of the recipient's policy; the next letter may well be taken."""
_CLOSING = 421
"""RFC 5321: the server closes the connection, whatever was asked."""
_STORAGE = 552
"""RFC 5321: exceeded storage allocation."""


def refusal(
    code: int, words: bytes | str, *, saw_content: bool = False
) -> TemporaryFailure | PermanentFailure:
    """The failure that an answer means; ``ChannelDown`` where it is about all that we send.

    ``saw_content``: it is the answer to the whole mail, not to the recipient's address.
    """
    said = as_said(code, words)
    if code in _LOGIN_WANTED:
        return ChannelDown(said)
    is_lasting = 500 <= code < 600
    if is_lasting and _TOO_LARGE.search(said):
        return PermanentFailure(said)
    if _is_about_us(code, said, saw_content=saw_content):
        return ChannelDown(said, saw_message=True)
    passes = code == _STORAGE or _MAILBOX_FULL.search(said) or _NOT_NOW.search(said)
    return PermanentFailure(said) if is_lasting and not passes else TemporaryFailure(said)


def _is_about_us(code: int, said: str, *, saw_content: bool) -> bool:
    """Whether the next letter would fare no better."""
    if code == _CLOSING or (code >= 500 and _SENT_TOO_MUCH.search(said)):
        return True
    if code == _STORAGE or _OF_THIS_LETTER.search(said) or _MAILBOX_FULL.search(said):
        return False
    return bool(_SERVER_BUSY.search(said)) or (saw_content and code < 500)


def is_about_size(code: int, words: bytes | str) -> bool:
    """RFC 1870: the one answer to the sender's address that is about the message."""
    return code == _STORAGE and not _MAILBOX_FULL.search(as_said(code, words))


def as_said(code: int, words: bytes | str) -> str:
    """The answer as a line of text; providers in China answer in GBK too."""
    if isinstance(words, str):
        return f"{code} {words}"
    try:
        return f"{code} {words.decode('utf-8')}"
    except UnicodeDecodeError:
        return f"{code} {words.decode('gb18030', 'replace')}"

"""Who wrote a message of the public: every name and address that must not reach anybody else.

Told from each header that names a writer, in every way in which its bytes can be read, and from what stands
under the letter. Hiding a word too many costs nothing: the message itself is kept as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from extraction.mime import HeaderText, header_text

_WRITER_NAMES = """
    from reply-to sender return-path disposition-notification-to return-receipt-to errors-to resent-from
    resent-sender x-sender x-original-from x-original-sender x-envelope-from x-authenticated-sender
    x-authenticated-user x-google-original-from organization x-qq-nick x-wum-from
"""
_WRITERS = frozenset(_WRITER_NAMES.split())
_ADDRESS = re.compile(r"[^\s<>()\[\]\"'“”,;:，；：\u2e80-\uffef]{1,64}@[^\s<>()\[\]\"'“”,;:，；：]{3,190}")
_ANY_ADDRESS = re.compile(r"[^\s<>\"]{1,64}@[^\s<>\"]{3,190}")
"""Also one with a name in Chinese before the @ (RFC 6532); within a text the words before it would be its."""
_BETWEEN_WORDS = re.compile(r"[@\s<>()\[\]\"'“”‘’,;:，；：、/|\\（）《》【】\ufffd]+")
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤"
    "花方俞任袁柳史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝"
    "明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯"
    "管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁荀羊惠甄曲封芮靳段焦巴谷车侯全班仰仲伊宫宁仇栾"
    "甘厉祖武符刘景詹龙叶幸司韶黎薄印白怀蒲从鄂索赖卓屠蒙池乔阴胥苍闻党翟谭劳冉雍璩桑桂牛寿通边扈燕冀浦尚农温别庄"
    "晏柴瞿阎慕连茹习艾鱼容向古易慎戈廖庾终居衡步都耿满弘匡国文寇广禄阙东沃利蔚越夔隆师巩厍聂晁勾敖融冷辛阚那简饶"
    "空曾沙鞠关蒯相查荆红游权盖益桓公岳帅涂肖代覃仝苟闫付佟隋"
)
_TWO_CHARACTERS = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|端木|夏侯"
_GAP = r"[ \u3000·]{0,4}"
_NAME = rf"{_HAN}(?:{_GAP}{_HAN}){{1,3}}"
_PERSON = rf"(?:{_TWO_CHARACTERS}|[{_SURNAMES}])(?:{_GAP}{_HAN}){{1,2}}"
_IS_PERSON = re.compile(_PERSON)
_NO_PERSON_END = tuple("市县区省局厅院校部司店厂证书人处科组会员师工生")
_LABELLED = re.compile(
    r"(?:举报|反映|投诉|检举|来信|报告|揭发|申诉|控告|线索提供)人(?:姓名)?(?:[（(][^（()）\n]{0,12}[）)])?"
    rf"{_GAP}[:：]{_GAP}({_NAME})(?!{_HAN})"
)
_PRESENTED = re.compile(
    r"(?:我叫|我名叫|我的名字是|本人叫|本人名叫|我是|本人是|本人)[ \u3000]?"
    rf"({_PERSON})(?=[，,。.；;、（(\s]|$)"
)
_SIGNED = re.compile(
    r"^(?:此致|敬礼|谢谢|祝好|姓名|署名|签名|落款|联系人|市民|群众|网友|求职者|应聘者|考生|一名|一位|"
    r"(?:举报|反映|投诉|检举|来信|报告)(?:人|者))*"
    rf"[\s:：,，—-]*({_NAME})[\s:：,，。.（(\d年月日号）)+/-]*"
    r"(?:(?:联系)?(?:电话|手机|方式|微信|QQ)[^\u4e00-\u9fff]*)?$"
)
_REACHED_AT = re.compile(
    r"(?:QQ|微信|VX|WX|WeChat|weixin)(?:号码?|同号)?[ :：]{0,3}([A-Za-z0-9_-]{5,30})|"
    r"(?<!\d)((?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}[ -]?\d{7,8}|\d{17}[\dXx])(?!\d)",
    re.IGNORECASE,
)
_URL = re.compile(r"(?:https?://|www\.)[^\s\u2e80-\uffef]+", re.IGNORECASE)
_SEPARATOR = re.compile(r"^--\s*$", re.MULTILINE)
_QUOTED = re.compile(
    r"^(?:>|-{2,} ?(?:原始邮件|原邮件|转发的?邮件|Original Message|Forwarded message)|"
    r"(?:发件人|寄件人|From) ?[:：])",
    re.MULTILINE | re.IGNORECASE,
)
_LINES_OF_A_SIGNATURE = 8
_MOST_WORDS = 200
_LONGEST_TEXT = 400_000
_MASK = "＊"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a message, as its headers claim."""

    name: str
    """Empty where none is given, or none could be decoded."""
    address: str
    private: frozenset[str]
    """Every word and address of the headers that name a writer, in each of their readings."""


def writer_of(message: Message) -> Writer:
    """The writer by ``From``, and everything that any header says of writers."""
    private: set[str] = set()
    name = address = ""
    for key, value in message.raw_items():
        if (lowered := key.lower()) in _WRITERS:
            line = header_text(str(value))
            private |= _words_of(line)
            if lowered == "from" and not address:
                name, address = _person(line)
    return Writer(name, address, frozenset(private))


def _person(line: HeaderText) -> tuple[str, str]:
    found = _ADDRESS.search(line.text) or _ANY_ADDRESS.search(line.text)
    address = found[0] if found else ""
    parsed = next((name for name, _ in getaddresses([line.text]) if name), "")
    name = parsed or " ".join(_ADDRESS.sub(" ", line.text).replace("<", " ").replace(">", " ").split())
    return (name.strip(" \"'") if line.is_whole else ""), address


def _words_of(line: HeaderText) -> set[str]:
    found: set[str] = set()
    for reading in (line.text, *line.others):
        addresses = _ADDRESS.findall(reading)
        found |= {address.strip(".") for address in addresses}
        found |= {local for address in addresses if _is_telling(local := address.partition("@")[0])}
        rest = _ADDRESS.sub(" ", reading)
        words = [word for word in _BETWEEN_WORDS.split(rest) if word]
        found |= {word for word in words if _is_name(word)}
        if any(map(_is_han, words)) and "\ufffd" not in rest:
            found.add("".join(words))
    return {word for word in found if len(word) > 1}


def _is_name(word: str) -> bool:
    if word.isascii():
        return len(word) > 2 and "." not in word and any(character.isalpha() for character in word)
    return len(word) > 1 and any(map(_is_han, word))


def _is_telling(local: str) -> bool:
    """Whether what stands before the @ tells who somebody is: a QQ number, a name, no ``hr``."""
    return len(local) > 4


def _is_han(text: str) -> bool:
    return any(character > "\u2e7f" for character in text)


def signed_by(text: str) -> frozenset[str]:
    """Names, numbers and addresses with which the text of a letter says who wrote it."""
    text = text[-_LONGEST_TEXT:]
    found = {name for match in _LABELLED.finditer(text) if (name := match[1])}
    found |= {match[1] for match in _PRESENTED.finditer(text)}
    quoted = _QUOTED.search(text)
    for letter in {text, text[: quoted.start()] if quoted else text}:
        found |= set(_signature(letter))
    return frozenset("".join(word.split()) for word in found)


def _signature(letter: str) -> Iterator[str]:
    lines = [line.strip(" \t\u3000") for line in _URL.sub(" ", letter).split("\n") if line.strip()]
    last = lines[-_LINES_OF_A_SIGNATURE:]
    for line in last:
        named = _SIGNED.match(line)
        if named and is_person(named[1]):
            yield named[1]
        for reached in _REACHED_AT.finditer(line):
            yield reached[1] or reached[2]
        yield from _ADDRESS.findall(line)
    if parts := list(_SEPARATOR.finditer(letter)):
        below = letter[parts[-1].end() :].strip().split("\n")[:_LINES_OF_A_SIGNATURE]
        yield from (word for line in below for word in _BETWEEN_WORDS.split(line) if _is_name(word))


def is_person(word: str) -> bool:
    """Whether a word is built like a Chinese name."""
    return _IS_PERSON.fullmatch(word) is not None and not word.endswith(_NO_PERSON_END)


def in_order(private: Iterable[str]) -> tuple[str, ...]:
    """What is to be hidden, the longest first, at most some hundred words."""
    return tuple(sorted(private, key=lambda word: (-len(word), word))[:_MOST_WORDS])


def masked(text: str, private: Iterable[str], keep: Iterable[tuple[int, int]] | None = None) -> str:
    """``text`` with every private word starred, as long as before, so that offsets stay.

    Characters within a span of ``keep`` stay: else somebody who calls himself like a certificate hid it.
    """
    kept = {at for start, end in keep or () for at in range(start, end)}
    for word in private:
        text = _pattern(word).sub(lambda match: _stars(match, kept), text)
    return text


def _stars(match: re.Match[str], kept: set[int]) -> str:
    return "".join(
        character if at in kept else _MASK for at, character in enumerate(match.group(), match.start())
    )


def _pattern(word: str) -> re.Pattern[str]:
    """The word however it is spaced and in whichever case; a Latin one only where it stands by itself."""
    if word.isascii() and "@" not in word:
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", re.IGNORECASE)
    if "@" in word:
        return re.compile(re.escape(word), re.IGNORECASE)
    return re.compile(r"[ \t\u3000·]*".join(map(re.escape, word)), re.IGNORECASE)

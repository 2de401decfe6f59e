"""How a letter says who wrote it: under it, in its sentences, and in the letters that it quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assessment.person_names import (
    ADDRESS,
    DOTS,
    GAP,
    HAN,
    IN_PARTS,
    NAME,
    PERSON,
    SHORTEST_PERSON,
    is_han,
    is_person,
    names_in,
)

_REPORTER = r"(?:举报|反映|投诉|检举|来信|报告|揭发|申诉|控告|线索提供|信访|求助)"
_ENDS = r"(?=[，,。.；;：:！!、（(\s]|$)"
_AND = r"(?:[ \u3000]?[、，,及和与/][ \u3000]?|[ \u3000])"
_NAMES = rf"{PERSON}(?:{_AND}{PERSON}){{1,5}}|{IN_PARTS}|{NAME}"
"""Several names, or one that may be spaced."""
_SPLIT = re.compile(r"[、，,及和与/\s\u3000]+")
_LABELLED = (
    re.compile(
        rf"(?:{_REPORTER}人(?:姓名)?|(?:真实)?姓[ \u3000]{{0,4}}名|署名|签名|学生|家长)"
        rf"(?:[（(][^（()）\n]{{0,12}}[）)])?{GAP}[:：]{GAP}"
        rf"({_NAMES})(?!{HAN})"
    ),
    re.compile(rf"{_REPORTER}(?:人|者)(?:姓名)?(?:是|为|叫)?[ \u3000]?({PERSON}){_ENDS}"),
    re.compile(rf"(?:联系人|联络人|联系方式)(?:姓名)?[ \u3000]?[:：][ \u3000]?({PERSON}){_ENDS}"),
    re.compile(rf"(?m)^[ \t\u3000>]*+({PERSON})的?(?:实名)?{_REPORTER}(?!人)"),
    re.compile(rf"实名{_REPORTER}[:：]?[ \u3000]?({PERSON}){_ENDS}"),
)
_PRESENTED = (
    re.compile(
        r"(?:我叫做?|我名叫|我的(?:名字|姓名)(?:是|叫|为)?|本人(?:名?叫|姓名(?:是|为)?|是)?|我是|鄙人|在下)"
        rf"[ \u3000:：]?({PERSON}){_ENDS}"
    ),
    re.compile(rf"(?:我|本人)[，,：:][ \u3000]?({PERSON})[，,（(]"),
    re.compile(
        r"(?:我|本人)是?[^，,。；;\n]{0,24}(?:学生|员工|职工|市民|居民|村民|家长|求职者|应聘者|应聘人|考生|毕业生|会计|老师|教师|群众|网友|人员)"
        rf"({PERSON}){_ENDS}"
    ),
)
_POLITE = r"(?:先生[/／]女士|先生|女士|小姐|同学|老师)"
_GREETED = re.compile(
    rf"(?mi)^[ \t\u3000>]*+(?:(?:尊敬的|亲爱的|hi|hello|dear|嗨)[,， \u3000]?"
    rf"({SHORTEST_PERSON})[ \u3000]?{_POLITE}?[，,：:！! \u3000]"
    rf"|({SHORTEST_PERSON})[ \u3000]?{_POLITE}?[，,：:！! \u3000]*(?:\n[ \t>]*+)?(?:您|你)好"
    rf"|({SHORTEST_PERSON})[ \u3000]?{_POLITE}[ \u3000]*(?:[，,：:]|$))"
)
"""Whoever is greeted in a letter that the writer quotes is the writer; offices are greeted by their title."""
_GREETED_IN_LATIN = re.compile(
    r"(?m)^[ \t\u3000>]*+(?:Dear|Hi|Hello)\s+(?!Sir|Madam|Team|All|Leader|Customer|Candidate)"
    r"([A-Z][A-Za-z'-]+(?: [A-Z][A-Za-z'-]+){0,2})\s*[,，:：]"
)
_RELATED = re.compile(
    rf"我(?:的)?(?:女儿|儿子|孩子|爱人|妻子|丈夫|老公|老婆|朋友|同学|同事|妹妹|弟弟|姐姐|哥哥|父亲|母亲|亲戚)(?:叫|是)?({PERSON})"
)
"""Others for whom somebody writes; where their names end cannot be told."""
_TITLES = ("长", "任", "总", "理", "师", "导", "书记", "老师", "主席", "委员")
_CLOSING = (
    r"by|from|来自|此致|敬礼|谢谢(?:您|你|大家|领导)?|感谢(?:您|你)?|祝(?:好|您?[^\s！!。]{2,8})|顺颂[^\s！!。]{2,4}|盼(?:复|回复)|姓名|署名|签名|落款|联系人"
    r"|市民|群众|网友|求职者|应聘者|应聘人|考生|学生|职工|员工|家长|居民|村民|老师|一名|一位|您?的|"
    rf"{_REPORTER}(?:人|者)"
)
_MARKS = r"[\s:：,，。.！!—–~～（(【\[《*·|_#=…-]*"
_DAY = r"(?:[12]\d{3}|[一二三四五六七八九〇○零]{4})\s?[年./-][\d一二三四五六七八九十\s年月日号./-]{2,12}"
_SIGNED = re.compile(
    rf"^{_MARKS}(?:(?:{_CLOSING}|{_DAY}){_MARKS})*({_NAMES})"
    r"[\s）)】\]》（(…*·|_#=]*(?:敬[上启呈]|谨[上启呈]|拜上|顿首|呈上|亲笔|签[名字]|手印|按手印|盖章|代)?[）)]?"
    r"[\s:：,，。.（)(\d年月日号）+/一二三四五六七八九十〇○零-]*"
    r"(?:(?:联系)?(?:电话|手机|方式|微信|QQ|Tel|Phone|邮箱)[^\u4e00-\u9fff]*)?$",
    re.IGNORECASE,
)
_ENDED = re.compile(rf"(?:敬礼|谢谢您?|感谢您?|盼复|祝好)[\s！!。，,]+({_NAMES})[\s！!。，,\d年月日号./-]*$")
_CARD = re.compile(rf"^{_MARKS}({PERSON})[ \u3000]*[|｜/]|^{HAN}{{2,6}}[ \u3000]({PERSON})$")
"""``李喆 | 会计 | 示例公司``, ``会计 李喆``."""
_SIGNED_UP = re.compile(rf"^({SHORTEST_PERSON})[ \u3000]*(?:敬[上启呈]|谨[上启呈]|拜上|呈上)")
_LATIN_CLOSING = re.compile(
    r"(?i)^(?:(?:best|kind|warm|many)?\s?(?:regards|wishes|thanks)|(?:yours\s?)?(?:sincerely|faithfully|truly|respectfully)"
    r"|yours|thank you|thanks|cheers|rgds|br)[\s,.!，]*$"
)
_LATIN_NAME = re.compile(r"[A-Z][A-Za-z'-]+(?:[ .]+[A-Z][A-Za-z'-]*){0,3}\.?")
_LIVES = re.compile(
    r"(?:现?住址|住所|(?:家庭|户籍|常住|现居住?|居住|通[讯信]|联系|邮寄)(?:地址|住址|地))[ :：]{1,4}"
    r"(\S[^\n]{3,60})"
)
_REACHED_AT = re.compile(
    r"(?:QQ|微信|VX|WX|WeChat|weixin)(?:号码?|同号)?[ :：]{0,3}([A-Za-z0-9_-]{5,30})|"
    r"(?<!\d)(?:\+?86[ -]?)?(1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}[ -]?\d{7,8}|\d{17}[\dXx])(?!\d)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[ -]")
_OWN_NUMBER = re.compile(
    r"(?:我|本人|举报人|投诉人|反映人)的?(?:联系)?(?:电话|手机|方式|身份证|微信|QQ|邮箱|号码)(?:号码?)?[^\n。]{0,60}"
)
_URL = re.compile(r"(?:https?://|www\.)[^\s\u2e80-\uffef]+", re.IGNORECASE)
_SEPARATOR = re.compile(r"^--\s*$", re.MULTILINE)
_QUOTED = re.compile(
    r"^(?:>|-{2,} ?(?:原始邮件|原邮件|转发的?邮件|Original Message|Forwarded message)|"
    r"(?:发件人|寄件人|From) ?[:：])",
    re.MULTILINE | re.IGNORECASE,
)
_QUOTED_HEADER = re.compile(
    r"(?im)^[ \t\u3000>*]*+(?:(收件人|收信人|抄送|To|Cc)|发件人|寄件人|From|Sender)"
    r"[ \t*]{0,6}[:：][ \t*]{0,6}([^\n]{2,300})"
)
_WROTE = re.compile(r"(?:写道|wrote)\s{0,3}[:：]", re.IGNORECASE)
_LONGEST_WROTE = 200
_OF_TIMES = re.compile(
    r"(?i)\b(?:on|at|[ap]m|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\b"
    r"|(?:星期|周)[一二三四五六日天]|[上下中]午|[\d/:：.，,年月日在于-]+"
)
_OF_SUBJECT = re.compile(rf"(?:^|来自|[:：])[ \u3000]?({SHORTEST_PERSON})的")
_LINES_OF_A_SIGNATURE = 8
_LONGEST_TEXT = 400_000
_LETTER = re.compile(rf"{_REPORTER}(?:信|书|材料|人)|实名{_REPORTER}|{_REPORTER}")
_HEAD = 200
"""Characters of a file from which it is told to be a letter of the public."""


def signed_by(text: str) -> frozenset[str]:
    """Names, numbers and addresses with which the text of a letter says who wrote it."""
    text = text[-_LONGEST_TEXT:]
    quoted = _QUOTED.search(text)
    found = _said(text)
    for letter in {text, text[: quoted.start()] if quoted else text}:
        found |= set(_signature(letter))
    return _spelt(found | set(_quoted(text)))


def signed_in_file(text: str, name: str = "") -> frozenset[str]:
    """The same of a file that is sent with a letter: only a letter of the public says who wrote it.

    A notice that somebody sends as proof names its own people, whom nothing hides.
    """
    if _LETTER.search(name) or _LETTER.search(text[:_HEAD]):
        return signed_by(text)
    return _spelt({each for pattern in _LABELLED[1:2] for each in _persons(pattern, text[-_LONGEST_TEXT:])})


def _spelt(found: set[str]) -> frozenset[str]:
    joined = (_NUMBER.sub("", word) if _NUMBER.sub("", word).isdecimal() else word for word in found)
    return frozenset(word if word.isascii() else "".join(word.split()) for word in joined)


def _said(text: str) -> set[str]:
    """What a letter's sentences say of its writer."""
    found = {each for pattern in (*_LABELLED, *_PRESENTED) for each in _persons(pattern, text)}
    found |= {
        name
        for match in _GREETED.finditer(text)
        for name in filter(None, match.groups())
        if is_person(name) and not name.endswith(_TITLES)
    }
    found |= {word for match in _GREETED_IN_LATIN.finditer(text) for word in names_in(match[1])}
    found |= {
        name[:length] for match in _RELATED.finditer(text) for name in _each(match[1]) for length in (2, 3)
    }
    found |= {match[1].strip() for match in _LIVES.finditer(text)}
    for owned in _OWN_NUMBER.finditer(text):
        found |= {reached[1] or reached[2] for reached in _REACHED_AT.finditer(owned[0])}
    return found


def _persons(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        if pattern is _LABELLED[0] or any(map(is_person, _SPLIT.split(match[1]))):
            yield from _each(match[1])


def _each(names: str) -> Iterator[str]:
    """The names of a run; one whose characters are spaced is one name."""
    together = "".join(names.split())
    several = [name for name in _SPLIT.split(names) if name]
    if len(several) > 1 and all(map(is_person, several)):
        yield from several
    elif len(several) == 1 or is_person(together):
        yield together
        yield from _parts(together)
    else:
        yield from (name for name in several if is_person(name))


def _parts(name: str) -> Iterator[str]:
    """Of 买买提·艾力 each part too."""
    if any(dot in name for dot in DOTS):
        yield from (part for part in re.split(f"[{DOTS}]", name) if len(part) > 1)


def _quoted(text: str) -> Iterator[str]:
    """Persons of the headers of letters that are quoted: the writer got them, or has sent them before."""
    for line in _QUOTED_HEADER.finditer(text):
        persons = list(_named(line[2]))
        yield from persons
        if line[1] or persons:
            yield from ADDRESS.findall(line[2])
    for wrote in _WROTE.finditer(text):
        above = text[max(wrote.start() - _LONGEST_WROTE, 0) : wrote.start()].rpartition("\n")[2]
        yield from _named(_OF_TIMES.sub(" ", re.split("[<（(]", above)[0]))


def _named(line: str) -> Iterator[str]:
    """Persons of a header; words in Chinese that are no names are offices."""
    yield from (word for word in names_in(line) if (is_person(word) if is_han(word) else " " in word))


def _signature(letter: str) -> Iterator[str]:
    lines = [line.strip(" \t\u3000") for line in _URL.sub(" ", letter).split("\n") if line.strip()]
    last = lines[-_LINES_OF_A_SIGNATURE:]
    for place, line in enumerate(last):
        for pattern in (_SIGNED, _SIGNED_UP):
            if named := pattern.match(line):
                yield from (name for name in _each(named[1]) if is_person(name) or DOTS[0] in named[1])
        if card := _CARD.match(line):
            yield from (name for name in card.groups() if name and is_person(name))
        if ended := _ENDED.search(line):
            yield from (name for name in _each(ended[1]) if is_person(name))
        if (latin := _LATIN_NAME.fullmatch(line)) and _ends_a_letter(last, place):
            yield from names_in(latin[0])
        for reached in _REACHED_AT.finditer(line):
            yield reached[1] or reached[2]
        yield from ADDRESS.findall(line)
    if parts := list(_SEPARATOR.finditer(letter)):
        below = letter[parts[-1].end() :].strip().split("\n")[:_LINES_OF_A_SIGNATURE]
        yield from (word for line in below for word in names_in(line))


def _ends_a_letter(lines: list[str], place: int) -> bool:
    """Whether a closing stands above a line, or a number or an address below it."""
    if place and _LATIN_CLOSING.match(lines[place - 1]):
        return True
    return any(_REACHED_AT.search(line) or ADDRESS.search(line) for line in lines[place + 1 : place + 4])


def named_in_subject(subject: str) -> frozenset[str]:
    """Names of persons in the subject of a letter, which says who writes in words of its own."""
    found = {word for word in names_in(subject) if is_han(word) and is_person(word)}
    found |= {match[1] for match in _OF_SUBJECT.finditer(subject) if is_person(match[1])}
    return signed_by(subject) | found

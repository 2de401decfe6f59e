"""How names and addresses of persons are built, in headers and in letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

ADDRESS = re.compile(r"[^\s<>()\[\]\"'“”,;:，；：\u2e80-\uffef]{1,64}@[^\s<>()\[\]\"'“”,;:，；：]{3,190}")
"""An address of mail; words before it in Chinese are no part of it."""
HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤"
    "花方俞任袁柳史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝"
    "明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯"
    "管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁荀羊惠甄曲封芮靳段焦巴谷车侯全班仰仲伊宫宁仇栾"
    "甘厉祖武符刘景詹龙叶幸司韶黎薄印白怀蒲从鄂索赖卓屠蒙池乔阴胥苍闻党翟谭劳冉雍璩桑桂牛寿通边扈燕冀浦尚农温别庄"
    "晏柴瞿阎慕连茹习艾鱼容向古易慎戈廖庾终居衡步都耿满弘匡国文寇广禄阙东沃利蔚越夔隆师巩厍聂晁勾敖融冷辛阚那简饶"
    "空曾沙鞠关蒯相查荆红游权盖益桓公岳帅涂肖代覃仝苟闫付佟隋"
)
_TWO_CHARACTERS = (
    "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|端木|夏侯|亓官|澹台"
    "|长孙|宇文|轩辕|钟离|独孤|南宫|百里|呼延|闾丘"
)
GAP = r"[ \u3000·]{0,4}"
DOTS = "·•・‧∙⋅．"
"""Between the parts of names that were written in another script: 买买提·艾力."""
NAME = rf"{HAN}(?:{GAP}{HAN}){{1,3}}"
"""Two to four characters, however they are spaced."""
IN_PARTS = rf"{HAN}{{2,6}}(?:[{DOTS}]{HAN}{{2,6}}){{1,3}}"
PERSON = rf"(?:{IN_PARTS}|(?:{_TWO_CHARACTERS}|[{_SURNAMES}])(?:{GAP}{HAN}){{1,2}})"
"""A name that begins with a surname, or has its parts set apart by dots."""
SHORTEST_PERSON = PERSON.replace("{1,2})", "{1,2}?)")
"""The same for a pattern that says what follows."""
_IS_PERSON = re.compile(PERSON)
_NO_PERSON_END = tuple("市县区省局厅院校部司店厂证书人处科组会员师工生者位")
_NO_PERSON_WORDS = """
    关于 关于对 有关 相关 高中 高校 应届 应聘 应该 关注 全体 全国 全部 时间 时限 方式 方案 内容 单位
    计划 公司 公告 公示 公开 公务 于是 明确 常见 安全 安排 支持 经营 经理 管理 成立 成绩 项目 平台 金融
    包括 程序 范围 从业 满足 文件 文化 师范 查询 权利 党员 平等 和谐 通知 通过 温馨 强制 强烈 万分 易于
    高级 解决 解释 管理员 王经理 龙头 古代 双证 向上 连续 终止 广大 莫名 别人 任职 任何 利用
"""
_NO_PERSONS = frozenset(_NO_PERSON_WORDS.split())
"""Words that begin as names do."""
_BETWEEN_WORDS = re.compile(r"[@\s<>()\[\]\"'“”‘’,;:，；：、/|\\（）《》【】\ufffd]+")
_PIECES = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+|\d+")
"""What a name consists of beside what joins and adorns it: ``王小丫_财务``, ``Zhang.Wei``, ``LiZhe1990``."""
_DOMAIN = re.compile(r"(?i)[\w-]+(?:\.[\w-]+)*\.(?:com|cn|net|org|gov|edu|top|cc|vip|hk|tw|me|io)")
_FEWEST_LATIN = 3
"""Letters of a Latin word that is hidden wherever it stands."""


def is_person(word: str) -> bool:
    """Whether a word is built like a Chinese name."""
    return _IS_PERSON.fullmatch(word) is not None and not (
        word.endswith(_NO_PERSON_END) or word in _NO_PERSONS
    )


def names_in(text: str) -> set[str]:
    """Every word of a line that names somebody, alone and with its neighbours; addresses are none of them."""
    found: set[str] = set()
    for reading in dict.fromkeys((text, normalize("NFKC", text))):
        rest = ADDRESS.sub(" ", reading)
        words = [word for word in _BETWEEN_WORDS.split(rest) if word]
        pieces = [piece for word in words for piece in pieces_of(word)]
        found |= {word for word in (*words, *pieces) if _is_name(word)}
        found |= set(_together(pieces))
        if any(map(is_han, words)) and "\ufffd" not in rest:
            found.add("".join(words))
    return {word for word in found if len(word) > 1}


def pieces_of(word: str) -> list[str]:
    """The parts of a word that are set apart by marks, digits or capitals; a domain has none."""
    return [] if _DOMAIN.fullmatch(word) else _PIECES.findall(word)


def _together(pieces: list[str]) -> Iterator[str]:
    """Names of two or three words as they are written together, and the surname last."""
    latin = [piece for piece in pieces if piece.isascii() and piece.isalpha()]
    if 1 < len(latin) < 4:
        yield " ".join(latin)
        yield " ".join((*latin[1:], latin[0]))
        yield " ".join((latin[-1], *latin[:-1]))
    if len(pieces) == 2 and all(map(is_han, pieces)):
        yield "".join(reversed(pieces))


def _is_name(word: str) -> bool:
    if word.isascii():
        is_plain = len(word) >= _FEWEST_LATIN and "." not in word
        return (is_plain and any(character.isalpha() for character in word)) or is_number(word)
    return len(word) > 1 and any(map(is_han, word))


def is_number(word: str) -> bool:
    """Whether a word is a number by which somebody is reached."""
    return word.isdecimal() and 5 <= len(word) <= 18


def is_han(text: str) -> bool:
    """Whether a text has any character of Chinese."""
    return any(character > "\u2e7f" for character in text)

"""Whether what a site sends for an item of its list is that item: a refusal may say anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SHORTEST_TITLE = 5
_ENOUGH_ALIKE = 0.4
_FEWEST_LINKS, _MOSTLY, _LONGEST_INDEX = 10, 0.5, 20_000
"""Links of a list, and their share of its characters; longer pages are not looked at."""
_SENTENCE = re.compile(r"[。；！]")
_CUT = re.compile(r"(?:\.{2,}|…+|·{3,})\s*[\]】)）]?$")
_LETTERS = re.compile(r"[\W_]+")
_FOOT = re.compile(
    r"主办|承办|版权|备案|ICP|公网安备|网站标识码|技术支持|今天是|您(?:现在|当前|所在)的?位置|联系电话|邮编"
)
_ENDED = re.compile(
    r"(?:该|此|本|您(?:要|所)?(?:访问|查看|浏览)的)(?:招聘)?(?:职位|岗位|信息|公告|文章|内容|页面|招聘|帖子)[^。！!\n]{0,12}"
    r"(?:(?:已|被|正在|暂)[^。！!\n]{0,4}(?:停止|结束|下线|下架|过期|失效|关闭|删除|撤销|撤回|审核|招满|不可见)|不存在|无权)"
)
_WITHHELD = re.compile(
    r"请(?:您|先)?[^。！!\n]{0,6}(?:登录|登陆|注册|扫码|关注|开通)[^。！!\n]{0,12}(?:查看|阅读|浏览|观看|可见|获取)"
    r"|(?:仅|只)[^。！!\n]{0,4}(?:会员|登录用户|注册用户|内部)[^。！!\n]{0,6}(?:开放|可见|查看|浏览)"
    r"|(?:人数|用户|请求)过多[^。！!\n]{0,6}(?:稍后|稍候)|(?:正在|数据|内容|页面)?加载中"
)
_LONGEST_WITHOUT_WORDS = 3_000
"""Characters of menus and links that may stand around nothing."""
_FEWEST_LETTERS = 4
_FEWEST_OWN_LETTERS, _ENOUGH_BESIDE_ITS_END = 20, 120
"""Of a page whose title stands in its tab alone; of one that says that its subject has ended."""


def titles_in(titles: Iterable[str], text: str) -> int:
    """How many of the titles of a list stand in ``text`` whole: one in a notice, several in a list."""
    plain = _LETTERS.sub("", text).lower()
    wanted = {_LETTERS.sub("", _CUT.sub("", title)).lower() for title in titles}
    return sum(len(title) >= _SHORTEST_TITLE and title in plain for title in wanted)


def is_index(linked: Iterable[str], text: str) -> bool:
    """Whether a page is a list: most of its words are those of links, and no sentence stands beside them."""
    words = {each for each in linked if len(each) > 1}
    if len(words) < _FEWEST_LINKS or len(text) > _LONGEST_INDEX:
        return False
    rest = text
    for each in sorted(words, key=len, reverse=True):
        rest = rest.replace(each, "")
    is_linked = len(_LETTERS.sub("", rest)) <= (1 - _MOSTLY) * len(_LETTERS.sub("", text))
    return is_linked and not _SENTENCE.search(rest)


def shows_item(
    title: str,
    page_title: str,
    text: str,
    linked: Iterable[str],
    *,
    has_files: bool = False,
    has_pictures: bool = False,
) -> bool:
    """Whether a page is the item of a list that gives it this ``title``: it shows it, and says something.

    Words of its own are asked for, beside links and what stands at the foot of every page, for a page that a
    script is to fill has none; more of them where the title stands in the tab alone, or where the page says
    that its subject has ended or is shown to members. ``has_files``: files or frames of the page say it for
    the page; ``has_pictures``: pictures do, where the title stands above them.
    """
    if bears_title(title, text):
        least = 0 if has_files or has_pictures else _FEWEST_LETTERS
        if _ENDED.search(text) or _WITHHELD.search(text):
            least = _ENOUGH_BESIDE_ITS_END
        return len(text) > _LONGEST_WITHOUT_WORDS or _own_letters(title, text, linked) >= least
    return bears_title(title, page_title) and (
        has_files or not linked or _own_letters(title, text, linked) >= _FEWEST_OWN_LETTERS
    )


def _own_letters(title: str, text: str, linked: Iterable[str]) -> int:
    """Letters of a page beside its title, its links and its foot; all of them where it is long."""
    if len(text) > _LONGEST_INDEX:
        return len(text)
    rest = "\n".join(line for line in text.split("\n") if not _FOOT.search(line))
    for each in sorted({title, *linked}, key=len, reverse=True):
        rest = rest.replace(each, "") if each else rest
    return len(_LETTERS.sub("", rest))


def bears_title(title: str, *texts: str) -> bool:
    """Whether one of ``texts`` holds the title that a list gives, or much of its pairs of letters.

    A title that is too short to tell anything is taken to be borne.
    """
    wanted = _LETTERS.sub("", _CUT.sub("", title)).lower()
    if len(wanted) < _SHORTEST_TITLE:
        return True
    plain = [_LETTERS.sub("", text).lower() for text in texts]
    if any(wanted in text for text in plain):
        return True
    pairs = {wanted[place : place + 2] for place in range(len(wanted) - 1)}
    return any(sum(pair in text for pair in pairs) >= _ENOUGH_ALIKE * len(pairs) for text in plain)

"""Names that are broken by lines, cells and blanks, or hold characters that nobody sees."""

from datetime import date

import pytest

from catalogue import load_catalogue
from detection import scan
from detection.detector import detector_of
from detection.folding import fold_text
from detection.joining import join_broken_names
from vocabulary.codes import Status, Usage

DAY = date(2026, 11, 1)
NAME = "物业管理师"


def read(written: str) -> list[tuple[str, str]]:
    text = f"岗位要求：\n1、大专以上学历；\n2、须持有{written}；\n"
    mentions = scan(text, as_of=DAY, title="招聘文员").mentions
    assert all(text[mention.start : mention.end] == mention.quote for mention in mentions)
    return [(mention.quote, mention.qualification) for mention in mentions]


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\n    ", " ", "\t", "\u3000\u3000", "\u00a0", " \n\n"])
@pytest.mark.parametrize("place", range(1, len(NAME)))
def test_a_break_inside_a_known_name_does_not_hide_it(gap: str, place: int) -> None:
    written = f"{NAME[:place]}{gap}{NAME[place:]}证书"
    assert read(written) == [(written, NAME)]


@pytest.mark.parametrize(
    "unseen", ["\ufe0f", "\u3164", "\U000e0100", "\u200b", "\u00ad", "\u2060", "\ufeff", "\u115f", "\u034f"]
)
def test_characters_that_show_nothing_do_not_hide_a_name(unseen: str) -> None:
    written = f"物业{unseen}管理师{unseen}资{unseen}格证书"
    assert read(written) == [(written, NAME)]


def test_a_broken_certificate_word_stays_with_its_name() -> None:
    assert read("心理咨询师职\n业资格证书") == [("心理咨询师职\n业资格证书", "心理咨询师")]
    assert read("会计从\n业资格证书") == [("会计从\n业资格证书", "会计从业资格")]


@pytest.mark.parametrize(
    "text", ["物业管理\n员工两名", "人力资源管理\n师资培训", "岗位：会计\n从业资格要求：无"]
)
def test_two_lines_join_to_no_name_that_was_never_written(text: str) -> None:
    folded = fold_text(text)
    assert join_broken_names(folded, detector_of(load_catalogue()).lexicon) is folded


def test_places_of_what_is_read_are_those_of_the_original() -> None:
    folded = fold_text("a\u200bＢ\u200bc").without([(1, 2)])
    assert folded.text == "ac"
    assert folded.original(0, 2) == (0, 5)


def test_readings_of_characters_in_brackets_break_no_name() -> None:
    text = "代理記賬業(yè)務的條件:三名以上持有會(huì)計(jì)從業(yè)資格證書的專職人員(含兼職)。"
    (mention,) = scan(text, as_of=DAY, title="代理記賬許可證辦理條件").mentions
    assert mention.quote == "會(huì)計(jì)從業(yè)資格證書"
    assert text[mention.start : mention.end] == mention.quote
    assert (mention.status, mention.usage) == (Status.CANCELLED, Usage.PERMIT)


@pytest.mark.parametrize("name", ["註冊建造師證", "注冊結構工程師證", "總監理工程師崗位證書"])
def test_registered_professions_are_read_in_traditional_script(name: str) -> None:
    text = f"崗位要求：\n1、須持有{name}；\n2、大專以上學歷；"
    quotes = [mention.quote for mention in scan(text, as_of=DAY, title="招聘").mentions]
    assert quotes == [name]

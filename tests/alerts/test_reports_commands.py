"""``qualwatch report`` and ``qualwatch letter``, as an office types them."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pytest
from sqlalchemy import Engine
from sqlmodel import Session
from typer.testing import CliRunner, Result

from alerts.reports.notice import shipped_template
from alerts.reports.notice_template import build_template
from cases.steps import take_step
from cli.main import assemble
from settings.model import Settings
from storage.tables import RoutingRule
from tests.alerts.stored import NOW, Posting, mention, report
from vocabulary.codes import Step

TEXT = "二、条件：须持有会计从业资格证，<年龄>35周岁以下，联系电话13912345678，{{ 7*7 }} & {% raw %}。"


class Office:
    """Somebody with a shell in a folder of their own."""

    def __init__(self, folder: Path, engine: Engine, settings: Settings) -> None:
        self.folder, self.engine, self.settings = folder, engine, settings
        self.config = folder / "qualwatch.toml"
        self.config.write_text(f"[storage]\ndirectory = '{folder}'\n")

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(assemble(), [*words, "--config", str(self.config)])

    def open(self, **changes: object) -> int:
        found = mention(TEXT, "会计从业资格证", **changes)
        return report(self.engine, self.settings, Posting(TEXT, region="220100"), found).opened[0]

    def step(self, case: int, step: Step, deadline: date | None = None) -> None:
        with Session(self.engine) as session, session.begin():
            take_step(session, case, step, actor="王科长", note="已核", now=NOW, deadline=deadline)


@pytest.fixture
def office(tmp_path: Path, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path, engine, settings)


def _letter(path: Path) -> str:
    return "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)


def test_the_bulletin_is_written_twice_over(office: Office) -> None:
    office.open()
    done = office.type("report", "--month", "2026-11", "--region", "220000", "--output", "out/月报")
    assert done.exit_code == 0, done.output
    text = _letter(office.folder / "out" / "月报" / "职业资格违规监测月报_吉林省_2026-11.docx")
    assert "新发现涉嫌违规要求、设置或开展职业资格的案件1件" in text
    book = openpyxl.load_workbook(office.folder / "out" / "月报" / "职业资格违规监测月报_吉林省_2026-11.xlsx")
    assert book["地区分布"]["A2"].value == "长春市"


def test_without_options_it_is_about_last_month_and_everywhere(office: Office) -> None:
    done = office.type("report")
    assert done.exit_code == 0, done.output
    today = datetime.now(UTC) + timedelta(hours=8)
    last = today.replace(day=1) - timedelta(days=1)
    assert (office.folder / f"职业资格违规监测月报_全国_{last:%Y-%m}.docx").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("report", "--month", "October"), "不是月份"),
        (("report", "--month", "2999-01"), "尚未开始"),
        (("report", "--month", "2026-10", "--region", "22"), "没有这个行政区划代码"),
        (("report", "--month", "2026-10", "--region", "990000"), "没有这个行政区划代码"),
        (("letter", "17"), "没有案件17"),
        (("report", "--month", "2026-10", "--output", "qualwatch.toml"), "无法写入"),
    ],
)
def test_what_cannot_be_written_is_one_message(office: Office, words: tuple[str, ...], said: str) -> None:
    done = office.type(*words)
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output
    assert not list(office.folder.glob("*.docx"))


def test_what_was_edited_by_hand_is_not_written_over_unasked(office: Office) -> None:
    case = str(office.open())
    assert office.type("letter", case, "--output", "draft.docx").exit_code == 0
    (office.folder / "draft.docx").write_text("edited")
    refused = office.type("letter", case, "--output", "draft.docx")
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert (office.folder / "draft.docx").read_text() == "edited"
    assert office.type("letter", case, "--output", "draft.docx", "--force").exit_code == 0
    assert "责令整改通知书" in _letter(office.folder / "draft.docx")


def test_the_letter_says_what_is_wrong_and_until_when(office: Office) -> None:
    case = office.open()
    office.step(case, Step.CONFIRM)
    office.step(case, Step.ASK, date(2026, 11, 20))
    done = office.type("letter", str(case))
    assert done.exit_code == 0, done.output
    text = _letter(office.folder / f"责令整改通知书_案件{case}.docx")
    for said in (
        "福安市某某医院：",
        "《福安市某某医院2026年公开招聘财务人员公告》",
        "https://hr.example.com/notice/1.html",
        "招聘中要求已取消的职业资格",
        "人社部发〔2017〕68号；",
        "吉政办发〔2017〕54号第二条。",
        "你单位的行为属于“招聘中要求已取消的职业资格”",
        "六十日内，依照《中华人民共和国行政复议法》",
        "《中华人民共和国行政诉讼法》",
        "抄送：________________（国家层面的主管部门：财政部）",
        "送达回证及取证说明",
        "2026年11月20日前完成整改：删除招聘条件中的会计从业资格证要求",
        "2026年11月2日 09:30",
    ):
        assert said in text
    assert "经监测并核实，你单位" in text
    assert "发布单位（" not in text
    assert text.count("人社部发〔2017〕68号") == 1
    assert "尚待人工核实" not in text


def test_a_letter_is_copied_to_the_department_that_routing_names(office: Office) -> None:
    case = office.open()
    with Session(office.engine) as session, session.begin():
        session.add(RoutingRule(qualification="会计从业资格", department="福安市财政局", imported_at=NOW))
    assert office.type("letter", str(case), "--output", "draft.docx").exit_code == 0
    assert "抄送：福安市财政局" in _letter(office.folder / "draft.docx").splitlines()


def test_what_the_page_said_is_quoted_and_never_obeyed(office: Office) -> None:
    done = office.type("letter", str(office.open()), "--output", "draft.docx")
    assert done.exit_code == 0, done.output
    text = _letter(office.folder / "draft.docx")
    assert "<年龄>35周岁以下，联系电话139******78，{{ 7*7 }} & {% raw %}" in text
    assert "13912345678" not in text


def test_a_doubtful_case_says_so(office: Office) -> None:
    assert office.type("letter", str(office.open(needs_review=True)), "--output", "draft.docx").exit_code == 0
    text = _letter(office.folder / "draft.docx")
    assert "尚待人工核实" in text
    assert "____年__月__日前完成整改" in text


def test_what_nobody_has_confirmed_is_not_called_verified(office: Office) -> None:
    done = office.type("letter", str(office.open()), "--output", "draft.docx")
    assert done.exit_code == 0
    assert "尚未确认属实" in done.output
    text = _letter(office.folder / "draft.docx")
    assert "经监测发现，你单位" in text
    assert "确认前不得发出" in text
    assert "生成整改通知书" in office.type("case", "show", "1").output


def test_a_dismissed_case_gets_no_letter(office: Office) -> None:
    case = office.open()
    office.step(case, Step.DISMISS)
    done = office.type("letter", str(case))
    assert done.exit_code == 2
    assert "没有需要整改的事项" in done.output


def _template(folder: Path, *paragraphs: str) -> str:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(str(folder / "own.docx"))
    return "own.docx"


def test_an_office_uses_its_own_template(office: Office) -> None:
    own = _template(
        office.folder,
        "某某市人力资源和社会保障局",
        "{{ publisher }}，请改正{{ qualification }}（{{ case }}号）",
    )
    case = office.open()
    assert office.type("letter", str(case), "--template", own, "--output", "draft.docx").exit_code == 0
    text = _letter(office.folder / "draft.docx")
    assert text == f"某某市人力资源和社会保障局\n福安市某某医院，请改正会计从业资格（{case}号）"


@pytest.mark.parametrize(
    "bad",
    [
        "{{ publihser }}",
        "{{ publisher",
        "{% for quote in quotes %}",
        "{{ publisher.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{% include '/etc/passwd' %}",
        "{{ 1 // 0 }}",
        "{{ publisher + 1 }}",
    ],
)
def test_a_template_that_asks_for_something_else_is_refused(office: Office, bad: str) -> None:
    own = _template(office.folder, bad)
    done = office.type("letter", str(office.open()), "--template", own, "--output", "draft.docx")
    assert done.exit_code == 2, done.output
    assert "own.docx：模板" in done.output
    assert not (office.folder / "draft.docx").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_template_that_is_no_document_is_refused(office: Office, content: bytes) -> None:
    (office.folder / "own.docx").write_bytes(content)
    done = office.type("letter", str(office.open()), "--template", "own.docx")
    assert done.exit_code == 2, done.output
    assert "不是 DOCX 文件" in done.output


def test_a_template_that_is_not_there_is_refused(office: Office) -> None:
    done = office.type("letter", str(office.open()), "--template", "gone.docx")
    assert done.exit_code == 2
    assert "gone.docx" in done.output


def test_the_shipped_template_is_what_the_code_builds() -> None:
    def parts(content: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if name.startswith("word/")}

    assert parts(shipped_template()) == parts(build_template()), (
        "run: python -m alerts.reports.notice_template"
    )

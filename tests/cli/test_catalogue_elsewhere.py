"""``qualwatch catalogue complete`` where an annex stands elsewhere, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from typer.testing import Result

from catalogue.addresses import official_addresses
from cli.catalogue_status import app
from tests.catalogue import stored_lists
from tests.catalogue.made_lists import (
    ENDED_TITLE,
    approvals,
    docx,
    ended_names,
    made_names,
    page,
    rows_of,
    table,
)
from tests.parts.loopback import Answer, Site, answer
from tests.parts.operators import Operator

NUMBER = "国发〔2016〕35号"
PATH = urlsplit(official_addresses(NUMBER)[0]).path
BESIDE = f"{PATH.rpartition('/')[0]}/content_1.htm"
NAMES = ended_names(NUMBER, 47)
WHOLE = page(NUMBER, f"<p>{ENDED_TITLE}</p>{table(rows_of(NAMES))}")


def _complete(operator: Operator, site: Site, answers: Mapping[str, Answer]) -> Result:
    operator.configure(site=site)
    for path, each in answers.items():
        site[path] = each
    config = str(operator.folder / "qualwatch.toml")
    words = ("complete", "--mirror", site.address, "--document", NUMBER, "--accept", "--config", config)
    return stored_lists.run(app, operator.folder / "var", *words)


def _zipped() -> bytes:
    body = BytesIO()
    with ZipFile(body, "w") as archive:
        wrong = rows_of([f"{name}审批" for name in made_names(47, "误")])
        archive.writestr("附件1.docx", docx("国务院决定取消的行政审批项目目录", wrong))
        archive.writestr("附件2.docx", docx(ENDED_TITLE, rows_of(NAMES)))
        archive.writestr("说明.bin", b"\x00\x01")
    return body.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        '<p>该页面已迁移，请访问<a href="content_1.htm">新地址</a></p>',
        f'<p>附件：<a href="./content_1.htm">{ENDED_TITLE}</a></p>',
        '<p><a href="content_2.htm">附件1</a>　<a href="content_1.htm">附件2</a></p>',
        '<p>附件：<a href="annexes.zip">附件.zip</a></p>',
    ],
)
def test_the_annex_is_found_where_the_page_says_it_is(operator: Operator, site: Site, body: str) -> None:
    folder = PATH.rpartition("/")[0]
    answers = {
        PATH: answer(page(NUMBER, body)),
        BESIDE: answer(WHOLE),
        f"{folder}/content_2.htm": answer(page("", approvals(47))),
        f"{folder}/annexes.zip": answer(_zipped(), media_type="application/zip"),
    }
    ran = _complete(operator, site, answers)
    assert ran.exit_code == 0, ran.output
    [imported] = stored_lists.kept(operator.folder / "var")
    assert [item.name for item in imported.items] == NAMES


def test_a_link_to_another_site_is_no_annex(operator: Operator, site: Site) -> None:
    other = Site()
    try:
        other["/annex.htm"] = answer(WHOLE)
        link = f'<p><a href="{other.address}/annex.htm">附件2</a></p>'
        ran = _complete(operator, site, {PATH: answer(page(NUMBER, link))})
        assert (ran.exit_code, other.paths()) == (1, [])
    finally:
        other.close()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            answer("请完成安全验证后继续访问"),
            "网站拦截了程序访问（网站返回拦截页面（“请完成安全验证”）（HTTP 200））",
        ),
        (answer("no", status=403), "网站拦截了程序访问（网站拒绝访问（HTTP 403））"),
        (answer("抱歉，您访问的页面不存在"), "页面不存在（页面写明内容不存在（HTTP 200））"),
        (answer(""), "页面没有可读的内容（网站的答复是空的）"),
        (answer(page(NUMBER, "<p>各部门要认真落实。</p>")), "没有读到清单"),
    ],
)
def test_a_refusal_is_one_sentence_that_says_why_and_what_to_do(
    operator: Operator, site: Site, given: Answer, why: str
) -> None:
    ran = _complete(operator, site, {PATH: given})
    assert ran.exit_code == 1
    [said] = [line for line in ran.stdout.splitlines() if line.startswith(f"{NUMBER}：")]
    assert said.startswith(f"{NUMBER}：{why}；")
    by_hand = f"保存后运行 qualwatch catalogue import 文件 --document {NUMBER}。"
    assert said.endswith(f"请用浏览器打开 {site.address}{PATH}，{by_hand}")
    for of_sources in ("source", "delay_seconds", "browser =", "列表页"):
        assert of_sources not in said

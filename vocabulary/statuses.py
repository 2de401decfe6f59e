"""The Chinese words for what the catalogue holds as codes."""

from __future__ import annotations

from datetime import date

from catalogue.model import Period, Standing
from vocabulary.codes import Evidence, Status

STATUSES = {
    Status.CANCELLED: "已取消",
    Status.EXITED: "已退出国家职业资格目录",
    Status.ACCESS: "准入类职业资格",
    Status.LEVEL: "水平评价类职业资格",
    Status.LAWFUL_OTHER: "其他合法证书",
    Status.OFF_CATALOGUE: "不在国家职业资格目录",
    Status.GENERIC: "未指明具体证书",
}
EVIDENCES = {
    Evidence.PUBLISHED: "已公布",
    Evidence.UNVERIFIED: "未核实",
    Evidence.DOUBTFUL: "存疑",
}
CONSEQUENCES = {
    Status.CANCELLED: "不得作为招聘、办事、许可或开业的条件，不得再考试发证；此前取得的证书可作能力证明。",
    Status.EXITED: "不得作为就业、办事或许可的条件；可开展职业技能等级认定，已发证书可作能力证明。",
    Status.ACCESS: "有法律法规或国务院决定依据，可以作为从业条件。",
    Status.LEVEL: "不得与就业创业挂钩，不得作为办事或许可的前置条件；可以优先录用持证人。",
    Status.LAWFUL_OTHER: "不是职业资格，依其自身规定使用。",
    Status.OFF_CATALOGUE: "目录之外一律不得许可和认定职业资格，不得作为办事或许可的前置条件。",
    Status.GENERIC: "没有指明是哪一种证书，须看上下文。",
}


def since_words(period: Period) -> str:
    """``2016-06-08起``, or ``自始`` where the standing has no beginning in the catalogue."""
    return f"{period.since.isoformat()}起" if period.since else "自始"


def caution(standing: Standing) -> str:
    """The sentence that a standing without published ground needs; empty where it has one."""
    if standing.certain:
        return ""
    period = standing.period
    if period.contested:
        return f"此条各来源说法不一（{period.contested}），须由人工核对文件后再下结论。"
    doubt = f"（{period.note}）" if period.note else ""
    return f"此条依据{EVIDENCES[period.evidence]}{doubt}，须由人工核对文件后再下结论。"


def summary(standing: Standing, day: date) -> str:
    """One sentence: what the certificate was on ``day``, since when and by which document."""
    period = standing.period
    ground = f"，依据{period.document}" if period.document else ""
    status = f"“{STATUSES[period.status]}”，{since_words(period)}{ground}"
    return f"{standing.entry.name}：{day.isoformat()}为{status}。"

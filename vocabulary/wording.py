"""The Chinese words for what the tables hold as codes."""

from __future__ import annotations

from vocabulary.codes import CaseState, PublisherKind, Severity, Step, Usage, Violation

SEVERITIES = {
    Severity.NONE: "无",
    Severity.INFO: "提示",
    Severity.LOW: "低",
    Severity.MEDIUM: "中",
    Severity.HIGH: "高",
    Severity.CRITICAL: "紧急",
}
USAGES = {
    Usage.REQUIRED: "作为必备条件",
    Usage.ALTERNATIVE: "作为可选条件之一",
    Usage.PREFERRED: "作为优先条件",
    Usage.PERMIT: "作为办事或准入的前置条件",
    Usage.OFFERED: "组织考试、培训或发证",
    Usage.RENTING: "出租、出借或挂靠证书",
    Usage.HELD: "说明持有情况",
    Usage.NEGATED: "说明不作要求",
    Usage.INFORMATIVE: "一般提及",
}
VIOLATIONS = {
    Violation.CANCELLED_HIRING_REQUIREMENT: "招聘中要求已取消的职业资格",
    Violation.CANCELLED_PERMIT_PRECONDITION: "以已取消的职业资格作为许可前置条件",
    Violation.CANCELLED_STILL_OFFERED: "已取消的职业资格仍在考试、培训或发证",
    Violation.LEVEL_TIED_TO_EMPLOYMENT: "非准入类职业资格与就业挂钩",
    Violation.OFF_CATALOGUE_REQUIREMENT: "招聘中要求目录之外的证书",
    Violation.OFF_CATALOGUE_PERMIT: "以目录之外的证书作为许可前置条件",
    Violation.OFF_CATALOGUE_OFFERED: "目录之外开展职业资格许可或认定",
    Violation.SELF_SET_QUALIFICATION: "自行设置职业资格",
    Violation.RESTRICTED_NAME: "证书名称违规使用限制字样",
    Violation.CERTIFICATE_RENTING: "挂证、租证",
    Violation.EXAM_TRAINING_NOT_SEPARATED: "考试与培训未分离",
}
PUBLISHER_KINDS = {
    PublisherKind.PUBLIC_BODY: "机关、事业单位或国有企业",
    PublisherKind.COMPANY: "企业",
    PublisherKind.TRAINING_SCHOOL: "培训机构",
    PublisherKind.ASSOCIATION: "协会、学会",
    PublisherKind.INDIVIDUAL: "个人",
    PublisherKind.UNKNOWN: "性质未识别",
}
CASE_STATES = {
    CaseState.FOUND: "已发现",
    CaseState.NOTIFIED: "已通知",
    CaseState.CONFIRMED: "已确认",
    CaseState.DISMISSED: "已排除",
    CaseState.RECTIFICATION_ASKED: "责令整改中",
    CaseState.RECTIFIED: "已整改",
    CaseState.OVERDUE: "逾期未整改",
    CaseState.PUBLISHED: "已曝光",
    CaseState.CLOSED: "已结案",
}
STEPS = {
    Step.CONFIRM: "确认属实",
    Step.DISMISS: "排除",
    Step.ASK: "责令整改",
    Step.RECTIFIED: "已完成整改",
    Step.OVERDUE: "逾期",
    Step.PUBLISH: "曝光",
    Step.CLOSE: "结案",
    Step.REOPEN: "重新立案",
}
EVENTS = {
    "found": "发现",
    "seen": "再次出现",
    "notified": "通知",
    "reminded": "提醒",
    "escalated": "上报",
    "confirmed": "确认",
    "dismissed": "排除",
    "rectification_asked": "责令整改",
    "rectified": "完成整改",
    "overdue": "逾期",
    "published": "曝光",
    "closed": "结案",
    "reopened": "反弹，重新立案",
    "gone": "页面消失",
    "replaced": "页面内容已换",
    "rejudged": "重新判定",
}

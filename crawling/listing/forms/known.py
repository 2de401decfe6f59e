"""Interfaces of makes and sites that give a number for each record, and the page that a number opens.

Which page that is stands in scripts that no list holds; these are public knowledge. Other interfaces need
``listing.link``.
"""

from __future__ import annotations

import re

KNOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(interface, re.IGNORECASE), page)
    for interface, page in (
        (r"/zyjyPortal/portal/noticelist(?:$|\?)", "/zyjyPortal/portal/tradeEdit?id={id}"),
        (r"//[\w.]*lagou\.com/jobs/", "/jobs/{positionId}.html"),
        (r"//[\w.]*zhipin\.com/wapi/", "/job_detail/{encryptJobId}.html"),
        (r"//[\w.]*ncss\.cn/student/jobs/", "/student/jobs/{jobId}/detail.html"),
        (r"/portal/category(?:$|\?)", "/site/detail?articleId={articleId}"),
    )
)
"""Address of the interface → address of a record's page, on the same host, with the record's fields."""


def page_of_a_record(url: str, fields: dict[str, str]) -> str:
    """The pattern of the page of a record; empty where the interface is not known or lacks the field.

    ``fields``: paths of the record's fields by their names.
    """
    for interface, page in KNOWN:
        name = re.findall(r"\{(\w+)\}", page)[0]
        path = fields.get(name.lower(), "")
        if path and interface.search(url):
            return page.replace(f"{{{name}}}", f"{{{path}}}")
    return ""

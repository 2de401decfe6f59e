"""Trouble on purpose: what a real daemon loses, doubles or says wrongly while it is killed and starved."""

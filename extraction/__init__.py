"""Bytes in, text out: pages and attachments of every kind that offices publish. Pure: no network."""

"""How pages are asked for: politely, within limits, and never inside the house."""

"""How much of a hostile file is read. Every real attachment met so far stays far below each of these."""

MAX_BODY_BYTES = 64 * 2**20
MAX_LINKS = 5_000
MAX_TABLE_DEPTH = 12
"""Tables inside tables; deeper ones are read as plain blocks."""
MAX_TABLE_COLUMNS = 256

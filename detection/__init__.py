"""Text in, findings out. Pure: no clock, no network, no database."""

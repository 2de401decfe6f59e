"""A database and a configuration with one supervisor, as tests of alerts have them."""

from tests.alerts.conftest import engine, settings

__all__ = ["engine", "settings"]

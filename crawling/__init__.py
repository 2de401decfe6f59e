"""Asking addresses, and reading lists of them."""

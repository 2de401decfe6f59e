"""Cases: how they open, what may be done with them, and how they are found again."""

"""What was already read: back-fills, look-backs, and judging again after the catalogue changed."""

"""The programming interface: the cases as JSON, for programs that act for an account."""

"""What is kept: tables, migrations and the evidence archive."""

"""What is kept: tables, migrations, the evidence archive."""

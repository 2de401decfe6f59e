"""Closed sets, what each code is called, regions, addresses, and how text is presented."""

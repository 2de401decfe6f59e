"""Which qualifications exist on a given day: editions as data files, names and aliases."""

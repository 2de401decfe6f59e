"""Which qualifications exist on a given day: editions as data files, names and aliases."""

from catalogue.book import Catalogue, Edition
from catalogue.loading import load_catalogue

__all__ = ["Catalogue", "Edition", "load_catalogue"]

"""List pages: which links are items, where the next page is, and how sure that is. Pure: bytes in."""

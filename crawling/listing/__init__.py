"""List pages of every form: which links are items, where the list goes on, and how sure that is. Pure.

``forms`` has one module per form of list; ``links`` and ``paging`` read HTML pages, ``submitted`` what they
send, and ``walk`` decides which page is read next and when to stop.
"""

"""Sources by the hundred: tables that offices bring and take away (``files``), and what their cells mean
(``columns``)."""

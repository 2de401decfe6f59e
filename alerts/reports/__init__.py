"""Documents for offices: the monthly bulletin (DOCX, XLSX) and the draft of a rectification notice (DOCX)."""

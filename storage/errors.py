"""What can go wrong with what is kept; every message says what to do."""


class StorageError(Exception):
    """The database or the evidence archive cannot be used."""


class DatabaseError(StorageError):
    """The database address is wrong, the database does not answer, or it belongs to another version."""


class DatabaseAwayError(DatabaseError):
    """The database's server does not answer, or not yet; nothing is wrong with the address."""


class EvidenceError(StorageError):
    """A record of the evidence archive is missing, damaged, or not what was written."""


class EvidenceUnwritableError(EvidenceError):
    """Nothing can be kept as evidence at the moment: no record's fault, and it may pass."""


class EvidenceNotThereError(EvidenceError):
    """The file, or the record in it, is not there; on a directory that machines share it may come late."""

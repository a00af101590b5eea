"""The exceptions Siku raises for its users. A bug of ours is an `AssertionError` and is not listed here.

    SikuError
    ├── RecipeError        a recipe, a flag or a file name given by the user is wrong
    ├── SchemaError        a RecordBatch lacks a column or has one of another type
    ├── InputError         a raw file cannot be read at all (its records that can be are kept)
    ├── DownloadError      a file could not be fetched after every retry
    ├── ModelMissingError  a model file is not on this machine
    ├── ShardError         a part or a manifest is damaged, missing or of another version
    ├── ConservationError  read != kept + dropped + unreadable: a document was lost
    └── StateError         a loader state belongs to another recipe or another version

Every message says what was given, what is allowed, and what to do.
"""


class SikuError(Exception):
    """Base of every error that is the user's to mend."""


class RecipeError(SikuError, ValueError):
    """A recipe, a flag or a file name given by the user is wrong."""


class SchemaError(SikuError, ValueError):
    """A RecordBatch lacks a column or has one of another type."""


class InputError(SikuError, ValueError):
    """A raw file cannot be read at all."""


class DownloadError(SikuError, OSError):
    """A file could not be fetched after every retry."""


class ModelMissingError(SikuError, FileNotFoundError):
    """A model file is not on this machine."""


class ShardError(SikuError, ValueError):
    """A part or a manifest is damaged, missing or of another version."""


class ConservationError(SikuError, RuntimeError):
    """read != kept + dropped + unreadable: a document was lost or counted twice."""


class StateError(SikuError, ValueError):
    """A loader state belongs to another recipe or another version."""

"""What a section fails with where the reason is known: one line for a person."""


class BenchmarkError(Exception):
    """Something can't be measured. The text says what, and why."""


class PackagingError(BenchmarkError):
    """A candidate's package can't be had."""


class HandlerError(BenchmarkError):
    """A candidate's handler failed, or printed no row. The text holds the end of what it printed."""


class ColdCacheError(BenchmarkError):
    """A package's files stayed in the file cache, so that a cold start can't be measured."""


class CommandFailedError(BenchmarkError):
    """A command failed, or was not done in time. The text holds the end of what it printed."""


class MemoryUnknownError(BenchmarkError):
    """The system does not report a process's memory."""

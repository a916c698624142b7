"""What a section fails with where the reason is known: one line for a person."""


class BenchmarkError(Exception):
    """Something can't be measured. The text has what, and why."""

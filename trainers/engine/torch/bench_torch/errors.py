"""Errors that bench knows by their code."""


class BenchError(Exception):
    """What went wrong, with a code of bench's table and what to do about it."""

    def __init__(self, code: str, message: str, fix: str | None = None):
        super().__init__(message)
        self.code = code
        self.fix = fix

"""The one expected error: a deed that was refused, with words for whoever asked for it."""

from collections.abc import Mapping, Sequence


class Refused(Exception):
    """A refusal: machine code, HTTP status, a sentence to act on, and messages by field.

    Codes are UPPERCASE and defined beside the function that raises them.
    """

    def __init__(
        self,
        code: str,
        status: int = 400,
        detail: str = "",
        fields: Mapping[str, Sequence[str]] | None = None,
        retry_after: int | None = None,
    ) -> None:
        # All arguments go to Exception, so that a refusal survives pickling in a task queue.
        super().__init__(code, status, detail, fields, retry_after)
        self.code = code
        self.status = status
        self.detail = detail
        self.fields: dict[str, list[str]] = {k: list(v) for k, v in (fields or {}).items()}
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code

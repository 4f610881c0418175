"""A hot statement with named parameters, assembled once from the parts of several apps."""

import re
from collections.abc import Mapping
from typing import Any

from apps.core import sql

# `:name`, but not the `::type` of a cast.
_NAME = re.compile(r"(?<![:\w]):([a-z_]+)")


class Statement:
    """SQL whose `:name` parameters become `$1`, `$2` … at import: the text never varies."""

    def __init__(self, text: str) -> None:
        self.names: list[str] = []
        self.text = _NAME.sub(self._number, text)

    def _number(self, match: re.Match[str]) -> str:
        name = match[1]
        if name not in self.names:
            self.names.append(name)
        return f"${self.names.index(name) + 1}"

    def run(self, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it on Django's connection, in the transaction that is open, and return its rows."""
        return sql.run(self.text, [params[name] for name in self.names])

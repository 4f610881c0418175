"""The rule language: a subset of Python expressions over features, checked once, compiled twice.

`check` turns an analyst's text into a typed Rule or says what is wrong with it; `compile_rows`
makes one function of a whole policy for the request, `evaluate_columns` runs it over history.
Imports neither Django nor a driver. Reference for analysts: docs/rules.md.
"""

from apps.risk.rules.check import Rule, check, errors
from apps.risk.rules.columns import Categories, compile_columns, evaluate_columns
from apps.risk.rules.language import RuleError, State, Type
from apps.risk.rules.row import compile_rows

__all__ = [
    "Categories",
    "Rule",
    "RuleError",
    "State",
    "Type",
    "check",
    "compile_columns",
    "compile_rows",
    "errors",
    "evaluate_columns",
]

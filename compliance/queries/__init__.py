"""Reads of the ledger over several models: limits, allowances, statements, sums by year."""

from compliance.queries.allowances import PhysicianYear, allowance_of, allowances_of, counted_of, limit_of, no_limit_sentence, payers
from compliance.queries.records import approvers_of, history_of, people_of, to_confirm, who_recorded
from compliance.queries.sums import Statement, YearSum, statement_of, year_sums, years_with_spend

__all__ = [
    "PhysicianYear",
    "Statement",
    "YearSum",
    "allowance_of",
    "allowances_of",
    "approvers_of",
    "counted_of",
    "history_of",
    "limit_of",
    "no_limit_sentence",
    "payers",
    "people_of",
    "statement_of",
    "to_confirm",
    "who_recorded",
    "year_sums",
    "years_with_spend",
]

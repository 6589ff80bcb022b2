"""What leaves the house as a file."""

from reports.exports.tables import KINDS, Table, by_dimension, by_month, destinations, flow, hidden, response, shortfalls

__all__ = ["KINDS", "Table", "by_dimension", "by_month", "destinations", "flow", "hidden", "response", "shortfalls"]

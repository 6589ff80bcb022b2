"""Closing the referral loop as CMS counts it (eCQM CMS50, METHODS section 2): one bundle of FHIR resources in, its populations out."""

from reports.cms50.codes import Codes, value_sets
from reports.cms50.evaluating import Counts, Period, evaluate, measure_report

__all__ = ["Codes", "Counts", "Period", "evaluate", "measure_report", "value_sets"]

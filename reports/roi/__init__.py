"""What visits are worth: `estimate(panel)`, and around it the panel, the designs, the money and the words."""

from reports.roi.estimating import FLAT, Interval, RoiEstimate, estimate

__all__ = ["FLAT", "Interval", "RoiEstimate", "estimate"]

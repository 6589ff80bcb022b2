"""The panel as arrays: one row per practice, one column per month, and the month of the first visit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMNS = ("unit", "period", "outcome", "first_treated")
BASELINE = 12  # months before the visit whose referrals are the baseline


@dataclass(frozen=True)
class Practices:
    """Outcomes by practice and month; `first` is the column (from 1) of the first visit, 0 for none within the months."""

    counts: np.ndarray
    first: np.ndarray
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, panel: pd.DataFrame) -> "Practices":
        """Checked: every practice in every month once, one first visit each. What had to be left out is said in `remarks`."""
        if missing := [name for name in COLUMNS if name not in panel.columns]:
            raise ValueError(f"The panel lacks {', '.join(missing)}.")
        if panel.duplicated(["unit", "period"]).any():
            raise ValueError("A practice has two rows for one month.")
        if (panel.groupby("unit")["first_treated"].nunique() > 1).any():
            raise ValueError("A practice has two different first visits.")
        wide = panel.pivot(index="unit", columns="period", values="outcome").sort_index(axis=1)
        whole = wide.notna().all(axis=1)
        wide = wide[whole]
        months = wide.columns.to_numpy()
        told = panel.groupby("unit")["first_treated"].first().reindex(wide.index).to_numpy()
        first = np.where((told > 0) & np.isfinite(told), np.searchsorted(months, told) + 1, 0)
        first[first > len(months)] = 0  # visited after the data ends: not visited as far as it reaches
        always = first == 1
        remarks = []
        if gaps := int((~whole).sum()):
            remarks.append(f"{gaps} left out: months are missing.")
        if always.any():
            remarks.append(f"{int(always.sum())} left out: visited from the first month on, so there is nothing to compare with.")
        return cls(wide.to_numpy(dtype=float)[~always], first[~always].astype(int), tuple(remarks))

    @property
    def months(self) -> int:
        return self.counts.shape[1]

    @property
    def are_counts(self) -> bool:
        return bool((self.counts >= 0).all() and (self.counts == np.floor(self.counts)).all())

    @property
    def cohorts(self) -> list[int]:
        return sorted(set(self.first[self.first > 0].tolist()))

    def baseline_events(self) -> float:
        """Referrals of visited practices in the (up to) 12 months before their visit."""
        return float(sum(self.counts[self.first == g, max(0, g - 1 - BASELINE) : g - 1].sum() for g in self.cohorts))

    def controls(self, control: str) -> int:
        """Practices that stand for "not visited" in at least one month."""
        never = self.first == 0
        later = self.first > min(self.cohorts, default=0)
        return int((never | later if control == "not_yet_treated" else never).sum())

"""Rounds, medians and ratios. Machines differ and are noisy: only a ratio within one run says anything."""

import random
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass
class Ratio:
    """A measured ratio beside what was promised: `promise` is a bound, kept when it is at least (or at most) that; None: told only."""

    what: str
    promise: float | None
    at_least: bool
    ratio: float
    rounds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        if self.promise is None:
            return True
        return self.ratio >= self.promise if self.at_least else self.ratio <= self.promise

    @property
    def promised(self) -> str:
        if self.promise is None:
            return "told"
        return f"{'≥' if self.at_least else '≤'} {self.promise:g}"

    def as_json(self) -> dict[str, Any]:
        return {"what": self.what, "ratio": self.ratio, "promised": self.promised, "kept": self.is_kept, "seconds": self.rounds}


class Stopwatch:
    """Adds up the seconds of what is measured by name, round by round."""

    def __init__(self) -> None:
        self.rounds: dict[str, list[float]] = {}

    @contextmanager
    def __call__(self, name: str):
        started = time.perf_counter()
        yield
        self.rounds.setdefault(name, []).append(time.perf_counter() - started)

    def median(self, name: str) -> float:
        return median(self.rounds[name])


def interleaved(rounds: int, *runs: Callable[[], object], seed: int) -> None:
    """Every contestant once a round, in another order each time, so that a slow minute of the machine meets all of them."""
    order, chance = list(runs), random.Random(seed)
    for done in range(rounds):
        chance.shuffle(order)
        for run in order:
            run()
        print(f"\rround {done + 1} of {rounds}", end="\n" if done + 1 == rounds else "", flush=True)


def table(ratios: list[Ratio]) -> str:
    """What was measured, for a person."""
    width = max(len(ratio.what) for ratio in ratios)
    lines = [f"{'':{width}}  {'measured':>9}  {'promised':>9}"]
    lines += [
        f"{r.what:{width}}  {r.ratio:9.2f}  {r.promised:>9}  {'' if r.promise is None else 'kept' if r.is_kept else 'MISSED'}"
        for r in ratios
    ]
    seconds = {name: median(values) for ratio in ratios for name, values in ratio.rounds.items()}
    return "\n".join([*lines, *(f"  {name}: {value:.2f} s" for name, value in seconds.items())])

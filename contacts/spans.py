"""Dated states without overlap, half-open, with open ends: what an alignment becomes when a newer word is laid over it."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

_FIRST, _LAST = dt.date.min, dt.date.max


class Span(NamedTuple):
    """`kind` from `start` until before `end`; None is an open end."""

    kind: str
    start: dt.date | None = None
    end: dt.date | None = None

    @property
    def bounds(self) -> tuple[dt.date, dt.date]:
        return self.start or _FIRST, self.end or _LAST

    def overlaps(self, other: "Span") -> bool:
        """Whether a day lies in both."""
        return self.bounds[0] < other.bounds[1] and other.bounds[0] < self.bounds[1]


def overlay(spans: Iterable[Span], new: Span) -> list[Span]:
    """The spans with the new one laid over them: where it lies, it holds; neighbours of one kind are joined."""
    start, end = new.bounds
    pieces = [new]
    for span in spans:
        if not span.overlaps(new):
            pieces.append(span)
            continue
        if span.bounds[0] < start:
            pieces.append(span._replace(end=new.start))
        if span.bounds[1] > end:
            pieces.append(span._replace(start=new.end))
    return joined(pieces)


def joined(spans: Iterable[Span]) -> list[Span]:
    """In order of time, with neighbours of one kind made one."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda span: span.bounds):
        if result and result[-1].kind == span.kind and result[-1].bounds[1] == span.bounds[0]:
            result[-1] = result[-1]._replace(end=span.end)
        else:
            result.append(span)
    return result

"""Two counts over two spans of time: is one rate higher than the other, or may that be chance?"""

from math import exp, lgamma, log

LIKELY = 0.05  # below this, chance hardly explains the difference


def chance(one: int, span: float, other: int, other_span: float) -> float:
    """How probable a split at least as uneven is if both rates are the same (two-sided exact p value).

    Given their sum n, the first count is binomial with p = span / (span + other_span) when both are Poisson of one rate (the conditional
    test of Przyborowski and Wilenski, 1940); all outcomes no more probable than the one seen are added up. 1.0 when nothing was counted.
    """
    n = one + other
    if n == 0 or span <= 0 or other_span <= 0:
        return 1.0
    share = span / (span + other_span)

    def probability(k: int) -> float:
        return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(share) + (n - k) * log(1 - share))

    seen = probability(one) * (1 + 1e-7)
    return min(1.0, sum(p for k in range(n + 1) if (p := probability(k)) <= seen))

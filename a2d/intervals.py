"""How sure a measured rate, mean or difference is: 95 % intervals without resampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy.stats import binomtest
from scipy.stats import t as student


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with the Wilson score interval of the rate.

    Unlike the textbook interval it stays inside [0, 1] and says something at 0 of n.

    Source: Wilson, JASA 1927; Brown, Cai & DasGupta, Statistical Science 2001, eq. 4.
    """

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total:
            raise ValueError(f"a rate counts 0 to {self.total} of {self.total}, got {self.count}")

    @property
    def value(self) -> float:
        """The rate itself; nan of nothing."""
        return self.count / self.total if self.total else math.nan

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval; 0 of nothing."""
        return self._interval()[0]

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval; 1 of nothing."""
        return self._interval()[1]

    def _interval(self) -> tuple[float, float]:
        if self.total == 0:
            return 0.0, 1.0
        bounds = binomtest(self.count, self.total).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)


@dataclass(frozen=True, slots=True)
class Mean:
    """A sample's mean with its 95 % interval (Student's t)."""

    value: float
    low: float
    high: float
    total: int

    @staticmethod
    def of(sample: Sequence[float]) -> Mean:
        """The mean of a sample; nan of nothing, without bounds for a single value."""
        if not sample:
            return Mean(math.nan, -math.inf, math.inf, 0)
        if len(sample) == 1:
            return Mean(float(sample[0]), -math.inf, math.inf, 1)
        mean = fmean(sample)
        half = student.ppf(0.975, len(sample) - 1) * stdev(sample) / math.sqrt(len(sample))
        return Mean(mean, float(mean - half), float(mean + half), len(sample))


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How often two drivers did something on the same seeds, and whether they differ.

    The interval of rate(first) - rate(second) is Newcombe's score interval for paired proportions
    (Statistics in Medicine 17, 1998, method 10); the p value is McNemar's exact two-sided test.
    """

    both: int
    only_first: int
    only_second: int
    neither: int

    @staticmethod
    def of(first: Sequence[bool], second: Sequence[bool]) -> PairedDifference:
        """Count the four cases over pairs.

        Raises:
            ValueError: The sequences are not equally long.
        """
        pairs = list(zip(first, second, strict=True))
        counts = [sum((bool(a), bool(b)) == case for a, b in pairs) for case in _CASES]
        return PairedDifference(*counts)

    @property
    def total(self) -> int:
        """Pairs compared."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def value(self) -> float:
        """rate(first) - rate(second); nan of nothing."""
        return (self.only_first - self.only_second) / self.total if self.total else math.nan

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval; -1 of nothing."""
        return self._interval()[0]

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval; 1 of nothing."""
        return self._interval()[1]

    @property
    def p_value(self) -> float:
        """McNemar's exact test: how likely such an imbalance is if neither driver is better."""
        discordant = self.only_first + self.only_second
        return float(binomtest(self.only_first, discordant).pvalue) if discordant else 1.0

    def _interval(self) -> tuple[float, float]:
        if self.total == 0:
            return -1.0, 1.0
        first = Rate(self.both + self.only_first, self.total)
        second = Rate(self.both + self.only_second, self.total)
        correlation = self._correlation()

        def combined(a: float, b: float) -> float:
            return math.sqrt(max(0.0, a**2 - 2 * correlation * a * b + b**2))

        below = combined(first.value - first.low, second.high - second.value)
        above = combined(first.high - first.value, second.value - second.low)
        return max(-1.0, self.value - below), min(1.0, self.value + above)

    def _correlation(self) -> float:
        """Newcombe's phi, moved towards 0 by n/2 where it is positive; 0 where a margin is empty."""
        e, f, g, h = self.both, self.only_first, self.only_second, self.neither
        margins = (e + f) * (g + h) * (e + g) * (f + h)
        if margins == 0:
            return 0.0
        product = float(e * h - f * g)
        if product > 0:
            product = max(0.0, product - self.total / 2)
        return product / math.sqrt(margins)


_CASES = ((True, True), (True, False), (False, True), (False, False))

"""Intervals against published worked examples and against laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a2d.intervals import Mean, PairedDifference, Rate


def test_none_of_ten_may_still_be_one_in_four():
    # p = 0: centre = half width = z^2/2n / (1 + z^2/n): the upper end is z^2 / (n + z^2) = 3.8415 / 13.8415.
    assert Rate(0, 10).low == 0.0
    assert Rate(0, 10).high == pytest.approx(0.2775, abs=5e-5)
    assert Rate(10, 10).low == pytest.approx(1 - 0.2775, abs=5e-5)
    assert Rate(10, 10).high == 1.0


def test_the_wilson_interval_is_the_published_one():
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    for count, total, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
    ):
        assert (Rate(count, total).low, Rate(count, total).high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_rate_and_mirrors(count, others):
    if count + others == 0:
        return
    rate, mirrored = Rate(count, count + others), Rate(others, count + others)
    assert 0.0 <= rate.low <= rate.value <= rate.high <= 1.0
    assert rate.low == pytest.approx(1 - mirrored.high, abs=1e-12)


def test_nothing_is_known_of_nothing():
    assert math.isnan(Rate(0, 0).value)
    assert (Rate(0, 0).low, Rate(0, 0).high) == (0.0, 1.0)


def test_a_rate_above_one_is_refused():
    with pytest.raises(ValueError, match="0 to 3 of 3, got 4"):
        Rate(4, 3)


def test_a_mean_comes_with_students_interval():
    # s = 2 and n = 5, so the half width is t(4) * 2 / sqrt(5) with t(4) = 2.776.
    mean = Mean.of([1.0, 3.0, 3.0, 3.0, 3.0 + 2.0])
    assert mean.value == 3.0
    assert mean.high - mean.value == pytest.approx(2.776 * math.sqrt(2.0) / math.sqrt(5.0), rel=1e-3)


@pytest.mark.parametrize(("size", "quantile"), [(2, 12.706), (3, 4.303), (4, 3.182), (6, 2.571), (31, 2.042)])
def test_the_width_follows_the_table_of_students_t(size, quantile):
    sample = [0.0] * (size - 1) + [float(size)]  # mean 1, standard deviation sqrt(size)
    assert Mean.of(sample).high - 1.0 == pytest.approx(quantile, rel=2e-3)


def test_one_value_has_no_bounds():
    assert (Mean.of([2.0]).low, Mean.of([2.0]).high) == (-math.inf, math.inf)
    assert math.isnan(Mean.of([]).value)


def test_a_paired_difference_is_the_published_one():
    # Newcombe, Statistics in Medicine 17 (1998) 2635-2650, table III, method 10: 36, 12, 2, 0.
    difference = PairedDifference(36, 12, 2, 0)
    assert difference.value == pytest.approx(0.2)
    assert (difference.low, difference.high) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    # McNemar: 2 * (1 + 14 + 91) / 2^14.
    assert difference.p_value == pytest.approx(212 / 16384)


def test_agreement_is_no_difference():
    difference = PairedDifference.of([True, False, True], [True, False, True])
    assert difference == PairedDifference(2, 0, 0, 1)
    assert (difference.value, difference.p_value) == (0.0, 1.0)
    assert difference.low < 0.0 < difference.high


@given(*[st.integers(0, 60)] * 4)
def test_exchanging_the_drivers_turns_the_sign(both, first, second, neither):
    one = PairedDifference(both, first, second, neither)
    other = PairedDifference(both, second, first, neither)
    if one.total == 0:
        return
    assert -1.0 <= one.low <= one.value <= one.high <= 1.0
    assert (one.low, one.p_value) == pytest.approx((-other.high, other.p_value))


def test_pairs_must_match():
    with pytest.raises(ValueError, match="shorter"):
        PairedDifference.of([True, False], [True])

"""The model's formulas against numbers worked out by hand from the reference page."""

from fractions import Fraction
from hashlib import blake2b

import pytest

from rewards_model import (
    INTERVALS,
    METHOD,
    Meter,
    Pool,
    consumption_kwh,
    is_drawn,
    norm_kwh,
    saves,
    trust,
    weight,
)

KWH = 10**6
THRESHOLD = 28 * KWH


@pytest.mark.parametrize(
    ("energy", "norm"),
    [
        (0, 0),
        (THRESHOLD, 28 * KWH),
        # The fifth root of 1 mWh in kWh is 10^(-6/5) kWh: 63,095.7 mWh.
        (THRESHOLD + 1, 28 * KWH + 63_095),
        # 28 kWh and the fifth roots of 1, 32 and 243 kWh, which are 1, 2 and 3.
        (29 * KWH, 29 * KWH),
        (60 * KWH - 1, 30 * KWH - 1),
        (60 * KWH, 30 * KWH),
        (271 * KWH, 31 * KWH),
        # Cut at 10^8 kWh above the threshold: the fifth root of it is 39.8107 kWh.
        (THRESHOLD + 10**14, 28 * KWH + 39_810_717),
        (10**18, 28 * KWH + 39_810_717),
    ],
)
def test_norm_is_the_energy_and_above_the_threshold_its_fifth_root(energy, norm):
    assert norm_kwh(energy, THRESHOLD) == Fraction(norm, KWH)


def test_norm_is_the_integer_root_of_the_page():
    for above in (1, 7, 12_345, 3 * KWH, 99 * KWH + 1, 10**13 + 17):
        root = norm_kwh(THRESHOLD + above, THRESHOLD) * KWH - THRESHOLD
        assert root**5 <= above * 10**24 < (root + 1) ** 5


def test_trust_is_the_table_of_the_page():
    table = [500_000, 731_059, 880_797, 952_574, 982_014, 993_307, 997_527]
    assert [trust(votes) * 10**6 for votes in range(7)] == table


def test_weight_is_the_product_in_thousandths_milliwatt_hours_and_millionths():
    assert weight(METHOD["Dongle"], norm_kwh(60 * KWH, THRESHOLD), 672, trust(0)) == 1_200 * 30 * KWH * 672 * 500_000


def test_consumption_counts_as_14_kwh_and_a_tenth_more_when_it_saves():
    assert (consumption_kwh(False), consumption_kwh(True)) == (14, Fraction(154, 10))
    # 14 x 1.1 x 1.0333 = 15.91282 exactly.
    assert consumption_kwh(True, Fraction(10_333, 10_000)) == Fraction(15_912_820, KWH)


def test_consumer_saves_only_below_the_mean_of_at_least_20_known_days():
    known = {day: 1_000 for day in range(12, 31)}
    assert not saves({**known, 31: 999}, 31 + 30), "nothing is known of the week"
    assert saves({**known, 31: 999}, 31)
    assert not saves({**known, 31: 1_000}, 31), "the same is not less"
    del known[12]
    assert not saves({**known, 31: 999}, 31), "19 days are too few"
    # A day before the last 30 does not count, neither as known nor with its energy.
    assert not saves({**known, 1: 10**9, 31: 999}, 31)


def readings(meter: Meter, energies: dict[int, int]) -> None:
    """Reads a base one interval before the first, and then each of them; what is missing is a hole."""
    register = 0
    meter.read(0, min(energies) - 1, register, True)
    for interval, energy in sorted(energies.items()):
        register += energy
        meter.read(0, interval, register, True)


def two_meters(mine: dict[int, int], other: dict[int, int]) -> tuple[Meter, Meter]:
    meters = Meter(0, "Generation", 5_000), Meter(1, "Generation", 5_000)
    for meter, energies in zip(meters, (mine, other)):
        readings(meter, energies)
    return meters


def test_neighbour_votes_when_the_cosine_is_above_one_half():
    # (1, 0) and (1, 1), repeated: the cosine is the root of one half. (1, 0, 0, 0) and (1, 1, 1, 1): exactly one half.
    one_of = lambda n: {i: int(i % n == 0) for i in range(INTERVALS)}
    flat = dict.fromkeys(range(INTERVALS), 1)
    mine, other = two_meters(one_of(2), flat)
    assert mine.agrees_with(other)
    mine, other = two_meters(one_of(4), flat)
    assert not mine.agrees_with(other)
    mine, other = two_meters(one_of(2), {i: int(i % 2 == 1) for i in range(INTERVALS)})
    assert not mine.agrees_with(other)


def test_neighbour_needs_48_shared_intervals_of_the_last_96():
    flat = dict.fromkeys(range(2 * INTERVALS), 7)
    mine, other = two_meters(flat, {i: 7 for i in flat if i < INTERVALS + 48})
    assert mine.agrees_with(other)
    # One less: the newest 48 are only the miner's, and the one before begins after a hole.
    mine, other = two_meters(flat, {i: 7 for i in flat if i < INTERVALS + 47})
    assert not mine.agrees_with(other)
    mine, other = two_meters(flat, flat)
    other.quarantined = True
    assert not mine.agrees_with(other)


def test_energy_after_a_hole_belongs_to_no_day():
    meter = Meter(0, "Generation", 5_000)
    readings(meter, {10: 5, 11: 5, 14: 50, 15: 5})
    assert (meter.day(0).energy, meter.day(0).intervals) == (15, 3)
    # Nor does what was seen too late, and the base of a new epoch.
    meter.read(0, 16, 75, seen=False)
    meter.read(1, 17, 0, seen=True)
    meter.read(1, 18, 9, seen=True)
    assert (meter.day(0).energy, meter.day(0).intervals) == (24, 4)


def test_day_is_known_for_ten_days():
    meter = Meter(0, "Generation", 5_000)
    readings(meter, {i: 1 for i in range(9 * INTERVALS)})
    meter.read(0, 9 * INTERVALS, 9 * INTERVALS, True)
    assert meter.day(0).energy == INTERVALS
    meter.read(0, 10 * INTERVALS, 9 * INTERVALS, True)
    assert meter.day(0) is None and meter.day(1).energy == INTERVALS
    assert meter.day(11).intervals == 0


def test_lottery_draws_by_the_first_eight_bytes_of_the_hash():
    seed = bytes(range(32))
    digest = blake2b(seed + b"\x07\x00\x00\x00", digest_size=32).digest()
    number = int.from_bytes(digest[:8], "little")
    share = Fraction(number * 10**6, 2**64)
    below, above = Fraction(int(share), 10**6), Fraction(int(share) + 1, 10**6)
    assert not is_drawn(seed, 7, below) and is_drawn(seed, 7, above)
    assert not is_drawn(seed, 7, Fraction(0)) and is_drawn(seed, 7, Fraction(1))


def test_pool_notices_when_money_is_missing():
    pool = Pool()
    pool.take_in(10)
    pool.funds -= 1
    with pytest.raises(AssertionError):
        pool.check()

"""What a roof earns on a running chain: two miners, a day of each, recorded and paid by strangers, exact to the base unit.

One is the month's roof, with a real agent; the other brings its day late. The weights are worked out here again from the
readings, by the formulas of docs/rewards.md.
"""

import pytest

from programs import javascript
from scenarios import DAVE, energies

DECA = 10**12
KWH = 10**6
DAY = 96
# Nobody vouches: neither has a neighbour.
ALONE = 500_000


@pytest.fixture(scope="module")
def earned(quick_node, month):
    return javascript(
        "tests/js/rewards.mjs",
        *["--url", quick_node.url, "--miner", month.registered["miner"], "--meter", month.number("roof"), "--owner", DAVE[0]],
        timeout=300,
    )


def root5(number: int) -> int:
    """The fifth root, rounded down."""
    low, high = 0, 1
    while high**5 <= number:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**5 <= number else (low, middle)
    return low


def norm(energy: int) -> int:
    threshold = 28 * KWH
    return energy if energy <= threshold else threshold + root5((energy - threshold) * 10**24)


def by_day(rows) -> dict[int, list[int]]:
    """The energies of the intervals that were measured, by day."""
    days: dict[int, list[int]] = {}
    for interval, energy in energies(rows).items():
        days.setdefault(interval // DAY, []).append(energy)
    return days


def weight(method: int, days: dict[int, list[int]], day: int) -> int:
    week = [energies for past in range(day - 6, day + 1) for energies in days.get(past, [])]
    if not days.get(day):
        return 0
    return method * norm(sum(week)) * len(week) * ALONE


@pytest.fixture(scope="module")
def expected(earned, month) -> dict[str, dict[int, int]]:
    """The weights by miner and day, from the readings."""
    until = DAY * (max(earned["days"]) + 1) - 1
    month.await_passed("roof", until)
    roof = by_day(month.kept("roof", until))
    late = {earned["day"]: earned["energies"]}
    first, second = (str(earned["miners"][name]) for name in ("first", "second"))
    return {
        first: {day: weight(1_100, roof, day) for day in earned["days"]},
        second: {day: weight(1_200, late, day) for day in earned["days"]},
    }


def test_nobody_enrols_the_miner_of_another_or_sets_what_is_paid(earned):
    assert earned["forbidden"]["enroll_by_stranger"] == "rewards.NotOwner"
    assert earned["forbidden"]["enroll_again"] == "rewards.AlreadyEnrolled"
    assert earned["forbidden"]["weigh_by_hand"] == "BadOrigin"


def test_record_costs_nothing_when_a_day_was_recorded(earned):
    assert int(earned["record"]["fee"]) == 0
    assert earned["record"]["events"] == 1


@pytest.mark.parametrize("name", ["first", "second"])
def test_weight_is_worked_out_from_the_readings(earned, expected, name):
    miner = str(earned["miners"][name])
    recorded = {int(day): int(weight) for day, weight in earned["weights"][miner].items()}
    assert recorded == {day: weight for day, weight in expected[miner].items() if weight}
    assert recorded[earned["day"]] > 0


def test_view_says_how_the_weight_came_about(earned):
    second = earned["weighing"][str(earned["miners"]["second"])]
    assert (second["method"], second["reported"], second["votes"], second["trust"]) == (1_200, DAY, 0, ALONE)
    assert int(second["energyTerm"]) == norm(sum(earned["energies"]))


def test_nothing_is_due_before_the_day_is_closed(earned):
    assert earned["forbidden"]["claim_open_day"] == "0"


def test_owners_are_paid_their_share_to_the_base_unit(earned, expected):
    budget = int(earned["emission"]["daily"])
    assert budget == 1_000 * DECA
    for miner, weights in expected.items():
        shares = 0
        for day, own in weights.items():
            total = sum(of[day] for of in expected.values())
            shares += own * budget // total if total else 0
        assert int(earned["paid"][miner]) == shares > 0
        (event,) = [event for event in earned["events"] if event["miner"] == int(miner)]
        assert (int(event["amount"]), event["to"]) == (shares, earned["owners"][miner])


def test_pool_loses_what_was_paid_and_keeps_the_dust(earned):
    before, after = ({name: int(amount) for name, amount in earned["pool"][when].items()} for when in ("before", "after"))
    paid = sum(map(int, earned["paid"].values()))
    assert after["paid"] - before["paid"] == paid
    assert after["funds"] == before["funds"] - paid
    for pool in (before, after):
        assert pool["funded"] == pool["funds"] + pool["reserved"] + pool["due"] + pool["paid"]
    budgets = int(earned["emission"]["daily"]) * len(earned["days"])
    assert after["dust"] - before["dust"] == budgets - paid

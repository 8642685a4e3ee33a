"""The clearing of slot auctions in the pallet against the reference, on 10,000 random books; and the reference against itself.

`HELIOGRAPH_SEED=N` makes other books. Whatever differs is printed as a book that can be given to `clear_books` again.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from random import Random

import pytest

from reference import TICKS, Order, Outcome, brute_force, clear, objections, price_tick, welfare

BIN = Path(os.environ.get("HELIOGRAPH_BIN", Path.home() / ".cache/heliograph/target/release"))
CLEAR = BIN / "examples/clear_books"
SEED = int(os.environ.get("HELIOGRAPH_SEED") or 2026)
BOOKS, SMALL_BOOKS = 10_000, 600
LOT = 1_000
# What the largest meter there is can measure in an interval.
MOST = 15_000_000 * 275

Book = tuple[list[Order], list[Order]]


# --- Books -------------------------------------------------------------------------------------------------------------


def energy_of(random: Random) -> int:
    """From one lot to the largest meter's interval, in lots."""
    return random.choice([1, random.randint(1, 9), random.randint(1, 3_000), random.randint(1, MOST // LOT)]) * LOT


def spread(random: Random, low: int, high: int) -> list[Order]:
    """Orders of all sizes, limits anywhere between two ticks."""
    return [(random.randint(low, high), energy_of(random)) for _ in range(random.randint(0, 30))]


def steps(random: Random, low: int, high: int) -> list[Order]:
    """Orders on few ticks, so that many share one."""
    ticks = [random.randint(low, high) for _ in range(random.randint(1, 4))]
    return [(random.choice(ticks), energy_of(random)) for _ in range(random.randint(1, 40))]


def alike(random: Random, low: int, high: int) -> list[Order]:
    """Orders of one size: demand and supply are often equal."""
    energy = energy_of(random)
    return [(random.randint(low, high), energy) for _ in range(random.randint(1, 12))]


def book(random: Random) -> Book:
    """A book of one of many shapes: crossing a little or a lot, at one tick, not at all, one-sided, at the ladder's ends."""
    shape = random.choice([spread, steps, alike])
    low, high = random.choice([(1, 1_023), (1, 1_023), (80, 320), (100, 110), (1, 6), (1_018, 1_023), (500, 500)])
    middle = (low + high) // 2
    kind = random.randrange(8)
    if kind == 0:
        # Nobody meets anybody, but perhaps at one tick.
        return shape(random, low, middle), shape(random, middle, high)
    if kind == 1:
        # Everybody wants to trade with everybody.
        return shape(random, middle, high), shape(random, low, middle)
    if kind == 2:
        one_side = shape(random, low, high)
        return random.choice([(one_side, []), ([], one_side)])
    if kind == 3:
        # As much on the one side as on the other, with a wide gap of prices between them.
        energies = [energy_of(random) for _ in range(random.randint(1, 10))]
        return [(high, energy) for energy in energies], [(low, energy) for energy in reversed(energies)]
    if kind == 4:
        # One large order against many small ones.
        tick, small = random.randint(low, high), [(random.randint(low, high), LOT) for _ in range(random.randint(1, 60))]
        large = [(tick, random.randint(1, 60) * LOT)]
        return random.choice([(large, small), (small, large)])
    if kind == 5:
        # Sizes that no lot divides, as the rule does not need lots.
        return tuple([(tick, random.randint(1, 10**6)) for tick, _ in shape(random, low, high)] for _ in "ab")
    return shape(random, low, high), random.choice([spread, steps, alike])(random, low, high)


def books(seed: int) -> list[Book]:
    random = Random(seed)
    return [book(random) for _ in range(BOOKS)]


def small_book(random: Random) -> Book:
    """At most three orders on a side, a few mWh each, on five ticks: few enough to try everything."""

    def side() -> list[Order]:
        return [(random.randrange(5), random.randint(1, 3)) for _ in range(random.randint(0, 3))]

    return side(), side()


def by_pallet(given: list[Book]) -> list[Outcome]:
    """The same books, cleared by the code of the pallet."""
    if not CLEAR.exists():
        pytest.fail(f"{CLEAR} is missing: build it first (scripts/test does)")
    lines = "".join(json.dumps({"bids": bids, "offers": offers}) + "\n" for bids, offers in given)
    answer = subprocess.run([CLEAR], input=lines, capture_output=True, text=True, timeout=600)
    assert answer.returncode == 0, answer.stderr[-2_000:]
    outcomes = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(outcomes) == len(given)
    return [Outcome(o["tick"], o["volume"], o["bid_fills"], o["offer_fills"]) for o in outcomes]


def in_short(one: Book, outcome: Outcome) -> tuple[int | None, int, int]:
    """The price, the volume and the welfare."""
    return outcome.tick, outcome.volume, welfare(*one, outcome.bid_fills, outcome.offer_fills)


def as_line(given: Book) -> str:
    return json.dumps({"bids": given[0], "offers": given[1]})


# --- The pallet against the reference ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def given() -> list[Book]:
    return books(SEED)


@pytest.fixture(scope="module")
def cleared(given) -> list[Outcome]:
    return by_pallet(given)


def test_every_book_comes_to_the_same(given, cleared):
    """Same price, same volume, and the same energy for each order, to the mWh."""
    for one, outcome in zip(given, cleared):
        assert outcome == clear(*one), f"HELIOGRAPH_SEED={SEED}: {as_line(one)}"


def test_every_outcome_is_fair_and_optimal(given, cleared):
    """Each fill within its limit and its size, as much bought as sold, nobody passed over, and nothing better possible."""
    for one, outcome in zip(given, cleared):
        assert objections(*one, outcome) == [], f"HELIOGRAPH_SEED={SEED}: {as_line(one)}"


def test_budget_is_balanced_and_nobody_is_worse_off(given, cleared):
    """All that buyers pay is what sellers get; and each pays at most, or gets at least, what they asked for."""
    for (bids, offers), outcome in zip(given, cleared):
        if outcome.tick is None:
            continue
        paid = [outcome.tick * fill for fill in outcome.bid_fills]
        got = [outcome.tick * fill for fill in outcome.offer_fills]
        assert sum(paid) == sum(got)
        assert all(money <= tick * fill for money, (tick, _), fill in zip(paid, bids, outcome.bid_fills))
        assert all(money >= tick * fill for money, (tick, _), fill in zip(got, offers, outcome.offer_fills))


def test_books_are_of_all_kinds(given, cleared):
    """The comparison says little if the books do not bring about what can happen."""
    seen = {
        "nothing traded": sum(outcome.tick is None for outcome in cleared),
        "one side is empty": sum(not bids or not offers for bids, offers in given),
        "both sides served in full": 0,
        "more demand": 0,
        "more supply": 0,
        "several shared a tick unevenly": 0,
        "a price between all limits": 0,
        "no fill in spite of the price": 0,
        "the lowest tick": sum(outcome.tick == 1 for outcome in cleared),
        "the highest tick": sum(outcome.tick == TICKS - 1 for outcome in cleared),
        "more than 2^32 mWh": sum(outcome.volume > 2**32 for outcome in cleared),
    }
    for (bids, offers), outcome in zip(given, cleared):
        if outcome.tick is None:
            continue
        willing = [(e, f) for (t, e), f in zip(bids, outcome.bid_fills) if t >= outcome.tick]
        asking = [(e, f) for (t, e), f in zip(offers, outcome.offer_fills) if t <= outcome.tick]
        demand, supply = sum(e for e, _ in willing), sum(e for e, _ in asking)
        seen["both sides served in full"] += demand == supply
        seen["more demand"] += demand > supply
        seen["more supply"] += supply > demand
        partial = [(e, f) for e, f in willing + asking if 0 < f < e]
        seen["several shared a tick unevenly"] += any(e * partial[0][1] != f * partial[0][0] for e, f in partial)
        seen["a price between all limits"] += outcome.tick not in {t for t, _ in bids + offers}
        seen["no fill in spite of the price"] += any(f == 0 for _, f in willing + asking)
    assert {what: count for what, count in seen.items() if count < 20} == {}, seen


def test_order_of_a_side_moves_only_dust(given):
    """Who is collected first changes what an order gets by less than one mWh per order of its tick, and nothing else."""
    random = Random(SEED)
    some = random.sample(given, 1_000)
    shuffled = [tuple(random.sample(side, len(side)) for side in one) for one in some]
    for one, other, before, after in zip(some, shuffled, by_pallet(some), by_pallet(shuffled)):
        assert (before.tick, before.volume) == (after.tick, after.volume), as_line(one)
        assert objections(*other, after) == [], as_line(other)


def test_small_books_are_what_trying_everything_finds():
    random = Random(SEED)
    given = [small_book(random) for _ in range(SMALL_BOOKS)]
    for one, outcome in zip(given, by_pallet(given)):
        assert in_short(one, outcome) == brute_force(*one, 5), as_line(one)


# --- The reference against itself --------------------------------------------------------------------------------------


def test_reference_is_what_trying_everything_finds():
    random = Random(SEED + 1)
    for _ in range(SMALL_BOOKS):
        one = small_book(random)
        outcome = clear(*one)
        assert in_short(one, outcome) == brute_force(*one, 5), as_line(one)
        assert objections(*one, outcome) == [], as_line(one)


def test_reference_is_fair_and_optimal(given):
    for one in given:
        assert objections(*one, clear(*one)) == [], as_line(one)


@pytest.mark.parametrize(
    ("bids", "offers", "expected"),
    [
        # Nothing is left over: the middle of what both accept, rounded down.
        ([(290, 10)], [(81, 10)], (185, 10)),
        # Too little is offered: the price goes up to where the rest gives up, too much: down.
        ([(290, 10), (200, 10)], [(80, 10)], (245, 10)),
        ([(290, 10), (200, 10)], [(80, 15)], (200, 15)),
        ([(290, 10)], [(80, 20)], (80, 10)),
        ([(290, 10)], [(80, 20), (100, 5)], (80, 10)),
        ([(290, 10)], [(80, 5), (100, 20)], (100, 10)),
        # As much is left over on either side of a step: the buyers' side of it.
        ([(290, 10), (150, 5)], [(80, 10), (151, 5)], (150, 10)),
        # They meet at one tick, or not at all.
        ([(100, 7)], [(100, 3)], (100, 3)),
        ([(99, 7)], [(100, 3)], (None, 0)),
        ([], [(100, 3)], (None, 0)),
        ([(100, 3)], [], (None, 0)),
        ([], [], (None, 0)),
    ],
)
def test_price_is_the_one_that_the_rule_says(bids, offers, expected):
    assert price_tick(bids, offers) == expected


def test_tick_is_shared_to_the_last_unit():
    outcome = clear([(100, 3), (100, 3), (100, 4)], [(50, 7)])
    assert (outcome.tick, outcome.bid_fills, outcome.offer_fills) == (100, [2, 2, 3], [7])


@pytest.mark.parametrize(
    ("outcome", "objection"),
    [
        (Outcome(100, 7, [8, -1], [7]), "a bid of 5 got 8"),
        (Outcome(121, 5, [5, 0], [5]), "a bid with the limit 120 was filled at 121"),
        (Outcome(49, 5, [5, 0], [5]), "with the limit 50 was filled at 49"),
        (Outcome(100, 7, [5, 2], [6]), "add up to 6"),
        (Outcome(100, 7, [2, 5], [7]), "waited while"),
        (Outcome(100, 5, [5, 0], [5]), "a volume of 5"),
        (Outcome(90, 7, [5, 2], [7]), "a welfare of"),
        (Outcome(None, 7, [5, 2], [7]), "without a price"),
        (Outcome(100, 7, [5], [7]), "has no fill"),
    ],
)
def test_wrong_outcome_is_objected_to(outcome, objection):
    bids, offers = [(120, 5), (100, 5)], [(50, 7)]
    assert objections(bids, offers, clear(bids, offers)) == []
    assert any(objection in found for found in objections(bids, offers, outcome)), objections(bids, offers, outcome)


def test_uneven_sharing_of_a_tick_is_objected_to():
    bids, offers = [(100, 10_000), (100, 10_000)], [(50, 10_000)]
    assert objections(bids, offers, Outcome(100, 10_000, [5_000, 5_000], [10_000])) == []
    found = objections(bids, offers, Outcome(100, 10_000, [9_000, 1_000], [10_000]))
    assert len(found) == 2 and "a bid of 10000 at 100 got 9000" in found[0]

"""What a book of bids and offers comes to, written from the rules (docs/market.md) and not from the chain's code.

All of it is exact arithmetic on whole numbers: limits are ticks of the ladder, energies are mWh. `clear` is the rule; the rest
proves, in other ways, that an outcome keeps to the rule and that nothing better was possible.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate, product

# How many prices there are.
TICKS = 1_024

# An order of a book: the tick of its limit, and its energy.
Order = tuple[int, int]


class Sharing:
    """A quantity shared out among parts of known size, one after the other. Nothing is lost: the last one gets the rest."""

    def __init__(self, quantity: int, sizes: int):
        self.left, self.of = quantity, sizes

    def take(self, size: int) -> int:
        assert 0 <= size <= self.of
        share = size * self.left // self.of if self.of else 0
        self.left -= share
        self.of -= size
        return share


# --- What a book comes to ----------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """The price as a tick, `None` if nothing is traded; the energy traded; and each order's part, in the book's order."""

    tick: int | None
    volume: int
    bid_fills: list[int]
    offer_fills: list[int]


def curves(bids: list[Order], offers: list[Order]) -> tuple[list[int], list[int]]:
    """For each tick, the energy of who would buy at it, and of who would sell at it."""
    demand, supply = [0] * TICKS, [0] * TICKS
    for tick, energy in bids:
        demand[tick] += energy
    for tick, energy in offers:
        supply[tick] += energy
    return list(accumulate(reversed(demand)))[::-1], list(accumulate(supply))


def price_tick(bids: list[Order], offers: list[Order]) -> tuple[int | None, int]:
    """The tick at which most is traded, and how much that is; of several, one where demand and supply differ least.

    If there are several still: the middle one where nothing is left over; and otherwise what is left over presses on the price,
    to the highest at which there is more demand, or, if there is none, to the lowest.
    """
    demand, supply = curves(bids, offers)
    traded = [min(d, s) for d, s in zip(demand, supply)]
    most = max(traded)
    if most == 0:
        return None, 0
    best = [tick for tick in range(TICKS) if traded[tick] == most]
    least = min(abs(demand[tick] - supply[tick]) for tick in best)
    best = [tick for tick in best if abs(demand[tick] - supply[tick]) == least]
    # Demand falls and supply grows along the ladder, so there is no hole between the ticks that are left.
    assert best == list(range(best[0], best[-1] + 1))
    if least == 0:
        return (best[0] + best[-1]) // 2, most
    return max((tick for tick in best if demand[tick] > supply[tick]), default=best[0]), most


def clear(bids: list[Order], offers: list[Order]) -> Outcome:
    """The outcome of a book: one price for all, the best limits first, the last tick that is reached shared pro rata."""
    tick, volume = price_tick(bids, offers)
    if tick is None:
        return Outcome(None, 0, [0] * len(bids), [0] * len(offers))
    return Outcome(
        tick,
        volume,
        serve(bids, sorted({t for t, _ in bids if t >= tick}, reverse=True), volume),
        serve(offers, sorted({t for t, _ in offers if t <= tick}), volume),
    )


def serve(orders: list[Order], ticks: list[int], volume: int) -> list[int]:
    """Each order's part of `volume`, which goes to `ticks` one after the other."""
    parts = {}
    for tick in ticks:
        waiting = sum(energy for t, energy in orders if t == tick)
        parts[tick] = Sharing(min(waiting, volume), waiting)
        volume -= parts[tick].left
    assert volume == 0
    return [parts[tick].take(energy) if tick in parts else 0 for tick, energy in orders]


# --- That nothing better was possible ----------------------------------------------------------------------------------


def welfare(bids: list[Order], offers: list[Order], bid_fills: list[int], offer_fills: list[int]) -> int:
    """What buyers would have paid at most, less what sellers would have asked at least, in ticks x mWh."""
    return sum(tick * fill for (tick, _), fill in zip(bids, bid_fills)) - sum(
        tick * fill for (tick, _), fill in zip(offers, offer_fills)
    )


def welfare_bound(bids: list[Order], offers: list[Order], price: int) -> int:
    """A welfare that no allocation exceeds, by the duality of linear programs.

    Let an allocation sell as much as it buys. Whatever the `price`, its welfare is the sum of `(limit - price) x fill` over bids
    and of `(price - limit) x fill` over offers, as the terms in `price` cancel. Each is at most the same with the whole energy
    where that is positive, and nothing where it is not. Who reaches the bound at some price has therefore proved to be optimal.
    """
    return sum(max(tick - price, 0) * energy for tick, energy in bids) + sum(
        max(price - tick, 0) * energy for tick, energy in offers
    )


def volume_bound(bids: list[Order], offers: list[Order]) -> int:
    """An energy that cannot be exceeded at any one price: matched unit by unit, dearest bid with cheapest offer."""
    bids, offers = sorted(bids, reverse=True), sorted(offers)
    traded = b = o = 0
    bid_left = offer_left = 0
    while True:
        while bid_left == 0:
            if b == len(bids):
                return traded
            limit, bid_left = bids[b]
            b += 1
        while offer_left == 0:
            if o == len(offers):
                return traded
            ask, offer_left = offers[o]
            o += 1
        if limit < ask:
            return traded
        step = min(bid_left, offer_left)
        traded, bid_left, offer_left = traded + step, bid_left - step, offer_left - step


def every_allocation(bids: list[Order], offers: list[Order]):
    """Every way to fill a small book in whole mWh that sells as much as it buys, whatever the limits."""
    for bid_fills in product(*(range(energy + 1) for _, energy in bids)):
        bought = sum(bid_fills)
        for offer_fills in product(*(range(energy + 1) for _, energy in offers)):
            if sum(offer_fills) == bought:
                yield bid_fills, offer_fills


def brute_force(bids: list[Order], offers: list[Order], ticks: int) -> tuple[int | None, int, int]:
    """The price, the volume and the welfare of a small book, by trying everything: no curve and no order is used.

    A price and an allocation fit if nobody buys above the limit or sells below it. Of all that fit, the largest volume counts,
    and of the prices that allow it, the rule's one.
    """
    volume_at = [0] * ticks
    best_welfare = 0
    for bid_fills, offer_fills in every_allocation(bids, offers):
        best_welfare = max(best_welfare, welfare(bids, offers, bid_fills, offer_fills))
        for price in range(ticks):
            fits = all(fill == 0 or tick >= price for (tick, _), fill in zip(bids, bid_fills)) and all(
                fill == 0 or tick <= price for (tick, _), fill in zip(offers, offer_fills)
            )
            if fits:
                volume_at[price] = max(volume_at[price], sum(bid_fills))
    most = max(volume_at)
    if most == 0:
        return None, 0, best_welfare

    def pressure(price: int) -> int:
        """How much more would be bought than sold, or less if it is below zero, if everybody could."""
        willing = sum(energy for tick, energy in bids if tick >= price)
        return willing - sum(energy for tick, energy in offers if tick <= price)

    prices = [price for price in range(ticks) if volume_at[price] == most]
    least = min(abs(pressure(price)) for price in prices)
    prices = [price for price in prices if abs(pressure(price)) == least]
    if least == 0:
        return prices[0] + (prices[-1] - prices[0]) // 2, most, best_welfare
    upwards = [price for price in prices if pressure(price) > 0]
    return upwards[-1] if upwards else prices[0], most, best_welfare


def objections(bids: list[Order], offers: list[Order], outcome: Outcome) -> list[str]:
    """What is wrong with an outcome, whoever computed it."""
    found = []
    if len(outcome.bid_fills) != len(bids) or len(outcome.offer_fills) != len(offers):
        return ["an order has no fill"]
    if outcome.tick is None and outcome.volume:
        found.append("a volume without a price")
    for side, orders, fills in (("bid", bids, outcome.bid_fills), ("offer", offers, outcome.offer_fills)):
        for (tick, energy), fill in zip(orders, fills):
            if not 0 <= fill <= energy:
                found.append(f"a {side} of {energy} got {fill}")
            if fill and outcome.tick is not None and (tick < outcome.tick if side == "bid" else tick > outcome.tick):
                found.append(f"a {side} with the limit {tick} was filled at {outcome.tick}")
        if sum(fills) != outcome.volume:
            found.append(f"the {side}s add up to {sum(fills)}, not to {outcome.volume}")
        found += unfair(side, orders, fills)
    reached = welfare(bids, offers, outcome.bid_fills, outcome.offer_fills)
    # Without a trade any price between the best limits proves it; there is a bid or an offer at one of them.
    prices = [outcome.tick] if outcome.tick is not None else [0, *(tick for tick, _ in bids)]
    bound = min(welfare_bound(bids, offers, price) for price in prices)
    if reached != bound:
        found.append(f"a welfare of {reached}, where {bound} cannot be excluded at the price {outcome.tick}")
    if outcome.volume != volume_bound(bids, offers):
        found.append(f"a volume of {outcome.volume}, where {volume_bound(bids, offers)} is possible")
    return found


def unfair(side: str, orders: list[Order], fills: list[int]) -> list[str]:
    """Whether somebody was passed over by a worse limit, or got another part than the others with the same limit."""
    found = []
    better = (lambda a, b: a > b) if side == "bid" else (lambda a, b: a < b)
    waiting = [tick for (tick, energy), fill in zip(orders, fills) if fill < energy]
    served = [tick for (tick, _), fill in zip(orders, fills) if fill]
    if waiting and served:
        best_waiting = max(waiting) if side == "bid" else min(waiting)
        worst_served = min(served) if side == "bid" else max(served)
        if better(best_waiting, worst_served):
            found.append(f"a {side} with the limit {best_waiting} waited while {worst_served} was served")
    at = defaultdict(list)
    for (tick, energy), fill in zip(orders, fills):
        at[tick].append((energy, fill))
    for tick, group in at.items():
        energy, fill = map(sum, zip(*group))
        for size, part in group:
            # Each rounds its own part down and the next ones share what that leaves, so that the exact part is missed by
            # less than one mWh per order of the tick.
            if abs(part * energy - size * fill) >= energy * len(group):
                found.append(f"a {side} of {size} at {tick} got {part} of {fill} for {energy}")
    return found

"""The money of slot auctions, from the first order to the last settlement, written from the rules (docs/market.md).

`Market` follows the actions of a scenario as the chain does, with a ledger of its own. Energies are mWh and prices base units of
DECA per mWh: their product is money, and needs no rounding.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from reference import TICKS, Order, Outcome, Sharing, clear

# One step of the ladder of prices, and the smallest quantity of an order.
TICK = 1_000
LOT = 1_000
MILLION = 10**6
# How many intervals a meter's measurements are known for, and what is believed of it in one: 1.1 times its nameplate.
RING = 96
MWH_PER_WATT = 275


class Refused(Exception):
    """What the chain has to refuse, with the name of its error."""


def ensure(condition: bool, error: str) -> None:
    if not condition:
        raise Refused(error)


@dataclass(frozen=True)
class Terms:
    """What governance set for an area; prices per mWh."""

    grid_fee: int
    operator: str
    imbalance: int
    undrawn: int
    open: bool


@dataclass
class Meter:
    """What is known of a meter: what arrived up to now."""

    owner: str
    miner: int
    area: str
    nameplate: int
    epoch: int = 0
    register: int = 0
    newest: int | None = None
    values: dict[int, int] = field(default_factory=dict)

    def read(self, epoch: int, interval: int, register: int, seen: bool) -> None:
        """A reading arrives. It measures an interval if it was `seen` at its end, as was the one before."""
        assert self.newest is None or interval > self.newest
        if self.newest is not None and epoch == self.epoch:
            assert 0 <= register - self.register <= self.nameplate * MWH_PER_WATT * (interval - self.newest)
            if seen and interval == self.newest + 1:
                self.values[interval] = register - self.register
        self.epoch, self.newest, self.register = epoch, interval, register

    def has_forgotten(self, interval: int) -> bool:
        """Whether nothing can be known of an interval, because it is so long ago that the chain forgot it."""
        return self.newest is not None and self.newest - interval >= RING


@dataclass
class Position:
    """An order, from its placement on."""

    number: int
    auction: tuple[str, int]
    meter: int
    owner: str
    side: str
    tick: int
    energy: int
    # What is held for one mWh while the order is open.
    hold: int
    # Open, Filled (collected, to be settled), Closed.
    state: str = "Open"
    fill: int | None = None
    # What a seller delivered, or what a buyer got of what was delivered. `None` while it is not settled, and of a void sale.
    delivered: int | None = None
    # What a buyer drew of it.
    drew: int = 0


@dataclass
class Auction:
    """The orders for one interval in one area, on the terms of the moment when the first one came."""

    terms: Terms
    positions: list[Position] = field(default_factory=list)
    # Known once it is cleared.
    cleared: bool = False
    tick: int | None = None
    volume: int = 0
    # By side and tick, what is left to be shared among the orders of that tick.
    parts: dict[tuple[str, int], Sharing] = field(default_factory=dict)
    # What sellers delivered and owe for the rest, and how both are shared among the buyers.
    delivered: int = 0
    compensation: int = 0
    shares: tuple[Sharing, Sharing] | None = None
    # For the operator and the treasury, who get it with the last order.
    grid: int = 0
    fees: int = 0
    # The money of this auction in the pallet's account.
    escrow: int = 0

    def those(self, state: str, side: str | None = None) -> list[Position]:
        return [p for p in self.positions if p.state == state and side in (None, p.side)]

    def book(self, side: str) -> list[Order]:
        return [(position.tick, position.energy) for position in self.those("Open", side)]


class Market:
    """Everybody's money while auctions run. Each public method is a call; `now` is the interval that runs."""

    def __init__(self, scenario: dict):
        rules = scenario["parameters"]
        self.gate_opening, self.gate_closure = rules["gate_opening"], rules["gate_closure"]
        self.grace, self.fee_rate = rules["grace"], rules["slot_fee"]
        self.minimum = rules["minimum_energy"]
        self.areas: dict[str, Terms] = {}
        for area in scenario["areas"]:
            self.set_area(**area)
        # Totals of balances, of which some is on hold.
        self.money = {name: int(amount) for name, amount in scenario["accounts"].items()}
        self.held = dict.fromkeys(self.money, 0)
        self.there_is = sum(self.money.values())
        self.challenge_bond = int(scenario["challenge_bond"])
        # What is added to the balances of the treasury and of the pallet.
        self.treasury = self.escrow = 0
        self.meters = [
            Meter(miner["owner"], number, miner["area"], meter["nameplate"])
            for number, miner in enumerate(scenario["miners"])
            for meter in miner["meters"]
        ]
        self.suspended: set[int] = set()
        self.challengers: dict[int, str] = {}
        self.auctions: dict[tuple[str, int], Auction] = {}
        self.positions: list[Position] = []
        # What settled orders used of a meter's energy of an interval.
        self.used: dict[tuple[int, int], int] = defaultdict(int)
        # Area, interval, price and volume, in the order of clearing.
        self.cleared: list[tuple[str, int, int | None, int]] = []
        self.now = 0

    def act(self, call: str, **arguments) -> None:
        getattr(self, call)(**arguments)

    def must_fail(self, action: dict, error: str) -> None:
        try:
            self.act(**action)
        except Refused as refused:
            assert str(refused) == error, f"{action}: refused as {refused}"
        else:
            raise AssertionError(f"{action}: not refused")

    def observe(self) -> None:
        """The books are in order: no money was made or lost, and what is held is what open orders can owe."""
        assert sum(self.money.values()) + self.treasury + self.escrow == self.there_is
        assert self.escrow == sum(auction.escrow for auction in self.auctions.values())
        owed: dict[str, int] = defaultdict(int)
        for position in self.positions:
            owed[position.owner] += self.hold_of(position)
        for name, held in self.held.items():
            assert owed[name] == held <= self.money[name], name

    def hold_of(self, position: Position) -> int:
        if position.state == "Open":
            return position.energy * position.hold
        if position.state == "Filled" and position.side == "Sell":
            return position.fill * position.hold
        return 0

    # --- Governance and meters -----------------------------------------------------------------------------------------

    def set_area(self, area: str, **terms) -> None:
        self.areas[area] = Terms(**terms)

    def readings(self, meter: int, epoch: int, first: int, registers: list[int], recovered: list[int]) -> None:
        for interval, register in enumerate(registers, first):
            assert interval < self.now
            self.meters[meter].read(epoch, interval, register, interval not in recovered)

    def challenge(self, by: str, meter: int) -> None:
        """The meter decides until a ruling does, so that nothing changes but that the challenger has to answer for it."""
        self.challengers[meter] = by

    def dismiss(self, meter: int) -> None:
        """The bond of whoever was wrong goes to the treasury."""
        self.money[self.challengers.pop(meter)] -= self.challenge_bond
        self.treasury += self.challenge_bond

    def suspend(self, miner: int) -> None:
        self.suspended.add(miner)

    def reinstate(self, miner: int) -> None:
        self.suspended.remove(miner)

    # --- Orders --------------------------------------------------------------------------------------------------------

    def is_gate_closed(self, interval: int) -> bool:
        return self.now + self.gate_closure >= interval

    def place(self, order: int, meter: int, interval: int, side: str, limit: int, energy: int) -> None:
        device = self.meters[meter]
        key = (device.area, interval)
        ensure(device.miner not in self.suspended, "MinerNotActive")
        ensure(not self.is_gate_closed(interval), "GateClosed")
        ensure(self.now + self.gate_opening >= interval, "GateNotOpen")
        ensure(energy >= self.minimum, "TooSmall")
        auction = self.auctions.get(key)
        terms = auction.terms if auction else self.areas[device.area]
        mine = [p for p in auction.those("Open") if p.owner == device.owner] if auction else []
        ensure(all(p.side == side for p in mine), "OtherSide")
        # What a bid is ready to pay includes the grid fee, which is no part of the price.
        tick = (limit - terms.grid_fee if side == "Buy" else limit) // TICK
        ensure(side == "Buy" or limit % TICK == 0, "OffTick")
        ensure(1 <= tick < TICKS, "PriceOutOfRange")
        ensure(energy % LOT == 0, "OffLot")
        ensure(energy <= self.room(meter, interval), "AboveNameplate")
        assert order == len(self.positions)
        # What the tick leaves of the limit can never be owed.
        hold = tick * TICK + terms.grid_fee + terms.undrawn if side == "Buy" else terms.imbalance
        position = Position(order, key, meter, device.owner, side, tick, energy, hold)
        auction = self.auctions.setdefault(key, Auction(terms))
        auction.positions.append(position)
        self.positions.append(position)
        self.hold(position.owner, energy * hold)

    def room(self, meter: int, interval: int) -> int:
        """How much more a meter can promise for an interval."""
        device = self.meters[meter]
        auction = self.auctions.get((device.area, interval))
        promised = sum(p.energy for p in auction.those("Open") if p.meter == meter) if auction else 0
        return device.nameplate * MWH_PER_WATT - promised

    def hold(self, who: str, amount: int) -> None:
        self.held[who] += amount
        assert 0 <= self.held[who] <= self.money[who], f"{who} cannot afford it"

    def cancel(self, order: int) -> None:
        position = self.positions[order]
        ensure(not self.is_gate_closed(position.auction[1]), "GateClosed")
        self.hold(position.owner, -self.hold_of(position))
        position.state = "Closed"
        auction = self.auctions[position.auction]
        auction.positions.remove(position)
        if not auction.positions:
            # Nothing is left to clear, and the next order finds the area's terms of its own day.
            del self.auctions[position.auction]

    # --- Clearing ------------------------------------------------------------------------------------------------------

    def clear(self, area: str, interval: int) -> None:
        auction = self.auctions[area, interval]
        ensure(self.is_gate_closed(interval), "GateStillOpen")
        assert not auction.cleared
        self.clear_now(area, interval, auction)

    def clear_now(self, area: str, interval: int, auction: Auction) -> None:
        sides = {side: auction.those("Open", side) for side in ("Buy", "Sell")}
        outcome: Outcome = clear(auction.book("Buy"), auction.book("Sell"))
        auction.cleared, auction.tick, auction.volume = True, outcome.tick, outcome.volume
        fills = {"Buy": outcome.bid_fills, "Sell": outcome.offer_fills}
        for side, positions in sides.items():
            sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
            for position, fill in zip(positions, fills[side]):
                sums[position.tick][0] += fill
                sums[position.tick][1] += position.energy
            # Who is collected first takes first; the sums of a tick do not depend on it.
            auction.parts.update({(side, tick): Sharing(*both) for tick, both in sums.items()})
        self.cleared.append((area, interval, self.price(auction), auction.volume))

    @staticmethod
    def price(auction: Auction) -> int | None:
        return None if auction.tick is None else auction.tick * TICK

    def collect(self, orders: list[int]) -> None:
        for order in orders:
            position = self.positions[order]
            auction = self.auctions[position.auction]
            if not auction.cleared:
                ensure(self.is_gate_closed(position.auction[1]), "GateStillOpen")
                self.clear_now(*position.auction, auction)
            assert position.state == "Open"
            before = self.hold_of(position)
            position.fill = auction.parts[position.side, position.tick].take(position.energy)
            position.state = "Filled" if position.fill else "Closed"
            self.hold(position.owner, self.hold_of(position) - before)
            if position.side == "Buy":
                self.into_escrow(auction, position.owner, position.fill * self.prepaid(auction))
            if not auction.those("Open") and not auction.those("Filled"):
                del self.auctions[position.auction]

    def prepaid(self, auction: Auction) -> int:
        """What a buyer pays beforehand per mWh: all that it can come to."""
        return 0 if auction.tick is None else self.price(auction) + auction.terms.grid_fee + auction.terms.undrawn

    def into_escrow(self, auction: Auction, who: str, amount: int) -> None:
        self.money[who] -= amount
        self.escrow += amount
        auction.escrow += amount

    def out_of_escrow(self, auction: Auction, who: str, amount: int) -> None:
        self.into_escrow(auction, who, -amount)

    # --- Settlement ----------------------------------------------------------------------------------------------------

    def settle(self, orders: list[int]) -> None:
        for order in orders:
            position = self.positions[order]
            auction = self.auctions[position.auction]
            interval = position.auction[1]
            ensure(self.now > interval + self.grace, "TooEarly")
            assert position.state == "Filled" and not auction.those("Open")
            if position.side == "Sell":
                self.settle_sale(position, auction, interval)
            else:
                ensure(not auction.those("Filled", "Sell"), "NothingToSettle")
                self.settle_purchase(position, auction, interval)
            if not auction.those("Filled"):
                self.end(auction)
                del self.auctions[position.auction]

    def end(self, auction: Auction) -> None:
        """With the last order, the operator and the treasury get theirs, and nothing is left."""
        self.out_of_escrow(auction, auction.terms.operator, auction.grid)
        auction.escrow -= auction.fees
        self.escrow -= auction.fees
        self.treasury += auction.fees
        assert auction.escrow == 0

    def take_measured(self, meter: int, interval: int, most: int) -> int:
        """Up to `most` of what the meter measured in the interval and no other order used."""
        measured = self.meters[meter].values.get(interval, 0)
        taken = min(most, measured - self.used[meter, interval])
        self.used[meter, interval] += taken
        return taken

    def settle_sale(self, position: Position, auction: Auction, interval: int) -> None:
        """The seller is paid for what was delivered, and pays for what was not."""
        self.hold(position.owner, -self.hold_of(position))
        position.state = "Closed"
        if self.meters[position.meter].has_forgotten(interval):
            # Nothing can be known, so nothing is paid and nobody is fined.
            return
        delivered = position.delivered = self.take_measured(position.meter, interval, position.fill)
        amount = delivered * self.price(auction)
        # Rounded up.
        fee = -(-amount * self.fee_rate // MILLION)
        self.out_of_escrow(auction, position.owner, amount - fee)
        auction.fees += fee
        owed = (position.fill - delivered) * auction.terms.imbalance
        self.into_escrow(auction, position.owner, owed)
        auction.delivered += delivered
        auction.compensation += owed

    def settle_purchase(self, position: Position, auction: Auction, interval: int) -> None:
        """The buyer pays for the part of what was delivered, and gets back the rest and what sellers owe."""
        if auction.shares is None:
            auction.shares = (Sharing(auction.delivered, auction.volume), Sharing(auction.compensation, auction.volume))
        energy, compensation = (shares.take(position.fill) for shares in auction.shares)
        terms = auction.terms
        position.state = "Closed"
        position.delivered = energy
        if self.meters[position.meter].has_forgotten(interval):
            position.drew = energy
        else:
            position.drew = self.take_measured(position.meter, interval, energy)
        undrawn = (energy - position.drew) * terms.undrawn
        auction.grid += energy * terms.grid_fee + undrawn
        paid = energy * (self.price(auction) + terms.grid_fee) + undrawn
        self.out_of_escrow(auction, position.owner, position.fill * self.prepaid(auction) - paid + compensation)

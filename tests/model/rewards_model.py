"""The rewards once more, written from docs/rewards.md and not from the chain's code.

It follows the same steps as the chain: people fund pools, devices report, keepers record days, earners claim. Where the page
names a formula in kWh, shares or factors, the model computes it with exact rationals and rounds down at the very end; sums that
the chain keeps as it goes along (how many units are fed, how far a plant is settled) it works out anew from the whole history.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from hashlib import blake2b
from math import floor

DECA = 10**12
MWH_PER_KWH = 10**6
INTERVALS = 96
WEEK = 7
MONTH = 30
# Days of which a meter's energy and measured intervals are known, up to that of its newest reading.
DAYS_KNOWN = 10

RECORDED_AFTER = (2, 3)
CLOSED_AFTER = 4

POOL_OF_KIND = {"Standard": "Generation", "Storage": "Storage", "Consumer": "Consumption"}
POOLS = ("Generation", "Plant", "Consumption", "Storage")
METHOD = {
    "Dongle": Fraction(12, 10),
    "SmartMeter": Fraction(11, 10),
    "Plug": Fraction(11, 10),
    "ApiPush": Fraction(5, 10),
    "ApiPull": Fraction(7, 10),
}
UNITS_METHOD = Fraction(1)
UNIT_WATTS = 100
GROUP = 7

# Factors are counted in thousandths, trust in millionths, energy in mWh.
THOUSANDTHS, MILLIONTHS = 10**3, 10**6


# --- Formulas ----------------------------------------------------------------------------------------------------------


def root5_kwh(energy: Fraction) -> Fraction:
    """The fifth root of an energy in kWh, rounded down to the mWh: the largest `n` with `(n mWh in kWh)^5 <= energy`."""
    low, high = 0, MWH_PER_KWH
    while Fraction(high, MWH_PER_KWH) ** 5 <= energy:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        if Fraction(middle, MWH_PER_KWH) ** 5 <= energy:
            low = middle
        else:
            high = middle
    return Fraction(low, MWH_PER_KWH)


def norm_kwh(energy: int, threshold: int) -> Fraction:
    """The norm of a week's energy in mWh: what lies above the threshold counts by its fifth root."""
    above = min(energy - threshold, 10**14)
    if above <= 0:
        return Fraction(energy, MWH_PER_KWH)
    return Fraction(threshold, MWH_PER_KWH) + root5_kwh(Fraction(above, MWH_PER_KWH))


def trust(votes: int) -> Fraction:
    """The logistic function of the votes, rounded to the nearest millionth."""
    with localcontext() as context:
        context.prec = 50
        return Fraction(round(MILLIONTHS / (1 + (-Decimal(votes)).exp())), MILLIONTHS)


def weight(method: Fraction, energy_kwh: Fraction, reported: int, trusted: Fraction) -> int:
    """The product of the four, in the unit in which the chain counts it. Nothing is left to round."""
    product = method * THOUSANDTHS * energy_kwh * MWH_PER_KWH * reported * trusted * MILLIONTHS
    assert product.denominator == 1
    return product.numerator


def consumption_kwh(saves: bool, flexibility: Fraction = Fraction(1)) -> Fraction:
    """What a consumer's week counts as, rounded down to the mWh."""
    energy = 14 * (Fraction(11, 10) if saves else Fraction(1)) * flexibility
    return Fraction(floor(energy * MWH_PER_KWH), MWH_PER_KWH)


def saves(known: dict[int, int], day: int) -> bool:
    """Whether the mean of the known days of the week lies below that of the known days of the month, of at least 20."""
    month = [energy for d, energy in known.items() if day - MONTH < d <= day]
    week = [energy for d, energy in known.items() if day - WEEK < d <= day]
    if len(month) < 20 or not week:
        return False
    return Fraction(sum(week), len(week)) < Fraction(sum(month), len(month))


def is_drawn(seed: bytes, miner: int, share: Fraction) -> bool:
    """Whether the lottery lets a miner take part."""
    number = blake2b(seed + miner.to_bytes(4, "little"), digest_size=32).digest()
    return Fraction(int.from_bytes(number[:8], "little")) < share * 2**64


# --- Meters ------------------------------------------------------------------------------------------------------------


@dataclass
class DayOfMeter:
    energy: int = 0
    intervals: int = 0


class Meter:
    """All that a meter reported, interval by interval."""

    def __init__(self, miner: int, flow: str, nameplate: int):
        self.miner, self.flow, self.nameplate = miner, flow, nameplate
        self.values: dict[int, int] = {}
        self.days: dict[int, DayOfMeter] = {}
        self.newest: int | None = None
        self.epoch = self.register = 0
        self.quarantined = False

    def read(self, epoch: int, interval: int, register: int, seen: bool) -> None:
        """Takes in a reading, which counts as measured when it was `seen` at the end of the interval after the last one."""
        assert self.newest is None or interval > self.newest
        if self.newest is not None and epoch == self.epoch:
            # More than 1.1 times the nameplate is not believed: a scenario has to keep below it.
            assert 0 <= register - self.register <= self.nameplate * 275 * (interval - self.newest)
            if seen and interval == self.newest + 1:
                energy = register - self.register
                self.values[interval] = energy
                day = self.days.setdefault(interval // INTERVALS, DayOfMeter())
                day.energy += energy
                day.intervals += 1
        self.epoch, self.newest, self.register = epoch, interval, register

    def void(self) -> None:
        """An upheld challenge: what was measured is no energy any more, but it was reported."""
        self.values.clear()
        for day in self.days.values():
            day.energy = 0

    def day(self, day: int) -> DayOfMeter | None:
        """What was measured on a day; `None` when it is not known any more."""
        if self.newest is not None and day <= self.newest // INTERVALS - DAYS_KNOWN:
            return None
        return self.days.get(day, DayOfMeter())

    def week(self, day: int) -> list[DayOfMeter]:
        """The seven days up to `day`. Those that are not known any more count as nothing."""
        return [self.day(d) or DayOfMeter() for d in range(day - WEEK + 1, day + 1)]

    def value(self, interval: int) -> int | None:
        """What was measured in one of the last 96 intervals up to the newest reading."""
        if self.newest is None or not self.newest - INTERVALS < interval <= self.newest:
            return None
        return self.values.get(interval)

    def agrees_with(self, other: Meter) -> bool:
        """Whether `other` votes for this one: the cosine of the two over the shared intervals is above one half."""
        if self.newest is None or other.quarantined:
            return False
        both = [(self.value(i), other.value(i)) for i in range(self.newest - INTERVALS + 1, self.newest + 1)]
        both = [(a, b) for a, b in both if a is not None and b is not None]
        if len(both) < 48:
            return False
        dot = sum(a * b for a, b in both)
        squares = sum(a * a for a, _ in both) * sum(b * b for _, b in both)
        return dot > 0 and Fraction(dot * dot, squares) > Fraction(1, 4)


# --- Pools -------------------------------------------------------------------------------------------------------------


@dataclass
class Pool:
    funds: int = 0
    reserved: int = 0
    due: int = 0
    paid: int = 0
    dust: int = 0
    funded: int = 0
    daily: int = 0
    mints: bool = False

    def take_in(self, amount: int) -> None:
        self.funds += amount
        self.funded += amount

    def check(self) -> None:
        assert min(self.funds, self.reserved, self.due, self.paid) >= 0, self
        assert self.funded == self.funds + self.reserved + self.due + self.paid, self


@dataclass
class PoolDay:
    """What was recorded for a day of a pool, and what was collected of it."""

    weights: dict[str, int] = field(default_factory=dict)
    collected: set[str] = field(default_factory=set)
    budget: int | None = None
    left: int = 0
    # Of the pool Plant.
    version: str | None = None

    @property
    def total(self) -> int:
        return sum(self.weights.values())


# --- Earners -----------------------------------------------------------------------------------------------------------


@dataclass
class Miner:
    owner: str
    kind: str
    source: str
    method: str
    capacity: int
    location: str
    meters: list[int]
    active: bool = True


@dataclass
class Enrolment:
    meter: int
    since: int
    recorded: set[int] = field(default_factory=set)
    open_days: list[int] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)
    due: int = 0


@dataclass
class DayOfPlant:
    """A rolled day of a listing."""

    active: int
    silent: bool
    unit_weight: int = 0
    # Whether it was recorded in time, is not silent and not withheld.
    counts: bool = False
    per_unit: int = 0
    price_back: int = 0


@dataclass
class Listing:
    miner: int
    meter: int
    price: int
    first: int
    days: dict[int, DayOfPlant] = field(default_factory=dict)
    rolled: int = 0
    settled: int = 0
    last: int | None = None
    escrow: int = 0
    earned: int = 0
    own_reward: int = 0

    def accumulated(self, after: int, until: int) -> tuple[int, int]:
        """What a unit was credited on the settled days after `after` through `until`: rewards, and prices given back."""
        until = min(until, self.settled)
        days = [self.days[d] for d in range(max(after + 1, self.first), until + 1)]
        return sum(day.per_unit for day in days), sum(day.price_back for day in days)


@dataclass
class Position:
    listing: int
    holder: str
    units: int
    first: int
    until: int
    rewards_paid: int = 0
    prices_paid: int = 0
    ended: bool = False


class Model:
    """A chain with pools, miners and plants, moved by the steps of a scenario."""

    def __init__(self, scenario: dict, genesis: dict):
        self.scenario = scenario
        self.today = 0
        self.balances = {name: int(amount) for name, amount in scenario["accounts"].items()}
        self.issuance = int(genesis["issuance"])
        self.pot = int(genesis["pot"])
        self.pools = {name: Pool() for name in POOLS}
        for name, funds in genesis["pools"].items():
            self.pools[name].take_in(int(funds))
        self.inboxes = {name: int(amount) for name, amount in genesis["inboxes"].items()}
        self.pool_days: dict[tuple[str, int], PoolDay] = {}
        self.parameters = dict(scenario["parameters"])
        self.miners: list[Miner] = []
        self.meters: list[Meter] = []
        for entry in scenario["miners"]:
            numbers = range(len(self.meters), len(self.meters) + len(entry["meters"]))
            self.meters += [Meter(len(self.miners), meter["flow"], meter["nameplate"]) for meter in entry["meters"]]
            profile = {key: entry[key] for key in ("owner", "kind", "source", "method", "capacity", "location")}
            self.miners.append(Miner(**profile, meters=list(numbers)))
        self.enrolments: dict[int, Enrolment] = {}
        self.cells: dict[str, list[tuple[int, int]]] = {}
        self.listings: list[Listing] = []
        self.positions: list[Position] = []
        self.challengers: dict[int, str] = {}
        # What the chain says it drew each day's lottery from.
        self.seeds = {int(day): bytes.fromhex(seed.removeprefix("0x")) for day, seed in genesis.get("seeds", {}).items()}
        # (miner or listing, day, weight) in the order of recording.
        self.weights: list[tuple[str, int, int]] = []
        self.votes_seen: dict[int, int] = {}
        self.happened: dict[str, int] = {}
        self.observations: list[dict] = []

    def run(self) -> list[dict]:
        """Follows all steps. Returns what was observed on the way."""
        for step in self.scenario["steps"]:
            self.today = step["day"]
            for action in step["actions"]:
                arguments = dict(action)
                name = arguments.pop("call")
                getattr(self, name)(**arguments)
                for pool in self.pools.values():
                    pool.check()
        return self.observations

    def note(self, what: str) -> None:
        """Counts what the scenario brought about, so that a test can tell that nothing is missing from it."""
        self.happened[what] = self.happened.get(what, 0) + 1

    # --- Money -------------------------------------------------------------------------------------------------------

    def into_pot(self, who: str, amount: int) -> None:
        self.balances[who] -= amount
        self.pot += amount

    def out_of_pot(self, who: str, amount: int) -> None:
        self.balances[who] += amount
        self.pot -= amount

    def fund(self, by: str, pool: str, amount: str) -> None:
        self.into_pot(by, int(amount))
        self.pools[pool].take_in(int(amount))

    def send_to_inbox(self, by: str, pool: str, amount: str) -> None:
        self.balances[by] -= int(amount)
        self.inboxes[pool] += int(amount)

    def sweep(self, pool: str) -> None:
        self.pot += self.inboxes[pool]
        self.pools[pool].take_in(self.inboxes[pool])
        self.inboxes[pool] = 0

    def set_emission(self, pool: str, daily: str | None, mints: bool) -> None:
        self.pools[pool].daily, self.pools[pool].mints = int(daily or 0), mints

    def set_parameter(self, name: str, value) -> None:
        self.parameters[name] = value

    def reserve(self, pool: str, day: int) -> PoolDay:
        """The day of a pool with its budget, which the first collection sets aside."""
        entry = self.pool_days[pool, day]
        if entry.budget is not None:
            return entry
        account = self.pools[pool]
        if pool == "Plant":
            entry.version = self.parameters["plant_version"]
            shared = int(self.parameters["plant_daily"]) * min(len(entry.weights), self.parameters["plant_cap"])
            wanted = shared if entry.version == "B" else 0
        else:
            wanted = account.daily
            if account.mints:
                account.take_in(wanted)
                self.issuance += wanted
                self.pot += wanted
                self.note("emission minted")
        if wanted > account.funds:
            self.note(f"{pool} was short of funds")
        entry.budget = entry.left = min(wanted, account.funds)
        account.funds -= entry.budget
        account.reserved += entry.budget
        return entry

    def collect(self, pool: str, day: int, earner: str) -> int:
        """An earner's share of a closed day, which becomes due. What is left after the last one goes back to the funds."""
        entry = self.pool_days[pool, day]
        if entry.total == 0:
            return 0
        self.reserve(pool, day)
        account = self.pools[pool]
        share = floor(Fraction(entry.weights[earner], entry.total) * entry.budget)
        entry.left -= share
        account.reserved -= share
        account.due += share
        entry.collected.add(earner)
        if all(name in entry.collected for name, recorded in entry.weights.items() if recorded > 0):
            self.to_dust(pool, entry.left, out_of_reserve=True)
            entry.left = 0
        return share

    def to_dust(self, pool: str, amount: int, out_of_reserve: bool) -> None:
        account = self.pools[pool]
        if out_of_reserve:
            account.reserved -= amount
        else:
            account.due -= amount
        account.funds += amount
        account.dust += amount

    def pay(self, pool: str, who: str, amount: int) -> None:
        self.pools[pool].due -= amount
        self.pools[pool].paid += amount
        self.out_of_pot(who, amount)

    # --- Readings ------------------------------------------------------------------------------------------------------

    def readings(self, meter: int, first: int, registers: list[int], epoch: int = 0, recovered: tuple = ()) -> None:
        for offset, register in enumerate(registers):
            self.meters[meter].read(epoch, first + offset, register, seen=first + offset not in recovered)

    def challenge(self, by: str, meter: int) -> None:
        self.meters[meter].quarantined = True
        self.challengers[meter] = by

    def dismiss(self, meter: int) -> None:
        self.meters[meter].quarantined = False
        self.balances[self.challengers.pop(meter)] -= int(self.scenario["challenge_bond"])

    def uphold(self, meter: int) -> None:
        self.meters[meter].quarantined = False
        self.meters[meter].void()
        # The challenger is paid as much as its bond out of the owner's deposit, or all that there is.
        owner = self.miners[self.meters[meter].miner]
        deposit = int(self.scenario["application_deposit"]) + len(owner.meters) * int(self.scenario["meter_deposit"])
        compensation = min(int(self.scenario["challenge_bond"]), deposit)
        self.balances[self.challengers.pop(meter)] += compensation
        self.balances[owner.owner] -= compensation

    def suspend(self, miner: int) -> None:
        self.miners[miner].active = False

    def reinstate(self, miner: int) -> None:
        self.miners[miner].active = True

    # --- Neighbours ----------------------------------------------------------------------------------------------------

    def join_cell(self, miner: int, meter: int) -> None:
        self.cells.setdefault(self.miners[miner].location, []).append((miner, meter))

    def leave_cell(self, miner: int) -> None:
        cell = self.cells[self.miners[miner].location]
        place = next(place for place, (member, _) in enumerate(cell) if member == miner)
        last = cell.pop()
        if place < len(cell):
            cell[place] = last
            self.note("a neighbour moved up")

    def trust_of(self, miner: int, meter: int) -> Fraction:
        cell = self.cells[self.miners[miner].location]
        place = cell.index((miner, meter))
        group = cell[place // GROUP * GROUP :][:GROUP]
        votes = sum(self.meters[meter].agrees_with(self.meters[other]) for member, other in group if member != miner)
        self.votes_seen[votes] = self.votes_seen.get(votes, 0) + 1
        return trust(votes)

    # --- Miners --------------------------------------------------------------------------------------------------------

    def enroll(self, miner: int, meter: int) -> None:
        self.enrolments[miner] = Enrolment(meter, since=self.today)
        if self.miners[miner].kind == "Standard":
            self.join_cell(miner, meter)

    def leave(self, miner: int) -> None:
        """It is paid what is due. Nothing is recorded for it any more; what was recorded can still be claimed."""
        self.claim(miner)
        self.leave_cell(miner)

    def maximum(self, miner: int, meter: int) -> int:
        """The most energy that a day can have, in mWh."""
        entry = self.miners[miner]
        if entry.kind == "Consumer":
            watts, hours = self.meters[meter].nameplate, 24
        else:
            watts, hours = entry.capacity, self.parameters["solar_hours"] if entry.source == "Solar" else 24
        return floor(Fraction(watts, 1000) * hours * MWH_PER_KWH)

    def is_above_maximum(self, miner: int, meter: int, day: int) -> bool:
        maximum = self.maximum(miner, meter)
        return any(entry.energy > maximum for entry in self.meters[meter].week(day))

    def is_withheld(self, miner: int, meter: int, day: int) -> bool:
        device = self.meters[meter]
        reasons = {
            "the miner is suspended": not self.miners[miner].active,
            "the meter is quarantined": device.quarantined,
            "nothing was measured": device.week(day)[-1].intervals == 0,
            "above the physical maximum": self.is_above_maximum(miner, meter, day),
        }
        for reason, holds in reasons.items():
            if holds:
                self.note(f"withheld: {reason}")
        return any(reasons.values())

    def weigh(self, miner: int, day: int) -> int:
        entry, enrolment = self.miners[miner], self.enrolments[miner]
        meter = enrolment.meter
        week = self.meters[meter].week(day)
        if entry.kind == "Consumer" and week[-1].intervals > 0 and week[-1].energy > 0:
            enrolment.known[day] = week[-1].energy
        if not self.takes_part(miner, day) or self.is_withheld(miner, meter, day):
            return 0
        if entry.kind == "Consumer":
            if sum(d.energy for d in week) == 0:
                self.note("withheld: nothing was used")
                return 0
            less = saves(enrolment.known, day)
            self.note("a consumer saved" if less else "a consumer did not save")
            energy = consumption_kwh(less)
        else:
            total = sum(d.energy for d in week)
            self.note("a week above the threshold" if total > self.parameters["norm_threshold"] else "a week below the threshold")
            energy = norm_kwh(total, self.parameters["norm_threshold"])
        reported = min(sum(d.intervals for d in week), WEEK * INTERVALS)
        trusted = self.trust_of(miner, meter) if entry.kind == "Standard" else Fraction(1)
        return weight(METHOD[entry.method], energy, reported, trusted)

    def takes_part(self, miner: int, day: int) -> bool:
        if self.parameters["lottery"] is None:
            return True
        drawn = is_drawn(self.seeds[day], miner, Fraction(self.parameters["lottery"], MILLIONTHS))
        self.note("drawn" if drawn else "not drawn")
        return drawn

    def record(self, miners: list[int]) -> None:
        for miner in miners:
            enrolment = self.enrolments[miner]
            days = sorted(self.today - age for age in RECORDED_AFTER)
            days = [day for day in days if day >= enrolment.since and day not in enrolment.recorded]
            if days:
                self.collect_closed_days(miner)
            for day in days:
                enrolment.recorded.add(day)
                enrolment.open_days.append(day)
                recorded = self.weigh(miner, day)
                self.pool_day(self.pool_of(miner), day).weights[f"miner {miner}"] = recorded
                self.weights.append((f"miner {miner}", day, recorded))

    def pool_of(self, miner: int) -> str:
        return POOL_OF_KIND[self.miners[miner].kind]

    def pool_day(self, pool: str, day: int) -> PoolDay:
        return self.pool_days.setdefault((pool, day), PoolDay())

    def collect_closed_days(self, miner: int) -> None:
        enrolment = self.enrolments[miner]
        for day in list(enrolment.open_days):
            if day + CLOSED_AFTER <= self.today:
                enrolment.open_days.remove(day)
                enrolment.due += self.collect(self.pool_of(miner), day, f"miner {miner}")

    def claim(self, miner: int) -> None:
        enrolment = self.enrolments[miner]
        self.collect_closed_days(miner)
        self.pay(self.pool_of(miner), self.miners[miner].owner, enrolment.due)
        enrolment.due = 0

    # --- Plants --------------------------------------------------------------------------------------------------------

    def list_plant(self, miner: int, meter: int, price: str) -> None:
        first = self.today + 1
        self.listings.append(Listing(miner, meter, int(price), first, rolled=self.today, settled=self.today))
        self.join_cell(miner, meter)

    def delist(self, listing: int) -> None:
        """Today is the last day. The plant leaves its cell when that is rolled, or at once if it has no day at all."""
        entry = self.listings[listing]
        entry.last = self.today
        if entry.last < entry.first:
            self.leave_cell(entry.miner)

    def can_feed(self, number: int, units: int) -> bool:
        """Whether a listing has so many units left to sell. An expired one is free again when its last day was rolled."""
        listing = self.listings[number]
        watts = Fraction(self.miners[listing.miner].capacity) * Fraction(self.parameters["unit_share"], MILLIONTHS)
        sold = sum(p.units for p in self.positions if p.listing == number and p.until > listing.rolled and not p.ended)
        return listing.last is None and sold + units <= floor(watts / UNIT_WATTS)

    def buy_units(self, by: str, listing: int, units: int) -> None:
        assert self.can_feed(listing, units)
        entry, life = self.listings[listing], self.parameters["unit_life"]
        cost = units * entry.price * life
        self.into_pot(by, cost)
        entry.escrow += cost
        self.positions.append(Position(listing, by, units, self.today + 1, self.today + life))

    def active_units(self, listing: int, day: int) -> int:
        """The units that a listing feeds on a day: all whose first day has come and whose last one has not passed."""
        return sum(p.units for p in self.positions if p.listing == listing and p.first <= day <= p.until and not p.ended)

    def advance_plants(self, listings: list[int]) -> None:
        for number in listings:
            self.settle(number)
            self.roll(number)

    def roll(self, number: int) -> None:
        listing = self.listings[number]
        for _ in range(8):
            day = listing.rolled + 1
            if day > self.today - RECORDED_AFTER[0] or (listing.last is not None and day > listing.last):
                return
            listing.days[day] = self.roll_day(number, day)
            listing.rolled = day
            if self.has_fallen_silent(listing, day) and (listing.last is None or day < listing.last):
                listing.last = day
                self.note("a plant was delisted for its silence")
            if day == listing.last:
                self.leave_cell(listing.miner)
            self.settle(number)

    def has_fallen_silent(self, listing: Listing, day: int) -> bool:
        last_days = range(day - self.parameters["silent_days"] + 1, day + 1)
        return all(d in listing.days and listing.days[d].silent for d in last_days)

    def roll_day(self, number: int, day: int) -> DayOfPlant:
        listing = self.listings[number]
        miner, meter = self.miners[listing.miner], self.meters[listing.meter]
        rolled = DayOfPlant(self.active_units(number, day), self.is_silent(listing, day))
        if rolled.silent:
            self.note("a silent day")
            return rolled
        if self.today - day not in RECORDED_AFTER:
            self.note("a plant's day was not recorded in time")
            return rolled
        if self.is_above_maximum(listing.miner, listing.meter, day):
            self.note("a plant above the physical maximum")
        else:
            energy, reported = Fraction(0), 0
            for d, measured in zip(range(day - WEEK + 1, day + 1), meter.week(day)):
                if day - listing.first < WEEK and (d < listing.first or measured.intervals == 0):
                    energy += Fraction(2, 10)
                    reported += INTERVALS
                    self.note("a day of grace")
                else:
                    energy += Fraction(floor(Fraction(measured.energy * UNIT_WATTS, miner.capacity)), MWH_PER_KWH)
                    reported += measured.intervals
            term = norm_kwh(floor(energy * MWH_PER_KWH), self.parameters["norm_threshold"])
            trusted = self.trust_of(listing.miner, listing.meter)
            rolled.unit_weight = weight(UNITS_METHOD, term, min(reported, WEEK * INTERVALS), trusted)
            rolled.counts = True
            self.pool_day("Plant", day).weights[f"listing {number}"] = meter.day(day).energy
        recorded = rolled.active * rolled.unit_weight
        self.pool_day("Generation", day).weights[f"listing {number}"] = recorded
        self.weights.append((f"listing {number}", day, recorded))
        return rolled

    def is_silent(self, listing: Listing, day: int) -> bool:
        miner, meter = self.miners[listing.miner], self.meters[listing.meter]
        measured = meter.day(day)
        if measured is None or not miner.active or meter.quarantined:
            return True
        least = floor(Fraction(miner.capacity, 1000) * MWH_PER_KWH * Fraction(self.parameters["min_daily_minutes"], 60))
        return measured.energy < least or measured.intervals == 0

    def settle(self, number: int) -> None:
        listing = self.listings[number]
        for day in range(listing.settled + 1, min(listing.rolled, self.today - CLOSED_AFTER) + 1):
            self.settle_day(number, day)
            listing.settled = day

    def settle_day(self, number: int, day: int) -> None:
        listing, name = self.listings[number], f"listing {number}"
        rolled = listing.days[day]
        if name in self.pool_day("Generation", day).weights:
            share = self.collect("Generation", day, name)
            rolled.per_unit = share // rolled.active if rolled.active else 0
            self.to_dust("Generation", share - rolled.per_unit * rolled.active, out_of_reserve=False)
        paid_for = rolled.active * listing.price
        if rolled.silent:
            rolled.price_back = listing.price
        else:
            listing.earned += paid_for
        listing.escrow -= paid_for
        assert listing.escrow >= 0
        if rolled.counts:
            listing.own_reward += self.own_reward(number, day)

    def own_reward(self, number: int, day: int) -> int:
        """What a plant earns itself for a day; it becomes due."""
        entry = self.reserve("Plant", day)
        self.note(f"own reward by version {entry.version}")
        if entry.version == "B":
            return self.collect("Plant", day, f"listing {number}")
        rolled, pool = self.listings[number].days[day], self.pools["Plant"]
        half = floor(Fraction(rolled.active * rolled.per_unit, 2))
        if half > pool.funds:
            self.note("Plant was short of funds")
        reward = min(half, pool.funds)
        pool.funds -= reward
        pool.due += reward
        return reward

    def claim_plant(self, listing: int) -> None:
        entry = self.listings[listing]
        owner = self.miners[entry.miner].owner
        self.out_of_pot(owner, entry.earned)
        self.pay("Plant", owner, entry.own_reward)
        entry.earned = entry.own_reward = 0

    def due_of(self, position: Position) -> tuple[int, int]:
        """What a holder can claim: rewards, and the prices of silent days."""
        if position.ended:
            return 0, 0
        listing = self.listings[position.listing]
        rewards, prices = listing.accumulated(position.first - 1, position.until)
        return position.units * rewards - position.rewards_paid, position.units * prices - position.prices_paid

    def claim_units(self, position: int) -> None:
        entry = self.positions[position]
        rewards, prices = self.due_of(entry)
        entry.rewards_paid += rewards
        entry.prices_paid += prices
        self.pay("Generation", entry.holder, rewards)
        self.out_of_pot(entry.holder, prices)

    def unserved(self, position: Position) -> int:
        """The days that a delisted plant left unserved. None as long as it is not settled to its end."""
        listing = self.listings[position.listing]
        if position.ended or listing.last is None or listing.settled < listing.last:
            return 0
        return position.until - max(listing.last, position.first - 1)

    def rebind(self, by: str, position: int, listing: int) -> None:
        entry, new = self.positions[position], self.listings[listing]
        days, old = self.unserved(entry), self.listings[entry.listing]
        assert days > 0 and by == entry.holder and self.can_feed(listing, entry.units)
        self.claim_units(position)
        back, cost = entry.units * old.price * days, entry.units * new.price * days
        old.escrow -= back
        new.escrow += cost
        self.into_pot(entry.holder, cost - back)
        self.note("a re-binding cost more" if cost > back else "a re-binding gave money back")
        entry.listing, entry.first, entry.until = listing, self.today + 1, self.today + days
        entry.rewards_paid = entry.prices_paid = 0

    def refund(self, by: str, position: int) -> None:
        entry = self.positions[position]
        days, listing = self.unserved(entry), self.listings[entry.listing]
        assert days > 0 and by == entry.holder
        self.claim_units(position)
        listing.escrow -= entry.units * listing.price * days
        self.out_of_pot(entry.holder, entry.units * listing.price * days)
        # What was served is settled, so that nobody counts its units any more.
        entry.ended = True

    # --- What can be seen ------------------------------------------------------------------------------------------------

    def must_fail(self, action: dict) -> None:
        """The chain has to refuse this; here it breaks an assertion before anything has changed."""
        arguments = dict(action)
        try:
            getattr(self, arguments.pop("call"))(**arguments)
        except AssertionError:
            self.note(f"refused: {action['call']}")
        else:
            raise AssertionError(f"nothing stands against {action}")

    def observe(self) -> None:
        recorded = self.today - RECORDED_AFTER[-1]
        self.check_conservation()
        self.observations.append({
            "day": self.today,
            "issuance": self.issuance,
            "pot": self.pot,
            "pools": {
                name: {key: getattr(pool, key) for key in ("funds", "reserved", "due", "paid", "dust", "funded")}
                for name, pool in self.pools.items()
            },
            "recorded": {
                name: self.pool_days[name, recorded].total if (name, recorded) in self.pool_days else 0 for name in POOLS
            },
            "balances": dict(self.balances),
            "positions": [sum(self.due_of(position)) for position in self.positions],
            "listings": [
                {"settled": entry.settled, "earned": entry.earned, "own_reward": entry.own_reward, "last": entry.last}
                for entry in self.listings
            ],
        })

    def check_conservation(self) -> None:
        """Everything in the pot belongs to somebody, but for what was there before."""
        owed = sum(pool.funds + pool.reserved + pool.due for pool in self.pools.values())
        owed += sum(listing.escrow + listing.earned for listing in self.listings)
        owed += sum(self.due_of(position)[1] for position in self.positions)
        if not hasattr(self, "spare"):
            self.spare = self.pot - owed
        assert self.pot - owed == self.spare, f"day {self.today}: {self.pot - owed} instead of {self.spare}"
        for number, listing in enumerate(self.listings):
            assert sum(e.own_reward for e in self.listings) <= self.pools["Plant"].due
            units = {d: self.active_units(number, d) for d in listing.days if d > listing.settled}
            assert all(listing.days[d].active == units[d] for d in units), "a rolled day changed its units"

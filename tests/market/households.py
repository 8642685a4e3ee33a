"""A day of 96 slots for 200 virtual households in two areas, made from a seed.

Nobody's house is in it. Loads and suns are shifted, scaled and mixed from `oracle-agent/data/modelled_household_pv.csv`, three
modelled summer days that come with this project under its licence (Apache-2.0); the README beside that file names the formulas.

The steps are JSON, so that the chain and the reference follow exactly the same ones; their format is in README.md. The households
act on what their orders got, as real ones would: a boiler runs when its energy was cheap. So the day is made together with the
reference, action by action, and a chain that clears one book otherwise disagrees with all that comes after.

    python households.py [SEED] > scenario.json
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from settlement import LOT, TICK, Auction, Market, Position

PROFILE = Path(__file__).resolve().parents[2] / "oracle-agent/data/modelled_household_pv.csv"

DECA = 10**12
SLOTS = 96
# The profile's steps: five minutes.
STEPS = 288
PER_SLOT = STEPS // SLOTS
MWH_PER_KW_AND_STEP = 10**6 * 24 // STEPS
# 2027-06-21, counted from 1970.
FIRST_DAY = 20_990

HOMES = 200
# What a supplier charges for a kWh, and pays for one, in base units of DECA per mWh: 0.32 and 0.08 DECA per kWh.
RETAIL, FEED_IN = 320_000, 80_000

PARAMETERS = {"gate_opening": 192, "gate_closure": 1, "grace": 8, "minimum_energy": 10_000, "slot_fee": 2_500}
CHALLENGE_BOND = 100 * DECA

# Orders are placed an hour ahead.
LEAD = 4
BEGIN, END = -LEAD, SLOTS + PARAMETERS["grace"] + 6

VALLEY, TOWN = "VALLEY", "TOWN"
AREAS = [
    {"area": VALLEY, "grid_fee": 30_000, "operator": "grid of VALLEY", "imbalance": 120_000, "undrawn": 20_000, "open": True},
    {"area": TOWN, "grid_fee": 45_500, "operator": "grid of TOWN", "imbalance": 150_000, "undrawn": 35_000, "open": True},
]
# Homes of an area, how many of 100 have a roof full of panels, and which of the three days the sun is taken from.
PLACES = {VALLEY: (130, 40, 0), TOWN: (70, 25, 1)}

# A governed change in the middle of the day, which auctions that have begun do not feel.
NEW_TERMS_AT = 40
NEW_TERMS = {**AREAS[0], "grid_fee": 26_000, "undrawn": 24_000}

# Who waits for cheap energy does so between 9 and 16 o'clock; what it did not get, it takes in the evening.
CHEAP_HOURS = range(36, 64)


def profile() -> tuple[list[list[float]], list[list[float]]]:
    """Load and sun of the modelled days, in kW per step of five minutes."""
    with PROFILE.open() as file:
        rows = list(csv.DictReader(file))
    days = [rows[start : start + STEPS] for start in range(0, len(rows), STEPS)]
    return tuple([[float(row[column]) for row in day] for day in days] for column in ("GC", "GG"))


@dataclass
class Boiler:
    """A load that can wait: its energy of the day in mWh, the most in a slot, and when it runs if nobody thinks about it."""

    need: int
    most: int
    evening: int
    # The bid's limit, with all fees.
    limit: int
    # What it got by slot, and the bids that are not decided.
    runs: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, Position] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return self.need - sum(self.runs.values())


@dataclass
class Home:
    number: int
    area: str
    panels: int
    # Energies by slot in mWh, without what can wait.
    load: list[int]
    sun: list[int]
    taken: list[int]
    given: list[int]
    # The numbers of its meters.
    taking: int
    giving: int | None
    boiler: Boiler | None
    # By how many ticks it asks more than feed-in, or bids less than retail: it learns. And by how many at least, as who trades
    # nothing has no bother.
    margins: dict[str, int]
    least: int
    # Stretches of steps in which its logger does not get through.
    cut_off: list[tuple[int, int]] = field(default_factory=list)
    # Intervals at whose end no register was seen.
    unseen: set[int] = field(default_factory=set)
    # Registers of the meters, and the interval of the newest reading that the chain has.
    registers: dict[int, int] = field(default_factory=dict)
    reported: int = -2

    @property
    def name(self) -> str:
        return f"home {self.number:03}"

    def runs_in(self, slot: int) -> int:
        return self.boiler.runs.get(slot, 0) if self.boiler else 0

    def would_run_in(self, slot: int) -> int:
        """What the boiler takes in a slot where there is no market: all of it, from the evening on."""
        if not self.boiler or slot < self.boiler.evening:
            return 0
        before = (slot - self.boiler.evening) * self.boiler.most
        return max(0, min(self.boiler.most, self.boiler.need - before))


class Day:
    """Everything that happens, in order, and the reference that follows it."""

    def __init__(self, seed: int):
        self.random = Random(seed)
        self.seed = seed
        self.loads, self.suns = profile()
        self.accounts: dict[str, str] = {}
        for name, deca in (("keeper", 1), ("operator", 1), ("watcher", 1_000), *((a["operator"], 1) for a in AREAS)):
            self.account(name, deca)
        self.miners: list[dict] = []
        self.meters = 0
        self.homes: list[Home] = []
        for area, (count, with_panels, weather) in PLACES.items():
            for n in range(count):
                self.homes.append(self.home(area, n * 100 // count < with_panels, weather))
        self.owner = {home.name: home for home in self.homes}
        self.market = Market(self.scenario([]))
        self.happened: set[str] = set()
        # What the chain has to say at each observation.
        self.expected: list[dict] = []
        self.accidents()
        self.steps = [self.step(now) for now in range(BEGIN, END)]

    def account(self, name: str, deca: int) -> None:
        self.accounts[name] = str(deca * DECA + self.random.randrange(DECA))

    def scenario(self, steps: list[dict]) -> dict:
        return {
            "seed": self.seed,
            "first_day": FIRST_DAY,
            "accounts": self.accounts,
            "challenge_bond": str(CHALLENGE_BOND),
            "parameters": PARAMETERS,
            "areas": AREAS,
            "miners": self.miners,
            "steps": steps,
        }

    # --- Who there is --------------------------------------------------------------------------------------------------

    def home(self, area: str, has_panels: bool, weather: int) -> Home:
        draw = self.random
        number = len(self.homes)
        panels = draw.randrange(3_000, 10_001, 250) if has_panels else 0
        load, sun = self.power_of_load(), self.power_of_sun(panels, weather)
        # A meter nets what flows at one moment: in a slot with clouds, a home both takes and gives.
        taken = [max(0, a - b) for a, b in zip(load, sun)]
        given = [max(0, b - a) for a, b in zip(load, sun)]
        taking, giving = self.meters, self.meters + 1 if panels else None
        boiler = None
        if not panels and draw.random() < 0.55:
            watts = draw.choice([2_000, 3_000, 3_700])
            boiler = Boiler(
                need=draw.randrange(3_000_000, 6_000_000, LOT),
                most=watts * 250,
                evening=draw.randrange(70, 84),
                limit=draw.randrange(130_000, 230_000, TICK),
            )
        home = Home(
            number, area, panels, slots(load), slots(sun), slots(taken), slots(given), taking, giving, boiler,
            margins={"Sell": draw.randrange(20, 80), "Buy": draw.randrange(20, 100)}, least=draw.randrange(0, 20),
        )
        meters = [{"flow": "Import", "nameplate": 11_000}]
        if panels:
            meters.append({"flow": "Export", "nameplate": panels * 11 // 10})
        home.registers = {meter: draw.randrange(10**12) for meter in range(taking, taking + len(meters))}
        self.meters += len(meters)
        self.account(home.name, draw.randrange(200, 2_000))
        self.miners.append(
            {
                "owner": home.name,
                "kind": "Standard" if panels else "Consumer",
                "source": "Solar" if panels else "Grid",
                "method": "SmartMeter",
                "capacity": panels or 11_000,
                "location": "u33d0" if area == VALLEY else "u33d1",
                "area": area,
                "meters": meters,
            }
        )
        return home

    def power_of_load(self) -> list[int]:
        """mWh per step: two of the modelled days, each moved in time, mixed and scaled."""
        draw = self.random
        one, other = draw.choice(self.loads), draw.choice(self.loads)
        early, late = draw.randrange(-18, 19), draw.randrange(-18, 19)
        part, scale = draw.random(), draw.uniform(0.5, 1.6)
        return [
            int(MWH_PER_KW_AND_STEP * scale * (part * one[(i + early) % STEPS] + (1 - part) * other[(i + late) % STEPS]))
            for i in range(STEPS)
        ]

    def power_of_sun(self, panels: int, weather: int) -> list[int]:
        """mWh per step: the modelled roof of 5 kW, scaled; clouds arrive up to ten minutes earlier or later. Every fourth
        roof does not face south: its day is moved by an hour and a half, and is a little poorer."""
        draw = self.random
        moved, factor = draw.randrange(-2, 3), 1.0
        if draw.random() < 0.25:
            moved, factor = moved + draw.choice([-18, 18]), 0.88
        factor *= panels / 5_000 * draw.uniform(0.93, 1.0)
        return [int(MWH_PER_KW_AND_STEP * factor * self.suns[weather][(i + moved) % STEPS]) for i in range(STEPS)]

    def accidents(self) -> None:
        """What goes wrong with the loggers, and for whom the story has a part."""
        sellers = [home for home in self.homes if home.panels]
        buyers = [home for home in self.homes if not home.panels]
        picked = self.random.sample(sellers, 12) + self.random.sample(buyers, 8)
        # Offline for an hour, which nobody notices; for five hours, which comes too late for most of its slots.
        for home in picked[0:3] + picked[12:14]:
            begin = self.random.randrange(44, 56)
            home.cut_off.append((begin, begin + 4))
        for home in picked[3:6] + picked[14:16]:
            begin = self.random.randrange(40, 48)
            home.cut_off.append((begin, begin + 20))
        # Registers that were not seen in time: that energy belongs to no slot.
        for home in picked[6:9] + picked[16:18]:
            home.unseen = set(self.random.sample(range(38, 66), 6))
        self.challenged, self.suspended = picked[9], picked[10]
        self.buyer_challenged = picked[18]
        # Whoever is suspended cannot report, but keeps what was measured.
        self.suspended.cut_off.append((50, 53))

    # --- What happens --------------------------------------------------------------------------------------------------

    def act(self, call: str, **arguments) -> None:
        self.actions.append({"call": call, **arguments})
        self.market.act(call, **arguments)

    def must_fail(self, error: str, call: str, **arguments) -> None:
        action = {"call": call, **arguments}
        self.actions.append({"call": "must_fail", "action": action, "error": error})
        self.market.must_fail(action, error)
        self.happened.add(f"refused: {error} ({call})")

    def step(self, now: int) -> dict:
        self.actions: list[dict] = []
        self.market.now = now
        self.story(now)
        self.report(now)
        self.settle(now)
        if now + LEAD < SLOTS:
            self.change_minds(now)
            for home in self.random.sample(self.homes, HOMES):
                self.trade(home, now + LEAD)
        if 0 <= now + 1 < SLOTS:
            self.decide(now + 1)
        if now % 4 == 3 or now == END - 1:
            self.observe(now)
        return {"interval": now, "actions": self.actions}

    def story(self, now: int) -> None:
        if now == NEW_TERMS_AT:
            self.act("set_area", **NEW_TERMS)
            self.happened.add("an area got new prices")
        if now == 50:
            self.act("challenge", by="watcher", meter=self.challenged.giving)
            self.act("challenge", by="watcher", meter=self.buyer_challenged.taking)
            self.act("suspend", miner=self.suspended.number)
            order = self.order("Sell", self.suspended.giving, now + LEAD, FEED_IN + 10_000, 100_000)
            self.must_fail("MinerNotActive", "place", **order)
        if now == 53:
            self.act("reinstate", miner=self.suspended.number)
        if now == 75:
            self.act("dismiss", meter=self.challenged.giving)
            self.act("dismiss", meter=self.buyer_challenged.taking)

    def report(self, now: int) -> None:
        """The loggers send the registers at the ends of the slots that are over, all that the chain does not have yet."""
        if not 0 <= now <= SLOTS + 1:
            return
        for home in self.homes:
            if any(begin <= now < end for begin, end in home.cut_off):
                continue
            for meter in home.registers:
                self.send(home, meter, now)
            if home.reported < now - 2 and home.reported > -2:
                self.happened.add("readings came late")
            home.reported = min(now, SLOTS) - 1

    def send(self, home: Home, meter: int, now: int) -> None:
        registers, first, recovered = [], home.reported + 1, []
        for slot in range(first, min(now, SLOTS)):
            if slot >= 0:
                energy = home.given[slot] if meter == home.giving else home.taken[slot] + home.runs_in(slot)
                home.registers[meter] += energy
            registers.append(home.registers[meter])
            if slot in home.unseen:
                recovered.append(slot)
        if registers:
            self.act("readings", meter=meter, epoch=0, first=first, registers=registers, recovered=recovered)

    # --- Orders --------------------------------------------------------------------------------------------------------

    def order(self, side: str, meter: int, slot: int, limit: int, energy: int) -> dict:
        return {
            "order": len(self.market.positions),
            "meter": meter,
            "interval": slot,
            "side": side,
            "limit": limit,
            "energy": energy,
        }

    def place(self, side: str, meter: int, slot: int, limit: int, energy: int) -> Position | None:
        # No more is believed of the meter, so no more is promised.
        energy = min(energy, self.market.room(meter, slot)) // LOT * LOT
        if energy < PARAMETERS["minimum_energy"]:
            return None
        order = self.order(side, meter, slot, limit, energy)
        self.act("place", **order)
        return self.market.positions[-1]

    def trade(self, home: Home, slot: int) -> None:
        """A home foresees the slot, with an error of up to 15 % either way, and offers what it will have left over or bids
        for what it will lack, whichever is more. It asks more than the supplier pays, and bids less than it charges."""
        if home is self.suspended and 50 <= slot - LEAD < 53:
            return
        guess = self.random.uniform(0.85, 1.15)
        give, take = int(home.given[slot] * guess), int(home.taken[slot] * guess)
        if give >= take:
            if give:
                limit = FEED_IN + home.margins["Sell"] * TICK
                placed = self.place("Sell", home.giving, slot, limit, give)
                if placed and self.random.random() < 0.01:
                    self.must_fail("OtherSide", "place", **self.order("Buy", home.taking, slot, RETAIL, 50_000))
                    self.must_fail("OffTick", "place", **self.order("Sell", home.giving, slot, FEED_IN + 1, 50_000))
            return
        limit = RETAIL - home.margins["Buy"] * TICK
        placed = self.place("Buy", home.taking, slot, limit, take)
        if placed and self.random.random() < 0.01:
            if home.giving is not None:
                self.must_fail("OtherSide", "place", **self.order("Sell", home.giving, slot, FEED_IN, 50_000))
            self.must_fail("TooSmall", "place", **self.order("Buy", home.taking, slot, limit, LOT))
            self.must_fail("OffLot", "place", **self.order("Buy", home.taking, slot, limit, 50_001))
            self.must_fail("AboveNameplate", "place", **self.order("Buy", home.taking, slot, limit, 3_100_000))
            self.must_fail("PriceOutOfRange", "place", **self.order("Buy", home.taking, slot, 20_000, 50_000))
        if home.boiler and slot in CHEAP_HOURS:
            boiler = home.boiler
            waiting = sum(bid.energy for bid in boiler.waiting.values())
            bid = self.place("Buy", home.taking, slot, boiler.limit, min(boiler.most, boiler.left - waiting))
            if bid:
                boiler.waiting[slot] = bid

    def change_minds(self, now: int) -> None:
        """Some orders are cancelled while the gate is open, and some are tried to be when it is closed."""
        for area in PLACES:
            auction = self.market.auctions.get((area, now + 2))
            for position in list(auction.those("Open")) if auction else []:
                boiler = self.owner[position.owner].boiler
                if self.random.random() < 0.02 and not (boiler and position in boiler.waiting.values()):
                    self.act("cancel", order=position.number)
                    self.happened.add("an order was cancelled")
            auction = self.market.auctions.get((area, now + 1))
            if auction and self.random.random() < 0.1:
                # Of a home that is suspended, another thing is wrong first.
                others = [p for p in auction.those("Open") if p.owner != self.suspended.name]
                position = self.random.choice(others)
                self.must_fail("GateClosed", "cancel", order=position.number)
                late = self.order(position.side, position.meter, now + 1, RETAIL, 50_000)
                self.must_fail("GateClosed", "place", **late)
                open_auction = self.market.auctions.get((area, now + 2))
                if open_auction:
                    self.must_fail("GateStillOpen", "clear", area=area, interval=now + 2)

    def decide(self, slot: int) -> None:
        """The gate has closed. Somebody clears, or the first one who collects does; the boilers see what they got."""
        for area in PLACES:
            auction = self.market.auctions.get((area, slot))
            if not auction:
                continue
            if self.random.random() < 0.5:
                self.act("clear", area=area, interval=slot)
                self.happened.add("cleared by a call of its own")
            else:
                self.happened.add("cleared by who collects")
            positions = auction.those("Open")
            self.random.shuffle(positions)
            self.act("collect", orders=[position.number for position in positions])
            self.note(auction)
            for position in positions:
                self.learn(position)
        for home in self.homes:
            self.run_boiler(home, slot)

    def note(self, auction: Auction) -> None:
        if auction.tick is None:
            self.happened.add("nothing was traded")
            return
        for side in ("Buy", "Sell"):
            at = [p for p in auction.positions if p.side == side]
            if any(0 < p.fill < p.energy for p in at):
                self.happened.add(f"shared at the margin: {side}")
            if any(p.fill == 0 for p in at):
                self.happened.add(f"left over: {side}")
        if auction.terms.grid_fee % TICK:
            self.happened.add("a bid whose limit falls between two ticks")

    def learn(self, position: Position) -> None:
        """Who got all of it asks for a little more next time, who got nothing for less."""
        home = self.owner[position.owner]
        if home.boiler and home.boiler.waiting.get(position.auction[1]) is position:
            return
        change = 2 if position.fill == position.energy else -5 if position.fill == 0 else -1
        home.margins[position.side] = min(120, max(home.least, home.margins[position.side] + change))

    def run_boiler(self, home: Home, slot: int) -> None:
        boiler = home.boiler
        if not boiler:
            return
        bid = boiler.waiting.pop(slot, None)
        if bid and bid.fill:
            boiler.runs[slot] = bid.fill
            self.happened.add("a boiler ran when energy was cheap")
        if slot >= boiler.evening and boiler.left:
            boiler.runs[slot] = min(boiler.most, boiler.left)

    # --- Settlement ----------------------------------------------------------------------------------------------------

    def settle(self, now: int) -> None:
        """Keepers settle the slots of one area as soon as they can be, those of the other one once an hour; sellers first."""
        newest = now - PARAMETERS["grace"] - 1
        for area in PLACES:
            if area == TOWN and now % 4 and now != END - 1:
                continue
            for slot in range(max(0, newest - 3), newest + 1):
                auction = self.market.auctions.get((area, slot))
                if auction:
                    self.settle_auction(auction)
            auction = self.market.auctions.get((area, newest + 1))
            if auction and self.random.random() < 0.1:
                self.must_fail("TooEarly", "settle", orders=[auction.those("Filled")[0].number])

    def settle_auction(self, auction: Auction) -> None:
        sales, purchases = auction.those("Filled", "Sell"), auction.those("Filled", "Buy")
        self.random.shuffle(sales)
        self.random.shuffle(purchases)
        if self.random.random() < 0.1:
            self.must_fail("NothingToSettle", "settle", orders=[purchases[0].number])
        self.act("settle", orders=[position.number for position in sales + purchases])
        for position in sales:
            if position.meter in self.market.challengers:
                self.happened.add("a sale under challenge")
            if position.delivered == 0:
                self.happened.add("a seller delivered nothing")
            elif position.delivered < position.fill:
                self.happened.add("a seller delivered less")
            else:
                self.happened.add("a seller delivered all")
        for position in purchases:
            if position.delivered and position.drew < position.delivered:
                self.happened.add("a buyer drew less")
            if position.delivered and position.delivered < position.fill:
                self.happened.add("a buyer got less and a compensation")
            if position.meter in self.market.challengers:
                self.happened.add("a purchase under challenge")

    def observe(self, now: int) -> None:
        self.act("observe")
        market = self.market
        self.expected.append(
            {
                "interval": now,
                "balances": dict(market.money),
                "held": dict(market.held),
                "treasury": market.treasury,
                "escrow": market.escrow,
            }
        )


def slots(steps: list[int]) -> list[int]:
    """Sums of the steps of each slot."""
    return [sum(steps[start : start + PER_SLOT]) for start in range(0, STEPS, PER_SLOT)]


def make(seed: int) -> Day:
    return Day(seed)


if __name__ == "__main__":
    day = make(int(sys.argv[1]) if len(sys.argv) > 1 else 2026)
    json.dump(day.scenario(day.steps), sys.stdout)

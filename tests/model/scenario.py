"""A month of 3 plants, 200 holders of remote units, 50 standard miners, 10 consumers and 2 batteries, made from a seed.

The steps are JSON, so that the chain and the model follow exactly the same ones. Days and intervals are counted from the
scenario's first day; miners, meters, listings and positions by the numbers that the chain gives them, one after the other.

What each day holds, next to the weather: see `Month.story`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from math import pi, sin
from random import Random

DECA = 10**12
INTERVALS = 96
# 2027-01-16, counted from 1970.
FIRST_DAY = 20_834
# Readings end with day 32, the last one that is recorded is 31, and on day 36 all of them are closed.
LAST_READINGS, LAST_RECORDING, END = 32, 33, 36
# The steps of a day: in the early morning, in the afternoon and in the evening.
MORNING, AFTERNOON, EVENING = 8, 60, 82
# What a meter of one W measures in an interval at its nameplate, in mWh; a tenth more is believed.
MWH_PER_WATT = 250
# The most miners or plants that a call names.
BATCH = 16

# On these, keepers settle all plants in the morning, and holders leave in the evening.
MOVING_DAYS = (8, 15, 19, 20, 21, 24, 28, 29)

PLANTS, STANDARDS, CONSUMERS, STORAGES, HOLDERS = 3, 50, 10, 2, 200
# How many standard miners live in each place.
PLACES = {"u33d0": 14, "u33d1": 10, "u33d2": 8, "u33d3": 7, "u33d4": 5, "u33d5": 3, "u33d6": 2, "u33d7": 1}

CENTRE_OF = {"south": (50, 26), "east": (33, 11), "west": (67, 11)}


@dataclass
class Device:
    """A meter's readings as they are signed, and when they reach the chain."""

    hours: tuple[int, ...]
    # interval -> (epoch, register, whether the register was seen at the interval's end)
    signed: dict[int, tuple[int, int, bool]] = field(default_factory=dict)
    # Stretches of (day, step) in which nothing gets through, though it is measured.
    cut_off: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)

    def is_cut_off(self, moment: tuple[int, int]) -> bool:
        return any(begin <= moment < end for begin, end in self.cut_off)


@dataclass
class Purchase:
    """A position as far as the story needs it."""

    listing: int
    holder: str
    units: int
    first: int
    until: int
    ended: bool = False


class Month:
    """Everything that happens, in order."""

    def __init__(self, seed: int):
        self.random = Random(seed)
        self.miners: list[dict] = []
        self.devices: list[Device] = []
        self.accounts: dict[str, str] = {}
        self.plans: dict[tuple[int, int], list[dict]] = {}
        self.clouds = {place: [self.weather() for _ in range(END)] for place in PLACES}
        self.account("treasurer", 1_000_000)
        self.account("keeper", 1)
        self.account("operator", 1)
        self.account("watcher", 1_000)
        self.plants = [self.add_plant(number) for number in range(PLANTS)]
        self.standards = [self.add_standard(number) for number in range(STANDARDS)]
        self.consumers = [self.add_consumer(number) for number in range(CONSUMERS)]
        self.storages = [self.add_storage(number) for number in range(STORAGES)]
        self.holders = [self.account(f"holder-{number:03}", 2_000) for number in range(HOLDERS)]
        self.enrolled: set[int] = set()
        self.listings = 0
        self.positions: list[Purchase] = []
        # The second plant falls silent on day 14; the third one is delisted by its owner.
        self.last_day = {1: 16, 2: 23}
        self.story()

    def account(self, name: str, deca: int) -> str:
        self.accounts[name] = str(deca * DECA + self.random.randrange(DECA))
        return name

    # --- Who there is --------------------------------------------------------------------------------------------------

    def add_miner(self, name: str, meter: tuple[str, int], energies: list[int], start: int = 0, **profile) -> int:
        """A miner whose meter reports from the interval `start` on, with a base before it."""
        number = len(self.miners)
        owner = self.account(f"owner of {name}", 100)
        flow, nameplate = meter
        self.miners.append({"owner": owner, **profile, "meters": [{"flow": flow, "nameplate": nameplate}]})
        device = Device(self.random.choice([(MORNING,), (AFTERNOON,), (MORNING, AFTERNOON), (MORNING, EVENING)]))
        register = self.random.randrange(10**12)
        device.signed[start - 1] = (0, register, True)
        for interval, energy in enumerate(energies[start:], start):
            register += energy
            device.signed[interval] = (0, register, True)
        self.devices.append(device)
        return number

    def miss(self, miner: int, begin: int, end: int) -> None:
        """The logger is off: the register runs on, but nobody sees it at the ends of these intervals."""
        for interval in range(begin, end):
            self.devices[miner].signed.pop(interval, None)

    def weather(self) -> list[float]:
        """How much of the sun gets through in each interval of a day, at one place."""
        kind = self.random.choice(["clear", "clear", "broken", "broken", "overcast"])
        if kind == "clear":
            return [self.random.uniform(0.9, 1.0) for _ in range(INTERVALS)]
        if kind == "overcast":
            return [self.random.uniform(0.1, 0.25) for _ in range(INTERVALS)]
        return [self.random.choice([0.15, 0.4, 0.95]) * self.random.uniform(0.8, 1.0) for _ in range(INTERVALS)]

    def sun(self, place: str, watts: int, shape: str) -> list[int]:
        """What modules of `watts` at a place yield in each interval, facing `shape`, in mWh."""
        centre, half = CENTRE_OF[shape]
        energies = []
        for day in range(LAST_READINGS + 1):
            for i in range(INTERVALS):
                height = sin(pi * (i - centre + half) / (2 * half)) if abs(i - centre) < half else 0
                light = max(height, 0) * self.clouds[place][day][i] * self.random.uniform(0.92, 1.0)
                energies.append(int(watts * MWH_PER_WATT * light))
        return energies

    def add_plant(self, number: int) -> int:
        watts = [10_000, 40_000, 20_000][number]
        place = list(PLACES)[[0, 1, 3][number]]
        energies = self.sun(place, watts, "south")
        if number == 0:
            # A day in the fog.
            self.scale(energies, 9, 0.001)
        if number == 1:
            # Three days without sun, which end the listing; the cause is mended on the fifth.
            for day in (14, 15, 16, 17, 18):
                self.scale(energies, day, 0)
        if number == 2:
            # On the fourth day of its listing it yields more than the sun can give.
            for i in range(6 * INTERVALS, 7 * INTERVALS):
                energies[i] = int(watts * MWH_PER_WATT * (0.7 if i % INTERVALS < 75 else 0.1))
        profile = dict(kind="Plant", source="Solar", method="SmartMeter", capacity=watts, location=place)
        miner = self.add_miner(f"plant {number}", ("Generation", watts * 11 // 10), energies, **profile)
        if number == 2:
            # And on the second its logger is off.
            self.miss(miner, 4 * INTERVALS, 5 * INTERVALS)
        return miner

    def scale(self, energies: list[int], day: int, factor: float) -> None:
        for i in range(day * INTERVALS, (day + 1) * INTERVALS):
            energies[i] = int(energies[i] * factor)

    def add_standard(self, number: int) -> int:
        place = [place for place, count in PLACES.items() for _ in range(count)][number]
        method = ["Dongle", "SmartMeter", "Plug"][number % 3]
        watts = self.random.choice([600, 800, 2_000, 5_000, 9_500])
        source, nameplate = "Solar", watts
        # Neighbours whose roofs face east and west do not vote for each other. In one place all face south.
        shape = self.random.choice(["south", "south", "south", "east", "west"]) if place != "u33d3" else "south"
        energies = self.sun(place, watts, shape)
        if number in (5, 22, 29):
            source = "Wind"
            energies = [int(watts * MWH_PER_WATT * self.random.uniform(0, 0.8) ** 3) for _ in energies]
        if number in (9, 40):
            source = "Hydro"
            energies = [int(watts * MWH_PER_WATT * 0.62)] * len(energies)
        if number in (11, 30):
            # Somebody invents readings, and has the clock wrong: the sun shines at midnight.
            energies = energies[48:] + energies[:48]
        if number in (3, 20, 31, 44):
            # From a vendor's interface, signed by oracles.
            method = "ApiPush" if number % 2 else "ApiPull"
        if number == 7:
            # Modules of 3 kW that yield 40 kWh on a day.
            watts, nameplate, method = 3_000, 6_000, "SmartMeter"
            energies = self.sun(place, watts, "south")
            energies[8 * INTERVALS : 9 * INTERVALS] = [40_000_000 // INTERVALS] * INTERVALS
        # Two join later.
        start = self.random.randrange(5 * INTERVALS, 7 * INTERVALS) if number in (12, 46) else 0
        profile = dict(kind="Standard", source=source, method=method, capacity=watts, location=place)
        miner = self.add_miner(f"standard {number:02}", ("Generation", nameplate), energies, start, **profile)
        if number in (1, 17, 28, 41):
            # Holes of all sizes: of hours, of most of a day, of two days.
            for _ in range(8):
                begin = self.random.randrange(INTERVALS, len(energies) - 200)
                self.miss(miner, begin, begin + self.random.choice([1, 3, 20, 70, 192]))
        if number == 8:
            # Some registers were not seen in time, though nothing is missing.
            for interval in self.random.sample(range(300, 2_500), 150):
                epoch, register, _ = self.devices[miner].signed[interval]
                self.devices[miner].signed[interval] = (epoch, register, False)
        if number == 10:
            # The meter is swapped: the new one begins at zero, and its first reading is a base.
            swap = 10 * INTERVALS + 40
            _, zero, _ = self.devices[miner].signed[swap]
            for interval, (_, register, seen) in list(self.devices[miner].signed.items()):
                if interval >= swap:
                    self.devices[miner].signed[interval] = (1, register - zero, seen)
        return miner

    def add_consumer(self, number: int) -> int:
        length = (LAST_READINGS + 1) * INTERVALS
        watts = 2_000 + 500 * number
        trend = [0.985, 1.012, 1.0, 1.0, 0.99, 1.0, 1.02, 0.97, 1.0, 0.999][number]
        energies = []
        for i in range(length):
            hour, day = i % INTERVALS // 4, i // INTERVALS
            level = 0.15 if hour < 6 else 0.5 if 17 <= hour < 22 else 0.25
            noise = 1.0 if number == 2 else self.random.uniform(0.5, 1.5)
            energies.append(min(int(watts * MWH_PER_WATT * level * noise * trend**day), watts * MWH_PER_WATT))
        if number == 2:
            # Uses the same on each day, to the mWh: it does not save.
            energies = (energies[:INTERVALS] * (length // INTERVALS + 1))[:length]
        if number == 3:
            # For a day more than the meter is made for, within what is believed of a reading.
            energies[15 * INTERVALS : 16 * INTERVALS] = [int(watts * MWH_PER_WATT * 1.05)] * INTERVALS
        profile = dict(kind="Consumer", source="Grid", method="Plug", capacity=watts, location="u33d1")
        flow = "Import" if number % 2 else "Consumption"
        miner = self.add_miner(f"consumer {number}", (flow, watts), energies, **profile)
        if number in (4, 8):
            # Days of which nothing is known.
            for day in self.random.sample(range(3, 26), 4):
                self.miss(miner, day * INTERVALS, (day + 1) * INTERVALS)
        return miner

    def add_storage(self, number: int) -> int:
        watts = 5_000
        energies = [
            int(watts * MWH_PER_WATT * self.random.uniform(0.1, 0.9)) if i % INTERVALS >= 72 - 30 * number else 0
            for i in range((LAST_READINGS + 1) * INTERVALS)
        ]
        profile = dict(kind="Storage", source="Battery", method="SmartMeter", capacity=watts, location="u33d0")
        return self.add_miner(f"storage {number}", ("Discharge", watts), energies, **profile)

    # --- What happens --------------------------------------------------------------------------------------------------

    def plan(self, day: int, step: int, call: str, **arguments) -> None:
        self.plans.setdefault((day, step), []).append({"call": call, **arguments})

    def story(self) -> None:
        """The events of the month, but for the routine of every day."""
        # Pools. That of generation runs dry in the second half of the month and is topped up through its inbox.
        for pool, deca in (("Generation", 14_321), ("Plant", 1_500), ("Storage", 700)):
            self.plan(0, MORNING, "fund", by="treasurer", pool=pool, amount=str(deca * DECA + 7))
        for day, pool, daily, mints in (
            (0, "Generation", 1_003 * DECA + 1, False),
            (0, "Consumption", 50 * DECA + 7, True),
            (0, "Storage", 25 * DECA, False),
            (12, "Generation", 871 * DECA + 13, False),
            (13, "Consumption", 41 * DECA, True),
            (23, "Storage", None, False),
        ):
            self.plan(day, MORNING, "set_emission", pool=pool, daily=None if daily is None else str(daily), mints=mints)
        for day, deca in ((21, 5_000), (26, 9_000), (30, 4_444)):
            self.plan(day, AFTERNOON, "send_to_inbox", by="treasurer", pool="Generation", amount=str(deca * DECA + day))
            self.plan(day, EVENING, "sweep", pool="Generation")
        for day, deca in ((17, 400), (24, 340), (31, 300)):
            self.plan(day, MORNING, "fund", by="holder-007", pool="Plant", amount=str(deca * DECA + 3))

        # Governance. A unit that is bought from day 9 on is fed for 12 days instead of 20.
        for day, name, value in (
            (0, "unit_life", 20),
            (0, "plant_daily", str(37 * DECA + 5)),
            (9, "unit_life", 12),
            (16, "plant_version", "B"),
            (19, "plant_cap", 1),
            (23, "plant_cap", 330),
            (25, "lottery", 700_000),
            (28, "lottery", None),
            (30, "plant_version", "A"),
        ):
            self.plan(day, MORNING, "set_parameter", name=name, value=value)

        # Everybody joins, in a random order; a few later.
        joining = self.standards + self.consumers + self.storages
        self.random.shuffle(joining)
        late = {self.standards[12]: 7, self.standards[46]: 8, self.standards[49]: 3, self.storages[1]: 2}
        for miner in joining:
            self.plan(late.get(miner, 0), EVENING, "enroll", miner=miner, meter=miner)
        # Two leave: one whose days are all collected, one with days that are still open.
        self.idle = (self.standards[2], 13)
        self.plan(18, MORNING, "claim", miner=self.standards[2])
        self.plan(18, MORNING, "leave", miner=self.standards[2])
        self.plan(22, EVENING, "claim", miner=self.standards[21])
        self.plan(22, EVENING, "leave", miner=self.standards[21])
        self.plan(27, AFTERNOON, "claim", miner=self.standards[21])

        # Plants. The one that falls silent is listed again, as the fourth listing.
        for day, plant, price in (
            (0, 0, 31 * DECA // 100 + 1),
            (0, 1, 30 * DECA // 100),
            (2, 2, 37 * DECA // 100 + 3),
            (22, 1, 15 * DECA // 100 + 7),
        ):
            self.plan(day, AFTERNOON, "list_plant", miner=self.plants[plant], meter=self.plants[plant], price=str(price))
        self.plan(23, AFTERNOON, "delist", listing=2)

        # Challenges: one dismissed, one upheld, one of a plant, which is silent meanwhile.
        for meter, day, step, ruling, end in (
            (self.standards[13], 9, AFTERNOON, "dismiss", 12),
            (self.standards[14], 11, MORNING, "uphold", 13),
            (self.plants[0], 18, AFTERNOON, "dismiss", 20),
        ):
            self.plan(day, step, "challenge", by="watcher", meter=meter)
            self.plan(end, MORNING, ruling, meter=meter)
        # A suspension. Readings are kept by the agent meanwhile.
        suspended = self.standards[15]
        self.plan(14, AFTERNOON, "suspend", miner=suspended)
        self.plan(17, EVENING, "reinstate", miner=suspended)
        self.devices[suspended].cut_off.append(((14, AFTERNOON), (18, MORNING)))
        # Late data: within the grace, after half of the time for recording, and after all of it.
        for meter, begin, end in (
            (self.standards[16], (7, AFTERNOON), (8, EVENING)),
            (self.standards[18], (9, MORNING), (11, AFTERNOON)),
            (self.standards[19], (12, MORNING), (16, EVENING)),
            (self.consumers[5], (10, MORNING), (12, MORNING)),
            (self.plants[0], (25, MORNING), (27, EVENING)),
        ):
            self.devices[meter].cut_off.append((begin, end))
        self.sales()

    def sales(self) -> None:
        """200 holders buy in the first nine days, and some of them once more. At most 80, 320 and 160 units can be sold."""
        room = {0: 66, 1: 240, 2: 90}
        order = [0] * 45 + [1] * 85 + [2] * 70
        self.random.shuffle(order)
        for holder, listing in zip(self.holders, order):
            units = self.random.choice([1, 1, 2, 3]) if listing == 1 else self.random.choice([1, 1, 1, 2])
            # One unit stays for each of those who come later.
            units = max(1, min(units, room[listing] - order.count(listing)))
            room[listing] -= units
            day = self.random.randrange(3 if listing == 2 else 0, 9)
            self.plan(day, EVENING, "buy_units", by=holder, listing=listing, units=units)
        # From day 9 on with a shorter life.
        for holder in self.random.sample(self.holders, 10):
            listing = self.random.choice([0, 2])
            self.plan(self.random.randrange(9, 14), EVENING, "buy_units", by=holder, listing=listing, units=1)
        # On the very day on which the plant is delisted: never fed.
        self.plan(23, MORNING, "buy_units", by=self.holders[4], listing=2, units=2)
        for holder in self.random.sample(self.holders, 5):
            self.plan(self.random.randrange(23, 30), EVENING, "buy_units", by=holder, listing=3, units=5)

    # --- Day by day ------------------------------------------------------------------------------------------------------

    def steps(self) -> list[dict]:
        """What is done in each block."""
        steps = []
        habits = {miner: self.random.choice([0.95, 0.95, 0.6, 0.3]) for miner in self.standards + self.consumers + self.storages}
        # Those with a story of their own are recorded every day, and so are all consumers but one.
        habits |= {self.standards[number]: 1.0 for number in (7, 8, 10, 13, 14, 15, 16, 18, 19)}
        habits |= {self.consumers[number]: 0.97 for number in range(9)}
        for day in range(END + 1):
            self.day, self.life = day, 20 if day < 9 else 12
            self.cared_for = {listing: self.random.choice([MORNING, EVENING]) for listing in range(4)}
            recording = [miner for miner in habits if self.random.random() < habits[miner]]
            for step in (MORNING, AFTERNOON, EVENING):
                self.actions: list[dict] = self.readings(day, step)
                for action in self.plans.get((day, step), []):
                    self.act(**action)
                self.routine(day, step, recording)
                if step == EVENING:
                    self.changes_of_plant()
                    self.act("observe")
                steps.append({"day": day, "interval": step, "actions": self.actions})
        return steps

    def act(self, call: str, **arguments) -> None:
        """Adds an action and keeps in mind what the next ones depend on."""
        self.actions.append({"call": call, **arguments})
        if call == "enroll":
            self.enrolled.add(arguments["miner"])
        elif call == "leave":
            self.enrolled.remove(arguments["miner"])
        elif call == "list_plant":
            self.listings += 1
        elif call == "buy_units":
            self.positions.append(Purchase(arguments["listing"], arguments["by"], arguments["units"], self.day + 1, self.day + self.life))
        elif call == "rebind":
            position = self.positions[arguments["position"]]
            unserved = position.until - max(self.last_day[position.listing], position.first - 1)
            position.listing, position.first, position.until = arguments["listing"], self.day + 1, self.day + unserved
        elif call == "refund":
            self.positions[arguments["position"]].ended = True

    def must_fail(self, call: str, **arguments) -> None:
        self.act("must_fail", action={"call": call, **arguments})

    def readings(self, day: int, step: int) -> list[dict]:
        """What the devices signed since they last got through, in runs of intervals without a hole."""
        actions = []
        for meter, device in enumerate(self.devices):
            if step not in device.hours and day < END or device.is_cut_off((day, step)):
                continue
            # The interval of the step runs, so that only those before it are over.
            ripe = sorted(interval for interval in device.signed if interval < day * INTERVALS + step)
            previous = None
            for interval in ripe:
                epoch, register, seen = device.signed.pop(interval)
                if previous != (epoch, interval - 1):
                    run = {"call": "readings", "meter": meter, "epoch": epoch, "first": interval, "registers": [], "recovered": []}
                    actions.append(run)
                actions[-1]["registers"].append(register)
                if not seen:
                    actions[-1]["recovered"].append(interval)
                previous = (epoch, interval)
        return actions

    def routine(self, day: int, step: int, recording: list[int]) -> None:
        """Keepers record and settle, earners claim. On the last day everything that is due is claimed."""
        plants = [listing for listing in range(self.listings) if self.advances(listing, day, step)]
        if plants:
            self.act("advance_plants", listings=plants)
        if 2 <= day <= LAST_RECORDING and step != AFTERNOON:
            # Who is not recorded in the morning may be in the evening.
            half = [miner for miner in recording if miner in self.enrolled and (miner + day) % 2 == (step == EVENING)]
            idle, since = self.idle
            half = [miner for miner in half if miner != idle or day < since]
            self.random.shuffle(half)
            for start in range(0, len(half), BATCH):
                self.act("record", miners=half[start : start + BATCH])
        share = 1.0 if (day, step) == (END, EVENING) else 0.04
        for miner in sorted(self.enrolled):
            if self.random.random() < share:
                self.act("claim", miner=miner)
        for listing in range(self.listings):
            if self.random.random() < share:
                self.act("claim_plant", listing=listing)
        for number, position in enumerate(self.positions):
            if not position.ended and self.random.random() < share:
                self.act("claim_units", position=number)

    def advances(self, listing: int, day: int, step: int) -> bool:
        """Whether somebody cares for a listing now: once a day, but for days on which nobody does for the first one."""
        if listing == 0 and day in (11, 12, 13, 14):
            return False
        return step == (MORNING if day in MOVING_DAYS or day == END else self.cared_for[listing])

    def changes_of_plant(self) -> None:
        """What holders do once a plant is delisted, and what they cannot do before."""
        if self.day == 8:
            self.must_fail("buy_units", by="treasurer", listing=0, units=81 - self.sold(0))
            self.must_fail("buy_units", by="treasurer", listing=2, units=161 - self.sold(2))
        if self.day in (15, 19):
            # Not delisted yet; delisted, and its last day not settled yet.
            position, holder = self.holders_of(1)[0]
            self.must_fail("rebind", by=holder, position=position, listing=0)
            self.must_fail("refund", by=holder, position=position)
        if self.day == 19:
            self.must_fail("buy_units", by="treasurer", listing=1, units=1)
        if self.day == 20:
            leaving = self.holders_of(1)
            self.must_fail("rebind", by="keeper", position=leaving[0][0], listing=2)
            self.move(leaving[:40], 2, room=159)
            self.move(leaving[40:48], 0, room=80)
        if self.day == 21:
            leaving = self.holders_of(1)
            self.give_back(leaving[:14])
            self.must_fail("refund", by=leaving[0][1], position=leaving[0][0])
            self.must_fail("rebind", by=leaving[0][1], position=leaving[0][0], listing=0)
        if self.day == 24:
            self.move(self.holders_of(1)[:10], 3, room=320)
        if self.day == 28:
            # Among them some that move for the second time, and units that were never fed.
            leaving = self.holders_of(2)
            self.move([entry for entry in leaving if self.positions[entry[0]].first > self.last_day[2]], 3, room=320)
            leaving = self.holders_of(2)
            self.move(leaving[:20], 3, room=320)
            self.move(leaving[20:30], 0, room=80)
            self.give_back(self.holders_of(2)[:10])
        if self.day == 29:
            # The units that expired are sold again, to the last one.
            self.act("buy_units", by=self.holders[5], listing=0, units=80 - self.sold(0))
            self.must_fail("buy_units", by=self.holders[6], listing=0, units=1)

    def sold(self, listing: int) -> int:
        """The units of a listing whose last day was not rolled yet, on an evening after it was advanced."""
        current = [p for p in self.positions if p.listing == listing and p.until > self.day - 2 and not p.ended]
        return sum(position.units for position in current)

    def holders_of(self, listing: int) -> list[tuple[int, str]]:
        """The positions that a delisted plant has days left to serve of, in a random order, with their holders."""
        last = self.last_day[listing]
        left = [(n, p.holder) for n, p in enumerate(self.positions) if p.listing == listing and p.until > last and not p.ended]
        return self.random.sample(left, len(left))

    def move(self, leaving: list[tuple[int, str]], listing: int, room: int) -> None:
        for position, holder in leaving:
            if self.sold(listing) + self.positions[position].units <= room:
                self.act("rebind", by=holder, position=position, listing=listing)

    def give_back(self, leaving: list[tuple[int, str]]) -> None:
        for position, holder in leaving:
            self.act("refund", by=holder, position=position)


def make(seed: int) -> dict:
    """The scenario of a seed, ready for JSON."""
    month = Month(seed)
    return {
        "seed": seed,
        "first_day": FIRST_DAY,
        "accounts": month.accounts,
        "miners": month.miners,
        # What governance has set before the month begins; money as text. The first two answer for a miner, the third is held
        # of whoever challenges a meter.
        "application_deposit": str(10 * DECA),
        "meter_deposit": str(DECA),
        "challenge_bond": str(100 * DECA),
        "parameters": {
            "norm_threshold": 28_000_000,
            "solar_hours": 12,
            "unit_share": 800_000,
            "silent_days": 3,
            "min_daily_minutes": 6,
            "unit_life": 365,
            "plant_version": "A",
            "plant_daily": str(675 * DECA),
            "plant_cap": 330,
            "lottery": None,
        },
        "steps": month.steps(),
    }


if __name__ == "__main__":
    json.dump(make(int(sys.argv[1]) if len(sys.argv) > 1 else 1), sys.stdout)

"""The long stories of the end-to-end tests. They replay whole days, and run beside the other tests."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from field import Counter, Eastron, Field, SunSpec, sdm120, sdm630, wait_until
from programs import ROOT, Agent, DeviceSpec, MeterSpec, Node, javascript
from replay import Clock, Repeated, chosen_profile

# Development accounts that own the sites; each scenario has a chain of its own.
DAVE = ("//Dave", "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy")

# A slot of the chain's ring whose interval was not measured.
NOT_MEASURED = 2**32 - 1


class Scenario(threading.Thread):
    """Work that goes on beside the tests; what it raised reaches the test that waits for it."""

    def __init__(self, folder: Path):
        super().__init__(name=type(self).__name__, daemon=True)
        self.folder = folder
        self.folder.mkdir(parents=True)
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.play()
        except BaseException as error:  # Handed to the waiting test.
            self.error = error
        finally:
            self.tidy()

    def play(self) -> None:
        raise NotImplementedError

    def tidy(self) -> None:
        """Stops what no test needs any more."""

    def report(self) -> list[str]:
        """Lines for a person who wants to see more than a pass."""
        return []

    def await_end(self, seconds: float) -> None:
        self.join(seconds)
        if self.error:
            raise self.error
        assert not self.is_alive(), f"{self.name} is not over after {seconds:g} s"


class Site(Scenario):
    """A node, a field of devices, and an agent between them."""

    # A quarter of an hour passes in this time, so that a day takes two and a half minutes.
    INTERVAL_MILLIS = 1_500
    DAYS = 1
    # The largest power of the day times this, with room for a sample that comes late: one interval may hold a bit of the
    # next.
    ROOM = 2

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.profile = chosen_profile(ROOT)
        if self.DAYS > 1:
            self.profile = Repeated(self.profile, self.DAYS)
        self.clock = Clock(self.INTERVAL_MILLIS, self.DAYS)
        self.node = Node(folder, self.INTERVAL_MILLIS)
        self.field = Field(folder)
        self.nameplate = self.ROOM * max(2_000, round(max(map(self.profile.peak, ("import", "export", "generation")))))
        self.agent: Agent
        self.numbers: list[int] = []
        self.registers: dict[str, object] = {}
        self.base: dict[str, int] = {}
        self.expected: dict[str, int] = {}
        self.outcome: dict = {}

    def counter(self, base: float, flow: str) -> Counter:
        return Counter(base, flow, self.clock, self.profile)

    def number(self, meter: str) -> int:
        """The chain's number of a meter of the configuration."""
        return self.numbers[[spec.name for spec in self.agent.meters].index(meter)]

    def register_now(self, meter: str) -> int:
        """What the meter's device shows at this moment, in mWh."""
        return self.registers[meter]()

    def register_site(self) -> list[int]:
        """Has the site admitted; returns the chain's numbers of its meters."""
        return self.agent.register(self.node, *DAVE)

    def attest_base(self) -> None:
        """Registers the site and waits until the chain knows where each register starts, while the devices stand still."""
        self.agent.make_keys()
        self.numbers = self.register_site()
        self.base = {meter: self.register_now(meter) for meter in self.registers}
        self.agent.start()

        def known() -> bool:
            assert self.agent.program.alive, f"the agent ended; log: {self.agent.log}"
            status = self.agent.status()
            return status is not None and all(meter["last_interval"] is not None for meter in status["meters"])

        wait_until(known, 60, f"the agent signs no base readings; log: {self.agent.log}")
        outcome = javascript(
            "tests/js/meters.mjs",
            *["--url", self.node.url, "--timeout", "60"],
            *["--expect", ",".join(f"{number}=0" for number in self.numbers)],
        )
        assert outcome["settled"], f"the chain takes no base readings; log: {self.agent.log}"

    def await_attested(self) -> None:
        """Reads the finalised head through @polkadot/api until all energy of the day is attested, and keeps what it says."""
        self.expected = {meter: self.register_now(meter) - self.base[meter] for meter in self.registers}
        self.outcome = javascript(
            "tests/js/meters.mjs",
            *["--url", self.node.url, "--timeout", "90"],
            *["--expect", ",".join(f"{self.number(meter)}={energy}" for meter, energy in self.expected.items())],
        )

    def report(self) -> list[str]:
        lines = [f"{self.name}: {self.profile.label}, a quarter of an hour in {self.INTERVAL_MILLIS} ms"]
        for meter, energy in self.expected.items():
            state = self.outcome["meters"].get(str(self.number(meter)))
            if state is None:
                lines.append(f"  {meter:<12} has no state on the chain")
                continue
            measured = sum(slot != NOT_MEASURED for slot in state["ring"])
            lines.append(
                f"  {meter:<12} register +{energy:>12,} mWh   attested {int(state['attested']):>12,} mWh,"
                f" of it recovered {int(state['recovered']):>12,}; {measured} of the last 96 intervals measured"
            )
        return lines

    def kept(self, meter: str, until: int) -> list[tuple[int, int, int, int]]:
        """Epoch, interval, register and quality of a meter's attested readings up to an interval, as the agent kept them."""
        return readings(self.agent.folder / "spool.db", self.number(meter), until)

    def tidy(self) -> None:
        if getattr(self, "agent", None) and self.agent.program and self.agent.program.alive:
            self.agent.stop()
        self.field.stop()


class Day(Site):
    """A day of three devices: an SDM630 and a SunSpec inverter on TCP, an SDM120 on a serial line that is unplugged."""

    # Read from the agent's status page all day: how long ago each meter was sampled.
    WATCH_SECONDS = 0.5
    POLL_MILLIS = 250
    UNPLUGGED_SECONDS = 6

    def play(self) -> None:
        grid = sdm630(1, self.counter(12_345.678, "import"), self.counter(4_321.5, "export"))
        roof = sdm120(1, self.counter(987.25, "generation"))
        inverter = SunSpec(3, self.counter(5_678.9, "generation"))
        self.line = self.field.serial("roof", roof)
        self.registers = {
            "grid-import": lambda: Eastron.milliwatthours(grid.imported),
            "grid-export": lambda: Eastron.milliwatthours(grid.exported),
            "roof": lambda: Eastron.milliwatthours(roof.imported),
            "inverter": inverter.milliwatthours,
        }
        watts = self.nameplate
        self.agent = Agent(
            self.folder / "agent",
            self.node.url,
            [
                DeviceSpec(
                    "grid",
                    "eastron-sdm630",
                    f"tcp:127.0.0.1:{self.field.tcp(grid)}",
                    (
                        MeterSpec("grid-import", "import_energy", "import", watts),
                        MeterSpec("grid-export", "export_energy", "export", watts, "sr25519"),
                    ),
                ),
                DeviceSpec(
                    "roof",
                    "eastron-sdm120",
                    f"rtu:{self.line.path}?baud=2400&parity=none&stop=1",
                    (MeterSpec("roof", "import_energy", "generation", watts, "ecdsa"),),
                ),
                DeviceSpec(
                    "inverter",
                    "sunspec-inverter",
                    f"tcp:127.0.0.1:{self.field.tcp(inverter)}",
                    (MeterSpec("inverter", "generation_energy", "generation", watts),),
                    unit=3,
                ),
            ],
            poll=f"{self.POLL_MILLIS}ms",
        )
        self.node.start()
        self.attest_base()
        self.ready.set()
        self.clock.start()
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()

        self.clock.wait_for(0.45)
        self.unplugged_at = time.time()
        self.line.unplug()
        time.sleep(self.UNPLUGGED_SECONDS)
        self.line.plug()
        self.plugged_at = time.time()

        self.clock.wait_for(1)
        self.await_attested()
        watcher.join(timeout=10)

    def __init__(self, folder: Path):
        super().__init__(folder)
        # Set when the chain knows the site: from here on the other tests may use the node.
        self.ready = threading.Event()
        # (moment, meter, moment of its newest sample), in seconds of Unix time.
        self.sampled: list[tuple[float, str, float]] = []

    def _watch(self) -> None:
        names = [meter.name for meter in self.agent.meters]
        while not self.clock.over:
            status = self.agent.status()
            if status:
                for name, meter in zip(names, status["meters"]):
                    self.sampled.append((time.time(), name, meter["last_sample_millis"] / 1000))
            time.sleep(self.WATCH_SECONDS)

    def resumed_after(self) -> float:
        """Seconds from the plug to the first sample behind it that the status page shows."""
        return min(seen for seen, meter, sampled in self.sampled if meter == "roof" and sampled > self.plugged_at) - self.plugged_at

    def report(self) -> list[str]:
        return [*super().report(), f"  the serial line was away for {self.UNPLUGGED_SECONDS} s and read again {self.resumed_after():.1f} s after the plug"]

    def newest_samples(self, meter: str) -> dict[int, int]:
        """When the newest sample of each interval was taken, in ms of Unix time, as the agent kept it."""
        return newest_samples(self.agent.folder / "spool.db", self.number(meter), self.INTERVAL_MILLIS)

    def history_from_spool(self, meter: str) -> str:
        """The chain's history hash, made again from the readings that the agent kept."""
        return history(self.agent.folder / "spool.db", self.number(meter), self.outcome["meters"][str(self.number(meter))]["last_interval"])


class Month(Site):
    """A month of a house that is paid for what it exports, and whose roof gets certificates and rewards. The chain is there
    for other tests while the month passes."""

    # The shortest interval at which an agent that polls every 100 ms, its shortest, still sees most of them.
    INTERVAL_MILLIS = 120
    DAYS = 30
    # A sample that comes half a second late brings the energy of four intervals.
    ROOM = 10
    STORAGE = "//Eve"

    def __init__(self, folder: Path):
        super().__init__(folder)
        # Set when the chain knows the site: from here on the other tests may use the node.
        self.ready = threading.Event()
        self.registered: dict = {}

    def play(self) -> None:
        grid = sdm630(1, self.counter(12_345.678, "import"), self.counter(4_321.5, "export"))
        # A three-phase meter, too: a single-phase one does not carry the nameplate that late samples need here.
        roof = sdm630(2, self.counter(987.25, "generation"))
        self.registers = {
            "grid-import": lambda: Eastron.milliwatthours(grid.imported),
            "grid-export": lambda: Eastron.milliwatthours(grid.exported),
            "roof": lambda: Eastron.milliwatthours(roof.imported),
        }
        watts = self.nameplate
        meters = (
            MeterSpec("grid-import", "import_energy", "import", watts),
            MeterSpec("grid-export", "export_energy", "export", watts, "sr25519"),
        )
        link = f"tcp:127.0.0.1:{self.field.tcp(grid, roof)}"
        devices = [
            DeviceSpec("grid", "eastron-sdm630", link, meters),
            DeviceSpec("roof", "eastron-sdm630", link, (MeterSpec("roof", "import_energy", "generation", watts),), unit=2),
        ]
        self.agent = Agent(self.folder / "agent", self.node.url, devices, poll="100ms")
        self.node.start()
        self.attest_base()
        self.ready.set()
        self.clock.start()
        self.clock.wait_for(1)
        self.await_attested()

    def register_site(self) -> list[int]:
        self.registered = javascript(
            "tests/js/register.mjs",
            *["--url", self.node.url, "--meters", self.agent.application(self.node, DAVE[1])],
            *["--operator", self.agent.operator, "--owner", DAVE[0], "--storage", self.STORAGE],
            *["--export", [meter.flow for meter in self.agent.meters].index("export")],
        )
        return self.registered["meters"]

    def first_interval(self, meter: str) -> int:
        """The interval of the base reading."""
        return readings(self.agent.folder / "spool.db", self.number(meter), 2**32)[0][1]

    def await_settled(self, meter: str, until: int) -> None:
        """Waits until the agent knows what became of its readings up to an interval."""

        def settled() -> bool:
            rows = readings(self.agent.folder / "spool.db", self.number(meter), until)
            return bool(rows) and rows[-1][1] == until

        wait_until(settled, 30, f"the agent did not settle the reading of interval {until}; log: {self.agent.log}")

    def await_passed(self, meter: str, until: int) -> None:
        """Waits until the agent knows what became of all its readings up to an interval."""

        def passed() -> bool:
            rows = readings(self.agent.folder / "spool.db", self.number(meter), 2**32)
            return bool(rows) and rows[-1][1] >= until

        wait_until(passed, 30, f"the agent did not settle its readings up to interval {until}; log: {self.agent.log}")

    def history(self, meter: str, until: int) -> str:
        """The chain's history hash at an interval, made again from the readings that the agent kept."""
        return history(self.agent.folder / "spool.db", self.number(meter), until)

    def measured(self, meter: str, until: int) -> int:
        """How many intervals a meter measured up to one, counted over the readings that the agent kept."""
        return len(energies(self.kept(meter, until)))

    def tidy(self) -> None:
        # The readings go on: the tests that come last look at them.
        if self.error:
            super().tidy()


class Storm(Site):
    """A day on which the agent is killed twenty times at random moments, and the node is away for a while."""

    KILLS = 20
    NODE_AWAY_SECONDS = 10

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.seed = int(os.environ.get("HELIOGRAPH_SEED", random.SystemRandom().randrange(2**32)))
        self.random = random.Random(self.seed)
        self.killed_at: list[float] = []

    def play(self) -> None:
        grid = sdm630(1, self.counter(12_345.678, "import"), self.counter(4_321.5, "export"))
        inverter = SunSpec(3, self.counter(5_678.9, "generation"))
        self.registers = {
            "grid-import": lambda: Eastron.milliwatthours(grid.imported),
            "grid-export": lambda: Eastron.milliwatthours(grid.exported),
            "inverter": inverter.milliwatthours,
        }
        watts, port = self.nameplate, self.field.tcp(grid, inverter)
        self.agent = Agent(
            self.folder / "agent",
            self.node.url,
            [
                DeviceSpec(
                    "grid",
                    "eastron-sdm630",
                    f"tcp:127.0.0.1:{port}",
                    (
                        MeterSpec("grid-import", "import_energy", "import", watts),
                        MeterSpec("grid-export", "export_energy", "export", watts),
                    ),
                ),
                DeviceSpec(
                    "inverter",
                    "sunspec-inverter",
                    f"tcp:127.0.0.1:{port}",
                    (MeterSpec("inverter", "generation_energy", "generation", watts),),
                    unit=3,
                ),
            ],
        )
        self.node.start()
        self.attest_base()
        self.clock.start()

        # Moments at random, but all of them within the day; the node goes in the middle of them.
        moments = sorted(self.random.uniform(0.02, 0.97) for _ in range(self.KILLS))
        node_away = threading.Timer(0.5 * 96 * self.INTERVAL_MILLIS / 1000, self._restart_node)
        node_away.start()
        for moment in moments:
            self.clock.wait_for(moment)
            self.agent.kill()
            self.killed_at.append(time.time())
            # Now and then it stays away for longer than an interval, now and then it is killed while it starts.
            time.sleep(self.random.choice([0, 0, 0.5, 2.5]))
            self.agent.start()
        self.clock.wait_for(1)
        node_away.join()
        assert self.node_was_away, "the node was not restarted"
        self.await_attested()

    node_was_away = False

    def report(self) -> list[str]:
        return [*super().report(), f"  the agent was killed {len(self.killed_at)} times (seed {self.seed}), the node was away for {self.NODE_AWAY_SECONDS} s"]

    def _restart_node(self) -> None:
        self.node.stop()
        time.sleep(self.NODE_AWAY_SECONDS)
        self.node.start()
        self.node_was_away = True

    def tidy(self) -> None:
        super().tidy()
        if self.node.program and self.node.program.alive:
            self.node.stop()


def compact(number: int) -> bytes:
    """SCALE's compact form of an integer."""
    if number < 1 << 6:
        return bytes([number << 2])
    if number < 1 << 14:
        return (number << 2 | 1).to_bytes(2, "little")
    if number < 1 << 30:
        return (number << 2 | 2).to_bytes(4, "little")
    width = max(4, (number.bit_length() + 7) // 8)
    return bytes([(width - 4) << 2 | 3]) + number.to_bytes(width, "little")


def readings(spool: Path, meter: int, until: int) -> list[tuple[int, int, int, int]]:
    """Epoch, interval, register and quality of the readings up to an interval that a spool marks as attested."""
    with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as db:
        return db.execute(
            "SELECT r.epoch, r.interval, r.register, r.quality FROM readings r JOIN meters m ON m.id = r.meter"
            " WHERE m.chain_meter = ? AND r.interval <= ? AND r.state = ? ORDER BY r.interval",
            (meter, until, ATTESTED),
        ).fetchall()


def energies(rows: list[tuple[int, int, int, int]]) -> dict[int, int]:
    """The mWh of each interval that was measured: by a reading in time, right after that of the interval before."""
    return {
        interval: register - before
        for (_, previous, before, _), (_, interval, register, quality) in zip(rows, rows[1:])
        if interval == previous + 1 and quality == MEASURED
    }


def newest_samples(spool: Path, meter: int, interval_millis: int) -> dict[int, int]:
    """When the newest sample of each interval was taken, in ms of Unix time. For intervals that are counted from 1970."""
    with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as db:
        return dict(
            db.execute(
                "SELECT s.taken_at / ?, max(s.taken_at) FROM samples s JOIN meters m ON m.id = s.meter"
                " WHERE m.chain_meter = ? GROUP BY 1",
                (interval_millis, meter),
            )
        )


def history(spool: Path, meter: int, last_interval: int) -> str:
    """`h' = blake2_256(h ++ SCALE(reading))` from zeros, over the readings that a spool marks as attested."""
    digest = bytes(32)
    for epoch, interval, register, quality in readings(spool, meter, last_interval):
        reading = compact(meter) + compact(epoch) + compact(interval) + compact(register) + bytes([quality])
        digest = hashlib.blake2b(digest + reading, digest_size=32).digest()
    return "0x" + digest.hex()


# The spool's number for a reading that the finalised chain holds.
ATTESTED = 2
# And for a register that was seen close enough to the interval's end.
MEASURED = 0

"""What the stories of trade are made of: meters whose energy is planned by the quarter of an hour, and people at the terminal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from field import wait_until
from programs import TERMINAL, Agent, Node
from scenarios import MEASURED, readings

DECA, KWH = 10**12, 10**6
# Where fees go: docs/governance.md names it.
TREASURY = "5EYCAe5h8ATAYtgukwR8XnysbCBUvYDRYCTJV58kLXAGU1UY"
REFUSED = re.compile(r"the chain refused it: .*\((\w+\.\w+)\)$")


class Plan:
    """How much flows through each meter in which interval, in mWh.

    It flows in the first half of the interval. So the register stands still when a reading is made at the end, and the reading
    says exactly what was planned, or it says that the moment was missed.
    """

    # What every register shows before anything flows.
    BASE = KWH
    BEGINS, ENDS = 0.1, 0.5

    def __init__(self, interval_millis: int):
        assert interval_millis >= 1_000, "shorter intervals are not counted from 1970"
        self.interval_millis = interval_millis
        self._energies: dict[str, dict[int, int]] = {}
        self._lock = threading.Lock()

    def now(self) -> int:
        """The interval that runs."""
        return int(time.time() * 1_000) // self.interval_millis

    def put(self, meter: str, interval: int, energy: int) -> None:
        """Lets `energy` mWh flow in an interval that has not begun."""
        assert interval > self.now(), f"interval {interval} has begun"
        with self._lock:
            self._energies.setdefault(meter, {})[interval] = energy

    def total(self, meter: str) -> int:
        return sum(self._energies.get(meter, {}).values())

    def energy(self, meter: str, interval: int) -> int:
        return self._energies.get(meter, {}).get(interval, 0)

    def register(self, meter: str) -> int:
        """What the meter shows at this moment."""
        interval, past = divmod(time.time() * 1_000, self.interval_millis)
        part = (past / self.interval_millis - self.BEGINS) / (self.ENDS - self.BEGINS)
        with self._lock:
            planned = self._energies.get(meter, {})
            whole = sum(energy for at, energy in planned.items() if at < interval)
            return self.BASE + whole + int(planned.get(int(interval), 0) * min(max(part, 0.0), 1.0))

    def await_begin(self, interval: int) -> None:
        """Waits until an interval has begun on the chain, too, whose clock stands still from block to block."""
        time.sleep(max(0.0, interval * self.interval_millis / 1_000 + 4 - time.time()))


class Home:
    """An agent with its meters, by their names."""

    def __init__(self, agent: Agent, numbers: list[int]):
        self.agent = agent
        self.numbers = dict(zip((meter.name for meter in agent.meters), numbers))

    def rows(self, meter: str) -> list[tuple[int, int, int, int]]:
        """Epoch, interval, register and quality of the readings that the finalised chain has."""
        return readings(self.agent.folder / "spool.db", self.numbers[meter], 2**32)

    def measured(self, meter: str, interval: int) -> int | None:
        """What the chain knows to have passed in just this interval."""
        rows = self.rows(meter)
        for before, after in zip(rows, rows[1:]):
            if after[1] == interval:
                return after[2] - before[2] if before[1] == interval - 1 and after[3] == MEASURED else None
        return None

    def begin(self) -> None:
        """Starts the agent, and waits until the chain knows where the registers stand."""
        self.agent.start()

        def signs() -> bool:
            assert self.agent.program.alive, f"the agent ended; log: {self.agent.log}"
            status = self.agent.status()
            return status is not None and all(meter["last_interval"] is not None for meter in status["meters"])

        wait_until(signs, 60, f"the agent signs no readings; log: {self.agent.log}")
        self.await_reported(0)

    def await_reported(self, interval: int) -> None:
        """Waits until the finalised chain has readings of all meters for an interval, or later ones."""

        def reported() -> bool:
            return all((rows := self.rows(meter)) and rows[-1][1] >= interval for meter in self.numbers)

        wait_until(reported, 60, f"the chain has no readings of interval {interval}; log: {self.agent.log}")


class Person:
    """Somebody at a terminal."""

    def __init__(self, node: Node, name: str, key: Path | None = None):
        self.node, self.name, self.key = node, name, key
        # What transactions cost so far.
        self.fees = 0
        self.address = self.ask("balance")["account"]

    @property
    def uri(self) -> str:
        return f"//{self.name}"

    def run(self, *arguments: object) -> subprocess.CompletedProcess:
        how = ["--key", self.key] if self.key else ["--suri-env", "TRADER"]
        return subprocess.run(
            [TERMINAL, "--url", self.node.url, *map(str, how), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=90,
            env={**os.environ, "TRADER": self.uri, "NO_COLOR": "1"},
        )

    def show(self, *arguments: object) -> str:
        """What a person reads."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"heliograph {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, *arguments: object) -> dict:
        """What a program reads."""
        (line,) = self.show("--json", *arguments).splitlines()
        return json.loads(line)

    def do(self, *arguments: object) -> list[dict]:
        """Signs something. Gives the events of all its transactions, which are final."""
        events = [
            event for line in self.show("--json", *arguments).splitlines() for event in json.loads(line)["events"]
        ]
        paid = [event["fields"] for event in events if event["event"] == "TransactionFeePaid"]
        self.fees += sum(int(fields["actual_fee"]) for fields in paid if fields["who"] == self.address)
        return events

    def refused(self, *arguments: object) -> str:
        """Signs something that the chain does not do. Gives the name of the error."""
        before = self.purse()
        done = self.run(*arguments)
        assert done.returncode == 1, f"{arguments} was not refused: {done.stdout}{done.stderr}"
        found = REFUSED.search(done.stderr.strip())
        assert found, done.stderr
        after = self.purse()
        assert (after.kwh, after.held) == (before.kwh, before.held)
        # It is charged for all the same.
        self.fees += before.deca - after.deca
        return found.group(1)

    def purse(self) -> "Purse":
        return Purse.of(self.ask("balance"))


def the(events: list[dict], name: str) -> dict:
    """The fields of the only event of this name."""
    (found,) = all_of(events, name)
    return found


def all_of(events: list[dict], name: str) -> list[dict]:
    """The fields of all events of this name, in their order."""
    return [event["fields"] for event in events if event["event"] == name]


@dataclass(frozen=True)
class Purse:
    """What somebody has, in base units, and what of it is held for which purpose."""

    deca: int
    kwh: int
    held: dict[str, int]

    @classmethod
    def of(cls, answer: dict) -> "Purse":
        held = {
            **{purpose: int(amount) for purpose, amount in answer["deca"]["held"].items()},
            **{f"KWH {purpose}": int(amount) for purpose, amount in answer["kwh"]["held"].items()},
        }
        total = lambda money: int(money["free"]) + sum(map(int, money["held"].values()))
        return cls(total(answer["deca"]), total(answer["kwh"]), held)

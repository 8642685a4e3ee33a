"""A day of a real house, played at the speed of a development chain.

Energies are exact functions of the replay's clock, so that what a device says at any moment can be said again by the
test, to the last bit of the device's own register.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

DAY = 86_400.0
SECONDS_PER_INTERVAL = 900


@dataclass(frozen=True)
class Step:
    """Mean powers in kW over one step of the profile."""

    load: float
    pv: float


class Profile:
    """One day from midnight to midnight, in even steps, of a CSV with the columns time, GC (load, kW) and GG (PV, kW)."""

    def __init__(self, steps: list[Step], label: str):
        if not steps or DAY % (DAY / len(steps)):
            raise ValueError(f"{label}: a day needs a whole number of steps, not {len(steps)}")
        self.steps = steps
        self.label = label
        self.seconds = DAY / len(steps)
        self._totals = {
            "consumption": self._cumulate(lambda s: s.load),
            "generation": self._cumulate(lambda s: s.pv),
            "import": self._cumulate(lambda s: max(0.0, s.load - s.pv)),
            "export": self._cumulate(lambda s: max(0.0, s.pv - s.load)),
        }

    def _cumulate(self, power) -> list[float]:
        totals = [0.0]
        for step in self.steps:
            totals.append(totals[-1] + power(step) * self.seconds / 3600)
        return totals

    def energy(self, flow: str, second: float) -> float:
        """kWh that flowed since midnight. Linear within a step; never falls."""
        second = min(max(second, 0.0), DAY)
        totals = self._totals[flow]
        index = min(int(second / self.seconds), len(self.steps) - 1)
        part = (second - index * self.seconds) / self.seconds
        return totals[index] + (totals[index + 1] - totals[index]) * part

    def power(self, flow: str, second: float) -> float:
        """W at a moment of the day."""
        index = min(int(min(max(second, 0.0), DAY) / self.seconds), len(self.steps) - 1)
        totals = self._totals[flow]
        return (totals[index + 1] - totals[index]) * 3_600_000 / self.seconds

    def peak(self, flow: str) -> float:
        """The largest power of the day, in W."""
        return max(self.power(flow, i * self.seconds) for i in range(len(self.steps)))

    @property
    def cloudiness(self) -> float:
        """kW of up and down that a clear day would not have: its PV goes up to the peak once, and down once."""
        pv = [step.pv for step in self.steps]
        return sum(abs(b - a) for a, b in zip(pv, pv[1:])) - 2 * max(pv)

    @property
    def night_share(self) -> float:
        """The share of the day without any generation."""
        return sum(step.pv <= 0.001 for step in self.steps) / len(self.steps)


class Repeated:
    """A day again and again: what a register counts goes on growing over midnight."""

    def __init__(self, day: Profile, days: int):
        self.day, self.days = day, days
        self.label = f"{days} times {day.label}"

    def energy(self, flow: str, second: float) -> float:
        """kWh that flowed since the first midnight. Never falls."""
        whole, rest = divmod(max(second, 0.0), DAY)
        if whole >= self.days:
            whole, rest = self.days, 0.0
        return whole * self.day.energy(flow, DAY) + self.day.energy(flow, rest)

    def power(self, flow: str, second: float) -> float:
        """W at a moment; none when the last day is over."""
        return self.day.power(flow, second % DAY) if second < self.days * DAY else 0.0

    def peak(self, flow: str) -> float:
        """The largest power of a day, in W."""
        return self.day.peak(flow)


def load_profile(path: Path, day: str | None = None) -> Profile:
    """The day of `path` that is asked for (YYYY-MM-DD), or else the cloudiest of the sunny ones."""
    days: dict[str, list[tuple[dt.datetime, Step]]] = {}
    with path.open(newline="") as file:
        rows = (row for row in csv.reader(file) if row and not row[0].startswith("#"))
        next(rows)
        for row in rows:
            moment = dt.datetime.fromisoformat(row[0])
            days.setdefault(str(moment.date()), []).append((moment, Step(float(row[1]), float(row[2]))))
    whole: list[Profile] = []
    for date, rows in sorted(days.items()):
        if day is not None and date != day:
            continue
        gaps = {(b[0] - a[0]).total_seconds() for a, b in zip(rows, rows[1:])}
        if len(gaps) == 1 and len(rows) * gaps.pop() == DAY:
            whole.append(Profile([step for _, step in rows], f"{path.name} {date}"))
    if not whole:
        raise ValueError(f"{path}: no whole day in even steps" + (f" on {day}" if day else ""))
    # A dull winter day has many clouds and little to show for it.
    most = max(candidate.energy("generation", DAY) for candidate in whole)
    sunny = [candidate for candidate in whole if candidate.energy("generation", DAY) >= most / 2]
    return max(sunny, key=lambda candidate: candidate.cloudiness)


def chosen_profile(root: Path) -> Profile:
    """The profile of HELIOGRAPH_REPLAY_CSV (and HELIOGRAPH_REPLAY_DAY), or else the modelled day that ships with the agent."""
    chosen = os.environ.get("HELIOGRAPH_REPLAY_CSV")
    if chosen:
        return load_profile(Path(chosen), os.environ.get("HELIOGRAPH_REPLAY_DAY"))
    shipped = sorted((root / "oracle-agent" / "data").glob("*.csv"))
    if not shipped:
        raise FileNotFoundError("no profile in oracle-agent/data")
    return load_profile(shipped[0])


class Clock:
    """Seconds of the replayed days. Stands still at midnight until it is started, and again at the end of the last day."""

    def __init__(self, interval_millis: int, days: int = 1):
        self.speed = SECONDS_PER_INTERVAL * 1000 / interval_millis
        self.end = days * DAY
        self._started: float | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        with self._lock:
            self._started = time.monotonic()

    def now(self) -> float:
        with self._lock:
            if self._started is None:
                return 0.0
            return min((time.monotonic() - self._started) * self.speed, self.end)

    @property
    def over(self) -> bool:
        return self.now() >= self.end

    def wait_for(self, part: float) -> None:
        """Waits until a part of the time is over; 1 is the last midnight."""
        while self.now() < part * self.end:
            time.sleep(0.05)

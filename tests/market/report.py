"""What the day of 200 households came to: a picture (SVG) and a table (Markdown), both from the chain's own answer.

    HELIOGRAPH_REPORT=FOLDER    where they go; without it, `report` in the project's cache

Terms, per area and over the day:

- **self-consumption**: the part of the generation that is used in the area. Without a market that is what a home uses of its own
  roof at the same moment. With the market, what neighbours bought, got and drew comes on top.
- **self-sufficiency**: the same energy as a part of all that the homes use.
- **at the same time**: the part of the generation that is used in the area in the same slot by whoever, sold or not. No market is
  needed for it, only chance; it moves when loads wait for cheap energy.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from households import FEED_IN, HOMES, PLACES, RETAIL, SLOTS, Day, Home

CACHE = Path(os.environ.get("HELIOGRAPH_CACHE", Path.home() / ".cache/heliograph"))
FOLDER = Path(os.environ.get("HELIOGRAPH_REPORT", CACHE / "report"))

KWH = 10**6
DECA = 10**12
# A price of 1 DECA per kWh.
UNIT_PRICE = 10**6


# --- Figures -----------------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """Sums of an area over the day, or of one slot; in mWh."""

    generated: int = 0
    used: int = 0
    # Used at home, of the own roof at the same moment.
    at_home: int = 0
    # Given to the grid, and taken from it without the market and with it.
    given: int = 0
    taken_without: int = 0
    taken_with: int = 0
    # Sold and bought, of that delivered, and of that drawn.
    traded: int = 0
    delivered: int = 0
    drawn: int = 0
    # Given and taken in the area in the same slot.
    matched_without: int = 0
    matched_with: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in vars(self)))

    @property
    def shares(self) -> dict[str, tuple[float, float]]:
        """The three shares, each without the market and with it."""
        bought = self.at_home + self.drawn
        return {
            "self-consumption": (self.at_home / self.generated, bought / self.generated),
            "self-sufficiency": (self.at_home / self.used, bought / self.used),
            "at the same time": (
                (self.at_home + self.matched_without) / self.generated,
                (self.at_home + self.matched_with) / self.generated,
            ),
        }


def figures(day: Day, answer: dict) -> dict[str, list[Figures]]:
    """By area and slot."""
    by_slot = {area: [Figures() for _ in range(SLOTS)] for area in PLACES}
    for home in day.homes:
        for slot, entry in enumerate(by_slot[home.area]):
            entry.generated += home.sun[slot]
            entry.at_home += home.sun[slot] - home.given[slot]
            entry.given += home.given[slot]
            entry.used += home.load[slot] + home.runs_in(slot)
            entry.taken_with += home.taken[slot] + home.runs_in(slot)
            entry.taken_without += home.taken[slot] + home.would_run_in(slot)
    for entries in by_slot.values():
        for entry in entries:
            entry.matched_without = min(entry.given, entry.taken_without)
            entry.matched_with = min(entry.given, entry.taken_with)
    for area, slot, _, volume in answer["auctions"]:
        by_slot[area][int(slot)].traded += int(volume)
    for number, settled in answer["settled"].items():
        position = day.market.positions[int(number)]
        if position.side == "Buy" and settled["delivered"] is not None:
            area, slot = position.auction
            by_slot[area][slot].delivered += int(settled["delivered"])
            # The chain says in money what was drawn, and the balances were compared.
            by_slot[area][slot].drawn += position.drew
    return by_slot


def bills(day: Day, answer: dict) -> dict[str, tuple[float, float]]:
    """What a home pays for the day on average, in DECA: to the supplier without the market; to supplier and market with it."""
    final = answer["observations"][-1]["balances"]
    drew: dict[int, int] = dict.fromkeys(range(HOMES), 0)
    sold: dict[int, int] = dict.fromkeys(range(HOMES), 0)
    for position in day.market.positions:
        home = day.owner[position.owner].number
        if position.side == "Buy":
            drew[home] += position.drew
        else:
            sold[home] += position.delivered or 0

    def without(home: Home) -> int:
        taken = sum(home.taken) + sum(home.would_run_in(slot) for slot in range(SLOTS))
        return RETAIL * taken - FEED_IN * sum(home.given)

    def with_market(home: Home) -> int:
        taken = sum(home.taken) + sum(home.runs_in(slot) for slot in range(SLOTS)) - drew[home.number]
        paid = int(day.accounts[home.name]) - int(final[home.name])
        return RETAIL * taken - FEED_IN * (sum(home.given) - sold[home.number]) + paid

    groups = {
        "homes with panels": [home for home in day.homes if home.panels],
        "homes without panels": [home for home in day.homes if not home.panels],
    }
    return {
        name: tuple(sum(map(bill, homes)) / len(homes) / DECA for bill in (without, with_market)) for name, homes in groups.items()
    }


# --- Table -------------------------------------------------------------------------------------------------------------


def table(day: Day, answer: dict) -> str:
    sums = {area: sum(entries, Figures()) for area, entries in figures(day, answer).items()}
    sums["both"] = sum(sums.values(), Figures())
    columns = list(sums)
    rows = [
        ("homes", *(str(sum(home.area == area or area == "both" for home in day.homes)) for area in columns)),
        *(
            (label, *(f"{getattr(sums[area], name) / KWH:,.1f} kWh" for area in columns))
            for label, name in (
                ("generated", "generated"),
                ("used", "used"),
                ("given to the grid", "given"),
                ("sold and bought in slots", "traded"),
                ("of that delivered", "delivered"),
                ("of that drawn", "drawn"),
            )
        ),
    ]
    for name in next(iter(sums.values())).shares:
        for i, which in enumerate(("without the market", "with it")):
            rows.append((f"{name}, {which}", *(f"{sums[area].shares[name][i]:.1%}" for area in columns)))
    for what, prices in prices_of(answer, sums).items():
        rows.append((what, *prices))
    lines = [
        "# A day of 200 virtual households",
        "",
        f"Seed {day.seed}; {len(answer['fills']):,} orders collected. Modelled homes, not measured ones.",
        "",
        "| | " + " | ".join(columns) + " |",
        "|---|" + "---:|" * len(columns),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        "| a home's bill of the day | without the market | with it |",
        "|---|---:|---:|",
        *(f"| {name} | {before:.3f} DECA | {after:.3f} DECA |" for name, (before, after) in bills(day, answer).items()),
        "",
        f"The supplier charges {RETAIL / UNIT_PRICE:.2f} and pays {FEED_IN / UNIT_PRICE:.2f} DECA per kWh.",
        "A negative bill is an income.",
        "",
        (__doc__ or "").split("\n\n", 3)[3].replace("\n\n", "\n").strip(),
        "",
    ]
    return "\n".join(lines)


def prices_of(answer: dict, sums: dict) -> dict[str, list[str]]:
    """The mean price by volume, the lowest and the highest."""
    rows: dict[str, list[str]] = {"mean price by volume": [], "lowest and highest price": []}
    for area in sums:
        deals = [(int(p), int(v)) for a, _, p, v in answer["auctions"] if p is not None and area in (a, "both")]
        mean = sum(p * v for p, v in deals) / max(1, sum(v for _, v in deals))
        rows["mean price by volume"].append(f"{mean / UNIT_PRICE:.3f} DECA")
        rows["lowest and highest price"].append(f"{min(deals)[0] / UNIT_PRICE:.3f} to {max(deals)[0] / UNIT_PRICE:.3f} DECA")
    return rows


# --- Picture -----------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, RIGHT = 960, 932, 70, 30
PLOT = WIDTH - LEFT - RIGHT
# Colours that are told apart by everybody (Okabe and Ito).
BLUE, ORANGE, GREEN, GREY, PALE, INK = "#0072B2", "#D55E00", "#009E73", "#999999", "#F0E442", "#222222"
AREA_COLOURS = {"VALLEY": BLUE, "TOWN": ORANGE}


class Panel:
    """A rectangle of the picture with a scale from nothing to `top`, over the day."""

    def __init__(self, y: int, height: int, top: float, title: str, unit: str):
        self.y, self.height, self.top = y, height, top
        self.parts = [text(LEFT, y - 12, title, size=15, weight="bold")]
        step = nice(top / 4)
        value = 0.0
        while value <= top * 1.0001:
            at = self.at(value)
            self.parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{LEFT + PLOT}" y2="{at:.1f}" stroke="#DDDDDD"/>')
            self.parts.append(text(LEFT - 8, at + 4, f"{value:g}", anchor="end", size=12))
            value = round(value + step, 6)
        self.parts.append(text(LEFT + PLOT, y - 12, unit, anchor="end", size=12))

    def at(self, value: float) -> float:
        return self.y + self.height * (1 - value / self.top)

    def hours(self) -> None:
        for hour in range(0, 25, 3):
            x = LEFT + PLOT * hour / 24
            bottom = self.y + self.height
            self.parts.append(f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 5}" stroke="{INK}"/>')
            self.parts.append(text(x, bottom + 19, f"{hour:02}:00", anchor="middle", size=12))

    def outline(self, values: list[float | None]) -> str:
        """Steps from slot to slot; a new line after every slot without a value."""
        path, pen = [], "M"
        for slot, value in enumerate(values):
            if value is None:
                pen = "M"
                continue
            left, right = (LEFT + PLOT * x / SLOTS for x in (slot, slot + 1))
            path.append(f"{pen}{left:.1f},{self.at(value):.1f} L{right:.1f},{self.at(value):.1f}")
            pen = "L"
        return " ".join(path)

    def line(self, values: list[float | None], colour: str, width: float = 2, dashes: str = "") -> None:
        style = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'<path d="{self.outline(values)}" fill="none" stroke="{colour}" stroke-width="{width}"{style}/>')

    def surface(self, values: list[float], colour: str, opacity: float) -> None:
        end = f"L{LEFT + PLOT:.1f},{self.at(0):.1f} L{LEFT:.1f},{self.at(0):.1f} Z"
        self.parts.append(f'<path d="{self.outline(values)} {end}" fill="{colour}" fill-opacity="{opacity}" stroke="none"/>')

    def legend(self, entries: list[tuple[str, str]]) -> None:
        x = LEFT + 12
        for label, colour in entries:
            self.parts.append(f'<rect x="{x}" y="{self.y + 7}" width="14" height="10" fill="{colour}"/>')
            self.parts.append(text(x + 20, self.y + 16, label, size=12))
            x += 36 + 7 * len(label)


def nice(step: float) -> float:
    """The least number from `step` on that is 1, 2 or 5 times a power of ten."""
    return min(n for power in range(-4, 5) for factor in (1, 2, 5) if (n := factor * 10.0**power) >= step)


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 13, weight: str = "normal") -> str:
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{INK}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'


def picture(day: Day, answer: dict) -> str:
    by_slot = figures(day, answer)
    both = [sum(entries, Figures()) for entries in zip(*by_slot.values())]
    parts = [
        text(LEFT, 36, "A day of slot auctions: 200 virtual households, two areas", size=20, weight="bold"),
        text(LEFT, 56, f"Modelled homes, not measured ones. Cleared and settled by the chain's runtime; seed {day.seed}.", size=13),
    ]

    prices = Panel(100, 190, 0.4, "Clearing price", "DECA per kWh")
    known = {(area, int(slot)): price for area, slot, price, _ in answer["auctions"]}
    for area, colour in AREA_COLOURS.items():
        of_area = [known.get((area, slot)) for slot in range(SLOTS)]
        prices.line([None if p is None else int(p) / UNIT_PRICE for p in of_area], colour)
    for value, label in ((RETAIL, "supplier charges"), (FEED_IN, "supplier pays")):
        prices.line([value / UNIT_PRICE] * SLOTS, GREY, 1.5, "6 4")
        prices.parts.append(text(LEFT + PLOT - 4, prices.at(value / UNIT_PRICE) - 5, label, anchor="end", size=12))
    prices.legend(list(AREA_COLOURS.items()))
    prices.hours()

    peak = max(max(entry.given, entry.taken_with, entry.taken_without) for entry in both) / KWH
    energy = Panel(360, 210, peak * 1.15, "Energy of both areas together, per slot of 15 minutes", "kWh")
    energy.surface([entry.given / KWH for entry in both], PALE, 0.7)
    energy.surface([entry.traded / KWH for entry in both], GREEN, 0.45)
    energy.line([entry.drawn / KWH for entry in both], GREEN)
    energy.line([entry.taken_with / KWH for entry in both], INK, 1.5)
    energy.line([entry.taken_without / KWH for entry in both], INK, 1.2, "3 3")
    energy.legend(
        [("given to the grid", PALE), ("bought and sold", "#8CCFB8"), ("of that drawn", GREEN),
         ("taken from the grid (dotted: without the market)", INK)]
    )
    energy.hours()

    shares = Panel(640, 180, 1.2, "Used in the area", "share of the day")
    sums = {area: sum(entries, Figures()) for area, entries in by_slot.items()} | {"both": sum(both, Figures())}
    groups = [(area, name, pair) for area, sum_of_area in sums.items() for name, pair in sum_of_area.shares.items()]
    width = PLOT / len(groups)
    for n, (area, name, pair) in enumerate(groups):
        for i, (share, colour) in enumerate(zip(pair, (GREY, GREEN))):
            x = LEFT + width * n + width * (0.16 + 0.36 * i)
            top, bottom = shares.at(share), shares.at(0)
            place = f'x="{x:.1f}" y="{top:.1f}" width="{width * 0.32:.1f}" height="{bottom - top:.1f}"'
            shares.parts.append(f'<rect {place} fill="{colour}"/>')
            shares.parts.append(text(x + width * 0.16, top - 4, f"{share:.0%}", anchor="middle", size=11))
        middle = LEFT + width * (n + 0.52)
        shares.parts.append(text(middle, shares.y + shares.height + 17, name, anchor="middle", size=10))
        if n % 3 == 1:
            shares.parts.append(text(middle, shares.y + shares.height + 35, area, anchor="middle", size=13, weight="bold"))
    shares.legend([("without the market", GREY), ("with the market", GREEN)])

    notes = [
        "Self-consumption: of all generation, what a home uses itself at that moment; with the market, also what neighbours drew of it.",
        "Self-sufficiency: the same energy, of all that the homes use.",
        "At the same time: of all generation, what the area uses in the same slot, sold or not.",
    ]
    parts += [part for panel in (prices, energy, shares) for part in panel.parts]
    parts += [text(LEFT, 884 + 17 * n, note, size=12) for n, note in enumerate(notes)]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" role="img">',
            "<title>Prices, energy and self-consumption of a day of slot auctions for 200 virtual households</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def write(day: Day, answer: dict, folder: Path = FOLDER) -> tuple[Path, Path]:
    """Writes both, and says where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "households.svg", folder / "households.md"
    paths[0].write_text(picture(day, answer))
    paths[1].write_text(table(day, answer))
    return paths

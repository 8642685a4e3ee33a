"""A day of 200 households on the real runtime and in the reference, and all that they say of it compared.

`HELIOGRAPH_SEED=N` makes another day. What the chain was given and what it answered is kept when the test fails. A picture and a
table of the day are written, and their paths printed (`pytest -s` shows them; so does the summary).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

import households
import report

BIN = Path(os.environ.get("HELIOGRAPH_BIN", Path.home() / ".cache/heliograph/target/release"))
REPLAY = BIN / "examples/replay_slots"
SEED = int(os.environ.get("HELIOGRAPH_SEED") or 2026)

# What the day has to bring about, or the comparison says little.
MUST_HAPPEN = (
    "a bid whose limit falls between two ticks",
    "a boiler ran when energy was cheap",
    "a buyer drew less",
    "a buyer got less and a compensation",
    "a purchase under challenge",
    "a sale under challenge",
    "a seller delivered all",
    "a seller delivered less",
    "a seller delivered nothing",
    "an area got new prices",
    "an order was cancelled",
    "cleared by a call of its own",
    "cleared by who collects",
    "left over: Buy",
    "left over: Sell",
    "nothing was traded",
    "readings came late",
    "refused: AboveNameplate (place)",
    "refused: GateClosed (cancel)",
    "refused: GateClosed (place)",
    "refused: GateStillOpen (clear)",
    "refused: MinerNotActive (place)",
    "refused: NothingToSettle (settle)",
    "refused: OffLot (place)",
    "refused: OffTick (place)",
    "refused: OtherSide (place)",
    "refused: PriceOutOfRange (place)",
    "refused: TooEarly (settle)",
    "refused: TooSmall (place)",
    "shared at the margin: Buy",
    "shared at the margin: Sell",
)


def as_text(value):
    """Numbers as the chain prints them: as text, which no reader of JSON rounds."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return {str(key): as_text(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_text(entry) for entry in value]
    return value


def differences(reference: dict, chain: dict, what: str) -> list[str]:
    keys = sorted(reference.keys() | chain.keys())
    return [
        f"{what} {key}: the reference has {reference.get(key)}, the chain {chain.get(key)}"
        for key in keys
        if key not in reference or key not in chain or reference[key] != chain[key]
    ]


@pytest.fixture(scope="module")
def day() -> households.Day:
    return households.make(SEED)


@pytest.fixture(scope="module")
def chain(request, day) -> dict:
    """The day on the runtime, which checks the pallets' invariants at every observation."""
    if not REPLAY.exists():
        pytest.fail(f"{REPLAY} is missing: build it first (scripts/test does)")
    folder = Path(tempfile.mkdtemp(prefix="heliograph-market-"))
    request.addfinalizer(lambda: request.session.testsfailed or shutil.rmtree(folder))
    (folder / "scenario.json").write_text(json.dumps(day.scenario(day.steps)))
    with (folder / "scenario.json").open() as given, (folder / "chain.json").open("w") as answer, (folder / "log").open("w") as log:
        code = subprocess.run([REPLAY], stdin=given, stdout=answer, stderr=log, timeout=800).returncode
    log = (folder / "log").read_text()
    assert code == 0, f"the replay failed; scenario and log are in {folder}\n" + "\n".join(log.splitlines()[-20:])
    # Pytest shows it when a test fails.
    print(f"HELIOGRAPH_SEED={SEED}; scenario, answer and log are in {folder}")
    return json.loads((folder / "chain.json").read_text())


def test_day_is_as_large_as_promised(day):
    assert len(day.homes) == households.HOMES == 200
    traded = {interval for _, interval, price, _ in day.market.cleared if price is not None}
    assert {interval for _, interval, _, _ in day.market.cleared} == set(range(96))
    assert len(traded) > 50
    assert len(day.market.positions) > 15_000
    assert {home.area for home in day.homes} == set(households.PLACES)


def test_day_brings_everything_about(day):
    assert [what for what in MUST_HAPPEN if what not in day.happened] == []


def test_no_reading_was_refused(day, chain):
    sent = sum(len(a["registers"]) for step in day.steps for a in step["actions"] if a["call"] == "readings")
    assert chain["readings"] == {"accepted": str(sent), "refused": "0"}


def test_every_auction_clears_at_the_same_price(day, chain):
    assert chain["auctions"] == as_text(day.market.cleared)


def test_every_order_is_filled_the_same(day, chain):
    fills = {p.number: p.fill for p in day.market.positions if p.fill is not None}
    assert len(fills) > 15_000
    found = differences(as_text(fills), chain["fills"], "the fill of order")
    assert found == [], "\n".join(found[:20])


def test_every_order_is_settled_the_same(day, chain):
    settled = {p.number: {"delivered": p.delivered} for p in day.market.positions if p.fill}
    found = differences(as_text(settled), chain["settled"], "the settlement of order")
    assert found == [], "\n".join(found[:20])


@pytest.mark.parametrize("what", ["balances", "held"])
def test_everybody_has_the_same_money_all_day(day, chain, what):
    assert len(chain["observations"]) == len(day.expected) > 25
    for ours, theirs in zip(day.expected, chain["observations"]):
        assert theirs["interval"] == str(ours["interval"])
        found = differences(as_text(ours[what]), theirs[what], f"interval {ours['interval']}: {what} of")
        assert found == [], "\n".join(found[:20])


@pytest.mark.parametrize("what", ["treasury", "escrow"])
def test_treasury_and_escrow_have_the_same_money_all_day(day, chain, what):
    before = int(chain["genesis"][what])
    ours = [entry[what] for entry in day.expected]
    assert [int(entry[what]) - before for entry in chain["observations"]] == ours
    assert max(ours) > 0


def test_no_money_is_made_or_lost(day, chain):
    for entry in chain["observations"]:
        others = sum(int(entry[what]) - int(chain["genesis"][what]) for what in ("treasury", "escrow"))
        assert sum(map(int, entry["balances"].values())) + others == day.market.there_is


def test_nothing_is_held_when_all_is_settled(chain):
    last = chain["observations"][-1]
    assert set(last["held"].values()) == {"0"}
    assert last["escrow"] == chain["genesis"]["escrow"]


def test_report_shows_the_day(day, chain, tmp_path_factory, request):
    picture, table = report.write(day, chain)
    ElementTree.fromstring(picture.read_text())
    by_slot = report.figures(day, chain)
    total = sum((entry for entries in by_slot.values() for entry in entries), report.Figures())
    # Energy that was drawn was delivered, what was delivered was sold, and what was sold had been given to the grid, but for
    # what sellers foresaw too much of.
    assert 0 < total.drawn <= total.delivered <= total.traded
    assert total.delivered <= total.given
    for before, after in total.shares.values():
        assert 0 < before < after < 1
    for before, after in report.bills(day, chain).values():
        assert after < before
    # After the tests, so that it is seen without looking for it.
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    reporter.write_line(f"\nthe day of 200 households: {picture} and {table}")

"""A month of rewards on the real runtime and in the model, and every number of the two compared.

`HELIOGRAPH_SEED=N` plays another month. What the chain was given and what it answered is kept when the test fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import scenario
from rewards_model import POOLS, Model

BIN = Path(os.environ.get("HELIOGRAPH_BIN", Path.home() / ".cache/heliograph/target/release"))
REPLAY = BIN / "examples/replay_rewards"
SEED = int(os.environ.get("HELIOGRAPH_SEED") or 2026)

# What the month has to bring about, or the comparison says little.
MUST_HAPPEN = (
    "Generation was short of funds",
    "Plant was short of funds",
    "a consumer did not save",
    "a consumer saved",
    "a day of grace",
    "a neighbour moved up",
    "a plant above the physical maximum",
    "a plant was delisted for its silence",
    "a plant's day was not recorded in time",
    "a re-binding cost more",
    "a re-binding gave money back",
    "a silent day",
    "a week above the threshold",
    "a week below the threshold",
    "drawn",
    "emission minted",
    "not drawn",
    "own reward by version A",
    "own reward by version B",
    "refused: buy_units",
    "refused: rebind",
    "refused: refund",
    "withheld: above the physical maximum",
    "withheld: nothing was measured",
    "withheld: the meter is quarantined",
    "withheld: the miner is suspended",
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


def differences(model, chain, place: str = "") -> list[str]:
    """Where two trees of values differ, in words."""
    if isinstance(model, dict) and isinstance(chain, dict):
        keys = sorted(model.keys() | chain.keys())
        return [d for key in keys for d in differences(model.get(key), chain.get(key), f"{place}.{key}")]
    if isinstance(model, list) and isinstance(chain, list) and len(model) == len(chain):
        return [d for i, (m, c) in enumerate(zip(model, chain)) for d in differences(m, c, f"{place}[{i}]")]
    return [] if model == chain else [f"{place}: the model has {model}, the chain {chain}"]


def known(model, chain):
    """The model without the listings that the chain has forgotten, which it may do once nothing is due from them."""

    def is_over(listing: dict) -> bool:
        return listing["settled"] == listing["last"] and listing["earned"] == listing["own_reward"] == "0"

    if len(model) != len(chain):
        return model
    return [None if theirs is None and is_over(ours) else ours for ours, theirs in zip(model, chain)]


@pytest.fixture(scope="module")
def month() -> dict:
    return json.loads(json.dumps(scenario.make(SEED)))


@pytest.fixture(scope="module")
def chain(request, month) -> dict:
    """The month on the runtime, which checks the pallets' invariants on every evening."""
    if not REPLAY.exists():
        pytest.fail(f"{REPLAY} is missing: build it first (scripts/test does)")
    folder = Path(tempfile.mkdtemp(prefix="heliograph-model-"))
    request.addfinalizer(lambda: request.session.testsfailed or shutil.rmtree(folder))
    (folder / "scenario.json").write_text(json.dumps(month))
    with (folder / "scenario.json").open() as given, (folder / "chain.json").open("w") as answer, (folder / "log").open("w") as log:
        code = subprocess.run([REPLAY], stdin=given, stdout=answer, stderr=log, timeout=800).returncode
    log = (folder / "log").read_text()
    assert code == 0, f"the replay failed; scenario and log are in {folder}\n" + "\n".join(log.splitlines()[-20:])
    # Pytest shows it when a test fails.
    print(f"HELIOGRAPH_SEED={SEED}; scenario, answer and log are in {folder}")
    return json.loads((folder / "chain.json").read_text())


@pytest.fixture(scope="module")
def model(month, chain) -> Model:
    """The same month in the model. It begins with what the chain's genesis put in the pools, and with its lots."""
    model = Model(month, chain["genesis"])
    model.run()
    return model


def test_month_is_as_large_as_promised(month):
    kinds = [miner["kind"] for miner in month["miners"]]
    assert (kinds.count("Plant"), kinds.count("Standard"), kinds.count("Consumer")) == (3, 50, 10)
    actions = [action for step in month["steps"] for action in step["actions"]]
    calls = {call: [action for action in actions if action["call"] == call] for call in {action["call"] for action in actions}}
    assert len({purchase["by"] for purchase in calls["buy_units"]}) == 200
    assert len(calls["delist"]) == 1 and len(calls["rebind"]) > 50 and len(calls["refund"]) > 10
    days = {step["day"] for step in month["steps"] for action in step["actions"] if action["call"] == "record"}
    # Recorded on day 2 for the first time, on day 33 for the last: the days 0 to 31.
    assert (min(days), max(days)) == (2, 33)


def test_month_brings_everything_about(model):
    assert [what for what in MUST_HAPPEN if what not in model.happened] == []
    assert set(model.votes_seen) == set(range(7)), f"votes: {model.votes_seen}"
    expired = [p for p in model.positions if not p.ended and p.until < model.today]
    assert len(expired) > 50


def test_every_weight_is_the_same(model, chain):
    assert len(model.weights) > 1_000
    assert differences(as_text(model.weights), chain["weights"]) == []


@pytest.mark.parametrize("what", ["pools", "recorded", "balances", "positions", "listings", "pot", "issuance"])
def test_every_day_ends_with_the_same(model, chain, what):
    assert len(chain["observations"]) == len(model.observations) == 37
    for ours, theirs in zip(model.observations, chain["observations"]):
        expected = as_text(ours[what])
        if what == "listings":
            expected = known(expected, theirs[what])
        found = differences(expected, theirs[what], f"day {ours['day']} {what}")
        assert found == [], "\n".join(found[:20])


def test_no_reading_was_refused(chain):
    assert chain["readings"]["refused"] == "0"
    assert int(chain["readings"]["accepted"]) > 150_000


def test_all_that_was_earned_is_paid_in_the_end(chain):
    """Paid and what is left are all that was put in; nothing is reserved or due any more."""
    pools = chain["observations"][-1]["pools"]
    for name in POOLS:
        pool = {key: int(value) for key, value in pools[name].items()}
        assert pool["reserved"] == pool["due"] == 0, name
        assert pool["paid"] > 0 and pool["paid"] + pool["funds"] == pool["funded"], name
    assert int(pools["Generation"]["dust"]) > 0

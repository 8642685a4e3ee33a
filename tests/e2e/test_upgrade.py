"""A runtime upgrade by a public referendum, on a chain where an agent goes on reporting."""

import os
import time
from pathlib import Path

import pytest

from field import wait_until
from programs import javascript
from scenarios import history


def meters(node):
    return javascript("tests/js/meters.mjs", "--url", node.url)["meters"]


@pytest.fixture(scope="module")
def upgraded(quick_node, month):
    blob = os.environ.get("HELIOGRAPH_NEXT_RUNTIME")
    if not blob:
        pytest.fail("HELIOGRAPH_NEXT_RUNTIME names no runtime to upgrade to: scripts/test builds one, or call scripts/lib/next-runtime.sh")
    assert Path(blob).is_file(), f"HELIOGRAPH_NEXT_RUNTIME: {blob} is no file"
    before = meters(quick_node)
    outcome = javascript("tests/js/upgrade.mjs", "--url", quick_node.url, "--code", blob, timeout=400)
    # The agent goes on: readings of intervals after the upgrade reach the chain.
    here = month.numbers[0]
    then = meters(quick_node)[str(here)]["last_interval"]
    deadline = time.monotonic() + 60
    while (after := meters(quick_node))[str(here)]["last_interval"] <= then + 20:
        assert time.monotonic() < deadline, f"no readings after the upgrade; log: {month.agent.log}"
        time.sleep(1)
    return {**outcome, "meters_before": before, "meters_after": after}


def test_nobody_upgrades_alone(upgraded):
    assert upgraded["alone"] == "BadOrigin"
    assert upgraded["unauthorised"] is not None


def test_referendum_on_the_root_track_authorises_the_code(upgraded):
    assert upgraded["vote"]["track"] == 0
    assert upgraded["vote"]["error"] is None
    assert upgraded["vote"]["submitted"] < upgraded["vote"]["confirmed"] < upgraded["vote"]["enacted"]
    assert upgraded["authorised"] == upgraded["hash"]


def test_spec_version_grows(upgraded):
    assert upgraded["after"]["version"] == upgraded["before"]["version"] + 1


def test_migration_drops_what_belongs_to_nobody_and_keeps_the_rest(upgraded):
    before, after = upgraded["before"], upgraded["after"]
    assert before["stale_expected"] in before["stale"]
    assert after["stale"] == []
    assert set(before["used"]) - set(before["stale"]) <= set(after["used"])


def test_migration_ran_to_its_end(upgraded):
    names = [event["name"] for event in upgraded["migration"]]
    assert names[0] == "UpgradeStarted" and names[-1] == "UpgradeCompleted"
    assert "MigrationCompleted" in names and "MigrationFailed" not in names


def test_readings_go_on_over_the_upgrade(upgraded, month):
    for number in month.numbers:
        before, after = upgraded["meters_before"][str(number)], upgraded["meters_after"][str(number)]
        assert after["last_interval"] > before["last_interval"]
        assert int(after["attested"]) >= int(before["attested"])
        assert after["epoch"] == before["epoch"] == 0


@pytest.mark.parametrize("meter", ["grid-import", "grid-export"])
def test_no_reading_is_lost_over_the_upgrade(upgraded, month, meter):
    """The history hash on chain is that of the readings that the agent kept, all of them, before and after."""
    number = month.number(meter)
    state = upgraded["meters_after"][str(number)]
    month.await_settled(meter, state["last_interval"])
    assert history(month.agent.folder / "spool.db", number, state["last_interval"]) == state["history"]
    report = wait_until(month.agent.status, 10, "the agent serves no status")["meters"][month.numbers.index(number)]
    assert (report["refused"], report["superseded"]) == (0, 0)

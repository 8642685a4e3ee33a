"""Safe mode, entered by the Technical Committee: readings and exits go on, new risk does not."""

import pytest

from field import wait_until
from programs import javascript

FILTERED = "system.CallFiltered"


@pytest.fixture(scope="module")
def seen(quick_node, month, traded):
    before = attested(month)
    outcome = javascript(
        "tests/js/safe-mode.mjs",
        *["--url", quick_node.url, "--miner", traded["olga"]["miner"], "--meter", traded["olga"]["meter"]],
        timeout=300,
    )
    return {**outcome, "agent_before": before, "agent_after": attested(month)}


def attested(month):
    """How many of the agent's readings the chain has accepted, for each meter."""
    return [meter["attested"] for meter in wait_until(month.agent.status, 10, "the agent serves no status")["meters"]]


def test_committee_enters_and_leaves_safe_mode(seen):
    assert seen["until"] not in ("", "None")
    assert seen["left"] is True
    assert seen["afterwards"] is None, "applications are taken again"


@pytest.mark.parametrize("what", ["withdraw_application", "withdraw_request", "remove_liquidity", "challenge", "ruling"])
def test_exits_and_rulings_work_in_safe_mode(seen, what):
    assert seen["works"][what] is None


def test_readings_go_on_in_safe_mode(seen):
    assert int(seen["during"]["attested_after"]) == int(seen["during"]["attested_before"]) + 1_000


def test_agent_goes_on_in_safe_mode(seen):
    assert all(after > before for before, after in zip(seen["agent_before"], seen["agent_after"]))


@pytest.mark.parametrize(
    "what", ["apply", "transfer", "transfer_kwh", "request_payment", "swap", "add_liquidity", "inside_a_batch", "motion_to_approve"]
)
def test_new_risk_is_refused_in_safe_mode(seen, what):
    assert seen["refused"][what] == FILTERED

"""Into a battery and out again, with 8 % lost on the way: what is minted, what is held for it, and what burns.

Three agents measure: the roof that sends, the battery, and the home that draws. What was delivered is worked out here again
from the readings that the agents kept, by the rules of docs/storage.md.
"""

import pytest

from payment import Parameters, moved, settle
from street import Street
from trade import DECA, KWH

# The stories last seven minutes.
pytestmark = pytest.mark.timeout(900)

SENT = sum(Street.SENT)
RECEIVED = SENT * Street.ARRIVES // 100
# 0.3 DECA for a kWh that a node fails to deliver, as governed by default.
PENALTY = 300_000


@pytest.fixture(scope="module")
def told(street):
    return street.told


# --- In ----------------------------------------------------------------------------------------------------------------


def test_bond_for_the_capacity_is_held(told):
    registered = told["deposit"]["registered"]
    assert (registered["capacity"], int(registered["bond"])) == (100 * KWH, 100 * DECA)
    # The bond was held before the slots were traded.
    assert told["slots"]["before"]["Nora"].held["StorageNodes.Bond"] == 100 * DECA


def test_deposit_counts_from_the_first_interval_that_was_not_reported(street, told):
    accepted = told["deposit"]["accepted"]
    assert (accepted["meter"], accepted["node"]) == (street.number("roof"), street.miners["Nora"])
    assert accepted["from"] <= told["deposit"]["first"]


def test_battery_received_92_percent_of_what_was_sent(told):
    """Also when an agent missed a moment: what cannot be compared interval by interval is found in the sum."""
    receipt = told["arrival"]["receipt"]
    assert (int(receipt["counted"]), int(receipt["received"])) == (SENT, RECEIVED)
    for sent, charged in told["arrival"]["measured"]:
        if sent and charged:
            assert charged * 100 == sent * 92


def test_fee_is_returned_to_who_accounts_for_a_battery(told):
    did = [events for events in told["arrival"]["calls"] if any(event["event"] in ("Accounted", "MeterAccounted") for event in events)]
    assert len(did) >= 2
    for events in did:
        assert sum(int(event["fields"]["actual_fee"]) for event in events if event["event"] == "TransactionFeePaid") == 0


def test_backing_is_there_before_any_token_is(told):
    parity = told["arrival"]["parity"]
    assert (int(parity["supply"]), int(parity["backing"]), int(parity["uncovered"])) == (0, RECEIVED, 0)
    assert parity["ratio"] is None


def test_evidence_names_the_node_and_the_loss(street, told):
    evidence = told["payment"]["entry"]["evidence"]
    assert (int(evidence["sent"]), int(evidence["received"]), int(evidence["loss"])) == (SENT, RECEIVED, SENT - RECEIVED)
    assert evidence["receivedBy"] == {"storageNode": street.miners["Nora"]}


def test_tokens_are_minted_for_what_was_received(told):
    paid = told["payment"]
    expected = settle(RECEIVED, Parameters.of(paid["before"]), None)
    deposit = int(paid["entry"]["deposit"])
    assert moved(paid, "miner") == {"deca": expected.miner[0] + deposit, "held": -deposit, "kwh": expected.miner[1], "lp": 0}
    assert moved(paid, "node") == {"deca": expected.node[0], "held": 0, "kwh": expected.node[1], "lp": 0}
    assert moved(paid, "treasury")["kwh"] == expected.treasury[1]
    assert int(paid["after"]["kwh_supply"]) - int(paid["before"]["kwh_supply"]) == RECEIVED


def test_parity_holds_when_tokens_are_minted(told):
    parity = told["payment"]["parity"]["after"]
    assert int(parity["supply"]) == int(parity["backing"]) == RECEIVED
    assert (int(parity["uncovered"]), int(parity["lost"]), int(parity["ratio"])) == (0, 0, 10**9)


# --- Out ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def withdrawal(told):
    return told["withdrawal"]


@pytest.fixture(scope="module")
def drawn(withdrawal) -> dict[str, int]:
    """What was delivered, and what failed, interval by interval."""
    rest, failed = 2 * KWH, 0
    # What the node owes in an interval at most: an even part, rounded up.
    even_part = -(-2 * KWH // Street.DURATION)
    for _, gave, took in withdrawal["meters"]:
        wanted = min(took or 0, rest)
        delivered = min(gave or 0, wanted)
        rest -= delivered
        failed += max(min(wanted, even_part) - delivered, 0)
    failed = min(failed, rest)
    return {"delivered": 2 * KWH - rest, "returned": rest, "failed": failed, "penalty": failed * PENALTY}


def test_more_than_the_battery_holds_cannot_be_asked_for(withdrawal):
    assert withdrawal["empty"] == "StorageNodes.EmptyBattery"


def test_tokens_are_held_and_the_meter_is_booked_when_energy_is_asked_for(withdrawal):
    assert withdrawal["held"]["KWH StorageNodes.Withdrawal"] == 2 * KWH
    assert withdrawal["booked"] == {"use": "Withdrawal", "times": 1}


def test_delivered_is_what_the_battery_gave_and_the_home_took(withdrawal, drawn):
    closed = withdrawal["closed"]
    assert sum(event["energy"] for event in withdrawal["delivered"]) == closed["delivered"] == drawn["delivered"]
    assert closed["delivered"] >= Street.WITHDRAWN
    assert closed["returned"] == drawn["returned"]


def test_battery_pays_for_what_it_failed_to_deliver(withdrawal, drawn):
    closed = withdrawal["closed"]
    assert drawn["failed"] > 0
    assert (closed["failed"], int(closed["penalty"])) == (drawn["failed"], drawn["penalty"])


def test_balances_after_the_withdrawal_are_exact(withdrawal, drawn):
    change = lambda name, kind: getattr(withdrawal["after"][name], kind) - getattr(withdrawal["before"][name], kind)
    # As many tokens burned as energy was delivered; the others are free again.
    assert change("Konrad", "kwh") == -drawn["delivered"]
    assert not any(purpose.startswith("KWH") for purpose in withdrawal["after"]["Konrad"].held)
    assert change("Konrad", "deca") == drawn["penalty"] - withdrawal["cost"]["Konrad"]
    assert change("Nora", "deca") == -drawn["penalty"] - withdrawal["cost"]["Nora"]
    assert change("Nora", "kwh") == 0
    bond = lambda when: withdrawal[when]["Nora"].held["StorageNodes.Bond"]
    assert bond("before") - bond("after") == drawn["penalty"]
    assert change("treasury", "deca") == sum(withdrawal["cost"].values())


def test_energy_in_the_battery_and_tokens_fall_together(street, withdrawal, drawn):
    parity = withdrawal["parity"]
    left = RECEIVED - drawn["delivered"]
    assert int(parity["supply"]) == int(parity["backing"]) == left
    # What came out and nobody drew is missing: it was not the node's own.
    (view,) = withdrawal["nodes"]
    came_out = int(view["node"]["books"]["discharged"])
    assert came_out + int(view["node"]["outflow"]["discharged"]) == street.plan.total("discharge")
    assert int(parity["uncovered"]) == came_out - drawn["delivered"]
    assert int(parity["ratio"]) == (left - int(parity["uncovered"])) * 10**9 // left


def test_books_of_the_node_add_up(street, withdrawal):
    (view,) = withdrawal["nodes"]
    books = {name: int(value) for name, value in view["node"]["books"].items()}
    assert view["id"] == street.miners["Nora"]
    assert books["charged"] + books["found"] == books["discharged"] + books["lost"] + int(view["stored"])
    assert books["allocated"] == books["backing"] + books["delivered"] + books["covered"] + books["written_off"] + books["returned"] == RECEIVED
    assert int(view["node"]["promised"]) == view["node"]["withdrawals"] == 0
    assert "open" in withdrawal["shown"] and "runs" in withdrawal["shown"]

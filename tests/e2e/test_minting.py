"""From an application to tokens: the whole sequence of a payment, with a real node, a real agent and a month of readings.

Every balance is worked out here again from the evidence and the governed numbers, and has to be right to the base unit.
"""

import json

import pytest

from payment import Parameters, Pool, moved, settle
from programs import javascript
from scenarios import DAVE

DECA = 10**12


@pytest.fixture(scope="module")
def registered(quick_node, month):
    return month.registered


@pytest.fixture(scope="module")
def played(month):
    """The month is over, and all of its energy is attested."""
    month.await_end(600)
    return month


@pytest.fixture(scope="module")
def minted(played):
    return javascript(
        "tests/js/minting.mjs",
        *["--url", played.node.url, "--miner", played.registered["miner"], "--meter", played.number("grid-export")],
        *["--attested", played.expected["grid-export"], "--owner", DAVE[0]],
        *["--node", played.registered["storage"]["miner"], "--storage", played.STORAGE],
        timeout=300,
    )


# --- Registration ------------------------------------------------------------------------------------------------------


def test_rejected_applicant_reads_why_and_has_deposit_and_keys_back(registered):
    rejected = registered["rejected"]
    assert rejected["application"] == rejected["expected"]
    assert rejected["reason"] == "the seal of the meter is not to be seen"
    assert rejected["keys_free"] is True
    # 10 DECA for the application and one for each of three meters.
    assert int(registered["deposit"]["while_open"]) == 13 * DECA
    assert int(registered["deposit"]["when_rejected"]) == 0


def test_applicant_is_admitted_with_the_same_keys_when_it_applies_again(registered):
    assert registered["application"] != registered["rejected"]["application"]
    assert registered["rejected"]["forgotten"] is True
    assert int(registered["deposit"]["when_admitted"]) == 13 * DECA


def test_soulbound_token_shows_what_was_admitted(registered):
    token = registered["token"]
    assert token["owner"] == registered["owner"] == DAVE[1]
    assert json.loads(token["metadata"])["name"] == f"Heliograph miner {registered['miner']}"
    attributes = token["attributes"]
    assert (attributes["kind"], attributes["source"], attributes["status"]) == ("Standard", "Solar", "Active")
    assert (attributes["capacity"], attributes["location"]) == ("12000 W", "u33d")
    assert (attributes["grid_area"], attributes["hardware"]) == ("10YDE-VE-------2", "Ok")


def test_export_meter_sends_to_the_storage_node_when_both_owners_agreed(registered):
    assert registered["storage"]["assigned"] == str(registered["storage"]["miner"])


# --- The month ---------------------------------------------------------------------------------------------------------


@pytest.mark.last
@pytest.mark.parametrize("meter", ["grid-import", "grid-export", "roof"])
def test_month_of_readings_is_attested_to_the_milliwatt_hour(played, meter):
    state = played.outcome["meters"][str(played.number(meter))]
    assert played.expected[meter] > 0
    assert int(state["attested"]) == played.expected[meter]
    spans = state["last_interval"] - played.first_interval(meter)
    assert spans >= 30 * 96, f"{spans} intervals are no month"


@pytest.mark.last
def test_all_attested_energy_matures_when_nobody_challenges_it(played, minted):
    energy = minted["energy"]
    assert int(energy["matured"]) == int(energy["attested"]) == played.expected["grid-export"]
    assert [int(pointer) for pointer in energy["claimed"]] == [0, 0]
    assert (int(energy["voided"]), energy["quarantined"]) == (0, False)


# --- The evidence ------------------------------------------------------------------------------------------------------


def claims(entry):
    (claim,) = entry["evidence"]["claims"]
    return claim


@pytest.mark.last
def test_payment_waits_until_the_storage_node_accounted_for_what_it_received(minted):
    assert minted["early"] == "issuance.NotReceivedYet"


@pytest.mark.last
def test_storage_node_received_what_arrived_of_a_month_that_nobody_accounted_for(played, minted):
    sent = played.expected["grid-export"]
    assert int(minted["arrived"]) == sent * 92 // 100
    receipt = minted["receipt"]
    assert (int(receipt["counted"]), int(receipt["received"])) == (sent, int(minted["arrived"]))


@pytest.mark.last
def test_evidence_is_what_the_devices_measured(played, minted):
    entry, evidence = minted["first"]["entry"], minted["first"]["entry"]["evidence"]
    claim = claims(entry)
    assert (claim["meter"], int(claim["from"]), int(claim["to"])) == (played.number("grid-export"), 0, int(minted["half"]))
    # The part of what was received that belongs to this half, rounded down.
    received = int(minted["arrived"]) * int(minted["half"]) // played.expected["grid-export"]
    assert int(evidence["sent"]) == int(minted["half"])
    assert int(evidence["received"]) == int(claim["received"]) == received
    assert int(evidence["loss"]) == int(minted["half"]) - received > 0
    assert (evidence["receivedBy"], evidence["hardware"]) == ({"storageNode": played.registered["storage"]["miner"]}, "Ok")
    assert (evidence["openChallenges"], evidence["workShares"]) == (0, None)
    assert entry["node"] == played.registered["storage"]["miner"]


@pytest.mark.last
def test_evidence_counts_the_intervals_that_were_reported(played, minted):
    entry, evidence = minted["first"]["entry"], minted["first"]["entry"]["evidence"]
    first = played.first_interval("grid-export")
    assert evidence["fromInterval"] == first + 1
    assert evidence["expectedIntervals"] == entry["taken"] - 1 - first
    until = evidence["toInterval"]
    played.await_settled("grid-export", until)
    assert evidence["reportedIntervals"] == played.measured("grid-export", until)
    assert evidence["expectedIntervals"] * 0.5 < evidence["reportedIntervals"] <= evidence["expectedIntervals"]


@pytest.mark.last
def test_second_request_is_for_what_the_first_left(played, minted):
    entry = minted["second"]["entry"]
    assert int(claims(entry)["from"]) == int(minted["half"])
    assert int(claims(entry)["to"]) == played.expected["grid-export"]
    first = claims(minted["resubmitted"]["entry"])
    assert int(claims(entry)["received"]) == int(minted["arrived"]) - int(first["received"]), "nothing received is lost or counted twice"
    # What was reported before counts for the request that was paid, not for the next one.
    assert entry["evidence"]["fromInterval"] == claims(minted["resubmitted"]["entry"])["until"] + 1


# --- The rejected branch -----------------------------------------------------------------------------------------------


@pytest.mark.last
def test_meter_is_in_one_request_at_a_time(minted):
    assert minted["busy"] == "issuance.MeterBusy"


@pytest.mark.last
def test_rejected_owner_reads_why_and_nothing_was_minted(minted):
    rejected = minted["rejected"]
    assert rejected["entry"]["status"] == {"rejected": "please add a photo of the seal"}
    assert rejected["before"]["held"] == rejected["after"]["held"], "the deposit stays while the request stands"
    assert int(minted["first"]["deposit"]) == 1 * DECA
    assert rejected["before"]["kwh"] == rejected["after"]["kwh"]


@pytest.mark.last
def test_rejected_request_cannot_be_approved_as_it_is(minted):
    (failed,) = minted["premature"]
    assert (failed["name"], failed["error"]) == ("ApprovalFailed", "issuance.NotOpen")


@pytest.mark.last
def test_request_has_a_new_number_when_it_is_resubmitted(minted):
    entry = minted["resubmitted"]["entry"]
    assert minted["resubmitted"]["id"] != minted["first"]["id"]
    assert (entry["status"], entry["replaces"]) == ({"open": None}, minted["first"]["id"])
    assert minted["resubmitted"]["held"] == minted["rejected"]["after"]["held"], "the deposit goes with it"


@pytest.mark.last
def test_request_is_not_approved_twice(minted):
    assert [(event["name"], event["error"]) for event in minted["twice"]] == [("ApprovalFailed", "issuance.UnknownRequest")] * 2


# --- The payment -------------------------------------------------------------------------------------------------------


def expected_settlement(minted, name, entry):
    around = minted[name]
    parameters = Parameters.of(around["before"])
    assert parameters == Parameters(DECA // 10, 800_000, 100_000, 200_000), "the documented defaults"
    pool = Pool.of(around["before"]) if name == "liquidity" else None
    if pool:
        assert pool.is_near(parameters), "another test moved the price too far"
    return settle(int(entry["evidence"]["received"]), parameters, pool)


PAYMENTS = [("liquidity", "resubmitted"), ("direct", "second")]


@pytest.mark.last
@pytest.mark.parametrize("name, asked", PAYMENTS)
def test_balances_of_a_payment_are_exact_to_the_base_unit(minted, name, asked):
    around, entry = minted[name], minted[asked]["entry"]
    expected = expected_settlement(minted, name, entry)
    deposit = int(entry["deposit"])
    assert expected.energy > 0

    assert moved(around, "miner") == {
        "deca": expected.miner[0] + deposit,
        "held": -deposit,
        "kwh": expected.miner[1],
        "lp": expected.miner[2],
    }
    assert moved(around, "node") == {"deca": expected.node[0], "held": 0, "kwh": expected.node[1], "lp": expected.node[2]}
    # Fees of that block's transactions go to the treasury, too.
    assert moved(around, "treasury") == {
        "deca": expected.treasury[0] + int(around["fees"]),
        "held": 0,
        "kwh": expected.treasury[1],
        "lp": expected.treasury[2],
    }
    assert moved(around, "fund") == {"deca": -expected.payment, "held": 0, "kwh": 0, "lp": 0}

    before, after = Pool.of(around["before"]), Pool.of(around["after"])
    locked = 0 if before.lp or name == "direct" else 100
    assert (after.deca - before.deca, after.kwh - before.kwh) == expected.pool[:2]
    assert after.lp - before.lp == expected.pool[2] + locked
    assert int(around["after"]["kwh_supply"]) - int(around["before"]["kwh_supply"]) == expected.energy


@pytest.mark.last
@pytest.mark.parametrize("name, asked", PAYMENTS)
def test_event_of_a_payment_says_what_moved(minted, name, asked):
    (event,) = minted[name]["events"]
    expected = expected_settlement(minted, name, minted[asked]["entry"])
    settlement = event["settlement"]
    part = lambda who: tuple(int(settlement[who][kind]) for kind in ("deca", "kwh", "lp"))
    assert (event["name"], event["automatic"]) == ("Approved", False)
    assert (int(settlement["energy"]), int(settlement["payment"])) == (expected.energy, expected.payment)
    assert (part("miner"), part("node"), part("dao")) == (expected.miner, expected.node, expected.treasury)
    assert minted[name]["gone"] is True


@pytest.mark.last
def test_miner_and_storage_node_hold_liquidity_eight_to_one(minted):
    miner, node = (moved(minted["liquidity"], name)["lp"] for name in ("miner", "node"))
    assert node > 0 and abs(miner - 8 * node) <= 8


@pytest.mark.last
def test_claim_pointer_moves_over_each_watt_hour_once(played, minted):
    assert int(minted["liquidity"]["energy"]["claimed"][0]) == int(minted["half"])
    assert int(minted["direct"]["energy"]["claimed"][0]) == played.expected["grid-export"]
    assert int(minted["direct"]["energy"]["claimed"][1]) == 0, "certificates have a pointer of their own"


@pytest.mark.last
def test_supply_is_what_was_issued_less_what_was_burned(minted):
    supply = {key: int(value) for key, value in minted["supply"].items()}
    assert supply["circulating"] == supply["issued"] - supply["burned"]


@pytest.mark.last
def test_deposits_are_back_when_nothing_is_asked_for_any_more(minted, registered):
    assert int(minted["held_at_end"]) == int(registered["deposit"]["when_admitted"])

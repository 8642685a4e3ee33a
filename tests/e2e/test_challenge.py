"""Challenges, by real extrinsics: who pays whom, what is taken back, and when it is too late."""

import pytest

from payment import moved
from programs import javascript

DECA = 10**12


@pytest.fixture(scope="module")
def seen(town):
    outcome = javascript("tests/js/challenge.mjs", "--url", town.url, timeout=300)
    outcome["amounts"] = {name: int(energy) for name, energy in outcome["amounts"].items()}
    return outcome


def energy(state):
    return {name: int(state[name]) for name in ("attested", "matured", "voided")}


def test_nothing_can_be_challenged_after_it_matured(seen):
    assert seen["late"] == "metering.NothingToChallenge"
    assert energy(seen["before"])["matured"] == seen["amounts"]["matured"]


def test_owner_cannot_challenge_the_own_meter(seen):
    assert seen["own"] == "metering.OwnMeter"


def test_challenger_puts_up_a_bond(seen):
    bond = int(seen["bond"])
    assert bond == 100 * DECA
    gained = moved(seen["opening"], "challenger")
    assert gained == {"deca": -bond - int(seen["opening"]["fee"]), "held": bond, "kwh": 0, "lp": 0}


def test_meter_is_challenged_once_at_a_time(seen):
    assert seen["again"] == "metering.AlreadyChallenged"


def test_quarantined_meter_cannot_be_claimed_from(seen):
    (failed,) = seen["approval"]
    assert (failed["name"], failed["error"]) == ("ApprovalFailed", "issuance.MeterQuarantined")
    assert seen["asked"] == "issuance.MeterQuarantined"


def test_nothing_matures_while_a_challenge_is_open(seen):
    amounts, state = seen["amounts"], seen["quarantined"]
    assert state["quarantined"] is True
    # What arrived meanwhile was taken, though: an honest owner loses nothing.
    assert energy(state) == {
        "attested": amounts["matured"] + amounts["challenged"] + amounts["meanwhile"],
        "matured": amounts["matured"],
        "voided": 0,
    }


def test_unmatured_energy_is_void_when_a_challenge_is_upheld(seen):
    amounts, state = seen["amounts"], seen["upheld"]["energy"]
    taken = amounts["challenged"] + amounts["meanwhile"]
    assert energy(state) == {"attested": amounts["matured"] + taken, "matured": amounts["matured"], "voided": taken}
    (event,) = seen["upheld"]["events"]
    assert (event["name"], int(event["voided"])) == ("ChallengeUpheld", taken)


def test_challenger_is_paid_out_of_the_owners_deposit_when_a_challenge_is_upheld(seen):
    bond, deposit = int(seen["bond"]), int(seen["deposit"])
    # The deposit of a miner with one meter is less than the bond: all of it goes.
    paid = min(bond, deposit)
    assert deposit == 11 * DECA
    assert int(seen["upheld"]["events"][0]["compensation"]) == paid
    assert moved(seen["upheld"], "challenger") == {"deca": bond + paid, "held": -bond, "kwh": 0, "lp": 0}
    assert moved(seen["upheld"], "owner") == {"deca": 0, "held": -paid, "kwh": 0, "lp": 0}
    assert int(seen["upheld"]["deposit_left"]) == deposit - paid


def test_only_what_matured_before_is_paid_when_a_challenge_was_upheld(seen):
    (approved,) = seen["paid"]
    assert (approved["name"], int(approved["settlement"]["energy"])) == ("Approved", seen["amounts"]["matured"])
    assert seen["exhausted"] == "issuance.NothingToClaim"


def test_frivolous_challenge_costs_its_bond(seen):
    bond = int(seen["bond"])
    assert seen["dismissed"]["open"] is False
    (event,) = seen["dismissed"]["events"]
    assert (event["name"], int(event["slashed"])) == ("ChallengeDismissed", bond)
    assert moved(seen["dismissed"], "challenger") == {"deca": 0, "held": -bond, "kwh": 0, "lp": 0}
    assert moved(seen["dismissed"], "treasury")["deca"] == bond + int(seen["dismissed"]["fees"])


def test_energy_matures_after_all_when_a_challenge_was_dismissed(seen):
    amounts = seen["amounts"]
    assert energy(seen["after"])["matured"] == amounts["matured"] + amounts["honest"]
    assert seen["after"]["quarantined"] is False

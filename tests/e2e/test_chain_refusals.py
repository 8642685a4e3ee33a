"""What the chain refuses, with its reason, and who pays for it."""

import pytest

from programs import javascript

# By the name that refusals.mjs gives to the case: the reason that the chain must name for the reading.
REFUSED = {
    "wrong signature": "BadSignature",
    "signed for another chain": "BadSignature",
    "unknown meter": "UnknownMeter",
    "another miner's operator": "NotOperator",
    "future interval": "IntervalNotOver",
    "too old": "TooOld",
    "repeated reading": "Duplicate",
    "same interval, other register": "IntervalNotNewer",
    "register lower": "RegisterWentBack",
    "above nameplate": "AboveNameplate",
    "epoch skipped": "EpochSkipped",
    "old epoch": "OldEpoch",
    "suspended miner": "MinerNotActive",
    "reading of another operator": "Duplicate",
    "former key": "BadSignature",
    "meter of a revoked miner": "UnknownMeter",
}
# The whole batch fails, with the error that the chain must name.
FAILED = {
    "unregistered operator": "metering.NotAnOperator",
    "removed operator": "metering.NotAnOperator",
    "operator of a revoked miner": "metering.NotAnOperator",
    "empty batch": "metering.EmptyBatch",
    "batch too long": "metering.BatchTooLong",
}
# What owners and single members of the committee try, and what the chain answers.
ANSWERS = {
    "key of a meter": "miners.KeyInUse",
    "former key of a meter": "miners.KeyInUse",
    "key of a revoked miner": "miners.KeyInUse",
    "token of a revoked miner": "burned",
    "approved twice": "miners.UnknownApplication",
    "approved by its owner": "BadOrigin",
    "approved by one member": "BadOrigin",
    "payment approved by its owner": "BadOrigin",
    "policy of its owner": "BadOrigin",
    "payment for generation": "issuance.NotExport",
    "payment to a stranger": "issuance.NotOwner",
    "payment for a meter of another": "issuance.MeterOfAnother",
}


@pytest.fixture(scope="module")
def outcome(node):
    return javascript("tests/js/refusals.mjs", "--url", node.url, timeout=420)


@pytest.fixture(scope="module")
def cases(outcome):
    return outcome["cases"]


@pytest.mark.parametrize("attempt, answer", ANSWERS.items())
def test_attempt_is_refused_with_its_error(outcome, attempt, answer):
    assert outcome["registration"][attempt] == answer


@pytest.mark.parametrize("case, reason", REFUSED.items())
def test_reading_is_refused_with_its_reason_and_changes_nothing(cases, case, reason):
    assert cases[case]["reasons"] == [reason]
    assert cases[case]["accepted"] == 0
    assert cases[case]["unchanged"] is True


@pytest.mark.parametrize("case, error", FAILED.items())
def test_batch_fails_with_its_error_and_changes_nothing(cases, case, error):
    assert cases[case]["error"] == error
    assert cases[case]["unchanged"] is True


@pytest.mark.parametrize("case", [*REFUSED, *FAILED])
def test_operator_pays_when_a_batch_is_bad(cases, case):
    assert int(cases[case]["paid"]) > 0


@pytest.mark.parametrize("case, accepted", [("good batch", 2), ("new epoch", 1), ("reinstated miner", 1), ("second operator", 1), ("new key", 1)])
def test_operator_pays_nothing_when_the_whole_batch_is_good(cases, case, accepted):
    assert (cases[case]["error"], cases[case]["reasons"]) == (None, [])
    assert cases[case]["accepted"] == accepted
    assert cases[case]["unchanged"] is False
    assert int(cases[case]["paid"]) == 0


def test_good_readings_stand_and_operator_pays_when_one_of_the_batch_is_bad(cases):
    mixed = cases["one bad among good"]
    assert (mixed["accepted"], mixed["reasons"]) == (2, ["RegisterWentBack"])
    assert mixed["unchanged"] is False
    assert int(mixed["paid"]) > 0


def test_batch_never_reaches_a_block_when_it_is_longer_than_a_node_decodes(cases):
    # 1002: the node's transaction pool refused it.
    assert cases["batch that no node decodes"]["error"].startswith("1002")
    assert "paid" not in cases["batch that no node decodes"], "it was included in a block"

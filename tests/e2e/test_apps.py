"""What a person sees and does in Polkadot.js Apps."""

import pytest

from programs import javascript


@pytest.fixture(scope="module")
def seen(node):
    return javascript("tests/js/apps.mjs", "--url", node.url)


@pytest.mark.parametrize("pallet", ["miners", "metering", "issuance", "orderBook", "slotAuction", "lots", "storageNodes"])
def test_everything_of_a_pallet_has_docs(seen, pallet):
    documented = seen["documented"][pallet]
    assert len(documented) > 5
    assert [name for name, has_docs in documented.items() if not has_docs] == []


def test_calls_and_storage_have_the_names_that_are_promised(seen):
    miners, metering = seen["documented"]["miners"], seen["documented"]["metering"]
    calls = """
        apply withdraw approve reject addOperator removeOperator suspend reinstate revoke recover rotateMeterKey
        forceRotateMeterKey applyMeters retireMeter setHardware setPool assignNode setOracles
    """
    assert {f"call {name}" for name in calls.split()} <= miners.keys()
    assert {"storage applications", "storage miners", "storage meters", "event Admitted", "error KeyInUse"} <= miners.keys()
    assert {"call submitAttestedReadings", "call challenge", "call uphold", "call dismiss", "call expireChallenge"} <= metering.keys()
    issuance = seen["documented"]["issuance"]
    calls = "requestPayment approve reject resubmit withdraw setPolicy burn setGridMeterCounts"
    assert {f"call {name}" for name in calls.split()} <= issuance.keys()
    assert {"call submitReadings", "storage meterStates", "event ReadingRefused", "error BatchTooLong"} <= metering.keys()


@pytest.mark.parametrize(
    "pallet, calls",
    [
        ("orderBook", "placeOrder cancelOrder cancelAll amendOrder prune reclaim"),
        ("slotAuction", "setArea place cancel clear collect settle"),
        ("lots", "list bid closeAuction cancelListing draw closeConnection expire"),
        (
            "storageNodes",
            """
                registerNode topUpBond setOpen leave closeNode declareVanished askDeposit cancelAsk acceptDeposit endDeposit
                account accountMeter requestWithdrawal acceptWithdrawal cancelWithdrawal settleWithdrawal endWithdrawal cover
                slashUncovered giveUpReceipt
            """,
        ),
    ],
)
def test_trade_has_the_calls_that_are_promised(seen, pallet, calls):
    assert {name for name in seen["documented"][pallet] if name.startswith("call ")} == {f"call {name}" for name in calls.split()}


def test_token_has_its_name_and_decimals(seen):
    assert seen["properties"] == {"token": ["DECA"], "decimals": [12], "ss58": 42}
    assert seen["extrinsic_version"] == 4


def test_application_decodes_by_name(seen):
    application = seen["application"]
    wanted = application["target"]["New"]
    assert wanted["kind"] == "Plant"
    assert wanted["profile"]["source"] == "Wind"
    assert wanted["profile"]["gridArea"] == "10YDE-VE-------2"
    assert application["meters"][0]["flow"] == "Generation"
    assert list(application["meters"][0]["key"]) == ["Ed25519"]


def test_motion_admits_the_applicant_when_two_of_three_vote_for_it(seen):
    motion = seen["motion"]
    assert motion["listed"] is True
    assert (motion["proposal"]["section"], motion["proposal"]["method"]) == ("miners", "approve")
    assert motion["votes"]["threshold"] == "2" and len(motion["votes"]["ayes"]) == 2
    assert (motion["admitted"]["section"], motion["admitted"]["method"]) == ("miners", "Admitted")
    assert seen["miner"]["status"] == "Active" and seen["miner"]["kind"] == "Plant"
    assert seen["meter"]["nameplate"].replace(",", "") == "3000"


def test_motion_of_one_member_does_not_admit(seen):
    assert "BadOrigin" in str(seen["lonely"])


def test_applicant_sees_the_reason_and_gets_the_keys_back_when_rejected(seen):
    assert seen["rejected"]["data"]["reason"] == "the inverter is not certified"
    assert seen["freed"] is True


def test_meter_state_decodes_by_name(seen):
    assert seen["judged"]["data"]["accepted"] == "1"
    assert seen["state"]["register"].replace(",", "") == "123456789"
    assert {"epoch", "lastInterval", "attested", "recovered", "ring", "history"} <= seen["state"].keys()
    assert len(seen["state"]["ring"]) == 96

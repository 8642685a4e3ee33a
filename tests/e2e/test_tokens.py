"""Liquidity, swaps, fees for those who provide it, and transactions paid in energy."""

import pytest

from payment import Parameters, Pool, moved, settle

DECA = 10**12
KWH = 10**6


def pools(around):
    return Pool.of(around["before"]), Pool.of(around["after"])


def test_tokens_have_names_and_decimals(traded):
    assert traded["metadata"] == {
        "1": ["Heliograph kilowatt-hour", "KWH", 6],
        "2": ["Heliograph carbon", "CO2", 6],
        "3": ["MaxCoin", "MAX", 8],
        "4": ["Heliograph certificate", "REC", 6],
    }


def test_nobody_but_the_chain_mints(traded):
    assert traded["kwh"]["issuer"] == traded["kwh"]["fund"], "the issuer has no key"
    assert traded["kwh"]["sufficient"] is True
    assert traded["forbidden"]["mint"] == "assets.NoPermission"
    assert traded["forbidden"]["take_over"] == "assets.NoPermission"
    assert "BadOrigin" in traded["forbidden"]["mint_by_committee"]
    assert traded["forbidden"]["create"] == "BadOrigin"


def test_payment_as_liquidity_is_exact_when_the_pool_is_new_or_not(traded):
    paid = traded["paid"]
    before, after = pools(paid)
    # For 4,500 kWh, of which 92 % reached the battery.
    expected = settle(4_140 * KWH, Parameters.of(paid["before"]), before)
    miner, node = moved(paid, "miner"), moved(paid, "node")
    assert (miner["deca"] - DECA, miner["kwh"], miner["lp"]) == expected.miner, "a deposit of 1 DECA comes back"
    assert (node["deca"], node["kwh"], node["lp"]) == expected.node
    assert (after.deca - before.deca, after.kwh - before.kwh) == expected.pool[:2]
    assert after.lp - before.lp == expected.pool[2] + (0 if before.lp else 100)


def test_swap_gives_what_the_reserves_allow_less_the_fee(traded):
    for around, give, get in ((traded["bought"], "deca", "kwh"), (traded["sold"], "kwh", "deca")):
        before, after = pools(around)
        gave = getattr(after, give) - getattr(before, give)
        got = getattr(before, get) - getattr(after, get)
        assert got == Pool.swap(gave, getattr(before, give), getattr(before, get))
        trader = moved(around, "trader")
        paid = {"deca": int(around["fee"]), "kwh": 0}
        assert trader[give] == -gave - paid[give] and trader[get] == got - paid[get]
    assert moved(traded["bought"], "trader")["deca"] == -10 * DECA - int(traded["bought"]["fee"])


@pytest.mark.parametrize("name", ["miner", "node"])
def test_liquidity_is_worth_more_after_each_swap(traded, name):
    """Neither of them did anything: what their LP tokens stand for grew by the fees."""
    lp = int(traded["paid"]["after"]["purses"][name]["lp"])
    assert lp > 0
    worth = []
    for ledger in (traded["paid"]["after"], traded["bought"]["after"], traded["sold"]["after"]):
        deca, kwh = Pool.of(ledger).worth(lp)
        assert int(ledger["purses"][name]["lp"]) == lp
        # The product does not depend on where the price went.
        worth.append(deca * kwh)
    assert worth[0] < worth[1] < worth[2]


def test_liquidity_is_added_in_the_ratio_of_the_pool(traded):
    before, after = pools(traded["added"])
    trader = moved(traded["added"], "trader")
    deca, kwh = -trader["deca"] - int(traded["added"]["fee"]), -trader["kwh"]
    assert deca > 0 and kwh > 0
    assert (deca, kwh, trader["lp"]) == before.take(100 * DECA, kwh)
    assert (after.deca - before.deca, after.kwh - before.kwh, after.lp - before.lp) == (deca, kwh, trader["lp"])


@pytest.mark.parametrize("name", ["trader", "miner", "node"])
def test_liquidity_comes_out_as_the_share_of_the_reserves(traded, name):
    removed = traded["removed"][name]
    before, after = pools(removed)
    gained = moved(removed, name)
    burned = -gained["lp"]
    assert burned > 0
    assert (gained["deca"] + int(removed["fee"]), gained["kwh"]) == before.worth(burned)
    assert before.lp - after.lp == burned


@pytest.mark.parametrize("name", ["miner", "node"])
def test_miner_and_node_take_out_more_than_they_put_in(traded, name):
    start = Pool.of(traded["paid"]["after"])
    removed = traded["removed"][name]
    gained = moved(removed, name)
    then = start.worth(-gained["lp"])
    assert (gained["deca"] + int(removed["fee"])) * gained["kwh"] > then[0] * then[1]


def test_account_without_deca_cannot_pay_in_deca(traded):
    assert traded["without"].startswith("1010"), traded["without"]


def test_account_without_deca_pays_in_kwh(traded):
    paid = traded["in_kwh"]
    poor = moved(paid, "poor")
    assert int(paid["before"]["purses"]["poor"]["deca"]) == int(paid["after"]["purses"]["poor"]["deca"]) == 0
    fee = -poor["kwh"] - 1 * KWH
    assert 0 < fee < 1 * KWH
    assert paid["event"]["name"] == "AssetTxFeePaid"
    assert int(paid["event"]["actualFee"]) == fee
    assert moved(paid, "miner")["kwh"] == 1 * KWH


def test_fee_in_kwh_reaches_the_treasury_as_deca_from_the_pool(traded):
    paid = traded["in_kwh"]
    before, after = pools(paid)
    assert after.kwh - before.kwh == -moved(paid, "poor")["kwh"] - 1 * KWH
    assert moved(paid, "treasury")["deca"] == before.deca - after.deca + int(paid["fees"])
    assert after.deca < before.deca
    assert after.deca * after.kwh > before.deca * before.kwh, "the pool earned its fee"

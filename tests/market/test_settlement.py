"""The reference's money against sums done by hand, so that it does not agree with the chain by the same mistake."""

from __future__ import annotations

import pytest

from settlement import Market, Refused

DECA = 10**12
START = 100 * DECA
SLOT = 10
# Meters: Olga's export, Konrad's and Lena's import, Paul's export.
OLGA, KONRAD, LENA, PAUL = range(4)


def market(**parameters) -> Market:
    people = {"olga": "Export", "konrad": "Import", "lena": "Import", "paul": "Export"}
    terms = {"grid_fee": 60_000, "operator": "grid", "imbalance": 250_000, "undrawn": 20_000, "open": True}
    return Market(
        {
            "accounts": {name: str(START) for name in (*people, "grid", "watcher")},
            "challenge_bond": str(DECA),
            "parameters": {
                "gate_opening": 192, "gate_closure": 1, "grace": 8, "minimum_energy": 1_000, "slot_fee": 2_500, **parameters,
            },
            "areas": [{"area": "A", **terms}],
            "miners": [
                {"owner": name, "area": "A", "meters": [{"flow": flow, "nameplate": 20_000}]} for name, flow in people.items()
            ],
        }
    )


def place(m: Market, meter: int, side: str, limit: int, energy: int) -> int:
    number = len(m.positions)
    m.place(number, meter, SLOT, side, limit, energy)
    return number


def settle(m: Market, measured: dict[int, int], orders: list[int] | None = None) -> None:
    """The gate closes, all is collected, the meters report, and all is settled, in the order of placing but sellers first."""
    m.now = SLOT - 1
    m.collect([p.number for p in m.positions if p.state == "Open"])
    m.observe()
    m.now = SLOT + 9
    for meter, energy in measured.items():
        m.readings(meter, 0, SLOT - 1, [7, 7 + energy], [])
    filled = [p for p in m.positions if p.state == "Filled"]
    m.settle(orders or [p.number for p in sorted(filled, key=lambda p: p.side == "Buy")])
    m.observe()
    assert m.auctions == {} and m.escrow == 0 and not any(m.held.values())


def gains(m: Market) -> dict[str, int]:
    """Who has more, or less, than in the beginning, in base units."""
    changes = {name: money - START for name, money in m.money.items() if money != START}
    return {**changes, "treasury": m.treasury} if m.treasury else changes


def neighbours(**parameters) -> Market:
    """Olga offers 1.5 kWh for 0.080 DECA or more, Konrad bids for as much, at 0.250 with the grid fee or less: 0.135."""
    m = market(**parameters)
    place(m, OLGA, "Sell", 80_000, 1_500_000)
    place(m, KONRAD, "Buy", 250_000, 1_500_000)
    assert m.held == {**dict.fromkeys(m.money, 0), "olga": 375_000_000_000, "konrad": 405_000_000_000}
    return m


def test_two_neighbours_trade():
    m = neighbours()
    settle(m, {OLGA: 1_600_000, KONRAD: 1_500_000})
    assert m.cleared == [("A", SLOT, 135_000, 1_500_000)]
    # 0.2025 DECA, of which a quarter of a percent is the fee, and 0.06 for each kWh to the grid.
    assert gains(m) == {"olga": 201_993_750_000, "konrad": -292_500_000_000, "grid": 90_000_000_000, "treasury": 506_250_000}


def test_seller_of_70_percent_pays_the_rest_to_the_buyer():
    m = neighbours()
    settle(m, {OLGA: 1_050_000, KONRAD: 1_500_000})
    # 0.14175 DECA less the fee, less 0.1125 for 0.45 kWh; he paid 0.20475 for 1.05 kWh, and got the 0.1125.
    assert gains(m) == {"olga": 28_895_625_000, "konrad": -92_250_000_000, "grid": 63_000_000_000, "treasury": 354_375_000}


def test_buyer_who_drew_less_pays_and_the_seller_does_not():
    m = neighbours()
    settle(m, {OLGA: 1_500_000, KONRAD: 1_000_000})
    assert gains(m) == {"olga": 201_993_750_000, "konrad": -302_500_000_000, "grid": 100_000_000_000, "treasury": 506_250_000}


def test_nothing_reported_is_nothing_delivered():
    m = neighbours()
    settle(m, {})
    assert gains(m) == {"olga": -375_000_000_000, "konrad": 375_000_000_000}


def test_recovered_energy_is_not_paid():
    m = neighbours()
    m.now = SLOT - 1
    m.collect([0, 1])
    m.now = SLOT + 9
    m.readings(OLGA, 0, SLOT - 1, [7, 1_500_007], [SLOT])
    m.settle([0, 1])
    assert gains(m) == {"olga": -375_000_000_000, "konrad": 375_000_000_000}


@pytest.mark.parametrize("challenger", ["konrad", "watcher"])
def test_sale_under_challenge_is_paid_by_what_was_measured(challenger):
    """Neither does the buyer get the energy for nothing, nor is the seller spared the fine."""
    m = neighbours()
    m.challenge(challenger, OLGA)
    settle(m, {OLGA: 1_050_000, KONRAD: 1_500_000})
    expected = {"olga": 28_895_625_000, "konrad": -92_250_000_000, "grid": 63_000_000_000, "treasury": 354_375_000}
    assert gains(m) == expected
    m.dismiss(OLGA)
    lost = {**expected, challenger: expected.get(challenger, 0) - DECA, "treasury": 354_375_000 + DECA}
    assert gains(m) == lost


def test_purchase_under_challenge_pays_for_what_was_not_drawn():
    m = neighbours()
    m.challenge("watcher", KONRAD)
    settle(m, {OLGA: 1_500_000, KONRAD: 1_000_000})
    assert gains(m) == {"olga": 201_993_750_000, "konrad": -302_500_000_000, "grid": 100_000_000_000, "treasury": 506_250_000}


def late(m: Market, last: int, meter: int, energies: list[int]) -> None:
    """A meter reports from the slot on up to `last`, and nobody settles before."""
    m.now = SLOT - 1
    m.collect([p.number for p in m.positions if p.state == "Open"])
    m.now = last + 1
    registers = [7]
    for energy in energies:
        registers.append(registers[-1] + energy)
    registers += registers[-1:] * (last - SLOT + 1 - len(energies))
    m.readings(meter, 0, SLOT - 1, registers, [])


@pytest.mark.parametrize(("last", "is_forgotten"), [(SLOT + 95, False), (SLOT + 96, True)])
def test_sale_is_void_when_nobody_settled_before_it_was_forgotten(last, is_forgotten):
    m = neighbours(slot_fee=0)
    late(m, last, OLGA, [1_500_000])
    m.settle([0, 1])
    # He never reported, so he drew nothing.
    paid = {"olga": 202_500_000_000, "konrad": -322_500_000_000, "grid": 120_000_000_000}
    assert gains(m) == ({} if is_forgotten else paid)


@pytest.mark.parametrize(("last", "is_forgotten"), [(SLOT + 95, False), (SLOT + 96, True)])
def test_purchase_is_not_fined_when_what_was_drawn_is_forgotten(last, is_forgotten):
    m = neighbours(slot_fee=0)
    late(m, last, KONRAD, [1_000_000])
    m.readings(OLGA, 0, SLOT - 1, [7, 1_500_007], [])
    m.settle([0, 1])
    assert gains(m)["konrad"] == -292_500_000_000 - (0 if is_forgotten else 10_000_000_000)


def test_one_mwh_counts_for_one_order():
    """Olga sells 1 kWh twice, at two limits, and delivers 1.2 kWh: what is settled first takes first."""
    m = market(slot_fee=0)
    place(m, OLGA, "Sell", 80_000, 1_000_000)
    place(m, OLGA, "Sell", 90_000, 1_000_000)
    place(m, KONRAD, "Buy", 150_000, 2_000_000)
    settle(m, {OLGA: 1_200_000, KONRAD: 2_000_000}, [1, 0, 2])
    assert [p.delivered for p in m.positions] == [200_000, 1_000_000, 1_200_000]
    # At 0.090: 0.108 less 0.2 for 0.8 kWh.
    assert gains(m) == {"olga": -92_000_000_000, "konrad": 20_000_000_000, "grid": 72_000_000_000}


def test_shortfall_is_shared_by_all_buyers():
    """Olga and Paul sell 1 kWh each, Paul delivers nothing: the two buyers get half of what they bought."""
    m = market(slot_fee=0)
    for meter in (OLGA, PAUL):
        place(m, meter, "Sell", 80_000, 1_000_000)
    place(m, KONRAD, "Buy", 160_000, 500_000)
    place(m, LENA, "Buy", 160_000, 1_500_000)
    settle(m, {OLGA: 1_000_000, KONRAD: 2_000_000, LENA: 700_000})
    assert m.cleared == [("A", SLOT, 90_000, 2_000_000)]
    assert [p.delivered for p in m.positions] == [1_000_000, 0, 250_000, 750_000]
    assert gains(m) == {
        "olga": 90_000_000_000,
        "paul": -250_000_000_000,
        # A quarter of the 0.25 of compensation, less 0.25 kWh at 0.15.
        "konrad": 62_500_000_000 - 37_500_000_000,
        # Three quarters, less 0.75 kWh, less 0.05 kWh that was not drawn at 0.02.
        "lena": 187_500_000_000 - 112_500_000_000 - 1_000_000_000,
        "grid": 60_000_000_000 + 1_000_000_000,
    }


def test_fee_is_rounded_up():
    m = market(slot_fee=1)
    place(m, OLGA, "Sell", 1_000, 1_000)
    place(m, KONRAD, "Buy", 61_000, 1_000)
    settle(m, {OLGA: 1_000, KONRAD: 1_000})
    # A millionth of 1,000,000.
    assert m.treasury == 1
    m = market(slot_fee=1)
    place(m, OLGA, "Sell", 1_000, 1_000)
    place(m, KONRAD, "Buy", 61_000, 1_000)
    settle(m, {OLGA: 1, KONRAD: 1_000})
    assert m.treasury == 1


def test_limit_between_two_ticks_is_rounded_down_and_no_more_is_held():
    m = market()
    place(m, KONRAD, "Buy", 141_999, 1_000)
    assert m.positions[0].tick == 81
    assert m.held["konrad"] == 1_000 * (141_000 + 20_000)


def test_new_terms_are_for_new_auctions():
    m = neighbours()
    m.set_area(area="A", grid_fee=0, operator="grid", imbalance=0, undrawn=0, open=True)
    settle(m, {OLGA: 1_050_000, KONRAD: 1_500_000})
    assert gains(m) == {"olga": 28_895_625_000, "konrad": -92_250_000_000, "grid": 63_000_000_000, "treasury": 354_375_000}


def test_nothing_is_held_when_all_is_cancelled():
    m = neighbours()
    m.cancel(0)
    m.cancel(1)
    assert not any(m.held.values()) and gains(m) == {} and m.auctions == {}


@pytest.mark.parametrize(
    ("now", "error", "call", "arguments"),
    [
        (SLOT - 1, "GateClosed", "place", dict(order=2, meter=LENA, interval=SLOT, side="Buy", limit=200_000, energy=1_000)),
        (-1, "GateNotOpen", "place", dict(order=2, meter=LENA, interval=SLOT + 182, side="Buy", limit=200_000, energy=1_000)),
        (0, "TooSmall", "place", dict(order=2, meter=LENA, interval=SLOT, side="Buy", limit=200_000, energy=999)),
        (0, "OffLot", "place", dict(order=2, meter=LENA, interval=SLOT, side="Buy", limit=200_000, energy=1_001)),
        (0, "OffTick", "place", dict(order=2, meter=PAUL, interval=SLOT, side="Sell", limit=80_001, energy=1_000)),
        (0, "PriceOutOfRange", "place", dict(order=2, meter=LENA, interval=SLOT, side="Buy", limit=60_999, energy=1_000)),
        (0, "PriceOutOfRange", "place", dict(order=2, meter=PAUL, interval=SLOT, side="Sell", limit=1_024_000, energy=1_000)),
        (0, "AboveNameplate", "place", dict(order=2, meter=PAUL, interval=SLOT, side="Sell", limit=80_000, energy=5_501_000)),
        (0, "OtherSide", "place", dict(order=2, meter=OLGA, interval=SLOT, side="Buy", limit=200_000, energy=1_000)),
        (SLOT - 1, "GateClosed", "cancel", dict(order=0)),
        (SLOT - 2, "GateStillOpen", "clear", dict(area="A", interval=SLOT)),
        (SLOT - 2, "GateStillOpen", "collect", dict(orders=[0])),
    ],
)
def test_wrong_is_refused(now, error, call, arguments):
    m = neighbours()
    m.now = now
    before = (dict(m.money), dict(m.held))
    with pytest.raises(Refused, match=f"^{error}$"):
        m.act(call, **arguments)
    assert (m.money, m.held) == before and len(m.positions) == 2


def test_settlement_waits_for_the_grace_and_for_sellers():
    m = neighbours()
    m.now = SLOT - 1
    m.collect([0, 1])
    m.now = SLOT + 8
    with pytest.raises(Refused, match="TooEarly"):
        m.settle([0])
    m.now = SLOT + 9
    with pytest.raises(Refused, match="NothingToSettle"):
        m.settle([1])

"""Trade end to end: a slot, a lot and the order book, between agents that measure and people at the terminal.

All money is worked out here again: for slots by the reference that tests/market compares the pallet with, which was written
from docs/market.md; for lots and the order book from the rules on the same page. Everything is exact to the base unit.
"""

import sys

import pytest

from programs import ROOT
from scenarios import MEASURED
from street import AREA, NAMEPLATE
from trade import DECA, KWH

sys.path.insert(0, str(ROOT / "tests" / "market"))
from settlement import Market  # noqa: E402

# The stories last seven minutes.
pytestmark = pytest.mark.timeout(900)

# As runtime/src/genesis.rs sets them for the development chains, per mWh.
GRID_FEE, IMBALANCE, UNDRAWN = 20_000, 100_000, 50_000
SLOT_FEE, LOT_FEE, TAKER_FEE, MAKER_FEE = 2_500, 10_000, 2_000, 1_000


def fee(amount: int, parts: int) -> int:
    """In parts per million, rounded up."""
    return -(-amount * parts // 10**6)


def gained(told: dict, name: str) -> tuple[int, int]:
    """DECA, beside what transactions cost, and KWH that somebody gained in a story."""
    before, after = told["before"][name], told["after"][name]
    return after.deca - before.deca + told["cost"].get(name, 0), after.kwh - before.kwh


def fees_of_transactions(told: dict) -> int:
    return sum(told["cost"].values())


# --- Slots -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slots(street):
    return street.told["slots"]


@pytest.fixture(scope="module")
def model(slots) -> Market:
    """The same calls on the reference: auction by auction, and the orders of each in the order in which the chain took them."""
    names = ["Olga", "Konrad", "Peter", "Ferdie"]
    owners = ["Olga", "Konrad", "Peter"]
    local = {slots["numbers"]["barn"]: 0, slots["numbers"]["home"]: 1, slots["numbers"]["peter"]: 2}
    area = {"area": AREA, "grid_fee": GRID_FEE, "operator": "Ferdie", "imbalance": IMBALANCE, "undrawn": UNDRAWN, "open": True}
    market = Market(
        {
            "parameters": {"gate_opening": 192, "gate_closure": 1, "grace": 8, "minimum_energy": 10_000, "slot_fee": SLOT_FEE},
            "areas": [area],
            "accounts": {name: slots["before"][name].deca for name in names},
            "challenge_bond": 0,
            "miners": [{"owner": owner, "area": AREA, "meters": [{"nameplate": NAMEPLATE}]} for owner in owners],
        }
    )
    numbers = {}
    for placed in sorted(slots["orders"], key=lambda placed: (placed["order"]["auction"]["interval"], placed["order"]["number"])):
        auction, number = placed["order"]["auction"], placed["order"]["number"]
        market.now = auction["interval"] - 20
        numbers[auction["interval"], number] = len(numbers)
        side = placed["side"]
        market.place(len(numbers) - 1, local[placed["meter"]], auction["interval"], side, placed["limit"], placed["energy"])
    of = lambda event: numbers[event["order"]["auction"]["interval"], event["order"]["number"]]
    for told in sorted((*slots["rounds"], slots["crowded"]), key=lambda told: told["interval"]):
        for meter, name in ((market.meters[0], "barn"), (market.meters[1], "home")):
            for epoch, interval, register, quality in slots["rows"][name]:
                # Nothing later: a meter forgets what is a day ago, and the stories may last so long when they are told again.
                if (meter.newest or 0) < interval <= told["interval"]:
                    meter.read(epoch, interval, register, quality == MEASURED)
        market.now = told["interval"] - 1
        market.collect([of(event) for event in collected(told)])
        market.now = told["interval"] + 9
        market.settle([of(event) for event in (*told["sales"], *told["purchases"])])
    market.observe()
    market.numbers = numbers
    return market


def collected(told: dict) -> list[dict]:
    """What became of the orders when they were collected, in this order. JavaScript has other names for the same."""
    if "stranger" not in told:
        return told["collected"]
    first = [event for event in told["stranger"]["events"] if event["name"] == "slotAuction.Collected"]
    return [*first, *told["rest"]]


def test_terminal_shows_the_auction_before_its_gate_closes(street, slots):
    (area,) = slots["seen"]["areas"]
    assert (area["code"], area["terms"]["grid_fee"]) == (AREA, GRID_FEE)
    assert (area["terms"]["imbalance"], area["terms"]["undrawn"]) == (IMBALANCE, UNDRAWN)
    pair, crowd = (slots["rounds"][0]["interval"], slots["crowded"]["interval"])
    assert [auction["id"]["interval"] for auction in area["auctions"]] == [pair, crowd]
    assert len(slots["seen"]["orders"]) == 3
    # The price that it would be, marked in the ladder.
    assert "2.500 kWh at 0.2800 DECA/kWh" in slots["text"]
    assert any(line.startswith(">   0.2800") for line in slots["text"].splitlines())


def test_bid_and_bond_are_held_in_full(street, slots):
    for placed in slots["orders"]:
        rate = placed["limit"] + UNDRAWN if placed["side"] == "Buy" else IMBALANCE
        assert int(placed["held"]) == placed["energy"] * rate


def test_price_of_two_neighbours_is_in_the_middle(slots):
    """2 kWh offered at 0.10, 2 kWh bid at 0.30 with the grid fee of 0.02: anything from 0.10 to 0.28 would do."""
    for told in slots["rounds"]:
        assert (told["cleared"]["price"], int(told["cleared"]["volume"])) == (190_000, 2 * KWH)
        assert [event["fill"] for event in told["collected"]] == [2 * KWH, 2 * KWH]


def test_seller_delivered_70_percent(slots):
    """A missed reading has the story told again; it has to come out once."""
    last = slots["rounds"][-1]
    assert last["is_exact"], "the agents missed the moment in three slots"
    (sale,), (purchase,) = last["sales"], last["purchases"]
    assert (sale["fill"], sale["delivered"], sale["void"]) == (2 * KWH, 1_400_000, None)
    assert (purchase["delivered"], purchase["drawn"], purchase["void"]) == (1_400_000, 1_400_000, None)


def test_money_moves_as_designed_when_70_percent_were_delivered(slots):
    """By hand: 1.4 kWh at 0.19 DECA, 0.25 % of it for the treasury, and 0.1 DECA for each of the missing 0.6 kWh."""
    (sale,), (purchase,) = slots["rounds"][-1]["sales"], slots["rounds"][-1]["purchases"]
    amount = 266 * DECA // 1_000
    assert int(sale["fee"]) == 665 * DECA // 10**6
    assert int(sale["paid"]) == amount - 665 * DECA // 10**6
    assert int(sale["fine"]) == int(purchase["compensation"]) == 60 * DECA // 1_000
    assert int(purchase["paid"]) == amount
    assert int(purchase["grid"]) == 28 * DECA // 1_000
    assert int(purchase["undrawn"]) == 0
    prepaid = 2 * KWH * (190_000 + GRID_FEE + UNDRAWN)
    assert int(purchase["returned"]) == prepaid - amount - 28 * DECA // 1_000 + 60 * DECA // 1_000
    ended = slots["rounds"][-1]["ended"]
    assert (int(ended["delivered"]), int(ended["grid"]), int(ended["fees"])) == (1_400_000, 28 * DECA // 1_000, 665 * DECA // 10**6)


def test_crowded_slot_is_shared_at_the_margin(slots):
    """3 kWh are bid at 0.28 and 2.5 kWh offered: both who bid so much get five sixths, who bid less gets nothing."""
    parts = {"Buy": [], "Sell": []}
    for event in collected(slots["crowded"]):
        parts[event["side"]].append(int(event["fill"]))
    assert sorted(parts["Sell"]) == [500_000, 2_000_000]
    assert sorted(parts["Buy"]) == [0, 1_250_000, 1_250_000]


def test_auction_is_collected_to_its_end_when_the_node_restarts_in_the_middle(slots):
    crowded = slots["crowded"]
    assert int(crowded["stranger"]["fee"]) == 0, "who collects for others pays nothing"
    cleared = [event for event in crowded["stranger"]["events"] if event["name"] == "slotAuction.AuctionCleared"]
    assert [int(event["price"]) for event in cleared] == [280_000]
    between = crowded["between"]
    assert between["stage"] == "ToCollect"
    assert (between["price"], between["auction"]["cleared"]["uncollected"]) == (280_000, 3)
    assert len(crowded["rest"]) == 3
    numbers = sorted(int(event["order"]["number"]) for event in collected(crowded))
    assert numbers == [0, 1, 2, 3, 4], "each order is collected once"


def test_silent_buyer_pays_for_what_was_delivered_and_for_what_it_did_not_draw(street, slots):
    """Peter's meter never reports."""
    peter = street.people["Peter"].address
    (purchase,) = [event for event in slots["crowded"]["purchases"] if event["buyer"] == peter]
    assert (purchase["drawn"], purchase["void"]) == (0, None)
    assert int(purchase["undrawn"]) == purchase["delivered"] * UNDRAWN


def test_fills_and_deliveries_are_those_of_the_reference(slots, model):
    of = lambda event: model.positions[model.numbers[event["order"]["auction"]["interval"], event["order"]["number"]]]
    for told in (*slots["rounds"], slots["crowded"]):
        for event in collected(told):
            assert int(event["fill"]) == of(event).fill
        for event in (*told["sales"], *told["purchases"]):
            assert event["delivered"] == of(event).delivered
        for event in told["purchases"]:
            assert event["drawn"] == of(event).drew
    cleared = {told["interval"]: told["cleared"]["price"] for told in slots["rounds"]} | {slots["crowded"]["interval"]: 280_000}
    assert {interval: price for _, interval, price, _ in model.cleared} == cleared


@pytest.mark.parametrize("name", ["Olga", "Konrad", "Peter", "Ferdie"])
def test_balance_after_the_slots_is_exact(slots, model, name):
    assert gained(slots, name) == (model.money[name] - slots["before"][name].deca, 0)
    assert slots["after"][name].held == slots["before"][name].held, "nothing of it is held any more"


def test_treasury_gets_the_fees_of_the_slots_and_nothing_is_left_over(slots, model):
    assert gained(slots, "treasury")[0] == model.treasury + fees_of_transactions(slots)
    assert model.escrow == 0


# --- A lot -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lot(street):
    return street.told["lot"]


def test_lot_is_listed_with_what_the_seller_said(lot):
    listed = lot["listed"]
    assert (listed["energy"], listed["start_price"]) == (5 * KWH, 80_000)
    assert [told["bid"]["price"] for told in lot["bids"]] == [100_000, 120_000, 150_000]


def test_money_of_who_is_outbid_is_free_at_once(street, lot):
    """What the whole lot costs at the best price is held of the best bidder, and nothing of the others."""
    tenths = DECA // 10
    assert lot["held"] == [
        {"Peter": 5 * tenths, "Carla": 0, "Konrad": 0},
        {"Peter": 0, "Carla": 6 * tenths, "Konrad": 0},
        {"Peter": 0, "Carla": 0, "Konrad": 15 * tenths // 2},
    ]
    outbid = [[(event["bidder"], int(event["released"])) for event in told["outbid"]] for told in lot["bids"]]
    peter, carla = street.people["Peter"].address, street.people["Carla"].address
    assert outbid == [[], [(peter, 5 * tenths)], [(carla, 6 * tenths)]]


def test_bid_has_to_be_higher_by_the_least_raise_and_binds_the_seller(lot):
    assert lot["refused"] == {"raise": "Lots.BidTooLow", "cancel": "Lots.HasBid"}
    assert "a bid has to be at least 0.1515 DECA/kWh" in lot["shown"]


def test_highest_bidder_draws_3_2_kwh_and_closes(street, lot):
    konrad = street.people["Konrad"].address
    assert (lot["connected"]["winner"], lot["connected"]["price"]) == (konrad, 150_000)
    assert sum(draw["energy"] for draw in lot["draws"]) == 3_200_000
    assert lot["closed"]["side"] == "Winner"
    ended = lot["ended"]
    assert (ended["reason"], ended["drawn"]) == ({"Closed": "Winner"}, 3_200_000)
    assert int(ended["paid"]) == 480 * DECA // 1_000
    assert int(ended["returned"]) == 270 * DECA // 1_000


def test_drawn_is_what_both_meters_measured(lot):
    """The lesser of both in each interval; nothing where one of them was missed."""
    both = [min(sold, used) for _, sold, used in lot["flows"] if sold is not None and used is not None]
    assert sum(both) == sum(draw["energy"] for draw in lot["draws"])
    assert all(sold > used for _, sold, used in lot["flows"] if sold and used), "the seller exports more than is his"


@pytest.mark.parametrize(
    "name, expected",
    [
        # 3.2 kWh at 0.15 are 0.48 DECA, of which 1 % is the treasury's.
        ("Olga", 4_752 * DECA // 10_000),
        ("Konrad", -480 * DECA // 1_000),
        ("Peter", 0),
        ("Carla", 0),
        ("Ferdie", 0),
    ],
)
def test_balance_after_the_lot_is_exact(lot, name, expected):
    assert gained(lot, name) == (expected, 0)
    assert lot["after"][name].held == lot["before"][name].held


def test_treasury_gets_the_fee_of_the_lot(lot):
    paid = [int(draw["fee"]) for draw in lot["draws"]]
    assert sum(paid) == fee(480 * DECA // 1_000, LOT_FEE) == 48 * DECA // 10_000
    assert gained(lot, "treasury")[0] == sum(paid) + fees_of_transactions(lot)


# --- The order book ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(street):
    return street.told["book"]


def fills(events: list[dict]) -> list[tuple[int, int, int]]:
    """Maker, price and energy of each fill."""
    found = [event["fields"] for event in events if event["event"] == "Filled"]
    return [(fields["maker"], fields["price"], fields["energy"]) for fields in found]


def test_terminal_draws_the_book(book):
    asked = book["asked"]
    sells = [(level["price"], int(level["energy"]), level["orders"]) for level in asked["depth"]["sells"]]
    assert sells == [(250_000, 1_000_000, 1), (280_000, 400_000, 1), (300_000, 1_500_000, 1)]
    assert asked["depth"]["buys"] == []
    lines = asked["picture"].splitlines()
    assert "nobody buys" in lines
    prices = [line.split()[1] for line in lines if line.strip().startswith("sell")]
    assert prices == ["0.3000", "0.2800", "0.2500"], "the best price stands in the middle"


def test_quote_says_what_an_order_would_cost(book):
    quote = book["asked"]["quote"]
    assert (int(quote["energy"]), quote["worst"]) == (2_200_000, 300_000)
    assert int(quote["cost"]) == 602 * DECA // 1_000
    assert int(quote["fee"]) == 1_204 * DECA // 10**6


def test_tokens_for_sale_are_held(book):
    assert book["asked"]["held"]["KWH OrderBook.Sell"] == 2_500_000


def test_book_refuses_what_it_has_to(book):
    assert book["refused"] == {
        "fill or kill": "OrderBook.NotFilled",
        "post only": "OrderBook.WouldCross",
        "cancel another's": "OrderBook.NotOwner",
        "too little": "OrderBook.BelowMinimum",
    }


def test_nobody_trades_with_oneself(book):
    assert fills(book["own"]) == []
    (closed,) = [event["fields"] for event in book["own"] if event["event"] == "OrderClosed"]
    assert (closed["reason"], closed["energy"]) == ("SelfTrade", 500_000)


def test_order_is_filled_at_the_best_prices_first_and_the_last_order_in_part(book):
    orders = book["orders"]
    assert fills(book["bought"]) == [
        (orders["cheap"], 250_000, 1_000_000),
        (orders["middle"], 280_000, 400_000),
        (orders["dear"], 300_000, 800_000),
    ]


def test_waiting_order_is_filled_in_part_at_its_own_price(book):
    assert fills(book["sold"]) == [(book["orders"]["waiting"], 200_000, 300_000)]
    (left,) = book["asked"]["between"]["konrad"]["orders"]
    assert (left["order"], left["energy"], left["placed"]) == (book["orders"]["waiting"], 200_000, 500_000)
    (left,) = book["asked"]["between"]["olga"]["orders"]
    assert (left["order"], left["energy"], left["placed"]) == (book["orders"]["dear"], 700_000, 1_500_000)


def test_hold_of_a_partly_filled_order_is_what_it_can_still_cost(book):
    cost = 200_000 * 200_000
    assert book["asked"]["between"]["held"]["OrderBook.Buy"] == cost + fee(cost, MAKER_FEE)


def test_order_keeps_its_place_when_it_gets_smaller(book):
    assert (book["smaller"]["energy"], book["smaller"]["rest"], book["smaller"]["kept_place"]) == (1_400_000, 600_000, True)


def test_history_has_what_was_traded(book):
    history = book["asked"]["history"]
    assert history["last"] == 200_000
    assert sum(int(candle["volume"]) for candle in history["candles"]) == 2_500_000
    assert max(candle["high"] for candle in history["candles"]) == 300_000
    assert min(candle["low"] for candle in history["candles"]) == 200_000
    assert "2.500 kWh from 0.2000 to 0.3000 DECA/kWh" in book["asked"]["candles"]


def traded(book) -> dict[str, int]:
    """DECA that everybody gains by the fills, fees included."""
    olga = nora = konrad = treasury = 0
    for seller, price, energy in (("olga", 250_000, 1_000_000), ("nora", 280_000, 400_000), ("olga", 300_000, 800_000)):
        cost = price * energy
        konrad -= cost + fee(cost, TAKER_FEE)
        treasury += fee(cost, TAKER_FEE) + fee(cost, MAKER_FEE)
        if seller == "olga":
            olga += cost - fee(cost, MAKER_FEE)
        else:
            nora += cost - fee(cost, MAKER_FEE)
    cost = 200_000 * 300_000
    konrad -= cost + fee(cost, MAKER_FEE)
    olga += cost - fee(cost, TAKER_FEE)
    treasury += fee(cost, TAKER_FEE) + fee(cost, MAKER_FEE)
    return {"Olga": olga, "Nora": nora, "Konrad": konrad, "treasury": treasury}


@pytest.mark.parametrize(
    "name, tokens", [("Olga", -2_100_000), ("Nora", -400_000), ("Konrad", 2_500_000), ("Peter", 0)]
)
def test_balance_after_trading_is_exact(book, name, tokens):
    assert gained(book, name) == (traded(book).get(name, 0), tokens)


def test_treasury_gets_the_fees_of_makers_and_takers(book):
    expected = traded(book)
    assert sum(expected.values()) == 0
    assert gained(book, "treasury") == (expected["treasury"] + fees_of_transactions(book), 0)


def test_nothing_is_held_when_all_orders_are_cancelled(book):
    assert book["asked"]["empty"]["buys"] == book["asked"]["empty"]["sells"] == []
    for name, purse in book["after"].items():
        assert not any("OrderBook" in purpose for purpose in purse.held), name

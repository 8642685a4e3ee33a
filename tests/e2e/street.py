"""A street that trades: a roof, a home and a battery, each with its own agent, and everybody at the terminal.

The stories follow each other on one chain, and keep what they saw; the tests work out what it should have been. A quarter of an
hour lasts a second and a half, so on a busy machine an agent misses the end of one now and then, and the chain rightly counts
its energy for nothing that is traded. Where a story depends on that moment it is told again.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from field import Counters, Field, wait_until
from programs import Agent, DeviceSpec, MeterSpec, Node, javascript
from scenarios import Scenario
from trade import KWH, TREASURY, Home, Person, Plan, Purse, all_of, the

AREA = "10YDE-VE-------2"
# Enough for 10 kWh in a quarter of an hour.
NAMEPLATE = 40_000
# Intervals that pass between two blocks that are final, several times over.
SOON = 4


class Street(Scenario):
    """Olga's roof, Konrad's home, Nora's battery. Peter and Carla have meters that never report."""

    INTERVAL_MILLIS = 1_500
    # Two samples at least lie in the time in which a reading counts as that of the interval's end.
    POLL = "300ms"
    # By agent, its meters with their flows.
    METERS = {
        "Olga": {"roof": "export", "barn": "export", "shed": "export"},
        "Konrad": {"home": "import", "wallbox": "import"},
        "Nora": {"charge": "charge", "discharge": "discharge"},
    }
    SILENT = ("Peter", "Carla")
    KINDS = {"Olga": "Standard", "Konrad": "Consumer", "Nora": "Storage", "Peter": "Consumer", "Carla": "Consumer"}

    # What Olga's roof sends to the battery, interval by interval, and how much of it arrives: 8 % are lost.
    SENT = (800_000, 1_200_000, 1_500_000, 1_000_000, 500_000)
    ARRIVES = 92
    # What Konrad draws of the lot, and of the battery.
    LOT_DRAWN = 3_200_000
    WITHDRAWN = 1_500_000
    # For how many intervals he asks for 2 kWh, and what he once takes while the battery gives nothing.
    DURATION = 96
    NOT_GIVEN = 200_000
    # The most that flows in one interval.
    MOST = 1_250_000

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.node = Node(folder, self.INTERVAL_MILLIS)
        self.field = Field(folder)
        self.plan = Plan(self.INTERVAL_MILLIS)
        self.homes: dict[str, Home] = {}
        self.miners: dict[str, int] = {}
        self.silent: dict[str, int] = {}
        self.people: dict[str, Person] = {}
        self.told: dict[str, dict] = {}

    def play(self) -> None:
        self.node.start()
        self.gather()
        self.move_in()
        for story in ("deposit", "slots", "arrival", "lot", "payment", "book", "withdrawal"):
            self.told[story] = getattr(self, story)()

    def tidy(self) -> None:
        for home in self.homes.values():
            if home.agent.program and home.agent.program.alive:
                home.agent.stop()
        self.field.stop()
        if self.node.program and self.node.program.alive:
            self.node.stop()

    # --- Who is there --------------------------------------------------------------------------------------------------

    def gather(self) -> None:
        """Accounts. The robot, who settles what others traded, has no secret in words but a key file."""
        key = self.folder / "robot.key"
        self.agents = {name: self.make_agent(name) for name in self.METERS}
        self.agents["Olga"].run_command("keys", "generate", key, "--scheme", "sr25519")
        names = [*self.KINDS, "Ferdie"]
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda name: Person(self.node, name), names)
        self.people = dict(zip(names, found))
        self.people["Robot"] = Person(self.node, "Robot", key)
        self.send("//Alice", "balances.transferKeepAlive", self.people["Robot"].address, str(1_000 * 10**12))

    def make_agent(self, name: str) -> Agent:
        meters = self.METERS[name]
        device = Counters(1, {meter: lambda meter=meter: self.plan.register(meter) for meter in meters})
        specs = tuple(MeterSpec(meter, meter, flow, NAMEPLATE) for meter, flow in meters.items())
        link = f"tcp:127.0.0.1:{self.field.tcp(device)}"
        agent = Agent(self.folder / name, self.node.url, [DeviceSpec(name.lower(), "counters.toml", link, specs)], poll=self.POLL)
        (agent.folder / "counters.toml").write_text(device.profile())
        return agent

    def move_in(self) -> None:
        """Registers all sites, and waits until the chain knows where the registers start."""
        sites = []
        for name, kind in self.KINDS.items():
            site = {"owner": self.people[name].uri, "kind": kind, "area": AREA}
            if name in self.agents:
                agent = self.agents[name]
                agent.make_keys()
                application = agent.application(self.node, self.people[name].address)
                sites.append({**site, "meters": json.loads(application.read_text()), "operator": agent.operator})
            else:
                sites.append({**site, "flows": ["Import"]})
        file = self.folder / "sites.json"
        file.write_text(json.dumps(sites))
        admitted = javascript("tests/js/sites.mjs", "--url", self.node.url, "--sites", file)
        for name, entry in zip(self.KINDS, admitted):
            self.miners[name] = entry["miner"]
            if name in self.agents:
                self.homes[name] = Home(self.agents[name], entry["meters"])
            else:
                (self.silent[name],) = entry["meters"]
        with ThreadPoolExecutor() as pool:
            list(pool.map(Home.begin, self.homes.values()))

    def number(self, meter: str) -> int:
        """The chain's number of a meter."""
        return next(home.numbers[meter] for home in self.homes.values() if meter in home.numbers)

    def measured(self, meter: str, interval: int) -> int | None:
        """What the chain knows to have passed a meter in just this interval."""
        (home,) = (home for home in self.homes.values() if meter in home.numbers)
        return home.measured(meter, interval)

    def await_reported(self, interval: int, *names: str) -> None:
        for name in names:
            self.homes[name].await_reported(interval)

    def send(self, who: str, call: str, *arguments) -> dict:
        """What the terminal has no command for."""
        return javascript(
            "tests/js/send.mjs", *["--url", self.node.url, "--as", who, "--call", call, "--arguments", json.dumps(arguments)]
        )

    def purses(self) -> dict[str, Purse]:
        """What everybody has, the treasury too."""
        with ThreadPoolExecutor(4) as pool:
            found = dict(zip(self.people, pool.map(Person.purse, self.people.values())))
        found["treasury"] = Purse.of(self.people["Robot"].ask("--account", TREASURY, "balance"))
        return found

    def observed(self, story) -> dict:
        """A story with what everybody had before and after it, and what transactions cost them."""
        fees = {name: person.fees for name, person in self.people.items()}
        before = self.purses()
        told = story()
        after = self.purses()
        cost = {name: person.fees - fees[name] for name, person in self.people.items()}
        return {**told, "before": before, "after": after, "cost": cost}

    # --- Into the battery ----------------------------------------------------------------------------------------------

    def deposit(self) -> dict:
        """Nora's battery becomes a storage node, and what Olga's roof exports goes there from now on."""
        olga, nora = self.people["Olga"], self.people["Nora"]
        node, roof = self.miners["Nora"], self.number("roof")
        meters = ["--charge", self.number("charge"), "--discharge", self.number("discharge")]
        registered = the(nora.do("node", "register", node, "--capacity", "100", *meters), "NodeRegistered")
        olga.do("deposit", "ask", roof, "--node", node)
        accepted = the(nora.do("deposit", "accept", roof), "DepositAccepted")
        first = self.plan.now() + SOON
        for interval, energy in enumerate(self.SENT, first):
            self.plan.put("roof", interval, energy)
            self.plan.put("charge", interval, energy * self.ARRIVES // 100)
        return {"registered": registered, "accepted": accepted, "first": first}

    # --- A slot ----------------------------------------------------------------------------------------------------------

    def slots(self) -> dict:
        return self.observed(self.play_slots)

    def play_slots(self) -> dict:
        """Two neighbours, again if an agent missed the moment; and a crowded slot, in which the node is restarted."""
        pair = self.plan.now() + 28
        crowd = pair + 6
        self.plan_pair(pair)
        self.plan.put("barn", crowd, 2_500_000)
        self.plan.put("home", crowd, 1_000_000)
        # Olga and Konrad first agree on the one, then on the other; Peter bids in the second one only.
        with ThreadPoolExecutor(3) as pool:
            olga = pool.submit(self.place, "Olga", [(pair, "sell", "2", "0.10"), (crowd, "sell", "2", "0.08"), (crowd, "sell", "0.5", "0.12")])
            konrad = pool.submit(self.place, "Konrad", [(pair, "buy", "2", "0.30"), (crowd, "buy", "1.5", "0.30"), (crowd, "buy", "0.5", "0.20")])
            peter = pool.submit(self.place, "Peter", [(crowd, "buy", "1.5", "0.30")])
            orders = [order for placed in (olga, konrad, peter) for order in placed.result()]
        seen = self.people["Konrad"].ask("slots", AREA)
        text = self.people["Konrad"].show("slots", AREA, crowd)
        rounds = [self.gather_orders(pair)]
        half = self.collect_across_a_restart(crowd)
        self.await_reported(crowd, "Olga", "Konrad")
        rounds[0] |= self.settle(pair)
        crowded = {"interval": crowd, **half, **self.settle(crowd)}
        while not rounds[-1]["is_exact"] and len(rounds) < 3:
            pair = self.plan.now() + 16
            self.plan_pair(pair)
            with ThreadPoolExecutor(2) as pool:
                olga = pool.submit(self.place, "Olga", [(pair, "sell", "2", "0.10")])
                konrad = pool.submit(self.place, "Konrad", [(pair, "buy", "2", "0.30")])
                orders += [*olga.result(), *konrad.result()]
            again = self.gather_orders(pair)
            self.await_reported(pair, "Olga", "Konrad")
            rounds.append(again | self.settle(pair))
        rows = {meter: self.homes[name].rows(meter) for name, meter in (("Olga", "barn"), ("Konrad", "home"))}
        numbers = {"barn": self.number("barn"), "home": self.number("home"), "peter": self.silent["Peter"]}
        return {"orders": orders, "seen": seen, "text": text, "rounds": rounds, "crowded": crowded, "rows": rows, "numbers": numbers}

    def place(self, name: str, orders: list[tuple[int, str, str, str]]) -> list[dict]:
        meter = self.number("barn") if name == "Olga" else self.silent["Peter"] if name == "Peter" else self.number("home")
        person = self.people[name]
        return [
            the(person.do("slot", side, energy, "--at", limit, "--meter", meter, "--in", interval), "Placed")
            for interval, side, energy, limit in orders
        ]

    def plan_pair(self, interval: int) -> None:
        """Olga delivers 70 % of the 2 kWh that she sold; Konrad uses as much as he bought."""
        self.plan.put("barn", interval, 1_400_000)
        self.plan.put("home", interval, 2_000_000)

    def gather_orders(self, interval: int) -> dict:
        """Clears and collects an auction once its gate is closed."""
        robot = self.people["Robot"]
        self.plan.await_begin(interval - 1)
        cleared = the(robot.do("slot", "clear", f"0:{interval}"), "AuctionCleared")
        collected = all_of(robot.do("slot", "collect", f"0:{interval}"), "Collected")
        return {"interval": interval, "cleared": cleared, "collected": collected}

    def collect_across_a_restart(self, interval: int) -> dict:
        """Two orders are collected, the node ends and starts again, the others are collected."""
        self.plan.await_begin(interval - 1)
        auction = {"area": 0, "interval": interval}
        stranger = self.send("//Alice", "slotAuction.collect", auction, [0, 1])
        self.node.stop()
        self.node.start()
        robot = self.people["Robot"]
        stage = robot.ask("slots", AREA, interval)["auction"]
        rest = robot.do("slot", "collect", f"0:{interval}")
        return {"stranger": stranger, "between": stage, "rest": all_of(rest, "Collected")}

    def settle(self, interval: int) -> dict:
        """After the grace of eight intervals."""
        self.plan.await_begin(interval + 9)
        events = self.people["Robot"].do("slot", "settle", f"0:{interval}")
        sales, purchases = all_of(events, "SaleSettled"), all_of(events, "PurchaseSettled")
        barn, home = self.measured("barn", interval), self.measured("home", interval)
        is_exact = (barn, home) == (self.plan.energy("barn", interval), self.plan.energy("home", interval))
        return {"sales": sales, "purchases": purchases, "ended": the(events, "AuctionEnded"), "is_exact": is_exact}

    # --- A lot -----------------------------------------------------------------------------------------------------------

    def lot(self) -> dict:
        return self.observed(self.play_lot)

    def play_lot(self) -> dict:
        """Olga lists 5 kWh, three bid, Konrad wins, draws 3.2 kWh, and closes."""
        olga, konrad, robot = self.people["Olga"], self.people["Konrad"], self.people["Robot"]
        closes = self.plan.now() + 52
        listed = the(olga.do("lot", "list", 5, "--from", "0.08", "--meter", self.number("shed"), "--closes", closes), "Listed")
        lot = listed["lot"]
        bids, held = [], []
        for name, price, meter in (
            ("Peter", "0.10", self.silent["Peter"]),
            ("Carla", "0.12", self.silent["Carla"]),
            ("Konrad", "0.15", self.number("wallbox")),
        ):
            events = self.people[name].do("lot", "bid", lot, "--at", price, "--meter", meter)
            bids.append({"bid": the(events, "BidPlaced"), "outbid": all_of(events, "Outbid")})
            with ThreadPoolExecutor(3) as pool:
                bidders = ("Peter", "Carla", "Konrad")
                purses = pool.map(lambda who: self.people[who].purse(), bidders)
            held.append({who: purse.held.get("Lots.Bid", 0) for who, purse in zip(bidders, purses)})
        refused = {
            "raise": self.people["Carla"].refused("lot", "bid", lot, "--at", "0.151", "--meter", self.silent["Carla"]),
            "cancel": olga.refused("lot", "cancel", lot),
        }
        shown = konrad.show("lots", lot)
        self.plan.await_begin(bids[-1]["bid"]["closes"])
        connected = the(robot.do("lot", "connect", lot), "Connected")
        draws, flows = [], []
        while (rest := self.LOT_DRAWN - sum(draw["energy"] for draw in draws)) > 0:
            assert len(draws) < 6, f"the agents miss every interval: {flows}"
            first = self.plan.now() + SOON
            parts = [min(self.MOST, rest - begun) for begun in range(0, rest, self.MOST)]
            for interval, energy in enumerate(parts, first):
                self.plan.put("wallbox", interval, energy)
                # What else she exports is not his.
                self.plan.put("shed", interval, energy + 250_000)
            self.await_reported(first + len(parts) - 1, "Olga", "Konrad")
            draws.append(the(robot.do("lot", "draw", lot), "Drawn"))
            flows += [(at, self.measured("shed", at), self.measured("wallbox", at)) for at in range(first, first + len(parts))]
        closed = the(konrad.do("lot", "close", lot), "ConnectionClosed")
        self.await_reported(closed["until"] - 1, "Olga", "Konrad")
        # The interval that ran when he closed is over on the chain, too.
        self.plan.await_begin(closed["until"])
        ended = the(robot.do("lot", "draw", lot), "Ended")
        return {
            **{"listed": listed, "bids": bids, "held": held, "refused": refused, "shown": shown, "connected": connected},
            **{"draws": draws, "flows": flows, "closed": closed, "ended": ended},
        }

    # --- Tokens for what the battery received ----------------------------------------------------------------------------

    def arrival(self) -> dict:
        """The battery's intervals are compared with the roof's, while both are remembered."""
        robot, roof, node = self.people["Robot"], self.number("roof"), self.miners["Nora"]
        calls = []

        def received() -> dict | None:
            """The receipt, once all is counted that was sent."""
            calls.extend([robot.do("node", "account", node), robot.do("deposit", "account", roof)])
            (miner,) = robot.ask("--account", self.people["Olga"].address, "meters")["miners"]
            receipt = miner["deposits"][str(roof)]["receipt"]
            return receipt if int(receipt["counted"]) >= sum(self.SENT) else None

        receipt = wait_until(received, 120, "the battery does not account for what was sent", every=1)
        at = range(self.told["deposit"]["first"], self.told["deposit"]["first"] + len(self.SENT))
        measured = [(self.measured("roof", interval), self.measured("charge", interval)) for interval in at]
        return {"receipt": receipt, "calls": calls, "measured": measured, "parity": robot.ask("storage")["parity"]}

    def payment(self) -> dict:
        return javascript(
            "tests/js/battery.mjs",
            *["--url", self.node.url, "--miner", self.miners["Olga"], "--meter", self.number("roof")],
            *["--energy", sum(self.SENT), "--owner", self.people["Olga"].uri, "--node-owner", self.people["Nora"].address],
            timeout=300,
        )

    # --- The order book --------------------------------------------------------------------------------------------------

    def book(self) -> dict:
        # The approval is final, and so is what it paid.
        self.send("//Alice", "system.remark", "0x")
        return self.observed(self.play_book)

    def play_book(self) -> dict:
        """Olga and Nora sell the tokens that they got, Konrad buys: all of an order, a part of an order, from a waiting one."""
        olga, nora, konrad = (self.people[name] for name in ("Olga", "Nora", "Konrad"))
        number = lambda events: the(events, "OrderPlaced")["order"]
        cheap = number(olga.do("sell", 1, "--at", "0.25"))
        dear = number(olga.do("sell", "1.5", "--at", "0.30"))
        middle = number(nora.do("sell", "0.4", "--at", "0.28"))
        asked = {
            "depth": konrad.ask("depth"),
            "picture": konrad.show("depth"),
            "quote": konrad.ask("quote", "buy", "2.2")["quote"],
            "held": olga.purse().held,
        }
        refused = {
            "fill or kill": konrad.refused("buy", 5, "--at", "0.30", "--fok"),
            "post only": konrad.refused("buy", 1, "--at", "0.25", "--post-only"),
            "cancel another's": konrad.refused("cancel", cheap),
            "too little": konrad.refused("buy", "0.05", "--at", "0.30"),
        }
        own = olga.do("buy", "0.5", "--at", "0.30", "--ioc")
        bought = konrad.do("buy", "2.2", "--at", "0.30")
        waiting = number(konrad.do("buy", "0.5", "--at", "0.20"))
        sold = olga.do("sell", "0.3", "--at", "0.20")
        asked["between"] = {"olga": olga.ask("orders"), "konrad": konrad.ask("orders"), "held": konrad.purse().held}
        # Of the 1.5 kWh 0.8 are sold.
        smaller = the(olga.do("amend", dear, "--energy", "1.4"), "OrderAmended")
        cancelled = [*olga.do("cancel", "--all"), *konrad.do("cancel", waiting), *nora.do("cancel", "--all")]
        asked |= {"history": konrad.ask("history")["history"], "candles": konrad.show("history"), "empty": konrad.ask("depth")}
        return {
            **{"orders": {"cheap": cheap, "dear": dear, "middle": middle, "waiting": waiting}, "asked": asked, "refused": refused},
            **{"own": own, "bought": bought, "sold": sold, "smaller": smaller, "cancelled": cancelled},
        }

    # --- Out of the battery ----------------------------------------------------------------------------------------------

    def withdrawal(self) -> dict:
        return self.observed(self.play_withdrawal)

    def play_withdrawal(self) -> dict:
        """Konrad draws with the tokens that he bought. In one interval the battery gives nothing."""
        konrad, nora, robot = self.people["Konrad"], self.people["Nora"], self.people["Robot"]
        node, home = self.miners["Nora"], self.number("home")
        empty = konrad.refused("withdraw", 5, "--node", node, "--meter", home)
        asked = konrad.do("withdraw", 2, "--node", node, "--meter", home, "--within", f"+{self.DURATION}")
        withdrawal = the(asked, "WithdrawalRequested")["withdrawal"]
        held = konrad.purse().held
        booked = konrad.ask("meters")["miners"][0]["booked"][str(home)]
        accepted = the(nora.do("withdrawal", "accept", withdrawal), "WithdrawalAccepted")
        shown = konrad.show("storage")
        events, first, rounds = [], accepted["from"], 0
        while True:
            rest, failed = self.withdrawal_state(withdrawal)
            wanted = self.WITHDRAWN - (2 * KWH - rest)
            if wanted <= 0 and failed > 0:
                break
            rounds += 1
            # A fourth one would not end before the withdrawal does by itself.
            assert rounds <= 3, "the agents miss every interval"
            start = max(self.plan.now() + SOON, first)
            parts = [min(750_000, wanted - begun) for begun in range(0, max(wanted, 0), 750_000)]
            for interval, energy in enumerate(parts, start):
                self.plan.put("discharge", interval, energy)
                self.plan.put("home", interval, energy)
            last = start + len(parts)
            self.plan.put("home", last, 0 if failed else self.NOT_GIVEN)
            events += self.settle_withdrawal(withdrawal, last)
        ending = the(konrad.do("withdrawal", "end", withdrawal), "WithdrawalEnding")
        until = ending["until"]
        events += self.settle_withdrawal(withdrawal, until - 1)
        meters = [(at, self.measured("discharge", at), self.measured("home", at)) for at in range(first, until)]
        robot.do("node", "account", node)
        storage = robot.ask("storage")
        return {
            **{"empty": empty, "held": held, "booked": booked, "accepted": accepted, "shown": shown, "until": until},
            **{"delivered": all_of(events, "Delivered"), "closed": the(events, "WithdrawalClosed"), "meters": meters},
            **{"parity": storage["parity"], "nodes": storage["nodes"]},
        }

    def withdrawal_state(self, withdrawal: int) -> tuple[int, int]:
        """What of it is still to be delivered, and what the battery failed to give."""
        (entry,) = self.people["Konrad"].ask("storage")["withdrawals"]
        assert entry["withdrawal"] == withdrawal
        return entry["rest"], entry["failed"]

    def settle_withdrawal(self, withdrawal: int, last: int) -> list[dict]:
        """Once the node has accounted for the interval `last`."""
        robot, node = self.people["Robot"], self.miners["Nora"]
        self.await_reported(last, "Konrad", "Nora")
        # The grace is over on the chain.
        self.plan.await_begin(last + 9)
        robot.do("node", "account", node)
        return robot.do("withdrawal", "settle", withdrawal)

    # --- For a person --------------------------------------------------------------------------------------------------

    def report(self) -> list[str]:
        told = self.told
        sale = told["slots"]["rounds"][-1]["sales"][0]
        node = told["withdrawal"]["nodes"][0]["node"]["books"]
        return [
            f"{self.name}: a quarter of an hour in {self.INTERVAL_MILLIS} ms",
            f"  slot: {sale['delivered']:,} of {sale['fill']:,} mWh delivered, after {len(told['slots']['rounds'])} slot(s)",
            f"  lot: {told['lot']['ended']['drawn']:,} mWh drawn in {len(told['lot']['draws'])} draw(s)",
            f"  battery: received {int(told['arrival']['receipt']['received']):,} of {sum(self.SENT):,} mWh,"
            f" delivered {int(node['delivered']):,} mWh to a withdrawal",
        ]

"""A watt-hour's attribute, from the meter's readings to a file that a stranger verifies: must be exact on the whole way.

The energy is that of a real agent's readings, the committee certifies, the file is checked by a light client that holds no
state. Everything that the chain computed is worked out here again.
"""

import json
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from programs import ROOT, javascript
from scenarios import DAVE, MEASURED

DECA = 10**12
KWH = 10**6
GENUINE, ALTERED, UNKNOWN, NO_ANSWER = 0, 1, 2, 3
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def told(quick_node, month):
    """What tests/js/certificates.mjs did and saw, in the middle of the month."""
    return javascript(
        "tests/js/certificates.mjs",
        *["--url", quick_node.url, "--miner", month.registered["miner"], "--meter", month.number("roof")],
        *["--least", 2 * KWH, "--owner", DAVE[0]],
        timeout=420,
    )


# --- From readings to a certificate -------------------------------------------------------------------------------------


def test_only_the_owner_asks_and_only_the_committee_certifies(told):
    forbidden = told["forbidden"]
    assert forbidden["request_by_stranger"] == "rec.NotOwner"
    assert forbidden["second_request"] == "rec.MeterBusy"
    assert forbidden["certify_by_owner"] == forbidden["factor_by_owner"] == "BadOrigin"


def test_certified_energy_is_what_the_device_counted(told, month):
    entry = told["certified"]["entry"]
    until = entry["to"]["interval"]
    month.await_settled("roof", until)
    rows = month.kept("roof", until)
    counted = rows[-1][2] - rows[0][2]
    assert counted >= 2 * KWH
    assert int(entry["energy"]) == int(told["energy"]) == counted
    assert (int(entry["from"]["position"]), int(entry["to"]["position"])) == (0, counted)
    assert (int(entry["from"]["register"]), int(entry["to"]["register"])) == (rows[0][2], rows[-1][2])
    assert int(entry["voided"]) == 0


def test_certificate_states_the_energy_that_no_interval_can_be_named_for(told, month):
    entry = told["certified"]["entry"]
    rows = month.kept("roof", entry["to"]["interval"])
    of_one_interval = lambda before, after: after[1] == before[1] + 1 and after[3] == MEASURED
    recovered = sum(after[2] - before[2] for before, after in zip(rows, rows[1:]) if not of_one_interval(before, after))
    assert int(entry["recovered"]) == recovered


def test_kept_readings_lead_to_the_history_hash_of_the_certificate(told, month):
    assert told["certified"]["history"]["from"] == "0x" + 32 * "00"
    assert told["certified"]["history"]["to"] == month.history("roof", told["certified"]["entry"]["to"]["interval"])


def test_energy_was_ripe_when_it_was_certified(told):
    """All of it had arrived more than a day before: nothing of it could be voided any more."""
    entry = told["requested"]["entry"]
    assert entry["taken"] - entry["to"]["interval"] >= 96
    assert entry["to"] == told["certified"]["entry"]["to"] and entry["from"] == told["certified"]["entry"]["from"]


def test_certificate_names_what_was_admitted(told, month):
    entry = told["certified"]["entry"]
    assert (entry["miner"], entry["meter"], entry["owner"]) == (month.registered["miner"], month.number("roof"), DAVE[1])
    assert entry["profile"]["source"] == "Solar" and entry["profile"]["capacity"] == 12_000
    assert entry["profile"]["gridArea"] == "10YDE-VE-------2"
    assert entry["emissionFactor"]["mgPerKwh"] == 380_000
    assert entry["revocableUntil"] == entry["issued"] + told["window"]
    assert entry["expires"] > entry["revocableUntil"]


def test_deposit_and_fee_are_held_then_returned_and_paid(told):
    requested, certified = told["requested"], told["certified"]
    fee = int(requested["fee"])
    assert requested["moved"]["owner"] == {"free": str(-11 * DECA // 10 - fee), "held": str(11 * DECA // 10)}
    assert certified["moved"]["owner"] == {"free": str(DECA), "held": str(-11 * DECA // 10)}
    assert int(certified["moved"]["treasury"]["free"]) == DECA // 10 + int(certified["fees"])


def test_request_is_not_certified_twice(told):
    (event,) = told["twice"]
    assert (event["name"], event["error"]) == ("CertificationFailed", "rec.UnknownRequest")


# --- Split, sold, liquidised --------------------------------------------------------------------------------------------


def test_split_cuts_the_range_in_two(told):
    energy, half = int(told["energy"]), int(told["energy"]) // 2
    lower, upper = told["split"]["lower"], told["split"]["upper"]
    assert (int(lower["from"]), int(lower["to"])) == (0, energy - half)
    assert (int(upper["from"]), int(upper["to"])) == (energy - half, energy)
    assert upper["parent"] == told["certified"]["certificate"] != told["split"]["part"]


def test_buyer_pays_the_price_and_has_the_certificate(told):
    sold = told["sold"]
    assert told["forbidden"]["buy_below"] == "rec.PriceTooHigh"
    assert told["forbidden"]["buy_more"] == "rec.EnergyTooLow"
    assert sold["moved"]["owner"] == {"free": str(20 * DECA), "held": "0"}
    assert sold["moved"]["buyer"] == {"free": str(-20 * DECA - int(sold["fee"])), "held": "0"}
    assert sold["after"]["owner"] == told["buyer"] and sold["after"]["price"] is None
    assert told["forbidden"]["transfer_sold"] == "rec.NotHolder"


def test_pool_takes_only_what_cannot_be_revoked_any_more(told):
    assert told["forbidden"]["liquidise_early"] == "rec.StillRevocable"
    assert told["forbidden"]["revoke_late"] == "rec.WindowOver"


def test_liquidised_certificate_is_as_much_rec(told):
    before, after = told["liquidised"]["before"], told["liquidised"]["after"]
    amount = int(told["energy"]) - int(told["energy"]) // 2
    for name in ("rec", "supply", "pool"):
        assert int(after[name]) - int(before[name]) == amount
    assert after["supply"] == after["pool"]
    assert told["forbidden"]["use_pooled"] == "rec.InPool"
    assert told["forbidden"]["mint"] == "assets.NoPermission"


# --- Retired ------------------------------------------------------------------------------------------------------------


def test_rec_is_retired_in_the_name_of_a_beneficiary(told):
    retired, entry = told["retired"], told["retired"]["entry"]
    given = int(told["energy"]) - int(told["energy"]) // 2
    used = int(retired["used"])
    assert used == given * 3 // 5 > 0
    assert int(entry["energy"]) == used == sum(int(part["to"]) - int(part["from"]) for part in entry["parts"])
    assert bytes.fromhex(entry["details"]["beneficiary"].removeprefix("0x")).decode() == "Bäckerei Morgenrot & Söhne"
    assert (entry["retiredBy"], entry["details"]["entity"]) == (told["company"], told["company"])
    assert int(retired["left"]) == given - used
    assert int(retired["supply"]) == int(told["liquidised"]["after"]["supply"]) - used
    assert {part["issuance"] for part in entry["parts"]} == {told["certified"]["issuance"]}


def test_retirement_needs_a_name_and_the_energy(told):
    assert told["forbidden"]["nobody"] == "rec.NoBeneficiary"
    assert told["forbidden"]["retire_too_much"] is not None
    assert told["forbidden"]["retire_again"] == "rec.AlreadyRetired"
    assert told["forbidden"]["retire_more_than_left"] == "rec.MoreThanLeft"
    assert told["forbidden"]["mend_of_another"] == "rec.NotRetirer"


def test_token_of_a_retirement_can_neither_be_moved_nor_burned(told):
    token = told["retired"]["token"]
    assert token["owner"] == told["company"]
    assert told["forbidden"]["move_token"] is not None
    assert told["forbidden"]["burn_token"] is not None


def test_carbon_is_the_energy_times_the_factor(told):
    carbon = told["carbon"]
    expected = int(carbon["used"]) * carbon["mg_per_kwh"] // KWH
    assert int(carbon["gained"]) == int(carbon["entry"]["asCarbon"]) == expected > 0


def test_every_milliwatt_hour_is_somewhere_and_only_once(told):
    sums = {name: int(energy) for name, energy in told["sums"].items()}
    used, burnt = int(told["retired"]["used"]), int(told["carbon"]["used"])
    half = int(told["energy"]) // 2
    assert sums == {
        "live": half - burnt,
        "retired": used + burnt,
        "liquidised": int(told["energy"]) - half - used,
        "revoked": 0,
    }
    assert sum(sums.values()) == int(told["energy"])


# --- The file -----------------------------------------------------------------------------------------------------------


def tool(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["node", ROOT / "tools/certificate/heliograph-certificate.mjs", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.fixture(scope="module")
def spec(quick_node, folder):
    """What a stranger needs: the chain's raw spec, with the address of one node."""
    place = folder / "stranger"
    place.mkdir()
    return quick_node.raw_spec(place)


@pytest.fixture(scope="module")
def made(told, quick_node, folder) -> dict[str, Path]:
    """The certificates of both retirements."""
    files = {}
    for name in ("retired", "carbon"):
        files[name] = folder / f"{name}.svg"
        done = tool("render", "--retirement", told[name]["id"], "--out", files[name], "--node", quick_node.url)
        assert done.returncode == 0, done.stdout + done.stderr
    return files


def altered(file: Path, change) -> Path:
    """A copy with something changed, which may not be nothing."""
    changed = change(file.read_bytes())
    assert changed != file.read_bytes()
    copy = file.with_name(f"altered-{file.name}")
    copy.write_bytes(changed)
    return copy


def texts(file: Path) -> list[str]:
    return [element.text for element in xml.parse(file).iter(f"{SVG}text")]


def test_file_shows_what_was_retired(told, made):
    shown = texts(made["retired"])
    used = f"{int(told['retired']['used']) / KWH:,.6f}".rstrip("0").rstrip(".")
    assert f"{used} kWh" in shown
    assert "Bäckerei Morgenrot & Söhne" in shown
    assert "Electricity of our ovens" in shown
    assert told["company"] in shown
    carbon = f"{int(told['carbon']['gained']) / KWH:,.6f}".rstrip("0").rstrip(".")
    assert f"{carbon} kg CO2e" in texts(made["carbon"])


def test_file_asks_nothing_of_anybody(made):
    """No scripts, fonts, pictures or links: what is in the file is what is shown."""
    for file in made.values():
        elements = list(xml.parse(file).iter())
        assert {element.tag.removeprefix(SVG) for element in elements if isinstance(element.tag, str)} <= {
            *("svg", "title", "desc", "metadata", "rect", "path", "circle", "text"),
        }
        assert not any("href" in name or name.startswith("on") for element in elements for name in element.attrib)


@pytest.mark.parametrize("name", ["retired", "carbon"])
def test_light_client_finds_the_file_genuine(made, spec, name):
    done = tool("verify", made[name], "--light", spec)
    assert done.returncode == GENUINE, done.stdout + done.stderr
    assert done.stdout.startswith("genuine:") and "proven at the finalised block" in done.stdout


def test_light_client_makes_the_very_same_file(told, made, spec, folder):
    again = folder / "again.svg"
    done = tool("render", "--retirement", told["retired"]["id"], "--out", again, "--light", spec)
    assert done.returncode == 0, done.stdout + done.stderr
    assert again.read_bytes() == made["retired"].read_bytes()


def test_light_client_refuses_the_file_when_one_byte_was_altered(made, spec):
    """One letter of the name."""
    forged = altered(made["retired"], lambda content: content.replace(b">B\xc3\xa4ckerei", b">H\xc3\xa4ckerei"))
    assert sum(a != b for a, b in zip(forged.read_bytes(), made["retired"].read_bytes())) == 1
    done = tool("verify", forged, "--light", spec)
    assert done.returncode == ALTERED, done.stdout + done.stderr
    assert done.stdout.startswith("altered:") and "Bäckerei Morgenrot" in done.stdout, "it says what the chain says"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda content: content + b"\n", id="a line end more"),
        pytest.param(lambda content: content[:-1], id="a line end less"),
        pytest.param(lambda content: content.replace(b"\n", b"\r\n"), id="line ends of another system"),
        pytest.param(lambda content: content.replace(b"<metadata>HELIOGRAPH", b"<metadata>HELIOGRAPHS"), id="the code"),
        pytest.param(lambda content: content.replace(b"h1v1h-1z", b"", 1), id="a dot of the QR code"),
    ],
)
def test_file_is_refused_when_anything_was_altered(made, quick_node, change):
    done = tool("verify", altered(made["retired"], change), "--node", quick_node.url)
    assert done.returncode == ALTERED, done.stdout + done.stderr


def test_retirement_that_the_chain_does_not_know_is_refused(told, made, quick_node, folder):
    missing = 4_000_000
    done = tool("render", "--retirement", missing, "--out", folder / "none.svg", "--node", quick_node.url)
    assert done.returncode == UNKNOWN, done.stdout + done.stderr
    assert not (folder / "none.svg").exists()
    number = f":R1:{told['retired']['id']}:".encode()
    invented = altered(made["retired"], lambda content: content.replace(number, f":R1:{missing}:".encode()))
    done = tool("verify", invented, "--node", quick_node.url)
    assert done.returncode == UNKNOWN, done.stdout + done.stderr
    assert "no retirement 4000000" in done.stdout


def test_file_of_another_chain_is_unknown_to_a_light_client(made, spec):
    genesis = json.loads(tool("verify", made["retired"], "--light", spec, "--json").stdout)["code"].split(":")[3]
    foreign = altered(made["retired"], lambda content: content.replace(genesis.encode(), b"0" * 64))
    done = tool("verify", foreign, "--light", spec)
    assert done.returncode == UNKNOWN, done.stdout + done.stderr
    assert "another chain" in done.stdout


def test_picture_of_something_else_is_unknown(quick_node, folder):
    other = folder / "other.svg"
    other.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    assert tool("verify", other, "--node", quick_node.url).returncode == UNKNOWN


def test_code_of_a_printed_certificate_is_verified(made, quick_node):
    answer = tool("verify", made["retired"], "--node", quick_node.url, "--json")
    code = json.loads(answer.stdout)["code"]
    assert f"<metadata>{code}</metadata>" in made["retired"].read_text()
    done = tool("verify", "--code", code, "--node", quick_node.url)
    assert done.returncode == GENUINE, done.stdout + done.stderr
    assert "Bäckerei Morgenrot & Söhne" in done.stdout
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    assert tool("verify", "--code", wrong, "--node", quick_node.url).returncode == ALTERED


def test_tool_gives_no_answer_when_it_cannot_ask(made):
    done = tool("verify", made["retired"], "--node", "ws://127.0.0.1:1")
    assert done.returncode == NO_ANSWER
    assert "no node answers at ws://127.0.0.1:1" in done.stderr
    assert tool("verify", made["retired"]).returncode == NO_ANSWER
    assert tool("--help").returncode == 0

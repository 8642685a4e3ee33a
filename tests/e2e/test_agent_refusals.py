"""What the agent refuses, and whether its message helps: what is wrong, where, what to do."""

import pytest

from field import Counter, Device, Eastron, Field, SunSpec, free_port, sdm120
from programs import Agent, DeviceSpec, MeterSpec
from replay import Clock, Profile, Step

STILL = Profile([Step(0.0, 0.0)] * 24, "still")
OTHER_GENESIS = "0x" + "5a" * 32


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Two devices that work, the port that they are at, and a serial line to one of them."""
    field = Field(tmp_path_factory.mktemp("field"))
    devices = {
        "sdm120": sdm120(1, Counter(100.25, "generation", Clock(1_000), STILL)),
        "sunspec": SunSpec(3, Counter(100.25, "generation", Clock(1_000), STILL)),
    }
    devices["port"] = field.tcp(devices["sdm120"], devices["sunspec"])
    devices["line"] = field.serial("bus", devices["sdm120"])
    yield devices
    field.stop()


@pytest.fixture
def agent(site, tmp_path):
    """An agent with keys and a configuration that is right, for a test to spoil."""
    roof = DeviceSpec(
        "roof",
        "eastron-sdm120",
        f"tcp:127.0.0.1:{site['port']}",
        (MeterSpec("roof", "import_energy", "generation", 5_000),),
    )
    agent = Agent(tmp_path, "ws://127.0.0.1:1", [roof], poll="1s")
    agent.make_keys()
    return agent


def spoil(agent: Agent, old: str, new: str) -> None:
    text = agent.config.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the configuration"
    agent.config.write_text(text.replace(old, new))


def refusal(agent: Agent, command: str = "check") -> str:
    """What the agent says when it refuses, as one line; fails when it does not refuse."""
    done = agent.command(command, "--config", agent.config)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode not in (0, 101) and done.returncode > 0, f"not refused: {said}"
    assert "panicked" not in said
    return said


def line_of(agent: Agent, text: str) -> int:
    return next(number for number, line in enumerate(agent.config.read_text().splitlines(), 1) if text in line)


@pytest.fixture
def faults(site):
    """Lets a test overwrite registers of a device, and puts them right again."""
    yield lambda device, words: site[device].faults.update(words)
    for device in site.values():
        if isinstance(device, Device):
            device.faults.clear()


def energy_words(high: int, low: int) -> dict:
    return {(4, Eastron.IMPORT): high, (4, Eastron.IMPORT + 1): low}


def test_check_passes_when_all_is_right(agent):
    done = agent.command("check", "--config", agent.config)
    assert done.returncode == 0, done.stderr
    assert "100.25" in done.stdout + done.stderr


def test_bad_toml_is_refused_with_file_and_line(agent):
    spoil(agent, "unit = 1", "unit = = 1")
    said = refusal(agent)
    assert "agent.toml" in said and str(line_of(agent, "unit = = 1")) in said


def test_unknown_field_is_refused_with_what_is_allowed(agent):
    spoil(agent, "nameplate_w", "nameplate_kw")
    said = refusal(agent)
    assert "nameplate_kw" in said and "nameplate_w" in said and str(line_of(agent, "nameplate_kw")) in said


def test_unknown_flow_is_refused_with_what_is_allowed(agent):
    spoil(agent, 'flow = "generation"', 'flow = "production"')
    said = refusal(agent)
    assert "production" in said and "generation" in said and "discharge" in said


def test_unknown_profile_is_refused_with_those_that_exist(agent):
    spoil(agent, "eastron-sdm120", "eastron-sdm999")
    said = refusal(agent)
    assert "eastron-sdm999" in said and "eastron-sdm630" in said and "sunspec-inverter" in said


def test_unknown_point_is_refused_with_those_that_exist(agent):
    spoil(agent, "import_energy", "imported_energy")
    said = refusal(agent)
    assert "imported_energy" in said and "import_energy" in said and "export_energy" in said


def test_unreachable_device_is_named_with_its_address(agent, site):
    port = free_port()
    spoil(agent, str(site["port"]), str(port))
    said = refusal(agent)
    assert "roof" in said and f"127.0.0.1:{port}" in said


def test_missing_serial_port_is_named(agent, site):
    spoil(agent, f"tcp:127.0.0.1:{site['port']}", "rtu:/dev/ttyHELIOGRAPH?baud=2400&parity=none&stop=1")
    assert "/dev/ttyHELIOGRAPH" in refusal(agent)


def test_wrong_unit_is_named(agent):
    spoil(agent, "unit = 1", "unit = 77")
    said = refusal(agent)
    assert "roof" in said and "no device has the unit id 77" in said


def test_wrong_unit_on_a_serial_line_is_named_with_what_to_compare(agent, site):
    spoil(agent, f"tcp:127.0.0.1:{site['port']}", f"rtu:{site['line'].path}?baud=2400&parity=none&stop=1")
    assert agent.command("check", "--config", agent.config).returncode == 0
    spoil(agent, "unit = 1", "unit = 77")
    said = refusal(agent)
    assert "roof" in said and "77" in said and "baud" in said


def test_total_is_missing_when_it_is_nan(agent, faults):
    faults("sdm120", energy_words(0x7FC0, 0x0000))
    said = refusal(agent)
    assert "roof/import_energy" in said and "NaN is not an energy" in said


def test_total_is_missing_when_all_bits_are_one(agent, faults):
    faults("sdm120", energy_words(0xFFFF, 0xFFFF))
    assert "roof/import_energy" in refusal(agent)


def test_total_is_missing_when_zero_and_message_says_how_to_allow_it(agent, faults):
    faults("sdm120", energy_words(0, 0))
    said = refusal(agent)
    assert "roof/import_energy" in said and "zero_is_valid" in said


def test_zero_total_is_taken_when_configuration_allows_it(agent, faults):
    faults("sdm120", energy_words(0, 0))
    agent.config.write_text(agent.config.read_text() + "zero_is_valid = true\n")
    done = agent.command("check", "--config", agent.config)
    assert done.returncode == 0, done.stderr


def test_sunspec_total_is_missing_when_not_implemented(agent, site, faults):
    spoil(agent, "eastron-sdm120", "sunspec-inverter")
    spoil(agent, "import_energy", "generation_energy")
    spoil(agent, "unit = 1", "unit = 3")
    done = agent.command("check", "--config", agent.config)
    assert done.returncode == 0, done.stderr
    energy = SunSpec.BASE + 2 + 68 + 24
    faults("sunspec", {(3, energy): 0, (3, energy + 1): 0})
    assert "roof/generation_energy" in refusal(agent)


@pytest.mark.parametrize("command", ["run", "check"])
def test_missing_key_is_refused_with_the_command_that_makes_it(agent, command):
    (agent.folder / "keys" / "roof.key").unlink()
    said = refusal(agent, command)
    assert "keys/roof.key" in said and "keys generate" in said


@pytest.mark.parametrize("command", ["run", "check"])
def test_key_is_refused_when_others_can_read_it_with_the_command_that_closes_it(agent, command):
    (agent.folder / "keys" / "roof.key").chmod(0o644)
    said = refusal(agent, command)
    assert "keys/roof.key" in said and "chmod 600" in said


@pytest.mark.parametrize("command", ["run", "check"])
def test_malformed_key_is_refused_with_what_belongs_there(agent, command):
    (agent.folder / "keys" / "roof.key").write_text("0x1234")
    said = refusal(agent, command)
    assert "keys/roof.key" in said and "seed" in said


def test_configuration_that_does_not_exist_is_named(agent):
    agent.config.unlink()
    said = refusal(agent)
    assert "agent.toml" in said and said.count("No such file") == 1, said


def test_wrong_chain_is_refused_with_both_hashes(agent, node):
    spoil(agent, 'url = "ws://127.0.0.1:1"', f'url = "{node.url}"\ngenesis = "{OTHER_GENESIS}"')
    said = refusal(agent, "run")
    assert OTHER_GENESIS in said and node.genesis in said

"""The virtual devices themselves, read by clients that are not ours: a fault in them must not pass for one of the agent."""

import struct

import pytest
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusIOException
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from field import Counter, Eastron, Field, SunSpec, sdm120, sdm630
from replay import DAY, Clock, Profile, Step, load_profile


@pytest.fixture
def profile():
    sun = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 1, 4, 4, 3, 2, 2, 1, 1, 0, 0, 0, 0, 0, 0]
    return Profile([Step(0.5, float(pv)) for pv in sun], "test")


@pytest.fixture
def field(tmp_path):
    field = Field(tmp_path)
    yield field
    field.stop()


def counter(profile, base, flow):
    return Counter(base, flow, Clock(1_000), profile)


def single(registers):
    return struct.unpack(">f", struct.pack(">HH", *registers))[0]


def test_profile_splits_load_and_sun_into_import_and_export(profile):
    totals = {flow: profile.energy(flow, DAY) for flow in ("consumption", "generation", "import", "export")}
    assert totals["generation"] == pytest.approx(28)
    assert totals["consumption"] == pytest.approx(12)
    assert totals["generation"] + totals["import"] == pytest.approx(totals["consumption"] + totals["export"])
    assert profile.peak("export") == pytest.approx(3500)


def test_profile_is_the_cloudiest_day_when_none_is_named(tmp_path):
    file = tmp_path / "days.csv"
    lines = [",GC,GG"]
    for day, sun in (("2024-06-01", [0, 1, 2, 1]), ("2024-06-02", [0, 2, 0, 2])):
        lines += [f"{day} {hour:02}:00:00,1,{pv}" for hour, pv in zip((0, 6, 12, 18), sun)]
    file.write_text("\n".join([*lines, "2024-06-03 00:00:00,1,9"]))
    assert load_profile(file).label == "days.csv 2024-06-02"
    assert load_profile(file, "2024-06-01").label == "days.csv 2024-06-01"
    with pytest.raises(ValueError, match="no whole day"):
        load_profile(file, "2024-06-03")


def test_sdm630_answers_singles_over_tcp(field, profile):
    meter = sdm630(1, counter(profile, 12345.678, "import"), counter(profile, 23.5, "export"))
    with ModbusTcpClient("127.0.0.1", port=field.tcp(meter)) as client:
        registers = client.read_input_registers(0x48, count=4, device_id=1).registers
        assert single(registers[:2]) == struct.unpack(">f", struct.pack(">f", 12345.678))[0]
        assert single(registers[2:]) == 23.5
        assert client.read_holding_registers(0xFC00, count=2, device_id=1).registers == list(divmod(meter.serial, 65_536))
        assert client.read_holding_registers(0x48, count=2, device_id=1).isError()
        assert client.read_input_registers(0x17F, count=2, device_id=1).isError()
    assert Eastron.milliwatthours(meter.exported) == 23_500_000


def test_unit_that_nobody_has_stays_silent(field, profile):
    port = field.tcp(sdm120(1, counter(profile, 100.25, "generation")))
    with ModbusTcpClient("127.0.0.1", port=port, timeout=0.3, retries=0) as client:
        with pytest.raises(ModbusIOException):
            client.read_input_registers(0x48, count=2, device_id=77)
        assert not client.read_input_registers(0x48, count=2, device_id=1).isError()


def test_sdm120_answers_over_serial_line_when_it_is_plugged_in_again(field, profile):
    line = field.serial("roof", sdm120(1, counter(profile, 100.25, "generation")))
    for _ in range(2):
        client = ModbusSerialClient(str(line.path), baudrate=2400, timeout=2)
        assert client.connect()
        assert single(client.read_input_registers(0x48, count=2, device_id=1).registers) == 100.25
        client.close()
        line.unplug()
        assert not line.path.exists()
        line.plug()


def test_sunspec_inverter_is_understood_by_pysunspec2(field, profile):
    inverter = SunSpec(3, counter(profile, 7654.321, "generation"))
    device = SunSpecModbusClientDeviceTCP(slave_id=3, ipaddr="127.0.0.1", ipport=field.tcp(inverter))
    device.scan()
    model = device.models[103][0]
    model.read()
    assert model.points["WH"].cvalue == 7_654_321
    assert model.points["W"].cvalue == 0
    assert device.models[1][0].points["SN"].cvalue == "HT-103-0007"
    device.close()


def test_registers_move_with_the_clock_and_end_at_midnight(profile):
    clock = Clock(1_000)
    total = Counter(10.0, "generation", clock, profile)
    assert total.kwh() == 10.0
    clock.start()
    clock._started -= 48
    assert total.kwh() == pytest.approx(10 + profile.energy("generation", DAY / 2), abs=0.1)
    clock._started -= 48
    assert clock.over and total.kwh() == pytest.approx(38)

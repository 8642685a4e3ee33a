"""The devices of a site, served by pymodbus: what the agent reads from is written by somebody else.

Registers are computed when they are read, from the replay's clock.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from dataclasses import field as attribute
from fractions import Fraction
from pathlib import Path
from typing import Callable

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from keeper import keep, let_go
from replay import Clock, Profile, Repeated

READ_HOLDING, READ_INPUT = 3, 4


def f32(value: float) -> bytes:
    return struct.pack(">f", value)


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]


@dataclass
class Counter:
    """A device's lifetime total: a base of kWh that it brings along, and a flow of the replayed days on top."""

    base: float
    flow: str
    clock: Clock
    profile: Profile | Repeated

    def kwh(self) -> float:
        return self.base + self.profile.energy(self.flow, self.clock.now())

    def watts(self) -> float:
        return 0.0 if self.clock.now() in (0.0, self.clock.end) else self.profile.power(self.flow, self.clock.now())


class Device:
    """One Modbus unit. Subclasses say what it answers; `faults` override words by table and address."""

    def __init__(self, unit: int):
        self.unit = unit
        self.faults: dict[tuple[int, int], int] = {}
        self.reads = 0

    def image(self) -> dict[int, dict[int, int]]:
        """The registers of this moment: by function code, then by address."""
        raise NotImplementedError

    def sim(self) -> SimDevice:
        async def answer(function, start, address, count, registers, _values):
            # pymodbus answers from `registers`, whose first word is that of the address `start`.
            table = self.image().get(function)
            if table is None:
                return ExcCodes.ILLEGAL_FUNCTION
            wanted = range(address, address + count)
            if not all(place in table for place in wanted):
                return ExcCodes.ILLEGAL_ADDRESS
            self.reads += 1
            for place in wanted:
                registers[place - start] = self.faults.get((function, place), table[place])
            return None

        # The whole address space exists; which part of it answers is decided above.
        everything = SimData(0, count=65_536, values=0, datatype=DataType.REGISTERS)
        return SimDevice(self.unit, simdata=[everything], action=answer)


def nobody() -> SimDevice:
    """Every unit that no device has: silence, as on a bus. pymodbus asks the unit 0 for those that it does not know."""

    async def answer(*_):
        raise NoSuchIdException

    return SimDevice(0, simdata=[SimData(0, count=65_536, values=0, datatype=DataType.REGISTERS)], action=answer)


class Eastron(Device):
    """An Eastron SDM: singles of two registers, high word first, function code 4; its serial number under code 3."""

    IMPORT, EXPORT, TOTAL = 0x48, 0x4A, 0x156

    def __init__(self, unit: int, serial: int, power: int, last: int, imported: Counter, exported: Counter | None = None):
        super().__init__(unit)
        self.serial, self.power, self.last = serial, power, last
        self.imported, self.exported = imported, exported

    def image(self):
        registers = dict.fromkeys(range(self.last), 0)
        exported = self.exported.kwh() if self.exported else 0.0
        exporting = self.exported.watts() if self.exported else 0.0

        def put(address: int, value: float) -> None:
            registers[address], registers[address + 1] = words(f32(value))

        put(0x00, 230.0)
        put(0x46, 50.0)
        put(self.power, self.imported.watts() - exporting)
        put(self.IMPORT, self.imported.kwh())
        put(self.EXPORT, exported)
        put(self.TOTAL, self.imported.kwh() + exported)
        serial = words(struct.pack(">I", self.serial))
        return {READ_INPUT: registers, READ_HOLDING: {0xFC00: serial[0], 0xFC01: serial[1]}}

    @staticmethod
    def milliwatthours(counter: Counter) -> int:
        """What the register stands for, in mWh rounded down: exact arithmetic on the single's own value."""
        (single,) = struct.unpack(">f", f32(counter.kwh()))
        return int(Fraction(single) * 1_000_000 // 1)


def sdm630(unit: int, imported: Counter, exported: Counter | None = None) -> Eastron:
    return Eastron(unit, 20_630_000 + unit, 0x34, 0x180, imported, exported)


def sdm120(unit: int, imported: Counter) -> Eastron:
    return Eastron(unit, 20_120_001, 0x0C, 0x158, imported)


class SunSpec(Device):
    """A SunSpec three-phase inverter with integers: models 1 and 103 behind the marker at 40000."""

    BASE = 40_000

    def __init__(self, unit: int, generated: Counter):
        super().__init__(unit)
        self.generated = generated

    def image(self):
        def text(value: str, registers: int) -> list[int]:
            return words(value.encode().ljust(registers * 2, b"\0"))

        s16 = lambda value: value & 0xFFFF
        common = (
            text("Heliotest", 16) + text("H-10k", 16) + text("", 8) + text("1.0", 8) + text("HT-103-0007", 16) + [self.unit, 0x8000]
        )
        watts = round(self.generated.watts())
        energy = words(struct.pack(">I", self.watthours()))
        missing, missing_sf = 0xFFFF, 0x8000
        inverter = [
            *[100, 34, 33, 33, s16(-1)],  # A, its phases, A_SF
            *[missing] * 3,  # line voltages
            *[2300, 2301, 2299, s16(-1)],  # phase voltages, V_SF
            *[s16(watts), 0],  # W, W_SF
            *[5000, s16(-2)],  # Hz, Hz_SF
            *[0x8000, missing_sf] * 3,  # VA, VAr, PF
            *[*energy, 0],  # WH, WH_SF
            *[missing, missing_sf] * 2,  # DCA, DCV
            *[0x8000, missing_sf],  # DCW
            *[0x8000] * 4,  # temperatures
            missing_sf,
            *[4, missing],  # St: MPPT, StVnd
            *[0] * 12,  # events
        ]
        assert len(common) == 66 and len(inverter) == 50, (len(common), len(inverter))
        chain = text("SunS", 2) + [1, 66, *common] + [103, 50, *inverter] + [0xFFFF, 0]
        return {READ_HOLDING: {self.BASE + offset: word for offset, word in enumerate(chain)}}

    def watthours(self) -> int:
        return int(self.generated.kwh() * 1000)

    def milliwatthours(self) -> int:
        return self.watthours() * 1000


class Counters(Device):
    """A device of nobody's make: registers of 64 bits in mWh, one for each point. What it shows is exact."""

    def __init__(self, unit: int, points: dict[str, Callable[[], int]]):
        super().__init__(unit)
        self.points = points

    def image(self):
        numbers = b"".join(struct.pack(">Q", read()) for read in self.points.values())
        return {READ_HOLDING: dict(enumerate(words(numbers)))}

    def profile(self) -> str:
        """What the agent has to know of it."""
        head = """
            description = "Registers of 64 bits in mWh"
            transports = ["tcp"]
            serial = { baud = 9600, parity = "none", stop = 1 }
            timeout = "1s"
            pause = "0ms"
            max_registers = 100
            max_gap = 4
            [[map]]
        """
        point = """
            [[map.point]]
            name = "{name}"
            kind = "counter"
            table = "holding"
            address = {address}
            type = "u64"
            unit = "mWh"
        """
        points = (point.format(name=name, address=4 * place) for place, name in enumerate(self.points))
        return "\n".join(line.strip() for line in "".join([head, *points]).splitlines() if line.strip()) + "\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Field:
    """Runs Modbus servers in a thread of its own, and the serial lines that socat joins."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="field", daemon=True)
        self._thread.start()
        self._servers: list = []
        self._lines: list[SerialLine] = []

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=20)

    def tcp(self, *devices: Device) -> int:
        """Serves devices on one Modbus TCP port, and returns the port."""
        port = free_port()

        async def start():
            server = ModbusTcpServer(
                [nobody(), *(device.sim() for device in devices)],
                address=("127.0.0.1", port),
                ignore_missing_devices=True,
            )
            await server.serve_forever(background=True)
            return server

        self._servers.append(self._run(start()))
        return port

    def serial(self, name: str, *devices: Device) -> "SerialLine":
        """Joins two pseudo-terminals by socat and serves devices at one end."""
        line = SerialLine(self, name, devices)
        line.plug()
        self._lines.append(line)
        return line

    def stop(self) -> None:
        for line in self._lines:
            line.unplug()
        for server in self._servers:
            self._run(server.shutdown())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)


@dataclass
class SerialLine:
    """A serial cable: `path` is the agent's end."""

    field: Field
    name: str
    devices: tuple[Device, ...]
    _socat: subprocess.Popen | None = attribute(default=None, repr=False)
    _server: ModbusSerialServer | None = attribute(default=None, repr=False)

    @property
    def path(self) -> Path:
        return self.field.folder / f"tty-{self.name}"

    def plug(self) -> None:
        far = self.field.folder / f"tty-{self.name}-device"
        self._socat = subprocess.Popen(
            ["socat", f"pty,raw,echo=0,link={self.path}", f"pty,raw,echo=0,link={far}"], stderr=subprocess.DEVNULL
        )
        keep(self._socat)
        wait_until(lambda: self.path.exists() and far.exists(), 5, f"socat did not make {self.path}")

        async def start():
            server = ModbusSerialServer(
                [nobody(), *(device.sim() for device in self.devices)],
                port=str(far),
                baudrate=2400,
                ignore_missing_devices=True,
            )
            await server.serve_forever(background=True)
            return server

        self._server = self.field._run(start())

    def unplug(self) -> None:
        """Pulls the cable: both ends vanish at once, without a goodbye."""
        if self._socat:
            self._socat.kill()
            self._socat.wait()
            let_go(self._socat)
            for end in (self.path, self.field.folder / f"tty-{self.name}-device"):
                end.unlink(missing_ok=True)
            self._socat = None
        if self._server:
            self.field._run(self._server.shutdown())
            self._server = None


def wait_until(condition: Callable[[], object], seconds: float, otherwise: str, every: float = 0.1):
    """Waits until `condition` gives something true, and returns that; fails with `otherwise`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"{otherwise} (waited {seconds:g} s)")

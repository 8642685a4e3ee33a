"""The real node and the real agent, as processes with logs; and the JavaScript clients."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from field import free_port, wait_until
from keeper import keep, let_go

ROOT = Path(__file__).resolve().parents[2]
# scripts/test says where the binaries are; by hand, they are looked for where scripts/env has them built.
BIN = Path(os.environ.get("HELIOGRAPH_BIN", Path.home() / ".cache/heliograph/target/release"))
NODE, AGENT, TERMINAL = (BIN / name for name in ("heliograph-node", "heliograph-agent", "heliograph"))
# Names the folder that all processes of a run share; conftest.py makes it.
SHARED = "HELIOGRAPH_E2E_SHARED"
# The key of Metering::IntervalMillis in the chain's state: twox_128 of both names.
INTERVAL_MILLIS = "0x23d01c74386196b62bff2655a5748ef5bbab3757f384ea4a3018fa0648ee6715"
SS58 = re.compile(r"\b5[1-9A-HJ-NP-Za-km-z]{47}\b")


class Program:
    """A process that writes to a log and that is stopped by its own number."""

    running: list["Program"] = []

    def __init__(self, name: str, command: list[str | Path], log: Path, folder: Path | None = None, **environment: str):
        self.name, self.log = name, log
        self._file = log.open("ab")
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
            env={**os.environ, **environment},
        )
        keep(self.process)
        Program.running.append(self)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self, how: int = signal.SIGTERM, patience: float = 20) -> int:
        """Sends the signal and waits; the exit code, negative for a signal that it died of."""
        if self.alive:
            self.process.send_signal(how)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"{self.name} did not end within {patience} s of {signal.Signals(how).name}; log: {self.log}") from None
        self._file.close()
        if self in Program.running:
            Program.running.remove(self)
            let_go(self.process)
        return self.process.returncode

    @classmethod
    def end_all(cls) -> None:
        for program in list(cls.running):
            try:
                program.end(signal.SIGKILL)
            except AssertionError as error:
                print(error, file=sys.stderr)


class Node:
    """A validator of a development chain whose intervals last as long as the test wants."""

    def __init__(self, folder: Path, interval_millis: int):
        self.folder = folder
        self.interval_millis = interval_millis
        self.rpc_port, self.p2p_port = free_port(), free_port()
        self.node_key = secrets.token_hex(32)
        self.log = folder / "node.log"
        self.spec = folder / "spec.json"
        self.program: Program | None = None
        # It takes seconds to make a spec, and as long to compile the runtime: once is enough for all nodes of a run.
        self.shared = Path(os.environ[SHARED])

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.rpc_port}"

    def run(self, *arguments: str | Path) -> str:
        """What a command prints; its log goes to `commands.log`."""
        done = subprocess.run([NODE, *map(str, arguments)], capture_output=True, text=True, timeout=120, cwd=self.folder)
        with (self.folder / "commands.log").open("a") as log:
            log.write(done.stderr)
        assert done.returncode == 0, f"heliograph-node {arguments[0]} failed: {done.stderr[-2000:]}"
        return done.stdout

    def _write_spec(self) -> None:
        """The chain `fast` in raw form, with the length of an interval that is wanted."""
        fast = self.shared / "fast.json"
        with (self.shared / "fast.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not fast.exists():
                fast.write_text(self.run("export-chain-spec", "--chain", "fast", "--raw"))
        spec = json.loads(fast.read_text())
        top = spec["genesis"]["raw"]["top"]
        assert INTERVAL_MILLIS in top, "the genesis state has no length of an interval"
        top[INTERVAL_MILLIS] = "0x" + self.interval_millis.to_bytes(8, "little").hex()
        self.spec.write_text(json.dumps(spec))

    def start(self) -> None:
        """Starts it, or starts it again with the chain that it has, and waits for final blocks."""
        self.start_at("--base-path", self.folder / "data", "--runtime-cache", self.shared / "compiled-runtimes")

    def start_at(self, *places: str | Path) -> None:
        """The same, with its files where the arguments say; relative paths begin in its folder."""
        if not self.spec.exists():
            self._write_spec()
        self.program = Program(
            "node",
            [
                *[NODE, "--chain", self.spec, "--alice", *places],
                *["--node-key", self.node_key],
                *["--rpc-port", self.rpc_port, "--no-prometheus", "--no-telemetry", "--no-mdns"],
                *["--listen-addr", f"/ip4/127.0.0.1/tcp/{self.p2p_port}/ws"],
            ],
            self.log,
            self.folder,
        )
        wait_until(self._answers, 120, f"the node makes no final blocks; log: {self.log}")

    def _answers(self) -> bool:
        assert self.program.alive, f"the node ended with {self.program.process.returncode}; log: {self.log}"
        try:
            return self.finalised() > 0
        except OSError:
            return False

    def stop(self) -> None:
        self.program.end()

    def rpc(self, method: str, *params):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.rpc_port}",
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            body = json.load(answer)
        assert "error" not in body, f"{method}: {body['error']}"
        return body["result"]

    def finalised(self) -> int:
        return int(self.rpc("chain_getHeader", self.rpc("chain_getFinalizedHead"))["number"], 16)

    @property
    def genesis(self) -> str:
        return self.rpc("chain_getBlockHash", 0)

    def raw_spec(self, folder: Path) -> Path:
        """The spec for a light client, with this node's address as the way in."""
        spec = json.loads(self.spec.read_text())
        peer = self.rpc("system_localPeerId")
        spec["bootNodes"] = [f"/ip4/127.0.0.1/tcp/{self.p2p_port}/ws/p2p/{peer}"]
        path = folder / "raw-spec.json"
        path.write_text(json.dumps(spec))
        return path


def javascript(script: str, *arguments: str, timeout: float = 180):
    """Runs one of the JavaScript clients and returns the JSON that it prints."""
    try:
        done = subprocess.run(
            ["node", ROOT / script, *map(str, arguments)], capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired as late:
        said = (late.stderr or b"").decode(errors="replace")
        raise AssertionError(f"{script} did not end within {timeout:g} s; it said last:\n{said[-2000:]}") from None
    # What Node prints of an error's fields is long; the error itself comes before them.
    said = done.stderr if len(done.stderr) < 6000 else f"{done.stderr[:5000]}\n…\n{done.stderr[-1000:]}"
    assert done.returncode == 0, f"{script} failed:\n{said}\n{done.stdout[-1000:]}"
    return json.loads(done.stdout.splitlines()[-1])


@dataclass(frozen=True)
class MeterSpec:
    """A meter in the agent's configuration."""

    name: str
    point: str
    flow: str
    nameplate: int
    scheme: str = "ed25519"


@dataclass(frozen=True)
class DeviceSpec:
    """A device in the agent's configuration."""

    name: str
    profile: str
    link: str
    meters: tuple[MeterSpec, ...]
    unit: int = 1


class Agent:
    """heliograph-agent with its folder: configuration, keys, spool."""

    def __init__(self, folder: Path, url: str, devices: list[DeviceSpec], poll: str = "250ms"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.devices = folder, devices
        self.http_port = free_port()
        self.config = folder / "agent.toml"
        self.log = folder / "agent.log"
        self.program: Program | None = None
        self.config.write_text(self._toml(url, poll))

    def _toml(self, url: str, poll: str) -> str:
        lines = [
            "[agent]",
            'spool = "spool.db"',
            f'poll = "{poll}"',
            f'http = "127.0.0.1:{self.http_port}"',
            "[chain]",
            f'url = "{url}"',
            'operator_key = "operator.key"',
        ]
        for device in self.devices:
            lines += [
                "[[device]]",
                f'name = "{device.name}"',
                f'profile = "{device.profile}"',
                f'link = "{device.link}"',
                f"unit = {device.unit}",
            ]
            for meter in device.meters:
                lines += [
                    "[[device.meter]]",
                    f'point = "{meter.point}"',
                    f'flow = "{meter.flow}"',
                    f"nameplate_w = {meter.nameplate}",
                    f'key = "keys/{meter.name}.key"',
                ]
        return "\n".join(lines) + "\n"

    @property
    def meters(self) -> list[MeterSpec]:
        """In the order of the configuration, which is that of the application and of the chain's numbers."""
        return [meter for device in self.devices for meter in device.meters]

    def command(self, *arguments: str | Path, timeout: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(AGENT), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, cwd=self.folder
        )

    def run_command(self, *arguments: str | Path) -> str:
        done = self.command(*arguments)
        assert done.returncode == 0, f"heliograph-agent {' '.join(map(str, arguments))} failed:\n{done.stderr}"
        return done.stdout

    def make_keys(self) -> None:
        (self.folder / "keys").mkdir(exist_ok=True)
        for meter in self.meters:
            self.run_command("keys", "generate", f"keys/{meter.name}.key", "--scheme", meter.scheme)
        self.run_command("keys", "new", "--config", self.config)

    def application(self, node: Node, owner_address: str) -> Path:
        """What the owner applies with: the meters' keys, with proofs that the agent has them."""
        meters = self.run_command(
            "keys", "application", "--config", self.config, "--owner", owner_address, "--genesis", node.genesis
        )
        application = self.folder / "application.json"
        application.write_text(meters)
        return application

    @property
    def operator(self) -> str:
        """The address of the account that submits."""
        return SS58.search(self.run_command("keys", "show", "operator.key")).group()

    def register(self, node: Node, owner: str, owner_address: str) -> list[int]:
        """Has the miner admitted by the Technical Committee; returns the chain's numbers of the meters."""
        admitted = javascript(
            "scripts/lib/onboard.mjs",
            *["--url", node.url, "--meters", self.application(node, owner_address)],
            *["--operator", self.operator, "--owner", owner],
        )
        return admitted["meters"]

    def start(self) -> None:
        self.program = Program(
            "agent",
            [AGENT, "run", "--config", self.config],
            self.log,
            HELIOGRAPH_LOG=os.environ.get("HELIOGRAPH_LOG", "info"),
        )

    def kill(self) -> None:
        """As a power cut does it: nothing gets a chance to be written."""
        assert self.program.alive, f"the agent ended by itself with {self.program.process.returncode}; log: {self.log}"
        assert self.program.end(signal.SIGKILL) == -signal.SIGKILL

    def stop(self) -> None:
        assert self.program.end() == 0, f"the agent did not stop cleanly; log: {self.log}"

    def status(self) -> dict | None:
        """/status.json, or nothing while nobody serves it."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/status.json", timeout=2) as answer:
                return json.load(answer)
        except (OSError, urllib.error.URLError):
            return None

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=2) as answer:
            return answer.read().decode()

"""Starts the long scenarios before the first test that needs them, so that other tests run while they play, and spreads the
tests over processes: what shares a scenario stays together."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from programs import AGENT, NODE, SHARED, TERMINAL, Node, Program, javascript
from scenarios import Day, Month, Storm
from street import Street

SCENARIOS = {"day": Day, "month": Month, "storm": Storm, "street": Street}
# Files whose tests run in one process, because they share what is costly: the month, the street, or the node `town`.
TOGETHER = {
    "month": {"certificates", "history", "minting", "rewards", "safe_mode", "sbt", "tokens", "upgrade"},
    "street": {"market", "storage"},
    "town": {"challenge", "governance"},
}
# All others.
HOMES = "homes"

# In a process that runs tests for another one, which spreads them: its name.
WORKER = os.environ.get("PYTEST_XDIST_WORKER")


def pytest_sessionstart(session):
    # A cancelled run stops its processes too.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    if WORKER:
        base = Path(os.environ[SHARED]).parent
        threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    else:
        base = Path(tempfile.mkdtemp(prefix="heliograph-e2e-"))
        os.environ[SHARED] = str(base / "shared")
        (base / "shared").mkdir()
        session.base = base
    session.folder = base / (WORKER or "main")
    session.folder.mkdir()
    session.scenarios = {}
    session.config.reports = []


def end_with(parent: int) -> None:
    """Runs no more tests when the process that spreads them was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def group_of(nodeid: str) -> str:
    """The group of a test, by the name of its file: test_tokens.py is `tokens`."""
    name = Path(nodeid.split("::")[0]).stem.removeprefix("test_")
    return next((group for group, files in TOGETHER.items() if name in files), HOMES)


class ByGroup(LoadScopeScheduling):
    """Spreads groups over processes."""

    def _split_scope(self, nodeid):
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return ByGroup(config, log)


def pytest_collection_modifyitems(items):
    """Tests that wait for the end of a scenario come last."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def used_by(item) -> tuple[str, ...]:
    return getattr(item, "fixturenames", ())


def pytest_collection_finish(session):
    if session.config.option.collectonly:
        return
    for item in session.items:
        for group in TOGETHER:
            if group in used_by(item) and group_of(item.nodeid) != group:
                pytest.exit(f"{item.nodeid} uses `{group}`: name its file in TOGETHER in conftest.py", returncode=3)
    for program in (NODE, AGENT, TERMINAL):
        if session.items and not program.exists():
            pytest.exit(f"{program} is missing: build it first (scripts/test does)", returncode=3)


def pytest_runtest_setup(item):
    """Starts what this test needs, and what the next ones of this process will."""
    session = item.session
    near = [other for other in session.items if not WORKER or group_of(other.nodeid) == group_of(item.nodeid)]
    wanted = {name for other in near for name in SCENARIOS if name in used_by(other)}
    for name in sorted(wanted - set(session.scenarios)):
        session.scenarios[name] = SCENARIOS[name](session.folder / name)
        session.scenarios[name].start()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    Program.end_all()
    reports = [line for scenario in session.scenarios.values() if not scenario.is_alive() and not scenario.error for line in scenario.report()]
    if WORKER:
        session.config.workeroutput["reports"] = reports
        return
    session.config.reports += reports
    if exitstatus == 0:
        shutil.rmtree(session.base, ignore_errors=True)
    else:
        print(f"\nlogs of the end-to-end tests: {session.base}")
        for log in sorted(session.base.rglob("*.log")):
            # Those of the database say nothing that a person can read.
            if "data" in log.parts:
                continue
            tail = log.read_text(errors="replace").splitlines()[-15:]
            print(f"--- {log}", *tail, sep="\n")


def pytest_testnodedown(node, error):
    """A process that ran tests for this one ended."""
    node.config.reports += getattr(node, "workeroutput", {}).get("reports", [])


def pytest_terminal_summary(terminalreporter):
    for line in terminalreporter.config.reports:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def folder(request) -> Path:
    """For files of one run; kept when a test fails."""
    return request.session.folder


@pytest.fixture(scope="session")
def day(request) -> Day:
    """The replayed day. May still be playing."""
    return request.session.scenarios["day"]


@pytest.fixture(scope="session")
def storm(request) -> Storm:
    """The day of kills. May still be playing."""
    return request.session.scenarios["storm"]


@pytest.fixture(scope="session")
def month(request) -> Month:
    """The month that is paid for. May still be playing."""
    return request.session.scenarios["month"]


@pytest.fixture(scope="session")
def street(request) -> Street:
    """The street that trades, once all of its stories are told."""
    street = request.session.scenarios["street"]
    street.await_end(840)
    return street


def once_registered(site: Day | Month) -> Node:
    while not site.ready.wait(0.2):
        if site.error:
            raise site.error
    return site.node


@pytest.fixture(scope="session")
def node(day) -> Node:
    """The replayed day's node, once its site is registered: the committee's accounts are free from then on."""
    return once_registered(day)


@pytest.fixture(scope="session")
def quick_node(month) -> Node:
    """The month's node, once its site is registered. A day passes in 12 seconds on its chain."""
    return once_registered(month)


@pytest.fixture(scope="session")
def town(folder) -> Node:
    """A node like the month's, that no site reports to."""
    (folder / "town").mkdir()
    node = Node(folder / "town", Month.INTERVAL_MILLIS)
    node.start()
    return node


@pytest.fixture(scope="session")
def traded(quick_node) -> dict:
    """What tests/js/tokens.mjs saw. It leaves a pool with liquidity, and a miner with energy that was not claimed."""
    return javascript("tests/js/tokens.mjs", "--url", quick_node.url, timeout=300)

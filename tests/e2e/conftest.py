"""Starts the long scenarios before the first test that needs them, so that the other tests run while they play."""

from __future__ import annotations

import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from programs import AGENT, NODE, Node, Program, javascript
from scenarios import Day, Month, Storm

SCENARIOS = {"day": Day, "month": Month, "storm": Storm}


def pytest_sessionstart(session):
    # A cancelled run stops its processes too.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    session.folder = Path(tempfile.mkdtemp(prefix="heliograph-e2e-"))
    session.scenarios = {}


def pytest_collection_modifyitems(items):
    """Tests that wait for the end of a scenario come last."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_collection_finish(session):
    if session.config.option.collectonly:
        return
    wanted = {name for item in session.items for name in SCENARIOS if name in getattr(item, "fixturenames", ())}
    for name in sorted(wanted):
        for program in (NODE, AGENT):
            if not program.exists():
                pytest.exit(f"{program} is missing: build it first (scripts/test does)", returncode=3)
        session.scenarios[name] = SCENARIOS[name](session.folder / name)
        session.scenarios[name].start()


def pytest_sessionfinish(session, exitstatus):
    Program.end_all()
    if exitstatus == 0:
        shutil.rmtree(session.folder, ignore_errors=True)
    else:
        print(f"\nlogs of the end-to-end tests: {session.folder}")
        for log in sorted(session.folder.rglob("*.log")):
            tail = log.read_text(errors="replace").splitlines()[-15:]
            print(f"--- {log}", *tail, sep="\n")


def pytest_terminal_summary(terminalreporter):
    for scenario in getattr(terminalreporter._session, "scenarios", {}).values():
        if not scenario.is_alive() and scenario.error is None:
            for line in scenario.report():
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
def traded(quick_node) -> dict:
    """What tests/js/tokens.mjs saw. It leaves a pool with liquidity, and a miner with energy that was not claimed."""
    return javascript("tests/js/tokens.mjs", "--url", quick_node.url, timeout=300)

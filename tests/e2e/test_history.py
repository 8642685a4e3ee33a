"""The agent proves a kept month of readings against the chain, and finds one that was changed."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from scenarios import ATTESTED, readings

METER = "grid/export_energy"


@pytest.fixture(scope="module")
def played(month):
    month.await_end(600)
    return month


def prove(agent, *arguments):
    return agent.command("prove", "--meter", METER, *arguments, timeout=120)


@pytest.mark.last
def test_kept_month_is_proven_against_the_chain_while_the_agent_runs(played):
    done = prove(played.agent)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.last
def test_exported_month_is_proven_without_the_spool(played):
    file = played.agent.folder / "month.jsonl"
    exported = prove(played.agent, "--export", file)
    assert exported.returncode == 0, exported.stdout + exported.stderr
    # Which of the 2,880 quarter hours of 120 ms were read depends on the machine; that they span the month does not, and
    # the file has what was accepted up to its end.
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    exported = [(line["epoch"], line["interval"], line["register"]) for line in lines if "register" in line]
    first, last = exported[0][1], exported[-1][1]
    assert last - first > 29 * 96
    kept = readings(played.agent.folder / "spool.db", played.number("grid-export"), last)
    assert exported == [(epoch, interval, register) for epoch, interval, register, _ in kept]
    # The chain went on since, so the file's end is held against the state of its block.
    done = played.agent.command("prove", "--file", file, "--url", played.node.url, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.last
def test_one_changed_reading_of_a_month_is_found_and_named(played):
    """One register, one milliwatt-hour higher, in a copy of the spool."""
    folder = played.agent.folder / "forged"
    folder.mkdir()
    with (
        closing(sqlite3.connect(f"file:{played.agent.folder / 'spool.db'}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(folder / "spool.db")) as copy,
    ):
        source.backup(copy)
        number = played.number("grid-export")
        rows = copy.execute(
            "SELECT r.meter, r.interval FROM readings r JOIN meters m ON m.id = r.meter"
            " WHERE m.chain_meter = ? AND r.state = ? ORDER BY r.interval",
            (number, ATTESTED),
        ).fetchall()
        meter, interval = rows[len(rows) // 2]
        copy.execute("UPDATE readings SET register = register + 1 WHERE meter = ? AND interval = ?", (meter, interval))
        copy.commit()
    shutil.copy(played.agent.config, folder / "agent.toml")
    shutil.copytree(played.agent.folder / "keys", folder / "keys")
    shutil.copy(played.agent.folder / "operator.key", folder / "operator.key")
    done = prove(played.agent, "--config", folder / "agent.toml")
    assert done.returncode == 1
    assert str(interval) in done.stdout + done.stderr

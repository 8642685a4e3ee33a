"""The walk of docs/governance.md, by the script that a person can run and read."""

import subprocess

from programs import ROOT


def test_walk_through_the_pages_of_apps_succeeds(town):
    done = subprocess.run(
        ["node", ROOT / "tests/js/governance.mjs", "--url", town.url], capture_output=True, text=True, timeout=420
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    assert "steps done" in done.stdout
    for page in ("Governance > Tech. comm.", "Governance > Preimages", "Governance > Referenda", "Network > Assets", "Network > NFTs"):
        assert page in done.stdout
    assert "left out" not in done.stdout


def test_walk_says_which_step_failed_when_nobody_answers():
    done = subprocess.run(
        ["node", ROOT / "tests/js/governance.mjs", "--url", "ws://127.0.0.1:1"], capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 1
    assert "no node answers at ws://127.0.0.1:1" in done.stderr

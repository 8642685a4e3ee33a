"""Nothing is lost and nothing is counted twice, whatever is killed and whenever."""

import pytest

from scenarios import history

pytestmark = pytest.mark.last

PATIENCE = 480


@pytest.fixture(scope="module")
def played(storm):
    storm.await_end(PATIENCE)
    return storm


@pytest.mark.parametrize("meter", ["grid-import", "grid-export", "inverter"])
def test_attested_energy_is_exact_when_agent_was_killed_twenty_times_and_node_restarted(played, meter):
    assert len(played.killed_at) == 20 and played.node_was_away
    state = played.outcome["meters"][str(played.number(meter))]
    assert int(state["attested"]) == played.expected[meter], f"seed {played.seed}"
    assert int(state["register"]) == played.register_now(meter)


@pytest.mark.parametrize("meter", ["grid-import", "grid-export", "inverter"])
def test_kept_readings_prove_the_history_on_chain_when_agent_was_killed(played, meter):
    number = played.number(meter)
    state = played.outcome["meters"][str(number)]
    assert history(played.agent.folder / "spool.db", number, state["last_interval"]) == state["history"], f"seed {played.seed}"

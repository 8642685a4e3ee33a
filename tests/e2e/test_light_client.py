"""Somebody who holds none of the chain's state still reads a meter, with proof."""

import pytest

from programs import javascript


@pytest.mark.last
def test_light_client_syncs_and_reads_attested_energy_with_proof(day, folder):
    day.await_end(420)
    number = day.number("inverter")
    seen = javascript("tests/js/light-client.mjs", "--spec", day.node.raw_spec(folder), "--meter", number)
    print(f"synced after {seen['synced_after_millis']} ms, read after {seen['read_after_millis']} ms")
    assert seen["genesis"] == day.node.genesis
    # The day is over, so what it verified is what the full node says of the very same block.
    assert day.node.rpc("chain_getBlockHash", int(day.node.rpc("chain_getHeader", seen["block"])["number"], 16)) == seen["block"]
    assert int(seen["state"]["attested"]) == day.expected["inverter"]
    assert int(seen["state"]["register"]) == day.register_now("inverter")

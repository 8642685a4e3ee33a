"""The soul-bound token against its holder."""

import pytest

from programs import javascript
from scenarios import DAVE

ATTEMPTS = """
transfer burn approve_transfer set_price create_swap set_own_attribute set_collection_attribute clear_attribute
approve_attributes set_metadata clear_metadata lock_transfer unlock_transfer lock_properties mint force_mint
transfer_ownership set_team create_collection inside_a_batch
""".split()


@pytest.fixture(scope="module")
def tried(quick_node, month):
    return javascript("tests/js/sbt.mjs", "--url", quick_node.url, "--miner", month.registered["miner"], "--owner", DAVE[0])


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_holder_is_refused(tried, attempt):
    answer = tried["answers"][attempt]
    assert answer is not None, "it went through"
    assert answer.startswith("nfts.") or answer == "BadOrigin", answer


def test_every_attempt_is_judged(tried):
    assert tried["answers"].keys() == set(ATTEMPTS)


def test_token_is_what_it_was_after_all_of_it(tried):
    assert tried["unchanged"] is True
    assert tried["owner"] == tried["holder"] == DAVE[1]

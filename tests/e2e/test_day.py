"""A day of a house, from the devices' registers to the finalised head of the chain."""

import pytest

from scenarios import MEASURED, NOT_MEASURED, energies

pytestmark = pytest.mark.last

# From the start of a scenario to its end: the set-up, 96 intervals, the wait for finality.
PATIENCE = 420

METERS = ["grid-import", "grid-export", "roof", "inverter"]


@pytest.fixture(scope="module")
def played(day):
    day.await_end(PATIENCE)
    return day


def on_chain(day, meter):
    return day.outcome["meters"][str(day.number(meter))]


@pytest.mark.parametrize("meter", METERS)
def test_attested_energy_is_the_register_difference_when_a_day_was_replayed(played, meter):
    assert played.expected[meter] > 0, "the replayed day moves every register"
    assert int(on_chain(played, meter)["attested"]) == played.expected[meter]
    assert int(on_chain(played, meter)["register"]) == played.register_now(meter)
    assert on_chain(played, meter)["epoch"] == 0


def test_day_has_a_night_and_a_cloud(played):
    assert played.profile.night_share > 0.2
    assert played.profile.cloudiness > 0.5
    ring = [slot for slot in on_chain(played, "inverter")["ring"] if slot != NOT_MEASURED]
    assert ring.count(0) >= 10, "the night generates nothing"


# Which intervals were read in time depends on the machine; that the chain holds just those does not.


@pytest.mark.parametrize("meter", METERS)
def test_ring_holds_the_energy_of_each_measured_interval_of_the_last_day(played, meter):
    state = on_chain(played, meter)
    measured = energies(played.kept(meter, state["last_interval"]))
    last_day = range(state["last_interval"] - 95, state["last_interval"] + 1)
    assert [state["ring"][interval % 96] for interval in last_day] == [measured.get(interval, NOT_MEASURED) for interval in last_day]
    assert sum(measured.values()) == int(state["attested"]) - int(state["recovered"])


@pytest.mark.parametrize("meter", METERS)
def test_interval_is_measured_when_its_newest_sample_is_two_polls_from_its_end_at_most(played, meter):
    newest = played.newest_samples(meter)
    for _, interval, _, quality in played.kept(meter, on_chain(played, meter)["last_interval"]):
        age = (interval + 1) * played.INTERVAL_MILLIS - newest[interval]
        assert (quality == MEASURED) == (age <= 2 * played.POLL_MILLIS), f"interval {interval} was sampled {age} ms before its end"


def test_meters_that_were_never_unplugged_measured_intervals(played):
    for meter in ("grid-import", "grid-export", "inverter"):
        measured = [slot for slot in on_chain(played, meter)["ring"] if slot != NOT_MEASURED]
        assert len(measured) > 48, f"{meter}: {len(measured)} of 96 intervals measured"


def test_unplugged_meter_books_the_gap_as_recovered(played):
    """Six seconds without the line are four intervals: their energy counts, but belongs to none of them."""
    assert int(on_chain(played, "roof")["recovered"]) > 0


def test_reading_resumes_within_30_s_when_the_serial_line_is_plugged_in_again(played):
    assert played.resumed_after() < 30
    silent = [seen for seen, meter, sampled in played.sampled if meter == "roof" and seen - sampled > 4]
    assert silent, "the line was unplugged, yet the meter was read all the time"


def test_other_meters_never_stop_when_the_serial_line_is_unplugged(played):
    for name in ("grid-import", "grid-export", "inverter"):
        oldest = max(seen - sampled for seen, meter, sampled in played.sampled if meter == name and seen > played.unplugged_at)
        assert oldest < 3, f"{name} was not read for {oldest:.1f} s"


@pytest.mark.parametrize("meter", METERS)
def test_kept_readings_prove_the_history_on_chain(played, meter):
    assert played.history_from_spool(meter) == on_chain(played, meter)["history"]

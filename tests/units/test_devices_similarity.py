"""How alike two descriptions are: properties, and pairs of machines as they occur."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.devices.attributes import ATTRIBUTES, Kind, accept
from apps.devices.similarity import DIFFERENT_IDS, Thresholds, compare
from tests import machines
from tests.machines import (
    after_update,
    android_phone,
    in_another_language,
    macbook,
    on_another_monitor,
    other_windows_laptop,
    phone_browser,
    travelling,
    windows_laptop,
    with_new_fonts,
    with_noise,
    without,
)

LIMITS = Thresholds()


def values(name):
    known = ATTRIBUTES[name]
    if known.kind is Kind.FLAG:
        return st.booleans()
    if known.kind is Kind.NUMBER:
        return st.integers(int(known.low) + 1, int(known.high)).filter(lambda n: n <= known.high)
    if known.kind is Kind.WORD:
        return st.from_regex(f"^(?:{known.pattern})$", fullmatch=True).map(str.strip)
    return st.integers(0, 2**64 - 1).map(lambda n: f"{n:016x}")


EASY = [n for n, a in ATTRIBUTES.items() if a.kind is not Kind.WORD]
descriptions = st.fixed_dictionaries({}, optional={name: values(name) for name in EASY})


@given(descriptions, descriptions)
def test_likeness_is_a_share_and_the_same_from_both_sides(a, b):
    one, other = compare(a, b), compare(b, a)
    assert 0 <= one.similarity <= 1
    assert one == other


@given(descriptions)
def test_a_machine_is_wholly_like_itself(a):
    found = compare(a, dict(a))
    weighs = any(ATTRIBUTES[name].weight for name in a)
    assert found.similarity == (1.0 if weighs else 0.0)
    assert found.differing == ()


@given(descriptions, descriptions, st.sampled_from(EASY), st.data())
def test_agreement_is_better_than_silence_and_silence_than_contradiction(a, b, name, data):
    value = data.draw(values(name))
    other = data.draw(values(name).filter(lambda v: v != value))
    a = a | {name: value}
    agreeing = compare(a, b | {name: value}).similarity
    silent = compare(a, without(b, name)).similarity
    contradicting = compare(a, b | {name: other}).similarity
    assert agreeing >= silent - 1e-12
    if ATTRIBUTES[name].kind in (Kind.HASH, Kind.FLAG):
        # Numbers and sketches may contradict by halves, which can be milder than silence.
        assert silent >= contradicting - 1e-12


def test_nothing_told_is_like_nothing():
    assert compare({}, {}).similarity == 0
    assert compare({"vpn": True}, {"vpn": True}).weighed == 0


@pytest.mark.parametrize(
    "happens",
    [after_update, on_another_monitor, travelling, in_another_language, with_new_fonts],
    ids=lambda change: change.__name__,
)
def test_what_happens_to_one_machine_leaves_it_the_same(happens):
    before = windows_laptop()
    found = compare(before, happens(before))
    assert found.similarity >= LIMITS.same
    assert found.evidence >= LIMITS.same_evidence
    assert found.differing


def test_everything_at_once_is_too_much_without_a_token_but_no_theft_with_one():
    before = windows_laptop()
    after = after_update(on_another_monitor(travelling(in_another_language(before))))
    assert LIMITS.stolen <= compare(before, after).similarity < LIMITS.same


def test_noise_by_session_is_no_theft_but_matches_nobody_without_a_token():
    monday = with_noise(windows_laptop(), "monday")
    tuesday = with_noise(windows_laptop(), "tuesday")
    assert LIMITS.stolen <= compare(monday, tuesday).similarity < LIMITS.same


def test_a_browser_that_keeps_silent_instead_of_making_noise_is_recognised():
    noisy = ("canvas", "audio", "plugins", "cpu_cores", "memory_gb", "webgl_extensions")
    quiet = without(windows_laptop(), *noisy)
    found = compare(quiet, without(on_another_monitor(after_update(quiet)), "canvas"))
    assert found.similarity >= LIMITS.same
    assert found.evidence >= LIMITS.same_evidence


def test_another_laptop_of_the_same_household_is_another_machine():
    assert compare(windows_laptop(), other_windows_laptop()).similarity < LIMITS.same


def test_a_token_on_another_kind_of_machine_is_theft():
    for other in (macbook(), phone_browser()):
        assert compare(windows_laptop(), other).similarity < LIMITS.stolen


def test_two_phones_of_one_model_with_ids_of_their_own_are_two():
    found = compare(android_phone("first"), android_phone("second"))
    assert found.similarity == DIFFERENT_IDS
    assert found.similarity < LIMITS.stolen


def test_a_phone_after_reinstalling_the_app_is_the_same():
    reinstalled = android_phone() | {"install_id": machines.digest("anew"), "app_build": 412}
    assert compare(android_phone(), reinstalled).similarity >= LIMITS.alike


def test_two_phones_of_one_model_seen_by_browser_can_not_be_told_apart():
    # Which is why likeness never merges the devices of two persons.
    mine, yours = phone_browser(), phone_browser() | {"timezone": "Europe/Madrid"}
    assert compare(mine, yours).similarity >= LIMITS.alike


def test_agreeing_on_little_is_no_evidence():
    little = {"os": "ANDROID", "browser": "CHROME", "language": "en-US"}
    found = compare(little, dict(little))
    assert found.similarity == 1
    assert found.evidence < LIMITS.same_evidence


def test_what_differs_is_named_heaviest_first():
    found = compare(windows_laptop(), after_update(travelling(windows_laptop())))
    assert found.differing == ("canvas", "timezone", "browser_major")


def test_lists_that_share_most_items_have_sketches_that_share_most_bits():
    names = [f"font {n}" for n in range(40)]
    grown = [*names, "font new"]
    stranger = [f"other {n}" for n in range(40)]
    base = {"fonts": machines.sketch(names)}
    assert compare(base, {"fonts": machines.sketch(grown)}).similarity > 0.6
    assert compare(base, {"fonts": machines.sketch(stranger)}).similarity < 0.2


def test_the_machines_of_these_tests_speak_the_vocabulary():
    for machine in (
        windows_laptop(),
        other_windows_laptop(),
        macbook(),
        android_phone(),
        phone_browser(),
    ):
        assert accept(machine) == machine

"""The same act sent twice, and many acts sent at once: one answer each, and nothing uncounted."""

from collections.abc import Callable

import pytest

from apps.core.errors import Refused
from apps.events.act import Act
from apps.events.models import Event, IngestKey
from apps.flows.judge import Judged, judge
from apps.risk import live
from apps.risk.models import Decision, Head, Point
from tests.market import World, at_once, id_of, value_of

RECEIVED = 30  # orders opened with a counterparty


def judging(act: Act) -> Callable[[], Judged]:
    """The deed of sending an act."""
    return lambda: judge(act)


def fresh(answers: list[Judged | Exception]) -> list[Judged]:
    """The answers, all of them judgements and none an error."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return [answer for answer in answers if isinstance(answer, Judged)]


def test_the_same_id_gets_the_same_answer(world: World) -> None:
    act = world.act("order.created", to="bob", usd="100", side="buy", ref="order-7", rooted=True)
    first = world.sends(act).judgement
    assert first is not None

    for _ in range(2):
        again = world.sends(
            world.act("order.created", to="bob", usd="100", side="buy", ref="order-7", rooted=True)
        )
        assert again.judgement is None
        assert again.decision is not None
        assert again.decision.id == act.id
        assert (again.decision.outcome, again.decision.score) == ("ALLOW", first.verdict.score)
    assert Event.objects.filter(kind="order.created").count() == 1
    assert Decision.objects.count() == 1
    assert Head.objects.get(entity=id_of("bob"), stream=RECEIVED).n == 1


def test_the_same_id_with_another_body_is_refused_and_changes_nothing(world: World) -> None:
    world.happens("order.created", to="bob", usd="100", ref="order-7")
    heads = list(Head.objects.order_by("entity", "stream").values())

    with pytest.raises(Refused) as refused:
        world.happens("order.created", to="bob", usd="99999", ref="order-7")
    assert (refused.value.code, refused.value.status) == ("EVENT_ID_REUSED", 422)
    assert Event.objects.count() == 1
    assert list(Head.objects.order_by("entity", "stream").values()) == heads


def test_what_was_only_recorded_has_no_decision_to_repeat(world: World) -> None:
    world.recorded("order.created", to="bob", usd="100", ref="order-7")
    with pytest.raises(Refused) as refused:
        world.happens("order.created", to="bob", usd="100", ref="order-7")
    assert (refused.value.code, refused.value.status) == ("RECORDED_WITHOUT_DECISION", 409)
    assert not Decision.objects.exists()


def test_ids_are_each_clients_own(world: World) -> None:
    one = world.act("order.created", to="bob", usd="100", ref="order-7")
    other = world.act("order.created", to="bob", usd="100", ref="order-7", client="rival")
    assert world.sends(one).judgement
    assert world.sends(other).judgement
    assert Decision.objects.count() == 2


def test_two_withdrawals_at_once_see_each_other(committed_world: World) -> None:
    world = committed_world
    for number in range(5):
        name = f"racer-{number}"
        acts = [world.act("withdrawal.requested", by=name, usd="60", address="a") for _ in "ab"]
        answers = at_once(*map(judging, acts))
        seen = [value_of(a.judgement, "withdrawals_24h") for a in fresh(answers) if a.judgement]
        assert sorted(seen) == [0, 1]


def test_one_id_sent_ten_times_at_once_is_judged_once(committed_world: World) -> None:
    world = committed_world
    for number in range(3):
        acts = [
            world.act("order.created", to="bob", usd="100", ref=f"order-{number}")
            for _ in range(10)
        ]
        answers = fresh(at_once(*map(judging, acts)))
        judged = [answer for answer in answers if answer.judgement]
        repeats = {answer.decision.id for answer in answers if answer.decision}
        assert len(judged) == 1
        assert repeats == {judged[0].judgement.act.id}  # type: ignore[union-attr]
    assert Event.objects.count() == Decision.objects.count() == 3


def test_one_id_under_two_users_at_once_belongs_to_the_first(committed_world: World) -> None:
    """Their locks differ, so only the unique key can tell."""
    world = committed_world
    for number in range(5):
        acts = [
            world.act("order.created", by=name, to="bob", usd="100", ref=f"order-{number}")
            for name in ("alice", "mallory")
        ]
        answers = at_once(*map(judging, acts))
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert len(refused) == 1
        assert refused[0].code == "EVENT_ID_REUSED"
        assert Decision.objects.count() == IngestKey.objects.count() == number + 1


def test_ten_buyers_of_one_merchant_at_once_lose_no_count(committed_world: World) -> None:
    world = committed_world
    acts = [
        world.act(
            "order.created", by=f"buyer-{number % 10}", to="bob", usd="10.01", ip="203.0.113.7"
        )
        for number in range(50)
    ]

    def five(buyer: int) -> Callable[[], list[Judged]]:
        return lambda: [judge(act) for act in acts[buyer::10]]

    for answer in at_once(*map(five, range(10))):
        assert not isinstance(answer, Exception), answer

    head = Head.objects.get(entity=id_of("bob"), stream=RECEIVED)
    assert (head.n, head.cents) == (50, 50 * 1001)
    points = Point.objects.filter(entity=id_of("bob"), stream=RECEIVED)
    assert sorted(points.values_list("n", flat=True)) == list(range(1, 51))
    assert sorted(points.values_list("cents", flat=True)) == [1001 * n for n in range(1, 51)]
    network = acts[0].ids["ip"]
    assert Head.objects.get(entity=network, stream=70).n == 50


def test_people_who_deal_crosswise_at_once_do_not_lock_each_other_out(
    committed_world: World,
) -> None:
    """Everybody with everybody, over shared devices, accounts and addresses: no deadlock."""
    world = committed_world
    cast = ["alice", "bob", "carol", "dave", "erin", "frank"]

    def deals(place: int) -> Callable[[], list[Judged]]:
        me, others = cast[place], cast[place + 1 :] + cast[:place]
        acts = [
            world.act(
                kind, by=me, to=other, usd="20", device=f"shared-{number % 2}", ip="203.0.113.7",
                account=f"iban-{number % 2}", address=f"addr-{number % 2}",
            )
            for number, other in enumerate(others)
            for kind in ("order.created", "withdrawal.requested", "account.added")
        ]  # fmt: skip
        return lambda: [judge(act) for act in acts]

    for answer in at_once(*map(deals, range(6))):
        assert not isinstance(answer, Exception), answer
    assert Decision.objects.count() == 6 * 5 * 3
    assert not Decision.objects.filter(degraded=True).exists()
    for name in cast:
        assert Head.objects.get(entity=id_of(name), stream=RECEIVED).n == 5


def test_a_process_that_has_just_started_is_ready_for_many_at_once(committed_world: World) -> None:
    """The first requests meet a policy that nobody has compiled yet."""
    world = committed_world
    for _ in range(3):
        live.forget()
        acts = [world.act("order.created", by=f"early-{n}", to="bob", usd="9") for n in range(12)]
        fresh(at_once(*map(judging, acts)))
    assert Decision.objects.count() == 36
    assert not Decision.objects.filter(degraded=True).exists()

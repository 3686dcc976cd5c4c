"""Payment links: an address that opens a Checkout session for each visit, until it is used up."""

import re
import socket
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import stripe

from app.sandbox import SandboxServer
from app.sandbox.stripe.payment_link_parameters import LINK_CHANGES, LINK_LISTING, LINK_RULES
from tests.integration.sandbox.shop import DECLINED, Receiver, Shop, line

BACK = "http://127.0.0.1:9/thanks?session={CHECKOUT_SESSION_ID}"


def wish(**changes: Any) -> Any:
    params = {
        "line_items": [line()],
        "metadata": {"reference": "till1-7-1"},
        "restrictions": {"completed_sessions": {"limit": 1}},
        "after_completion": {"type": "redirect", "redirect": {"url": BACK}},
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


def made(shop: Shop, **changes: Any) -> stripe.PaymentLink:
    return shop.client.v1.payment_links.create(wish(**changes))


def visited(shop: Shop, url: str) -> str:
    """Open a link as a browser would, and give the page that it leads to."""
    answer = shop.http.get(url)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def sessions_of(shop: Shop, link: stripe.PaymentLink) -> list[stripe.checkout.Session]:
    return shop.client.v1.checkout.sessions.list({"payment_link": link.id}).data


def state_of(answer: httpx.Response) -> str:
    found = re.search(r'data-state="(\w+)"', answer.text)
    assert found is not None
    return found[1]


# --- the object --------------------------------------------------------------------------------


def test_a_link_has_the_fields_of_the_real_one_and_its_class(
    new_shop: Shop, examples: dict[str, Any]
) -> None:
    known = set(stripe.PaymentLink.__annotations__) - {"OBJECT_NAME"}
    club = [line(recurring={"interval": "year"})]
    for link in (made(new_shop), made(new_shop, line_items=club, metadata=None)):
        assert isinstance(link, stripe.PaymentLink)
        fields = set(link.to_dict())
        assert set(examples["payment_link"]) <= fields <= known
        for part in ("after_completion", "restrictions", "custom_text", "subscription_data"):
            told = getattr(link, part)
            if part == "subscription_data" and told is not None:
                assert set(told.to_dict()) == set(examples["payment_link"][part])


def test_every_parameter_of_stripes_package_has_its_rule() -> None:
    for name, rules in (("create", LINK_RULES), ("update", LINK_CHANGES), ("list", LINK_LISTING)):
        module = import_module(f"stripe.params._payment_link_{name}_params")
        params = getattr(module, f"PaymentLink{name.title()}Params").__annotations__
        options = set(stripe.RequestOptions.__annotations__)
        assert set(params) - options == set(rules), name


def test_its_address_is_as_long_as_in_life(new_shop: Shop) -> None:
    url = urlsplit(made(new_shop).url)
    assert re.fullmatch(r"/test_[A-Za-z0-9]{18}", url.path)
    assert not url.query and not url.fragment


def test_its_lines_are_told_when_they_are_asked_for(new_shop: Shop) -> None:
    lines = [line(f"Thing {n}", 100 + n) for n in range(20)]
    link = made(new_shop, line_items=lines, expand=["line_items"])
    assert link.line_items is not None and link.line_items.has_more
    assert "line_items" not in made(new_shop).to_dict()
    api = new_shop.client.v1.payment_links.line_items
    told = api.list(link.id, {"limit": 100}).data
    assert [item.amount_total for item in told] == [100 + n for n in range(20)]
    assert [item.description for item in told[:2]] == ["Thing 0", "Thing 1"]
    assert api.list(link.id, {"starting_after": told[9].id}).data[0].id == told[10].id


def test_links_are_listed_newest_first_and_by_whether_they_are_active(new_shop: Shop) -> None:
    links = [made(new_shop) for _ in range(3)]
    api = new_shop.client.v1.payment_links
    api.update(links[1].id, {"active": False})
    assert [link.id for link in api.list().data] == [link.id for link in reversed(links)]
    assert [link.id for link in api.list({"active": False}).data] == [links[1].id]
    assert len(api.list({"active": True}).data) == 2
    page = api.list({"limit": 1, "starting_after": links[2].id})
    assert ([link.id for link in page.data], page.has_more) == ([links[1].id], True)


def test_the_same_key_is_the_same_link(new_shop: Shop) -> None:
    api = new_shop.client.v1.payment_links
    first, again = [api.create(wish(), {"idempotency_key": "k-1"}) for _ in range(2)]
    assert first.id == again.id and len(api.list().data) == 1
    with pytest.raises(stripe.IdempotencyError):
        api.create(wish(metadata={}), {"idempotency_key": "k-1"})


def test_a_link_may_be_changed_afterwards(new_shop: Shop) -> None:
    link, api = made(new_shop), new_shop.client.v1.payment_links
    changed = api.update(
        link.id,
        {
            "metadata": {"more": "1"},
            "inactive_message": "Gone",
            "after_completion": {"type": "hosted_confirmation"},
            "restrictions": {"completed_sessions": {"limit": 5}},
        },
    )
    assert changed.metadata.to_dict() == {"reference": "till1-7-1", "more": "1"}
    assert changed.inactive_message == "Gone"
    assert changed.after_completion.type == "hosted_confirmation"
    assert changed.restrictions is not None and changed.restrictions.completed_sessions.limit == 5
    assert api.retrieve(link.id).to_dict() == changed.to_dict()


@pytest.mark.parametrize(
    "changes, param",
    [
        ({"line_items": None}, "line_items"),
        ({"line_items": [line()] * 21}, "line_items"),
        ({"line_items": [line(), line(currency="usd")]}, "line_items"),
        ({"line_items": [{"quantity": 1, "price": "price_1"}]}, "line_items[0][price]"),
        ({"client_reference_id": "till1-7-1"}, "client_reference_id"),
        ({"cancel_url": BACK}, "cancel_url"),
        ({"customer_email": "ada@example.com"}, "customer_email"),
        ({"expires_at": 1}, "expires_at"),
        ({"restrictions": {"completed_sessions": {"limit": 0}}}, None),
        ({"after_completion": {"type": "redirect"}}, "after_completion[redirect]"),
        ({"after_completion": {"type": "redirect", "redirect": {"url": "no"}}}, None),
        ({"subscription_data": {"metadata": {"a": "b"}}}, "subscription_data"),
        ({"payment_method_collection": "if_required"}, "payment_method_collection"),
        ({"payment_method_types": ["sepa_debit"]}, "payment_method_types"),
        (
            {
                "line_items": [line(recurring={"interval": "week"})],
                "payment_intent_data": {"metadata": {"a": "b"}},
            },
            "payment_intent_data",
        ),
    ],
)
def test_what_stripe_would_not_take_is_refused(
    new_shop: Shop, changes: dict[str, Any], param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        made(new_shop, **changes)
    if param is not None:
        assert refused.value.param == param
    assert new_shop.client.v1.payment_links.list().data == []


def test_a_link_that_is_not_there_or_anothers_is_refused(
    new_shop: Shop, shared_server: Any
) -> None:
    stranger = Shop(shared_server.origin, "sk_test_somebody_else")
    theirs = made(stranger)
    for id in ("plink_none", theirs.id):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            new_shop.client.v1.payment_links.retrieve(id)
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    stranger.close()


# --- visits ------------------------------------------------------------------------------------


def test_each_visit_opens_a_session_of_its_own(new_shop: Shop) -> None:
    link = made(new_shop, payment_intent_data={"metadata": {"reference": "till1-7-1"}})
    pages = [visited(new_shop, link.url) for _ in range(2)]
    assert pages[0] != pages[1] and "<form" in new_shop.http.get(pages[0]).text
    second, first = sessions_of(new_shop, link)
    assert [page.rsplit("/", 1)[-1] for page in pages] == [first.id, second.id]
    for session in (first, second):
        assert session.payment_link == link.id and session.status == "open"
        assert session.metadata is not None and session.metadata["reference"] == "till1-7-1"
        assert (session.amount_total, session.mode) == (380, "payment")
        assert session.expires_at - session.created == 86_400
        assert session.client_reference_id is None
    read = new_shop.read(first.id, "payment_link", "line_items")
    assert isinstance(read.payment_link, stripe.PaymentLink) and read.payment_link.id == link.id
    assert read.line_items is not None and read.line_items.data[0].amount_total == 380


def test_asking_whether_a_page_is_there_is_no_visit(new_shop: Shop) -> None:
    link = made(new_shop)
    assert new_shop.http.head(link.url).status_code == 200
    assert sessions_of(new_shop, link) == []


def test_a_paid_link_is_used_up_and_its_payment_carries_what_the_shop_gave(
    shop: Shop,
) -> None:
    link = made(shop, payment_intent_data={"metadata": {"reference": "till1-7-1"}})
    answer = shop.pay(visited(shop, link.url))
    (session,) = sessions_of(shop, link)
    assert answer.headers["Location"] == BACK.replace("{CHECKOUT_SESSION_ID}", session.id)
    assert (session.status, session.payment_status) == ("complete", "paid")
    intent = shop.client.v1.payment_intents.retrieve(str(session.payment_intent))
    assert intent.metadata["reference"] == "till1-7-1"
    after = shop.client.v1.payment_links.retrieve(link.id)
    assert after.restrictions is not None
    assert after.restrictions.completed_sessions.count == 1 and after.active is False
    page = shop.http.get(link.url)
    assert (page.status_code, state_of(page)) == (200, "deactivated")
    assert len(sessions_of(shop, link)) == 1
    (told,) = shop.books()["links"]
    assert (told["reference"], told["amount_total"], told["active"]) == ("till1-7-1", 380, False)


def test_without_a_limit_it_may_be_paid_again_and_again(shop: Shop) -> None:
    link = made(shop, restrictions=None, after_completion=None)
    for _ in range(2):
        page = visited(shop, link.url)
        assert shop.pay(page).headers["Location"] == page
        assert state_of(shop.http.get(page)) == "paid"
    assert len(shop.books()["payments"]) == 2


def test_two_who_have_its_page_open_can_both_pay(new_shop: Shop) -> None:
    link = made(new_shop)
    pages = [visited(new_shop, link.url) for _ in range(2)]
    assert [new_shop.pay(page).status_code for page in pages] == [303, 303]
    assert len({session.payment_intent for session in sessions_of(new_shop, link)}) == 2


def test_a_deactivated_link_says_so_and_what_it_opened_can_still_be_paid(new_shop: Shop) -> None:
    link = made(new_shop, inactive_message="Closed <for> today")
    page = visited(new_shop, link.url)
    new_shop.client.v1.payment_links.update(link.id, {"active": False})
    shut = new_shop.http.get(link.url)
    assert state_of(shut) == "deactivated" and "Closed &lt;for&gt; today" in shut.text
    assert new_shop.pay(page).status_code == 303
    assert new_shop.http.get(link.url[:-1] + "_").status_code == 404


def test_a_session_that_was_expired_takes_no_payment(shop: Shop) -> None:
    link = made(shop)
    page = visited(shop, link.url)
    (session,) = sessions_of(shop, link)
    shop.client.v1.checkout.sessions.expire(session.id)
    assert state_of(shop.pay(page)) == "expired"
    assert shop.books()["payments"] == []


@pytest.mark.parametrize(
    "query, reference, email",
    [
        ("client_reference_id=mine_1-A", "mine_1-A", None),
        ("client_reference_id=not%20one", None, None),
        ("client_reference_id=" + "x" * 201, None, None),
        ("prefilled_email=ada%40example.com", None, "ada@example.com"),
        ("prefilled_email=nobody", None, None),
    ],
)
def test_a_visitor_may_add_a_reference_of_their_own_which_is_not_the_shops(
    shop: Shop, query: str, reference: str | None, email: str | None
) -> None:
    link = made(shop)
    visited(shop, f"{link.url}?{query}")
    (session,) = sessions_of(shop, link)
    assert (session.client_reference_id, session.customer_email) == (reference, email)
    (told,) = shop.books()["sessions"]
    assert (told["reference"], told["payment_link"]) == ("till1-7-1", link.id)


def test_recurring_lines_make_its_sessions_subscriptions(new_shop: Shop) -> None:
    lines = [line(recurring={"interval": "month"}), line("Cup", 120)]
    data = {"metadata": {"reference": "till1-7-1"}}
    link = made(new_shop, line_items=lines, subscription_data=data)
    assert new_shop.pay(visited(new_shop, link.url)).status_code == 303
    (session,) = sessions_of(new_shop, link)
    assert (session.mode, session.amount_total) == ("subscription", 500)
    read = new_shop.read(session.id, "subscription")
    assert isinstance(read.subscription, stripe.Subscription)
    assert read.subscription.metadata["reference"] == "till1-7-1"


def test_its_events_are_told_in_their_order(new_shop: Shop, receiver: Receiver) -> None:
    new_shop.listen(
        receiver, "payment_link.created", "payment_link.updated", "checkout.session.completed"
    )
    link = made(new_shop)
    new_shop.pay(visited(new_shop, link.url))
    receiver.wait(3)
    assert sorted(receiver.types()) == [
        "checkout.session.completed",
        "payment_link.created",
        "payment_link.updated",
    ]
    told = {event.type: event.data.object for event in receiver.events()}
    assert told["checkout.session.completed"]["payment_link"] == link.id
    assert told["payment_link.updated"]["active"] is False


# --- the control API ---------------------------------------------------------------------------


def test_a_links_id_stands_for_whoever_is_at_its_page(new_shop: Shop) -> None:
    link = made(new_shop)
    declined = new_shop.control("POST", f"sessions/{link.id}/pay", {"card": DECLINED})
    paid = new_shop.control("POST", f"sessions/{link.id}/pay", {"card": "4242424242424242"})
    assert (declined["outcome"], paid["outcome"]) == ("declined", "paid")
    assert declined["id"] == paid["id"]
    again = new_shop.control("POST", f"sessions/{link.id}/pay", {"card": "4242424242424242"})
    assert again["outcome"] == "already_complete"


def test_an_owner_may_end_a_link_with_all_that_it_opened(new_shop: Shop) -> None:
    link = made(new_shop)
    visited(new_shop, link.url)
    assert new_shop.control("POST", f"sessions/{link.id}/expire")["active"] is False
    assert [session.status for session in sessions_of(new_shop, link)] == ["expired"]
    never = new_shop.http.post(f"/_control/sessions/{link.id}/settle", json={})
    assert never.status_code == 404


def test_a_link_comes_back_with_its_simulator_on_whatever_port(
    shop: Shop, server: SandboxServer
) -> None:
    link = shop.client.v1.payment_links.create(wish(), {"idempotency_key": "k-1"})
    port = server.listening_port
    server.stop()
    with socket.create_server(("127.0.0.1", port)):
        moved = Shop(server.start())
        again = moved.client.v1.payment_links.create(wish(), {"idempotency_key": "k-1"})
        assert again.id == link.id and again.url != link.url
        assert again.url.startswith(f"{moved.origin}/test_")
        assert moved.pay(visited(moved, again.url)).status_code == 303
        moved.close()
        server.stop()

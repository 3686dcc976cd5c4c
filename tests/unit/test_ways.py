"""What the router is told of the accounts: the settings' terms, and how each stands just now."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app.account_rules import check_rules, rules_of, terms_of
from app.domain.capabilities import Demand, Method
from app.domain.money import Money
from app.errors import ConfigError, Message, Unavailable
from app.routing import Candidate, FeeEstimate, Rule, route
from app.settings import Mode, Settings, load_settings
from app.ways import Terms, minor_of
from tests.parts.till import SHOP, Counter, cart, product

TEN = Demand(Money(1000, "EUR"))


@pytest.mark.parametrize(
    "decimal, currency, minor",
    [
        ("0.30", "EUR", 30),
        ("0.305", "EUR", 31),
        ("0.30", "JPY", 1),
        ("12", "JPY", 12),
        ("0.025", "KWD", 25),
        ("0", "EUR", 0),
    ],
)
def test_a_decimal_becomes_minor_units_rounded_up(decimal: str, currency: str, minor: int) -> None:
    assert minor_of(decimal, currency) == minor


def test_a_fee_is_as_the_price_list_has_it_and_exact() -> None:
    assert Terms(True, "2.9", "0.30").fee_in("EUR") == FeeEstimate(290, 30)
    assert Terms(True, "1.15").fee_in("EUR") == FeeEstimate(115, 0)
    assert Terms(True, None, "0.25").fee_in("KWD") == FeeEstimate(0, 250)
    assert Terms().fee_in("EUR") is None


def test_a_cart_and_its_order_have_the_same_ways(tmp_path: Path) -> None:
    terms = {"fake": Terms(True, "3.49", "0.49"), "other": Terms(True, "2.9", "0.30")}
    till = Counter(tmp_path, others=("other",), settings={"terms": terms})
    content = cart(product(1000))
    way = till.ways.of_cart(content, SHOP)
    order = asyncio.run(till.checkout.place_order(content))
    assert way == till.ways.of_order(order, order.total)
    assert [(each.account, each.fee) for each in way.choices] == [
        ("other", Money(59, "EUR")),
        ("fake", Money(84, "EUR")),
    ]
    assert till.ways.of_cart(content, SHOP, Method.UPI).problem is not None
    till.close()


def test_why_nobody_takes_a_cart_does_not_hang_on_who_answers_just_now(tmp_path: Path) -> None:
    till = Counter(tmp_path, others=("other",))
    strange, usual = cart(product(1000, currency="XOF")), cart(product(1000))
    shop = replace(SHOP, currency="XOF")
    assert till.ways.refusals(usual, SHOP) == ()
    refused = till.ways.refusals(strange, shop)
    assert [each.account for each in refused] == ["fake", "other"]
    assert refused == till.ways.of_cart(strange, shop).left_out
    till.strategy.answers["open_session"] = [Unavailable("No answer")] * 100
    till.others["other"].answers["open_session"] = [Unavailable("No answer")] * 100
    while till.ways.of_cart(usual, SHOP).choices:
        order = asyncio.run(till.place())
        asyncio.run(till.checkout.charge(order.id))
    assert till.ways.refusals(usual, SHOP) == ()
    assert till.ways.refusals(strange, shop) == refused
    till.close()


def test_the_only_account_that_can_be_used_is_asked_however_it_stands(tmp_path: Path) -> None:
    till = Counter(tmp_path, others=("other",), settings={"terms": {"other": Terms(False)}})
    assert not till.ways.are_several
    till.strategy.answers["open_session"] = [Unavailable("No answer")] * 100
    for _ in range(2):
        order = asyncio.run(till.place())
        before = till.strategy.count("open_session")
        asyncio.run(till.checkout.charge(order.id))
        assert till.strategy.count("open_session") > before
    till.close()


def test_accounts_that_all_lack_something_are_not_called_down() -> None:
    way = route(TEN, [], unready={"shop": Message("It lacks a key.")})
    assert way.problem == "No account can be used as it is set up"
    assert [(each.account, each.reason) for each in way.left_out] == [("shop", "It lacks a key.")]


def test_a_rule_may_name_an_account_that_still_lacks_a_key(tmp_path: Path) -> None:
    till = Counter(tmp_path)
    takes = till.strategy.capabilities
    rules = [Rule(use=("shop",))]
    way = route(TEN, [Candidate("fake", takes)], rules, {"shop": Message("It lacks a key.")})
    assert [each.account for each in way.choices] == ["fake"]
    till.close()


# --- what the settings say -----------------------------------------------------------------------


def settings_from(root: Path, toml: str) -> Settings:
    (root / "scantill.toml").write_text(toml, "utf-8")
    return load_settings(root, Mode.TEST, working_directory=root)


ACCOUNTS = """
    [accounts.shop]
    kind = "stripe_checkout"
    fee_percent = "1.5"
    fee_fixed = "0.25"
    [accounts.van]
    kind = "stripe_checkout"
    enabled = false
"""


def test_the_settings_say_what_an_account_keeps_and_whether_it_is_used(tmp_path: Path) -> None:
    assert terms_of(settings_from(tmp_path, ACCOUNTS)) == {
        "shop": Terms(True, "1.5", "0.25"),
        "van": Terms(False),
    }


def test_the_shops_rules_are_read_with_exact_amounts(tmp_path: Path) -> None:
    rules = """
    [[routing.rules]]
    use = ["van"]
    currency = "EUR"
    least = "10.00"
    most = "99.99"
    method = "card"
    [[routing.rules]]
    avoid = ["shop"]
    recurring = true
    """
    settings = settings_from(tmp_path, ACCOUNTS + rules)
    check_rules(settings, ["shop", "van"], "EUR")
    assert rules_of(settings) == (
        Rule(("van",), (), "EUR", Method.CARD, 1000, 9999),
        Rule(avoid=("shop",), recurring=True),
    )


def test_every_account_of_a_rule_that_is_not_there_is_named_with_file_item_and_key(
    tmp_path: Path,
) -> None:
    rules = """
    [[routing.rules]]
    use = ["shop"]
    [[routing.rules]]
    use = ["strpie"]
    avoid = ["vna", "van"]
    """
    settings = settings_from(tmp_path, ACCOUNTS + rules)
    with pytest.raises(ConfigError, match="name an account that is not set up") as error:
        check_rules(settings, ["shop", "van"])
    file = tmp_path / "scantill.toml"
    assert error.value.detail.splitlines() == [
        f"{file}: routing.rules no. 2.use: there is no account strpie",
        f"{file}: routing.rules no. 2.avoid: there is no account vna",
    ]
    assert error.value.action == "Name one of these, or set that one up: shop, van."


def test_an_amount_that_its_currency_cannot_make_is_refused_with_its_key(tmp_path: Path) -> None:
    toml = """
    [accounts.shop]
    kind = "stripe_checkout"
    fee_fixed = "0.305"
    [[routing.rules]]
    use = ["shop"]
    currency = "KWD"
    least = "50.505"
    [[routing.rules]]
    avoid = ["vna"]
    currency = "JPY"
    least = "50.50"
    most = "51"
    """
    settings = settings_from(tmp_path, toml)
    with pytest.raises(ConfigError, match="The settings cannot be used") as error:
        check_rules(settings, ["shop"], "EUR")
    file = tmp_path / "scantill.toml"
    assert str(error.value).splitlines() == [
        "The settings cannot be used.",
        f"{file}: routing.rules no. 2.avoid: there is no account vna",
        f"{file}: accounts.shop.fee_fixed: '0.305' has more decimals than EUR has: 2",
        f"{file}: routing.rules no. 2.least: '50.50' has more decimals than JPY has: 0",
        "Name one of these, or set that one up: shop.",
    ]


def test_a_fee_is_measured_by_the_shops_currency(tmp_path: Path) -> None:
    settings = settings_from(tmp_path, '[accounts.paypal]\nfee_fixed = "0.305"\n')
    check_rules(settings, ["paypal"], "KWD")
    check_rules(settings, ["paypal"])
    with pytest.raises(ConfigError) as error:
        check_rules(settings, ["paypal"], "JPY")
    assert error.value.action == ""


@pytest.mark.parametrize(
    "toml, key, problem",
    [
        ("[accounts.a]\nfee_percent = 2.9", "accounts.a.fee_percent", "must be a text in quotes"),
        ('[accounts.a]\nfee_percent = "2,9"', "accounts.a.fee_percent", 'write 2.9 % as "2.9"'),
        ('[accounts.a]\nfee_percent = "2.999"', "accounts.a.fee_percent", "not a percentage"),
        ('[accounts.a]\nfee_fixed = "-1"', "accounts.a.fee_fixed", 'a text like "12.50"'),
        ('[accounts.a]\nenabled = "no"', "accounts.a.enabled", "must be true or false"),
        ('[[routing.rules]]\ncurrency = "EUR"', "routing.rules no. 1", "to use or to avoid"),
        ('[[routing.rules]]\nuse = "a"', "routing.rules no. 1.use", "must be a list"),
        ("[[routing.rules]]\nuse = [1]", "routing.rules no. 1.use no. 1", "a text in quotes"),
        (
            '[[routing.rules]]\nuse = ["a"]\n[[routing.rules]]\nuse = ["a"]\nleast = "1"',
            "routing.rules no. 2",
            "must name the currency of its amounts",
        ),
        (
            '[[routing.rules]]\nuse = ["a"]\nmethod = "cheque"',
            "routing.rules no. 1.method",
            "one of these: card, wallet, bank, paypal, upi, cash",
        ),
        (
            '[[routing.rules]]\nuse = ["a"]\ncurrency = "MOON"',
            "routing.rules no. 1.currency",
            "is not a currency in use",
        ),
        (
            '[[routing.rules]]\nuse = ["a"]\ncurrency = "EUR"\nleast = "9.01"\nmost = "9"',
            "routing.rules no. 1",
            "a least that is more than its most",
        ),
        ('[accounts.""]\nkind = "cash"', "accounts", "'' is no name of an account"),
        ('[accounts."a/b"]\nkind = "cash"', "accounts", "'a/b' is no name of an account"),
        ('[[routing.rules]]\nuse = ["a"]\nif = 1', "routing.rules no. 1.if", "not a key"),
    ],
)
def test_a_fault_names_file_item_and_key(tmp_path: Path, toml: str, key: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings_from(tmp_path, toml)
    (line,) = error.value.detail.splitlines()
    assert line.startswith(f"{tmp_path / 'scantill.toml'}: {key}: ")
    assert problem in line

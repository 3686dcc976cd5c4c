"""The page on which a customer pays: what is due, for what, and a card form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.responses import HTMLResponse

from app.sandbox.pages.layout import icon, page, shop_line
from app.sandbox.pages.markup import Markup, fill, joined

_FEW = 4
_WIDE = 9
_SHOWN_AGAIN = ("card_number", "exp", "iban", "vpa", "name", "email")


@dataclass(frozen=True)
class Line:
    """One thing that is paid for; amounts are text for people."""

    name: str
    amount: str
    detail: str = ""


@dataclass(frozen=True)
class Problem:
    """Why the last try failed; `field` is the input to look at, if it is one."""

    code: str
    message: str
    hint: str
    field: str | None = None


@dataclass(frozen=True)
class TestNumber:
    """A number to try, and what it does."""

    number: str
    effect: str


@dataclass(frozen=True, kw_only=True)
class OtherWay:
    """A way to pay beside the card: one field to fill in, and what the payer agrees to.

    `value` is what the form says for it; `agreement` may name `{shop}` and `{total}`.
    """

    value: str
    words: str
    field: str
    label: str
    example: str
    longest: int
    agreement: str
    numbers_heading: str
    numbers: Sequence[TestNumber]


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Everything that the page shows."""

    shop: str
    total: str
    lines: Sequence[Line]
    action: str
    button: str
    cancel_url: str | None
    free: bool = False
    period: str = ""
    entered: Mapping[str, str] = field(default_factory=dict)
    """What was typed before; a card's security code is not shown again."""
    email_asked: bool = True
    problem: Problem | None = None
    other_way: OtherWay | None = None
    by_other: bool = False
    """Whether the last try was by the other way."""
    keeps: bool = False
    """Whether a card is kept for later, and nothing is taken."""


_TEST_CARDS = (
    TestNumber("4242 4242 4242 4242", "works"),
    TestNumber("4000 0025 0000 3155", "bank asks"),
    TestNumber("4000 0000 0000 0002", "declined"),
    TestNumber("4000 0000 0000 9995", "no funds"),
    TestNumber("4000 0000 0000 0069", "expired"),
    TestNumber("4000 0000 0000 0119", "error"),
)
BANK_DEBIT = OtherWay(
    value="sepa_debit",
    words="Bank debit (SEPA)",
    field="iban",
    label="IBAN",
    example="DE89 3704 0044 …",
    longest=42,
    agreement="You let {shop} take {total} from this account, once."
    " A bank takes days for it; this one, seconds.",
    numbers_heading="Bank accounts",
    numbers=(
        TestNumber("DE89 3704 0044 0532 0130 00", "arrives later"),
        TestNumber("DE62 3704 0044 0532 0130 01", "fails later"),
    ),
)
UPI = OtherWay(
    value="upi",
    words="UPI",
    field="vpa",
    label="UPI address",
    example="name@bank",
    longest=100,
    agreement="Your UPI app would ask you to approve {total} for {shop}."
    " This one answers by itself.",
    numbers_heading="UPI addresses",
    numbers=(
        TestNumber("success@razorpay", "works"),
        TestNumber("failure@razorpay", "declined"),
        TestNumber("late@razorpay", "arrives later"),
    ),
)


def pay_page(bill: Bill, *, status: int = 200) -> HTMLResponse:
    content = fill(
        """<main class="two">
{due}
<section class="sheet" aria-labelledby="how"><h2 id="how">{heading}</h2>
{alert}
<form method="post" action="{action}" novalidate>
{methods}
{fields}
{mandate}
<button class="pay" data-busy="Paying…">{button}</button>
</form>
{leave}
{numbers}
</section>
</main>""",
        due=due(bill.shop, bill.total, bill.lines, bill.period),
        heading=_heading(bill),
        alert=alert(bill.problem),
        action=bill.action,
        methods=_methods(bill),
        fields=_fields(bill),
        mandate=_mandate(bill),
        button=bill.button,
        leave=_leave(bill),
        numbers=_test_numbers(bill),
    )
    state = "open" if bill.problem is None else "declined"
    title = f"Save a card for {bill.shop}" if bill.keeps else f"Pay {bill.total} to {bill.shop}"
    return page(content, title=title, state=state, status=status)


def _heading(bill: Bill) -> str:
    if bill.free:
        return "Your details"
    if bill.keeps:
        return "Which card shall the shop keep?"
    return "How do you want to pay?" if bill.other_way else "Pay by card"


def _methods(bill: Bill) -> Markup:
    if bill.other_way is None:
        return Markup("")
    choices = joined(
        fill(
            '<label><input type="radio" name="method" value="{value}"{chosen}>'
            "<span>{words}</span></label>",
            value=value,
            words=words,
            chosen=Markup(" checked") if chosen else Markup(""),
        )
        for value, words, chosen in (
            ("card", "Card", not bill.by_other),
            (bill.other_way.value, bill.other_way.words, bill.by_other),
        )
    )
    return fill(
        '<fieldset class="methods" aria-labelledby="how">{choices}</fieldset>', choices=choices
    )


def _mandate(bill: Bill) -> Markup:
    if bill.other_way is None:
        return Markup("")
    agreement = fill(bill.other_way.agreement, shop=bill.shop, total=bill.total)
    return fill('<p class="quiet by-other">{agreement}</p>', agreement=agreement)


def due(shop: str, total: str, lines: Sequence[Line], period: str = "") -> Markup:
    """The shop, the sum, and what it is for."""
    return fill(
        """<section aria-label="What you pay">
{shop}
<div class="due"><p>{to_pay}</p><h1{wide}>{total}</h1></div>
{lines}
</section>""",
        shop=shop_line(shop),
        to_pay=f"To pay {period}" if period else "To pay",
        total=total,
        wide=Markup(' class="wide"') if len(total) > _WIDE else Markup(""),
        lines=_lines(lines),
    )


def _lines(lines: Sequence[Line]) -> Markup:
    rows = joined(
        fill(
            "<li><span>{name}{detail}</span><b>{amount}</b></li>",
            name=line.name,
            detail=fill("<small>{detail}</small>", detail=line.detail)
            if line.detail
            else Markup(""),
            amount=line.amount,
        )
        for line in lines
    )
    listed = fill('<ul class="lines">{rows}</ul>', rows=rows)
    if len(lines) <= _FEW:
        return listed
    return fill(
        "<details><summary>{count} items</summary>{listed}</details>",
        count=len(lines),
        listed=listed,
    )


def alert(problem: Problem | None) -> Markup:
    """What went wrong, where something did."""
    if problem is None:
        return Markup("")
    return fill(
        '<div class="alert" role="alert" id="problem" data-code="{code}">{icon}'
        "<p>{message}<span>{hint}</span></p></div>",
        code=problem.code,
        icon=icon("warning", 24),
        message=problem.message,
        hint=problem.hint,
    )


def _fields(bill: Bill) -> Markup:
    # autocomplete is off so that no phone offers its owner's real card to a simulator.
    way = bill.other_way
    name = "Name" if way else "Name on card"
    card = joined(
        [
            Markup('<div class="by-card">'),
            _field(bill, "card_number", "Card number", "1234 1234 1234 1234", "numeric", 23),
            Markup('<div class="pair">'),
            _field(bill, "exp", "Expiry", "MM/YY", "numeric", 7),
            _field(bill, "cvc", "CVC", "123", "numeric", 4),
            Markup("</div></div>"),
            Markup("")
            if way is None
            else fill(
                '<div class="by-other">{field}</div>',
                field=_field(bill, way.field, way.label, way.example, "text", way.longest),
            ),
            _field(bill, "name", name, "", "text", 100),
        ]
    )
    email = _field(bill, "email", "E-mail for the receipt", "", "email", 200, optional=True)
    return joined([Markup("") if bill.free else card, email if bill.email_asked else Markup("")])


def _field(
    bill: Bill,
    name: str,
    label: str,
    example: str,
    keyboard: str,
    longest: int,
    *,
    optional: bool = False,
) -> Markup:
    wrong = bill.problem is not None and bill.problem.field == name
    return fill(
        '<div class="field"><label for="{name}">{label}{optional}</label>'
        '<input id="{name}" name="{name}" value="{value}" placeholder="{example}"'
        ' inputmode="{keyboard}" maxlength="{longest}" autocomplete="off" spellcheck="false"'
        "{wrong}></div>",
        name=name,
        label=label,
        optional=Markup(" <i>(optional)</i>") if optional else Markup(""),
        value=bill.entered.get(name, "") if name in _SHOWN_AGAIN else "",
        example=example,
        keyboard=keyboard,
        longest=longest,
        wrong=Markup(' aria-invalid="true" aria-describedby="problem"') if wrong else Markup(""),
    )


def _leave(bill: Bill) -> Markup:
    if bill.cancel_url is None:
        return Markup("")
    return fill('<a class="leave" href="{url}">Cancel and go back</a>', url=bill.cancel_url)


def _test_numbers(bill: Bill) -> Markup:
    if bill.free:
        return Markup("")
    way = bill.other_way
    others = (
        Markup("")
        if way is None
        else fill(
            '<p class="quiet">{heading}</p><ul class="below">{rows}</ul>',
            heading=way.numbers_heading,
            rows=_numbers(way.numbers, way.field, way.value),
        )
    )
    return fill(
        '<details class="cards"><summary>{words}</summary><ul>{rows}</ul>{others}'
        '<p class="quiet">Any date ahead, any CVC. Never enter a real one.</p></details>',
        words="Test cards and accounts" if way else "Test cards",
        rows=_numbers(_TEST_CARDS, "card_number", "card"),
        others=others,
    )


def _numbers(numbers: Sequence[TestNumber], field: str, way: str) -> Markup:
    return joined(
        fill(
            '<li><code data-fill="{field}" data-way="{way}">{number}</code>'
            "<span>{effect}</span></li>",
            field=field,
            way=way,
            number=each.number,
            effect=each.effect,
        )
        for each in numbers
    )

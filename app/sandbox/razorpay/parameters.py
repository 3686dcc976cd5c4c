"""What requests may say: the fields of each, and Razorpay's words for what is wrong with them."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.sandbox.books import JsonObject
from app.sandbox.razorpay.errors import RazorpayRefusal, bad_request, not_required, required

AnyModel = TypeVar("AnyModel", bound=BaseModel)

MOST_NOTES = 15
LONGEST_NOTE = 255
MOST_LISTED = 100

Notes = dict[str, str | int]


class Body(BaseModel):
    """A JSON body: nothing that is not known, and no text where a number belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Query(BaseModel):
    """A query: everything in it is text."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class WithNotes(Body):
    """A body that may carry notes of the shop's."""

    notes: Notes | None = None

    @field_validator("notes", mode="before")
    @classmethod
    def _few_and_short(cls, notes: Any) -> Any:
        if notes == []:  # how some languages spell an empty object
            return {}
        if isinstance(notes, dict):
            if len(notes) > MOST_NOTES:
                raise ValueError(f"Number of fields in notes should be less than {MOST_NOTES + 1}")
            if any(isinstance(v, str) and len(v) > LONGEST_NOTE for v in notes.values()):
                raise ValueError(f"value: the length must not be greater than {LONGEST_NOTE}.")
        return notes


class Customer(Body):
    """Who pays, where the shop knows."""

    name: Annotated[str, Field(max_length=255)] | None = None
    email: Annotated[str, Field(max_length=255)] | None = None
    contact: Annotated[str, Field(max_length=30)] | None = None


class Notify(Body):
    """Whether Razorpay writes to the customer; the simulator writes to nobody."""

    sms: bool = True
    email: bool = True
    whatsapp: bool | None = None


class NewLink(WithNotes):
    """`POST /v1/payment_links`."""

    amount: int
    currency: str = "INR"
    accept_partial: bool = False
    first_min_partial_amount: int | None = None
    description: Annotated[str, Field(max_length=2048)] = ""
    reference_id: Annotated[str, Field(max_length=40)] = ""
    customer: Customer | None = None
    expire_by: int | None = None
    notify: Notify = Notify()
    reminder_enable: bool = False
    callback_url: str = ""
    callback_method: Literal["", "get"] = ""
    upi_link: bool = False
    options: dict[str, Any] | None = None


class LinkFilter(Query):
    """`GET /v1/payment_links`: these two only, no time span."""

    payment_id: str | None = None
    reference_id: str | None = None
    count: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 10
    skip: Annotated[int, Field(ge=0)] = 0


class Listing(Query):
    """The common part of all other lists; `from` and `to` are seconds since the epoch."""

    since: Annotated[int | None, Field(ge=0, alias="from")] = None
    to: Annotated[int, Field(ge=0)] | None = None
    count: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 10
    skip: Annotated[int, Field(ge=0)] = 0


class SubscriptionFilter(Listing):
    """`GET /v1/subscriptions`."""

    plan_id: str | None = None


class InvoiceFilter(Listing):
    """`GET /v1/invoices`."""

    subscription_id: str | None = None
    payment_id: str | None = None


class NewQrCode(WithNotes):
    """`POST /v1/payments/qr_codes`."""

    type: Literal["upi_qr", "bharat_qr"]
    usage: Literal["single_use", "multiple_use"]
    name: Annotated[str, Field(max_length=255)] | None = None
    fixed_amount: bool = False
    payment_amount: int | None = None
    description: Annotated[str, Field(max_length=2048)] | None = None
    customer_id: str | None = None
    close_by: int | None = None


class NewRefund(WithNotes):
    """`POST /v1/payments/{id}/refund`; without an amount all that is left."""

    amount: int | None = None
    speed: Literal["normal", "optimum"] = "normal"
    receipt: Annotated[str, Field(max_length=40)] | None = None


class Capture(Body):
    """`POST /v1/payments/{id}/capture`."""

    amount: int
    currency: str = "INR"


class Nothing(Body):
    """A request that says nothing beyond its path."""


class NoFilter(Query):
    """A reading that takes no parameter but `expand[]`, which changes nothing here."""

    expand: Annotated[str | None, Field(alias="expand[]")] = None


class Item(Body):
    """What a plan costs."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    amount: int
    currency: str = "INR"
    description: Annotated[str, Field(max_length=2048)] | None = None


class NewPlan(WithNotes):
    """`POST /v1/plans`."""

    period: Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
    interval: Annotated[int, Field(ge=1, le=4000)]
    item: Item


class NewSubscription(WithNotes):
    """`POST /v1/subscriptions`."""

    plan_id: str
    total_count: Annotated[int, Field(ge=1)]
    quantity: Annotated[int, Field(ge=1)] = 1
    customer_notify: bool | Literal[0, 1] = True
    expire_by: int | None = None


class Cancellation(Body):
    """`POST /v1/subscriptions/{id}/cancel`."""

    cancel_at_cycle_end: bool | Literal[0, 1] = False


class Pause(Body):
    """`POST /v1/subscriptions/{id}/pause`."""

    pause_at: Literal["now"] = "now"


class Resume(Body):
    """`POST /v1/subscriptions/{id}/resume`."""

    resume_at: Literal["now"] = "now"


def read(model: type[AnyModel], values: JsonObject) -> AnyModel:
    """What the request says, or Razorpay's refusal of the first thing wrong with it."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> RazorpayRefusal:
    faults = error.errors(include_url=False, include_input=False)
    extra = [str(fault["loc"][-1]) for fault in faults if fault["type"] == "extra_forbidden"]
    if extra:
        return not_required(extra)
    fault = faults[0]
    name = str(fault["loc"][0]) if len(fault["loc"]) == 1 else ".".join(map(str, fault["loc"][:2]))
    if fault["type"] == "missing":
        return required(name)
    if fault["type"] == "string_too_long":
        return bad_request(
            f"{name}: the length must not be greater than {fault['ctx']['max_length']}.", name
        )
    if fault["type"] == "value_error":
        return bad_request(fault["msg"].removeprefix("Value error, "), name)
    if fault["type"].startswith("int"):
        return bad_request(f"The {name} must be an integer.", name)
    return bad_request(f"The {name} is invalid", name)

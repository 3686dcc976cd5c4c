"""What can be wrong with a value of the catalog or of the settings, in words to be translated."""

from collections.abc import Mapping
from typing import Any, Final

from app.domain.catalog import BillingInterval, ProductType
from app.errors import Message

_CHOICES: Final = {
    "product_type": ", ".join(kind.value for kind in ProductType),
    "billing_interval": ", ".join(interval.value for interval in BillingInterval),
}


def problem_of(error: Mapping[str, Any]) -> Message:
    """Say what one of pydantic's findings means. What it may find some day is passed on."""
    given: Mapping[str, Any] = error.get("ctx", {})
    key = error["loc"][-1] if error["loc"] else ""
    match error["type"]:
        case "missing":
            return Message("is missing")
        case "extra_forbidden":
            return Message("is not a key that the till knows")
        case "int_type" if key == "amount":
            return Message("must be a whole number of minor units (cents), without a decimal point")
        case "int_type" | "int_parsing":
            return Message("must be a whole number")
        case "greater_than_equal" if given["ge"] == 0:
            return Message("must not be negative")
        case "greater_than_equal":
            return Message("must not be less than {least}", least=given["ge"])
        case "less_than_equal":
            return Message("must not be more than {most}", most=given["le"])
        case "string_type":
            return Message("must be a text in quotes")
        case "string_too_short":
            return Message("must not be empty")
        case "string_too_long":
            return Message("must not be longer than {most} characters", most=given["max_length"])
        case "bool_type":
            return Message("must be true or false")
        case "list_type":
            return Message("must be a list")
        case "dict_type" | "model_type":
            return Message("must be a table of keys and values")
        case "string_pattern_mismatch":
            choices = given["pattern"].strip("^$()").replace("|", ", ")
            return Message("must be one of these: {choices}", choices=choices)
        case "enum" if key in _CHOICES:
            return Message("must be one of these: {choices}", choices=_CHOICES[key])
        case "currency":
            return Message(
                "{code} is not a currency in use (ISO 4217, three capital letters)",
                code=given["code"],
            )
        case "percent":
            return Message('{text} is not a percentage; write 2.9 % as "2.9"', text=given["text"])
        case "amount":
            return Message(
                '{text} is not an amount; write it as a text like "12.50"', text=given["text"]
            )
        case "rule_of_nothing":
            return Message("must name an account to use or to avoid")
        case "rule_without_currency":
            return Message("must name the currency of its amounts")
        case "rule_for_no_amount":
            return Message("must not have a least that is more than its most")
        case "account_name":
            return Message(
                "{name} is no name of an account; write letters, digits, - and _",
                name=given["name"],
            )
        case "coin":
            return Message('{text} is not a coin; write 5 cents as "0.05"', text=given["text"])
        case "rate":
            return Message('{text} is not a rate; write 19 % as "0.19"', text=given["text"])
    return Message("cannot be used: {reason}", reason=error["msg"])


def problem_of_toml(error: Exception) -> Message:
    """Say where a text stops being TOML; why stands there as the parser puts it."""
    reason, at, place = str(error).rpartition(" (at ")
    line, is_line, column = place.removesuffix(")").removeprefix("line ").partition(", column ")
    if at and is_line:
        return Message(
            "is not readable at line {line}, column {column}: {reason}",
            line=line,
            column=column,
            reason=reason,
        )
    if at:
        return Message("is not readable at its end: {reason}", reason=reason)
    return Message("cannot be read: {reason}", reason=error)

"""Guards of what PayPal alone does: its signature, its orders that prove nothing, its keys."""

from typing import Final

from tests.prove.guard import Guard

_S: Final = "tests/unit/providers/test_paypal_signatures.py::"
_O: Final = "tests/unit/providers/test_paypal_orders.py::"

PAYPAL: Final = (
    Guard(
        "PayPal's signature",
        "one flipped bit of the body is refused",
        "app/providers/paypal/certificates.py",
        "        except InvalidSignature:\n            return False\n",
        "        except InvalidSignature:\n            return True\n",
        (
            f"{_S}test_one_flipped_bit_of_the_body_is_refused",
            f"{_S}test_one_flipped_bit_of_the_signature_is_refused",
        ),
    ),
    Guard(
        "one body for a transmission",
        "a body that was bent to the same check sum is refused",
        "app/providers/paypal/signers.py",
        "        self._transmissions.check(sent.id, request.body)\n",
        "",
        (f"{_S}test_a_transmission_is_taken_with_one_body_though_its_check_sum_fits_another",),
    ),
    Guard(
        "where a certificate comes from",
        "it is fetched from PayPal's own host only",
        "app/providers/paypal/signers.py",
        "return url.startswith(expected) and _NAME.fullmatch(url[len(expected) :]) is not None",
        "return bool(expected)",
        (f"{_S}test_a_certificate_from_elsewhere_is_never_fetched",),
    ),
    Guard(
        "whose certificate it is",
        "another owner's, though an authority vouches for it, proves nothing",
        "app/providers/paypal/certificates.py",
        "not name.endswith(_OWNER) or ",
        "",
        (f"{_S}test_a_certificate_that_proves_nothing_is_not_used",),
    ),
    Guard(
        "a completed order",
        "only captures say what was paid",
        "app/providers/paypal/orders.py",
        '        if capture.get("status") in TAKEN\n',
        "",
        (f"{_O}test_a_completed_order_is_judged_by_its_captures_only",),
    ),
    Guard(
        "another order under a key",
        "what a key brings back is compared with what was asked",
        "app/providers/kinds/paypal.py",
        "        if reference_of(order) != reference_of(parameters):\n",
        "        if False:\n",
        (f"{_O}test_another_order_under_the_same_key_proves_nothing",),
    ),
)

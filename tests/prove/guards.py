"""Every guard of money that `make prove` takes out. docs/trust.md lists them."""

from typing import Final

from tests.prove.asking import ASKING
from tests.prove.doors import DOORS
from tests.prove.judging import JUDGING
from tests.prove.keeping import KEEPING
from tests.prove.paypal import PAYPAL
from tests.prove.paypal_subscriptions import PAYPAL_SUBSCRIPTIONS
from tests.prove.returning import RETURNING
from tests.prove.saving import SAVING
from tests.prove.subscribing import SUBSCRIBING

GUARDS: Final = (
    *(*JUDGING, *KEEPING, *ASKING, *RETURNING, *DOORS),
    *(*PAYPAL, *PAYPAL_SUBSCRIPTIONS, *SUBSCRIBING, *SAVING),
)

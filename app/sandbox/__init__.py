"""A payment provider to practise on: the same API, a real pay page, no real money.

A server of its own with its own books. It imports nothing else of `app`, and importing this
package loads no server: that waits until `SandboxServer` is asked for.
"""

from typing import TYPE_CHECKING, Any

from app.sandbox.paypal import TRAINING_CLIENT_ID, TRAINING_SECRET
from app.sandbox.razorpay import SANDBOX_KEY_ID, SANDBOX_KEY_SECRET
from app.sandbox.square import SANDBOX_TOKEN, location_of, merchant_of

if TYPE_CHECKING:
    from app.sandbox.server import SandboxServer

__all__ = ["SANDBOX_KEY", "SANDBOX_KEYS", "SANDBOX_PATHS", "SandboxServer"]

SANDBOX_KEY = "sk_test_scantill_sandbox"
SANDBOX_KEYS = {
    "stripe": {"secret_key": SANDBOX_KEY, "publishable_key": "pk_test_scantill_sandbox"},
    "square": {
        "access_token": SANDBOX_TOKEN,
        "location_id": location_of(merchant_of(SANDBOX_TOKEN)),
    },
    "paypal": {"client_id": TRAINING_CLIENT_ID, "client_secret": TRAINING_SECRET},
    "razorpay": {"key_id": SANDBOX_KEY_ID, "key_secret": SANDBOX_KEY_SECRET},
}
"""Keys that each provider's simulator takes, by the names that the till has for them."""
SANDBOX_PATHS = {"stripe": "", "square": "/square", "paypal": "/paypal", "razorpay": "/razorpay"}
"""Where each provider's API begins, below the simulator's origin."""


def __getattr__(name: str) -> Any:
    if name == "SandboxServer":
        from app.sandbox.server import SandboxServer

        return SandboxServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

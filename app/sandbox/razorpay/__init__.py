"""Razorpay as a provider to practise on: payment links, UPI QR codes, refunds and their notices."""

SANDBOX_KEY_ID = "rzp_test_ScantillSandbx"
SANDBOX_KEY_SECRET = "ScantillSandboxSecret001"  # noqa: S105 - of the simulator, worth nothing

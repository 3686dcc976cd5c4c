"""PayPal's simulator: its REST APIs and pages below `/paypal`."""

ROOT = "/paypal"
"""What stands before each of its paths, as the host would in life."""

TRAINING_CLIENT_ID = "A" + "ScantillTraining" * 4 + "ClientIdentityA"
TRAINING_SECRET = "E" + "ScantillTraining" * 4 + "ClientPasswordE"
"""As long as in life: eighty characters, a client id from A and a secret from E."""

"""PayPal: how its REST APIs are spoken."""

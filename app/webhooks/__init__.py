"""The public door: takes webhooks from outside and settles them, in a thread of its own."""

from app.webhooks.door import PublicDoor
from app.webhooks.pay_brand import brand_of
from app.webhooks.pay_desk import PayDesk
from app.webhooks.pay_sale import readdress

__all__ = ["PayDesk", "PublicDoor", "brand_of", "readdress"]

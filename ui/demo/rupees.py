"""A shop in rupees, for what is paid by in India alone; the pictures are the sample's."""

from pathlib import Path
from typing import Final

_SHOP: Final = """\
[shop]
name = "Chai Junction"
currency = "INR"
prices_include_tax = true
address = \"\"\"
Tea room
7 Station Road
Bengaluru 560001\"\"\"
receipt_footer = "Thank you, come again!"

[[taxes]]
id = "gst5"
name = "GST 5 %"
rate = "0.05"

[[taxes]]
id = "gst18"
name = "GST 18 %"
rate = "0.18"
"""
_PRODUCT: Final = """
[[products]]
id = "{id}"
name = "{name}"
category = "{category}"
image = "resources/pictures/{picture}.svg"
tax = "{tax}"
product_type = "{kind}"
billing_interval = "{interval}"

[products.price]
amount = {paise}
currency = "INR"
"""
_GOODS: Final = (
    ("masala-chai", "Masala chai", "Tea", "chai-latte", "gst5", 4000),
    ("darjeeling", "Darjeeling first flush", "Tea", "darjeeling-pot", "gst5", 18000),
    ("mint-tea", "Fresh mint tea", "Tea", "fresh-mint-tea", "gst5", 9000),
    ("filter-coffee", "Filter coffee", "Coffee", "filter-coffee", "gst5", 5000),
    ("cappuccino", "Cappuccino", "Coffee", "cappuccino", "gst5", 16000),
    ("cold-brew", "Cold brew", "Coffee", "cold-brew", "gst5", 19000),
    ("orange-juice", "Fresh orange juice", "Cold drinks", "orange-juice", "gst5", 12000),
    ("oat-cookie", "Oat biscuit", "Bakery", "oat-cookie", "gst18", 6000),
    ("carrot-cake", "Carrot cake", "Bakery", "carrot-cake", "gst18", 14000),
    ("honey-jar", "Coorg honey 250 g", "Shop", "honey-jar", "gst5", 38000),
    ("enamel-mug", "Enamel mug", "Shop", "enamel-mug", "gst18", 45000),
)
_CLUBS: Final = (
    ("tea-club-monthly", "Tea club, monthly", "Club", "tasting-gift-box", "gst5", 49900),
)


def write_rupee_shop(folder: Path) -> Path:
    """Write the shop's catalog into a folder, and give its path."""
    named = ("id", "name", "category", "picture", "tax", "paise")
    tables = [
        _PRODUCT.format(**dict(zip(named, row, strict=True)), kind=kind, interval=interval)
        for rows, kind, interval in (
            (_GOODS, "physical", "onetime"),
            (_CLUBS, "subscription", "monthly"),
        )
        for row in rows
    ]
    path = folder / "rupees.toml"
    path.write_text(_SHOP + "".join(tables), "utf-8")
    return path

"""UPI QR codes: a picture to scan, paid by the payer's own app; in rupees only."""

from typing import Final
from urllib.parse import quote

from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay import charges, currencies, events, objects, short_urls
from app.sandbox.razorpay.errors import bad_request, not_allowed, not_simulated, required
from app.sandbox.razorpay.features import features
from app.sandbox.razorpay.listings import page
from app.sandbox.razorpay.parameters import Listing, NewQrCode, NoFilter, Nothing, read
from app.sandbox.razorpay.workbench import Call, Workbench, collection

KIND: Final = "razorpay.qr_code"
SHORTEST_S = 2 * 60
LONGEST_S = 2 * 3600


def create(bench: Workbench, call: Call) -> JsonObject:
    asked = read(NewQrCode, call.params)
    if asked.type == "bharat_qr":
        raise not_simulated("Bharat QR codes", "type")
    if asked.fixed_amount and asked.payment_amount is None:
        raise required("payment_amount")
    if not asked.fixed_amount and asked.payment_amount is not None:
        raise bad_request("payment_amount is taken with fixed_amount only.", "payment_amount")
    if asked.payment_amount is not None:
        currencies.check(asked.payment_amount, "INR")
    close_by = _close_by(asked, bench.now())
    id = bench.id_for(KIND, "qr_")
    body = objects.qr_code(id=id, created=bench.now(), params=asked.model_dump(), close_by=close_by)
    slug = short_urls.add(bench, call.account, KIND, id)
    record = bench.keep(call.account, KIND, body, {"slug": slug, "closes_at": close_by})
    events.record(bench, "qr_code.created", call.account, qr_code=presented(bench, record))
    return presented(bench, record)


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    return presented(bench, bench.need(call.account, KIND, call.id))


def listing(bench: Workbench, call: Call) -> JsonObject:
    found = page(bench, call.account, KIND, read(Listing, call.params))
    records = [bench.need(call.account, KIND, body["id"]) for body in found["items"]]
    return collection([presented(bench, record) for record in records])


def payments(bench: Workbench, call: Call) -> JsonObject:
    """What was paid by it; a try that brought nothing is not among that."""
    asked = read(Listing, call.params)
    record = bench.need(call.account, KIND, call.id)
    paid = [p.body for p in charges.of_session(bench, record) if p.private["was_captured"]]
    return collection(paid[::-1][asked.skip : asked.skip + asked.count])


def close(bench: Workbench, call: Call) -> JsonObject:
    read(Nothing, call.params)
    record = bench.need(call.account, KIND, call.id)
    if record.body["status"] == "closed":
        raise not_allowed("QR Code is already closed")
    shut(bench, record, "on_demand")
    return presented(bench, record)


def shut(bench: Workbench, record: Record, reason: str | None) -> None:
    """Close an active code for good; `reason` is null where its time was over."""
    record.body.update(status="closed", closed_at=bench.now(), close_reason=reason)
    record.private["closes_at"] = None
    bench.books.save(record)
    events.record(bench, "qr_code.closed", record.account, qr_code=presented(bench, record))


def close_due(bench: Workbench) -> bool:
    """Close what has outlived its time, in a transaction of its own."""
    due = bench.due(KIND, "closes_at")
    if not due:
        return False
    with bench.books.transaction():
        for record in due:
            shut(bench, record, None)
    return True


def credit(bench: Workbench, record: Record, payment: Record) -> None:
    """Note a captured payment on its code; one for a single use closes with it."""
    record.body["payments_amount_received"] += payment.body["amount"]
    record.body["payments_count_received"] += 1
    bench.books.save(record)
    events.record(
        bench,
        "qr_code.credited",
        record.account,
        payment=payment.body,
        qr_code=presented(bench, record),
    )
    if record.body["usage"] == "single_use" and record.body["status"] == "active":
        shut(bench, record, "paid")


def amount_of(record: Record) -> int:
    """What a payer gives: the fixed amount, else ten rupees."""
    return int(record.body["payment_amount"] or 1000)


def upi_text(bench: Workbench, record: Record) -> str:
    """What the code says to the payer's app: payee, our reference and the amount in rupees."""
    payee = f"{record.account.removeprefix('acc_').lower()}.rzp@icici"
    fields = {
        "ver": "01",
        "mode": "15",
        "pa": payee,
        "pn": bench.shop_name,
        "tr": f"RZP{record.id.removeprefix('qr_')}qrv2",
        "tn": f"Payment to {bench.shop_name}",
        "cu": "INR",
        "mc": "5411",
        "qrMedium": "04",
    }
    if record.body["payment_amount"] is not None:
        whole, rest = divmod(record.body["payment_amount"], 100)
        fields["am"] = f"{whole}.{rest:02d}"
    return "upi://pay?" + "&".join(f"{name}={quote(value, '@')}" for name, value in fields.items())


def presented(bench: Workbench, record: Record) -> JsonObject:
    """The code as its API shows it now; its picture may have moved."""
    body = {**record.body, "image_url": short_urls.url(bench, record.private["slug"])}
    if features(bench).image_content:
        body["image_content"] = upi_text(bench, record)
    return body


def _close_by(asked: NewQrCode, now: int) -> int | None:
    """The time that is answered: never more than two hours ahead for a single use."""
    if asked.close_by is not None and asked.close_by < now + SHORTEST_S:
        raise bad_request("close_by should be at least 2 minutes after current time", "close_by")
    if asked.usage == "multiple_use":
        return asked.close_by
    return min(asked.close_by or now + LONGEST_S, now + LONGEST_S)

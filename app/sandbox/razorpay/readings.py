"""Payments and orders as they are read: one by its id, or many by a list."""

from app.sandbox.books import JsonObject
from app.sandbox.razorpay import charges
from app.sandbox.razorpay.listings import page
from app.sandbox.razorpay.parameters import Listing, NoFilter, read
from app.sandbox.razorpay.workbench import Call, Workbench, collection


def retrieve_payment(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    return bench.need(call.account, charges.KIND, call.id).body


def list_payments(bench: Workbench, call: Call) -> JsonObject:
    return page(bench, call.account, charges.KIND, read(Listing, call.params))


def retrieve_order(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    return bench.need(call.account, charges.ORDER, call.id).body


def order_payments(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    order = bench.need(call.account, charges.ORDER, call.id)
    found = bench.of(call.account, charges.KIND, "order_id", order.id)
    return collection([payment.body for payment in reversed(found)])

"""Power loss: a real till's writes are recorded, cut off anywhere, and the till started on them."""

"""A till that comes back after a power cut, in a process of its own, to be recorded and cut again.

Run as `python -m tests.power.comeback IMAGE WEAKNESS`, of which the last may be empty: it opens the
books, sells once, and closes them.
"""

import sys
from pathlib import Path

from tests.parts.books import placed
from tests.power.acknowledged import mark_order, mark_till
from tests.power.judge import open_books
from tests.power.weaknesses import WEAKNESSES


def main() -> None:
    image, weakness = sys.argv[1:]
    if weakness:
        WEAKNESSES[weakness]()
    store = open_books(Path(image))
    mark_till(store.till_id)
    mark_order(store.write_now(placed))
    store.close()


if __name__ == "__main__":
    main()

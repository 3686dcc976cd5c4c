"""Where the list of ways stands on its screen."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication

from tests.ui.gallery.choosing import WAYS
from tests.ui.helpers import button
from ui.look import Look
from ui.pay.choosing import WaysModel
from ui.pay.ways import WaysList


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_the_list_of_ways_begins_where_its_title_does(look: Look, is_mirrored: bool) -> None:
    sides = Qt.LayoutDirection
    ways = WaysList(look)
    ways.setLayoutDirection(sides.RightToLeft if is_mirrored else sides.LeftToRight)
    ways.on_look_changed()
    ways.show_ways(WaysModel("paypal", None, WAYS.choices, WAYS.left_out))
    ways.resize(400, 600)
    ways.show()
    QApplication.processEvents()
    row, back = button(ways, "way_paypal"), ways.back
    places = [QRect(each.mapTo(ways, QPoint()), each.size()) for each in (row, back)]
    edge = QRect.right if is_mirrored else QRect.left
    assert edge(places[0]) == edge(places[1])
    ways.close()

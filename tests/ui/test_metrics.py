"""Millimetres."""

import pytest

from ui.metrics import Metrics


def test_a_minimum_in_millimetres_is_never_undercut_by_rounding() -> None:
    for dpi in range(60, 201):
        pixels = Metrics(dpi=float(dpi)).touch
        assert pixels * 25.4 / dpi >= 10.0


def test_the_operators_scale_enlarges_everything() -> None:
    large = Metrics(96.0, 1.5)
    assert large.mm(10) == 57
    assert large.dp(16) == 24


def test_type_gives_way_on_a_small_dense_screen_and_targets_do_not() -> None:
    dense = Metrics(170.0)
    fitted = dense.within(1024, 600)
    assert fitted.dp(100) < dense.dp(100)
    assert fitted.mm(10) == dense.mm(10)


@pytest.mark.parametrize("size", [(1024, 600), (1280, 800), (1920, 1080)])
def test_an_ordinary_screen_is_not_fitted_at_all(size: tuple[int, int]) -> None:
    assert Metrics().within(*size).dp(100) == 100


def test_small_changes_of_the_window_change_no_size() -> None:
    assert Metrics().within(1280, 800) == Metrics().within(1281, 801)


def test_type_stays_legible_at_the_lowest_density() -> None:
    assert Metrics(60.0).type_px(13) == 11

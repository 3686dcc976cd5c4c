"""What the package leaves out is nothing that the till imports; what it rewrites stays the same."""

import importlib.util
import pickle
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def load_contents() -> ModuleType:
    spec = importlib.util.spec_from_file_location("contents", ROOT / "packaging" / "contents.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


contents = load_contents()


def test_the_till_imports_nothing_that_the_package_leaves_out() -> None:
    contents.check_imports(ROOT)


@pytest.mark.parametrize(
    "line",
    ["import yaml", "from PySide6 import QtNetwork", "from PySide6.QtDBus import QDBusMessage"],
)
def test_an_import_of_what_is_left_out_ends_the_build_with_its_place(
    tmp_path: Path, line: str
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "late.py").write_text(f"def run():\n    {line}\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"late\.py.*left out of the package"):
        contents.check_imports(tmp_path)


def test_every_module_is_taken_along_by_name() -> None:
    names = contents.modules(ROOT)
    assert {"app", "app.api.door", "app.sandbox.stripe.objects", "ui.cli"} <= set(names)


def test_locale_data_is_smaller_and_says_the_same(tmp_path: Path) -> None:
    data = {"currency_names": {"EUR": "Euro", "CHF": "Franken"}, "again": ["Euro", "Euro"]}
    source = tmp_path / "de.dat"
    source.write_bytes(pickle.dumps(data, protocol=2))
    other = ("babel/global.dat", str(source), "DATA")
    entries = [("babel/locale-data/de.dat", str(source), "DATA"), other]
    small, same = contents.with_small_locale_data(entries, tmp_path / "work")
    assert same == other
    assert pickle.loads(Path(small[1]).read_bytes()) == data
    assert Path(small[1]).stat().st_size < source.stat().st_size

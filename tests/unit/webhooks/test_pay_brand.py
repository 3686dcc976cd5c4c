"""A shop's own look of its pay page: what is taken, what is refused, and what the page says."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import ConfigError
from app.settings import Mode, load_settings
from app.webhooks.pay_brand import Brand, brand_of
from tests.parts.own_page import PagedStrategy
from tests.parts.pay_door import SHOP, Door, sold
from tests.parts.till import Counter

STYLE = ":root{--accent:#a3122f}\n.due h1{font-style:italic}\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Counter]:
    till = Counter(tmp_path / "till", strategy=PagedStrategy, shop=SHOP)
    yield till
    till.close()


def brand(root: Path, toml: str) -> Brand:
    (root / "scantill.toml").write_text(f"[pay_page]\n{toml}\n")
    return brand_of(load_settings(root, Mode.TRAINING, working_directory=root))


def test_without_a_word_in_the_settings_the_page_has_its_own_look(tmp_path: Path) -> None:
    assert brand(tmp_path, "") == Brand()


def test_stylesheet_and_logo_are_files_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "pay.css").write_text(STYLE)
    (tmp_path / "logo.PNG").write_bytes(PNG)
    found = brand(tmp_path, 'stylesheet = "pay.css"\nlogo = "logo.PNG"')
    assert found.css == STYLE
    assert found.logo == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def test_a_stylesheet_that_another_editor_wrote_is_the_same_to_a_browser(tmp_path: Path) -> None:
    (tmp_path / "pay.css").write_bytes(b"\xef\xbb\xbf" + STYLE.replace("\n", "\r\n").encode())
    assert brand(tmp_path, 'stylesheet = "pay.css"').css == STYLE


@pytest.mark.parametrize(
    "toml, content, says",
    [
        ('stylesheet = "pay.css"', None, "pay_page.stylesheet: .*pay.css: No such file"),
        ('stylesheet = "pay.css"', b"\xff\xfe", "pay_page.stylesheet: It is not text in UTF-8"),
        ('stylesheet = "pay.css"', b"a{}" * 30_000, "pay_page.stylesheet: .*larger than 64 KiB"),
        ('stylesheet = "pay.css"', b"</style><script>", "pay_page.stylesheet: There is markup"),
        ('stylesheet = "pay.css"', b"<!-- a{} -->", "pay_page.stylesheet: There is markup"),
        ('logo = "pay.css"', b"a{}", "pay_page.logo: It is none of these: PNG, JPG, JPEG, WEBP"),
        ('logo = "logo.svg"', None, "pay_page.logo: .*logo.svg: No such file"),
    ],
)
def test_what_is_of_no_use_is_refused_with_file_and_key(
    tmp_path: Path, toml: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "pay.css").write_bytes(content)
    with pytest.raises(ConfigError, match=f"scantill.toml, {says}"):
        brand(tmp_path, toml)


def test_a_logo_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(bytes(256 * 1024 + 1))
    with pytest.raises(ConfigError, match=r"pay_page\.logo: .*larger than 256 KiB"):
        brand(tmp_path, 'logo = "logo.svg"')


def test_the_page_has_the_shops_style_after_its_own_and_lets_in_no_other(till: Counter) -> None:
    _, _, path = sold(till, 500)
    answer = Door(till, brand=Brand(STYLE, "data:image/png;base64,AAAA")).ask("GET", path)
    html = answer.text
    assert html.index(":root{color-scheme") < html.index(STYLE) < html.index("</head>")
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    (styles,) = (part for part in policy.split("; ") if part.startswith("style-src "))
    assert len(styles.split()) == 3 and f"'sha256-{digest}'" in styles
    assert "unsafe-inline" not in policy
    assert '<img class="logo" src="data:image/png;base64,AAAA" alt="">' in html
    assert 'class="mark"' not in html


def test_an_address_that_is_none_of_ours_does_not_show_whose_door_it_is(till: Counter) -> None:
    answer = Door(till, brand=Brand(STYLE)).ask("GET", "/pay/" + "0" * 32)
    assert answer.status_code == 404 and STYLE not in answer.text

"""The key that notices are signed with, its certificate, and the authority that vouches for it.

The scheme is PayPal's: RSA PKCS#1 v1.5 with SHA-256, in base64, over
`transmission id|time|webhook id|CRC-32 of the body as an unsigned decimal`. The authority is this
simulator's own: whoever is to trust its notices must be given it (`/_control/paypal/signing`).
"""

import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.sandbox.paypal.workbench import Workbench

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

ALGORITHM = "SHA256withRSA"
CERTIFICATES = "/v1/notifications/certs/"

_FACT, _URL_FACT = "paypal_signing", "paypal_cert_url"


class Signer:
    """The signing key in the books; it is made when it is first needed."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._kept: dict[str, str] | None = None
        self._key: rsa.RSAPrivateKey | None = None

    @property
    def authority_pem(self) -> str:
        """The certificate that a verifier is to trust."""
        return self._material()["authority"]

    @property
    def certificate_url(self) -> str:
        """Where notices say that the certificate is."""
        told = self._bench.books.fact(_URL_FACT)
        return told or self._bench.api_url(f"{CERTIFICATES}{self._material()['name']}")

    def tell_url(self, url: str | None) -> None:
        """Have notices name another address, such as PayPal's own; None is the true one."""
        with self._bench.books.transaction():
            self._bench.books.set_fact(_URL_FACT, url or "")

    def certificate(self, name: str) -> str | None:
        """The certificate of that name with the authority's, in PEM; None for any other."""
        material = self._material()
        return material["leaf"] + material["authority"] if name == material["name"] else None

    def sign(self, transmission_id: str, at: str, webhook_id: str, body: bytes) -> str:
        from app.sandbox.paypal import authority

        text = signed_text(transmission_id, at, webhook_id, body)
        return authority.signature(self._private(), text)

    def vouches(
        self, signature: str, transmission_id: str, at: str, webhook_id: str, body: bytes
    ) -> bool:
        """Say whether a signature is this key's, over exactly that."""
        from app.sandbox.paypal import authority

        text = signed_text(transmission_id, at, webhook_id, body)
        return authority.has_signed(self._private(), signature, text)

    def rotate(self) -> None:
        """Sign with a new key from now on, vouched for by the same authority; commits."""
        from app.sandbox.paypal import authority

        material = self._material()
        self._keep({**material, **authority.new_leaf(self._now(), material), **self._name()})

    def _private(self) -> "rsa.RSAPrivateKey":
        from app.sandbox.paypal import authority

        material = self._material()
        if self._key is None:
            self._key = authority.private(material["key"])
        return self._key

    def _material(self) -> dict[str, str]:
        if self._kept is None:
            kept = self._bench.books.fact(_FACT)
            if kept is None:
                self._keep(self._new())
            else:
                self._take(json.loads(kept))
        material = self._kept or {}
        if self._bench.clock.unmoved() >= int(material["ends"]):
            self._keep(self._new())
        return self._kept or {}

    def _new(self) -> dict[str, str]:
        from app.sandbox.paypal import authority

        return {**authority.new_authority(self._now()), **self._name()}

    def _name(self) -> dict[str, str]:
        return {
            "name": f"CERT-{self._bench.ids('', 8).lower()}-{self._bench.ids('', 8).lower()}",
        }

    def _now(self) -> datetime:
        # Receivers look at their own clock, which the simulator's offset does not move.
        return datetime.fromtimestamp(self._bench.clock.unmoved(), UTC)

    def _keep(self, material: dict[str, str]) -> None:
        self._bench.books.set_fact(_FACT, json.dumps(material))
        self._take(material)

    def _take(self, material: dict[str, str]) -> None:
        self._kept = material
        self._key = None


def signed_text(transmission_id: str, at: str, webhook_id: str, body: bytes) -> bytes:
    return f"{transmission_id}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()

"""The key that notices are signed with, its certificate, and the authority that vouches for it.

The scheme is PayPal's: RSA PKCS#1 v1.5 with SHA-256, in base64, over
`transmission id|time|webhook id|CRC-32 of the body as an unsigned decimal`. The authority is this
simulator's own: whoever is to trust its notices must be given it (`/_control/paypal/signing`).
"""

import base64
import json
import zlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.sandbox.paypal.workbench import Workbench

ALGORITHM = "SHA256withRSA"
CERTIFICATES = "/v1/notifications/certs/"

_NAME = "messageverificationcerts.sandbox.paypal.com"
_FACT, _URL_FACT = "paypal_signing", "paypal_cert_url"
_BITS = 2048
_LEAF_DAYS, _AUTHORITY_DAYS = 365, 3650


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
        self._material()
        if self._key is None:
            raise RuntimeError("there is no signing key")
        signed = signed_text(transmission_id, at, webhook_id, body)
        return base64.b64encode(
            self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        ).decode()

    def vouches(
        self, signature: str, transmission_id: str, at: str, webhook_id: str, body: bytes
    ) -> bool:
        """Say whether a signature is this key's, over exactly that."""
        self._material()
        if self._key is None:
            raise RuntimeError("there is no signing key")
        try:
            raw = base64.b64decode(signature, validate=True)
            self._key.public_key().verify(
                raw,
                signed_text(transmission_id, at, webhook_id, body),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (InvalidSignature, ValueError):
            return False
        return True

    def rotate(self) -> None:
        """Sign with a new key from now on, vouched for by the same authority; commits."""
        material = self._material()
        authority_key = _authority_key(material["authority_key"])
        authority = x509.load_pem_x509_certificate(material["authority"].encode())
        self._keep({**material, **self._leaf(authority, authority_key)})

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
        # An elliptic curve: to make a second RSA key would take as long as all the rest.
        key = ec.generate_private_key(ec.SECP256R1())
        name = _named("Scantill training authority, trust it in tests only")
        authority = self._certificate(
            name, name, key.public_key(), key, days=_AUTHORITY_DAYS, authority=True
        )
        return {
            "authority": _pem(authority),
            "authority_key": _key_pem(key),
            **self._leaf(authority, key),
        }

    def _leaf(
        self, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey
    ) -> dict[str, str]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
        leaf = self._certificate(
            _named(_NAME), authority.subject, key.public_key(), signer, days=_LEAF_DAYS
        )
        return {
            "name": f"CERT-{self._bench.ids('', 8).lower()}-{self._bench.ids('', 8).lower()}",
            "leaf": _pem(leaf),
            "key": _key_pem(key),
            "ends": str(int(leaf.not_valid_after_utc.timestamp())),
        }

    def _certificate(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
        signer: ec.EllipticCurvePrivateKey,
        *,
        days: int,
        authority: bool = False,
    ) -> x509.Certificate:
        # Receivers look at their own clock, which the simulator's offset does not move.
        now = datetime.fromtimestamp(self._bench.clock.unmoved(), UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(_usage(authority=authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
        )
        if not authority:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False
            ).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
        return builder.sign(signer, hashes.SHA256())

    def _keep(self, material: dict[str, str]) -> None:
        self._bench.books.set_fact(_FACT, json.dumps(material))
        self._take(material)

    def _take(self, material: dict[str, str]) -> None:
        self._kept = material
        self._key = _private(material["key"])


def signed_text(transmission_id: str, at: str, webhook_id: str, body: bytes) -> bytes:
    return f"{transmission_id}|{at}|{webhook_id}|{zlib.crc32(body)}".encode()


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Scantill simulator"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the signing key is not an RSA key")
    return key


def _authority_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not one of an elliptic curve")
    return key

"""Certificates that PayPal signs its notices with: read, traced to an authority, and used.

Source: PayPal's REST reference, Verify webhook signature; RFC 5280 by the `cryptography` package,
which is why this module is imported only once there is a certificate to read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

_OWNER: Final = ".paypal.com"
_LEAST_BITS: Final = 2048


class NotTrusted(Exception):
    """A certificate that proves nothing: unreadable, another's, out of its time, without a root."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that was traced to an authority, good from `begins` to `ends`."""

    key: RSAPublicKey
    begins: datetime
    ends: datetime

    def has_signed(self, signature: bytes, text: bytes) -> bool:
        """Say whether a signature is this key's, over exactly that text."""
        try:
            self.key.verify(signature, text, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def traced(pem: bytes, authorities: list[x509.Certificate], at: datetime) -> Certificate:
    """Read a certificate with those below it, and trace it to one of the authorities.

    Raises NotTrusted.
    """
    try:
        leaf, *between = x509.load_pem_x509_certificates(pem)
        names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        name = str(names[0].value) if len(names) == 1 else ""
        key = leaf.public_key()
        if not name.endswith(_OWNER) or not isinstance(key, RSAPublicKey):
            raise NotTrusted(f"the certificate of {name!r} is not PayPal's")
        if key.key_size < _LEAST_BITS:
            raise NotTrusted(f"a key of {key.key_size} bits is too short")
        policy = PolicyBuilder().store(Store(authorities)).time(at)
        policy.build_server_verifier(x509.DNSName(name)).verify(leaf, between)
    except (ValueError, VerificationError) as error:
        raise NotTrusted(str(error)) from error
    return Certificate(key, leaf.not_valid_before_utc, leaf.not_valid_after_utc)


def authorities_in(pem: str) -> list[x509.Certificate]:
    """Read authorities. Raises NotTrusted where there is none."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise NotTrusted(str(error)) from error


def authorities_from(encoded: list[bytes]) -> list[x509.Certificate]:
    """Read the authorities of the system, leaving out what is none by today's rules."""
    found = []
    for der in encoded:
        try:
            found.append(x509.load_der_x509_certificate(der))
        except ValueError:
            continue
    return found

"""How a receiver checks a notice of PayPal's offline: certificate, chain, dates, name, signature.

Written from PayPal's documents, so that the simulator's own code is not its own witness.
"""

import base64
import zlib
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

Headers = dict[str, str]


def is_genuine(headers: Headers, body: bytes, webhook: str, pem: str, authority_pem: str) -> bool:
    """Say whether the holder of the certificate signed this body for this webhook."""
    authority = x509.load_pem_x509_certificate(authority_pem.encode())
    leaf = x509.load_pem_x509_certificates(pem.encode())[0]
    leaf.verify_directly_issued_by(authority)
    assert leaf.not_valid_before_utc < datetime.now(UTC) < leaf.not_valid_after_utc
    (name,) = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert str(name.value).endswith(".paypal.com")
    signed = "|".join(
        (
            headers["Paypal-Transmission-Id"],
            headers["Paypal-Transmission-Time"],
            webhook,
            str(zlib.crc32(body)),
        )
    )
    key = leaf.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(
            base64.b64decode(headers["Paypal-Transmission-Sig"]),
            signed.encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
    except InvalidSignature:
        return False
    return True

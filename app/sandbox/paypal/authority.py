"""Keys and certificates of the training authority, and what is signed with them.

Imported only once something is to be signed: the library that it stands on takes its time.
"""

import base64
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_NAME = "messageverificationcerts.sandbox.paypal.com"
_BITS = 2048
_LEAF_DAYS, _AUTHORITY_DAYS = 365, 3650


def new_authority(now: datetime) -> dict[str, str]:
    """A new authority with a key that it vouches for, in PEM."""
    # An elliptic curve: to make a second RSA key would take as long as all the rest.
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named("Scantill training authority, trust it in tests only")
    authority = _certificate(
        now, name, name, key.public_key(), key, days=_AUTHORITY_DAYS, authority=True
    )
    return {
        "authority": _pem(authority),
        "authority_key": _key_pem(key),
        **_leaf(now, authority, key),
    }


def new_leaf(now: datetime, material: dict[str, str]) -> dict[str, str]:
    """A new key that the same authority vouches for."""
    authority_key = _authority_key(material["authority_key"])
    authority = x509.load_pem_x509_certificate(material["authority"].encode())
    return _leaf(now, authority, authority_key)


def private(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the signing key is not an RSA key")
    return key


def signature(key: rsa.RSAPrivateKey, text: bytes) -> str:
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def has_signed(key: rsa.RSAPrivateKey, signature: str, text: bytes) -> bool:
    """Say whether a signature is this key's, over exactly that."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key.public_key().verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _leaf(
    now: datetime, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey
) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    leaf = _certificate(
        now, _named(_NAME), authority.subject, key.public_key(), signer, days=_LEAF_DAYS
    )
    return {
        "leaf": _pem(leaf),
        "key": _key_pem(key),
        "ends": str(int(leaf.not_valid_after_utc.timestamp())),
    }


def _certificate(
    now: datetime,
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    days: int,
    authority: bool = False,
) -> x509.Certificate:
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
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(signer, hashes.SHA256())


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


def _authority_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not one of an elliptic curve")
    return key

"""A certificate authority of one's own, for TLS on this machine."""
import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
DAY = datetime.timedelta(days=1)
DAYS = 30       # longer than a lab stays up


class Authority:
    """Its own certificate is in `file`; `issue` makes certificates of servers."""

    def __init__(self, directory: Path, name: str = "throwaway CA"):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
                self._key, hashes.SHA256())
        self.file = directory / f"{name.replace(' ', '-')}.pem"
        self.file.write_bytes(made.public_bytes(PEM))

    def issue(self, directory: Path, address: str, days: int = DAYS) -> tuple[Path, Path]:
        """(certificate, key) of whoever has this address, in files that only their owner reads.

        days: for which it is good; of one that has expired less than 0.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a member")])
        made = self._builder(name, key, days).add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            critical=False).sign(self._key, hashes.SHA256())
        certificate, secret = directory / "server.crt", directory / "server.key"
        for path, content in ((certificate, made.public_bytes(PEM)), (secret, key.private_bytes(
                PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))):
            path.touch(mode=0o600)
            path.write_bytes(content)
        return certificate, secret

    def _builder(self, name, key, days=DAYS):
        now = datetime.datetime.now(datetime.UTC)
        return (x509.CertificateBuilder().subject_name(name).issuer_name(self._name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - 2 * DAY).not_valid_after(now + days * DAY))

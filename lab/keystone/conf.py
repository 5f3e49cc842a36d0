"""keystone.conf of the lab, and the sections that make other services trust this Keystone."""
from pathlib import Path

TEMPLATE = """\
[DEFAULT]
log_file = {directory}/keystone.log
use_stderr = false
default_log_levels = sqlalchemy=WARN,alembic=WARN,stevedore=CRITICAL
[database]
connection = sqlite:///{directory}/keystone.sqlite
[cache]
# One process: what is revoked or changed leaves the cache at once.
enabled = true
backend = oslo_cache.dict
[identity]
max_password_length = 72
# The fewest that bcrypt allows: a lab's passwords are random and live for minutes.
password_hash_rounds = 4
[token]
provider = fernet
expiration = {token_sec}
[fernet_tokens]
key_repository = {directory}/fernet-tokens
[fernet_receipts]
key_repository = {directory}/fernet-receipts
[credential]
key_repository = {directory}/credential-keys
[oslo_messaging_notifications]
driver = noop
"""

# How long a service goes on believing a token that it has checked. Stock is 300 s, in which a
# revoked role is not noticed.
TOKEN_CACHE_SEC = 2


def write(directory: Path, token_sec: int) -> None:
    """Write DIRECTORY/keystone.conf."""
    text = TEMPLATE.format(directory=directory, token_sec=token_sec)
    (directory / "keystone.conf").write_text(text)


def credentials(url: str, user: str, password: str, cafile: str = "") -> dict[str, str]:
    """Options of keystoneauth for a service user, as they stand in many sections."""
    return {"auth_type": "password", "auth_url": url, "username": user, "password": password,
            "project_name": "service", "user_domain_name": "Default",
            "project_domain_name": "Default", **({"cafile": cafile} if cafile else {})}


def authtoken(url: str, user: str, password: str, cafile: str = "") -> dict[str, str]:
    """Section [keystone_authtoken] of a service that has this service user."""
    return {**credentials(url, user, password, cafile), "www_authenticate_uri": url,
            "service_token_roles": "service", "service_token_roles_required": "true",
            "token_cache_time": str(TOKEN_CACHE_SEC)}


def text(sections: dict[str, dict]) -> str:
    """{section: {option: value}} as an ini file."""
    lines = [line for section, options in sections.items()
             for line in (f"[{section}]", *(f"{key} = {value}" for key, value in options.items()))]
    return "\n".join(lines) + "\n"

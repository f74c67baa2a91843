"""Recognize environment variables with credentials by their names; imports nothing."""

HEADERS = "OPENAI_CUSTOM_HEADERS"  # lines of `name: value`; one of them may be the key of a gateway
LEDGER = "JIT_GUARD_LEDGER"  # the URL of a PostgreSQL server, which may contain a password
_WORDS = {
    "KEY", "KEYS", "TOKEN", "TOKENS", "SECRET", "SECRETS", "PASSWORD", "PASSWORDS", "PASSWD",
    "PASSPHRASE",
}  # fmt: skip
_GLUED = ("PASSWORD", "PASSWD", "PASSPHRASE", "APIKEY", "TOKEN", "SECRET")  # PGPASSWORD
_MORE_WORDS = {*_WORDS, "PAT", "CREDENTIAL", "CREDENTIALS"}


def is_credential(name: str) -> bool:
    """Check whether the value of this variable is a credential, by the end of its name."""
    last = _words(name)[-1]
    return last in _WORDS or last.endswith(_GLUED) or name in (HEADERS, LEDGER)


def may_be_credential(name: str) -> bool:
    """Check whether to hide this variable from a program that needs no credentials.

    Broader than `is_credential`: one such word anywhere in the name is enough (`AWS_KEY_FILE`).
    """
    if name.startswith("GIT_CONFIG_KEY_"):  # the name of a setting, see GIT_CONFIG_COUNT
        return False
    return is_credential(name) or not _MORE_WORDS.isdisjoint(_words(name))


def _words(name: str) -> list[str]:
    return [word.rstrip("0123456789") for word in name.upper().split("_")]

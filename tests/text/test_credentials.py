"""Environment variables with credentials, and where their values are found."""

from __future__ import annotations

import pytest

from jit_guard.text.credential_names import is_credential, may_be_credential
from jit_guard.text.credentials import (
    credential_in,
    scrub,
)
from projects import processor_time

VALUE = "zq-81hTr.55LmWvX"


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "GH_TOKEN",
        "aws_secret",
        "Db_Password",
        "PGPASSWORD",
        "TOKEN",
        "OPENAI_CUSTOM_HEADERS",
    ],
)
def test_variables_with_credentials(name: str) -> None:
    assert is_credential(name)
    assert may_be_credential(name)


@pytest.mark.parametrize(
    "name", ["PATH", "KEYBOARD", "GIT_CONFIG_KEY_0", "TOKENIZERS_PARALLELISM", "SSH_AUTH_SOCK", ""]
)
def test_variables_without_credentials(name: str) -> None:
    assert not is_credential(name)
    assert credential_in(VALUE, {name: VALUE}) is None


def test_a_gateway_header_is_found_with_and_without_its_scheme() -> None:
    environ = {"OPENAI_CUSTOM_HEADERS": f"X-Team: blue\nAuthorization: Bearer {VALUE}"}
    assert credential_in(f"a {VALUE} b", environ) == "OPENAI_CUSTOM_HEADERS"
    assert credential_in("a blue b", environ) is None
    assert scrub(f"Bearer {VALUE}", environ) == "[key]"


@pytest.mark.parametrize("around", ["{}\n", " {}\r\n", '"{}"', "'{}'", "{} # of the team"])
def test_characters_around_a_value_do_not_hide_it(around: str) -> None:
    environ = {"ACME_KEY": around.format(VALUE)}
    assert credential_in(f"x{VALUE}x", environ) == "ACME_KEY"
    assert scrub(f"x{VALUE}x", environ) == "x[key]x"


def test_the_longer_value_is_removed_first() -> None:
    environ = {"A_KEY": "abcdefg8", "B_KEY": "abcdefg8-and-more"}
    assert scrub("abcdefg8-and-more, abcdefg8", environ) == "[key], [key]"


def test_a_text_of_a_megabyte_is_searched_quickly() -> None:
    environ = {f"A{number}_KEY": f"value-{number * 7919}" for number in range(30)}
    began = processor_time()
    assert credential_in("word 1, " * 125_000, environ) is None
    assert processor_time() - began < 2


def test_a_word_without_a_digit_is_no_credential() -> None:
    environ = {"ACME_KEY": f"production-gateway {VALUE} https://example.invalid/v1"}
    assert credential_in(f"x{VALUE}", environ) == "ACME_KEY"
    for word in ("production-gateway", "https://example.invalid/v1"):
        assert credential_in(f"x{word}", environ) is None

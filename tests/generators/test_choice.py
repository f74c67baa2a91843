"""The choice of the generator of a run, which never costs money by accident."""

from __future__ import annotations

import pytest

from jit_guard.errors import UsageError
from jit_guard.generators.choice import EMBEDDED, choose, forbid_network

KEY = {"OPENAI_API_KEY": "sk-0123456789"}
SERVER = {"OPENAI_BASE_URL": "http://localhost:11434/v1"}


@pytest.mark.parametrize(
    ("environ", "chosen"),
    [
        ({}, "scaffold"),
        (KEY, "openai"),
        (SERVER, "openai"),
        ({"OPENAI_API_KEY": "", "OPENAI_BASE_URL": " "}, "scaffold"),
        ({"CI": "true"}, "scaffold"),
        ({**KEY, "CI": ""}, "openai"),
        *(({**KEY, "CI": value}, "openai") for value in ("false", " False ", "0", "no", "off")),
    ],
)
def test_auto_is_openai_if_it_is_configured(environ: dict[str, str], chosen: str) -> None:
    assert choose("auto", environ) == chosen


def test_auto_with_a_server_from_a_flag_is_openai() -> None:
    assert choose("auto", {}, base_url="http://localhost:8000/v1") == "openai"


@pytest.mark.parametrize("environ", [KEY, SERVER], ids=["key", "server"])
@pytest.mark.parametrize("ci", ["true", "1", "woodpecker"])
def test_under_ci_no_paid_generator_is_chosen_automatically(
    environ: dict[str, str], ci: str
) -> None:
    with pytest.raises(UsageError, match=r"^OPENAI_(API_KEY|BASE_URL) is set, but under CI"):
        choose("auto", {**environ, "CI": ci})
    with pytest.raises(UsageError, match="never chosen automatically"):
        choose("auto", {"CI": ci}, base_url="http://here/v1")


@pytest.mark.parametrize("name", ["openai", "scaffold", "command", "acme:own"])
def test_a_named_generator_is_used_even_under_ci(name: str) -> None:
    assert choose(name, {**KEY, "CI": "true"}) == name


def test_the_network_can_be_forbidden() -> None:
    forbidden = {"JIT_GUARD_NO_NETWORK": "1"}
    with pytest.raises(UsageError, match=r"'openai' needs the network, which JIT_GUARD_NO_NETWORK"):
        forbid_network(EMBEDDED["openai"], forbidden)
    forbid_network(EMBEDDED["scaffold"], forbidden)
    for value in ("", "0", "false"):
        forbid_network(EMBEDDED["openai"], {"JIT_GUARD_NO_NETWORK": value})
    forbid_network(EMBEDDED["openai"], {})

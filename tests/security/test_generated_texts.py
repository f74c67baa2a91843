"""Generated texts contain no credential of the user, and nothing that a reviewer cannot see."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from chat_client import needs_sdk
from chat_server import answer as json_answer
from chat_server import completion, good, serving
from jit_guard.errors import JitGuardError
from jit_guard.fixing.delivery import Delivery, Order, deliver
from jit_guard.generators.generator import (
    GenerationError,
    GeneratorUnusableError,
    Request,
    Text,
    Usage,
    Writer,
)
from jit_guard.generators.judgement import finished, judge_text
from jit_guard.generators.progress import UNREPORTED
from jit_guard.ledger.history import history
from jit_guard.ledger.ledger import Ledger
from jit_guard.ledger.records import Key, Wanted
from projects import Outcome, call, lay_out

SECRET = "tk_9aX-41c8e7Qb/55+zz"
NAMES = ("ACME_API_KEY", "gh_token", "Database_Password", "CLIENT_SECRET")
posix = pytest.mark.skipif(sys.platform == "win32", reason="the programs are POSIX ones")


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an environment variable that contains the secret."""
    name: str = request.param
    monkeypatch.setenv(name, SECRET)
    return name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one component missing."""
    files = {"goal_map.json": '{"GREET": {"persona": "host.txt"}}'}
    return lay_out(tmp_path / "project", files)


def run(root: Path, text: str, *more: str) -> Outcome:
    """Run a fix whose program writes this text."""
    path = root.parent / "text"
    path.write_text(text, "utf-8")
    return call("--fix", "--yes", "--no-input", "--command", f"cat {path}", *more, cwd=root)


def on_disk(root: Path) -> bytes:
    """Return every byte of every file below the root."""
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


def refused(done: Outcome, root: Path) -> None:
    """Check that one entry failed, nothing was placed, and the map is unchanged."""
    assert done.code == 1
    assert not list(root.glob("components/**/*.txt"))
    assert "autogen" not in (root / "goal_map.json").read_text()


# Credentials


@posix
def test_a_text_with_a_credential_is_refused_and_not_stored(name: str, root: Path) -> None:
    done = run(root, f"# Role\n\nLog in with {SECRET}.\n", "--format", "json")
    refused(done, root)
    assert done.report["failed"][0]["reason"] == f"the text contains the value of {name}"
    assert SECRET not in done.out + done.err
    assert SECRET.encode() not in on_disk(root)
    (kept,) = history(str(root))
    assert (kept.status, kept.content) == ("rejected", "# Role\n\nLog in with [key].\n")


SPELLINGS = {
    "quoted": f"password = '{SECRET}'",
    "in JSON": json.dumps({"a": SECRET}),
    "escaped slash": SECRET.replace("/", "\\/"),
    "escaped by .NET": SECRET.replace("+", "\\u002B"),
    "in a URL": f"https://x.example/?k={SECRET.replace('/', '%2F').replace('+', '%2B')}",
    "broken over lines": f"{SECRET[:7]}\n{SECRET[7:]}",
    "one character per line": "\n".join(SECRET),
    "spaced out": " ".join(SECRET),
    "joined in a program": f"'{SECRET[:7]}' + '{SECRET[7:]}'",
    "in base64": base64.b64encode(SECRET.encode()).decode(),
    "in base64 after other bytes": base64.b64encode(f"user:{SECRET}@".encode()).decode(),
    "in base64 with line breaks": base64.encodebytes(
        f"{'x' * 50}{SECRET}{'y' * 50}".encode()
    ).decode(),
    "in base64 for URLs": base64.urlsafe_b64encode(f"~~~{SECRET}".encode()).decode(),
    "in hex": SECRET.encode().hex(),
    "in escapes of bytes": "".join(f"\\x{byte:02x}" for byte in SECRET.encode()),
    "in escapes of JSON": "".join(f"\\u{byte:04X}" for byte in SECRET.encode()),
    "in escapes of HTML": "".join(f"&#x{byte:02x};" for byte in SECRET.encode()),
    "in escapes of a URL": "".join(f"%{byte:02X}" for byte in SECRET.encode()),
    "as numbers in hex": ", ".join(f"0x{byte:02x}" for byte in SECRET.encode()),
    "in hex with colons": SECRET.encode().hex(":").upper(),
}


@posix
@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_other_spellings_of_a_credential_are_refused_and_not_stored(
    spelling: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    done = run(root, f"# Role\n\n{spelling}\n")
    refused(done, root)
    assert "ACME_API_KEY" in done.out
    (kept,) = history(str(root))
    assert spelling not in kept.content
    assert kept.status == "rejected"


@posix
@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ACME_API_KEY", "none", "Say none of it.\n"),  # a dummy, too short
        ("POSTGRES_PASSWORD", "postgres", "Use postgres.\n"),  # a common default
        ("ACME_API_KEY", "", "Any text.\n"),
        ("OPENAI_CUSTOM_HEADERS", "Accept: application/json", "Send application/json.\n"),
        ("KEYBOARD", "dvorak-layout", "A dvorak-layout.\n"),
        ("PASSPHRASE_KEY", "correct horse battery staple 1", "A correct horse.\n"),
        ("ACME_API_KEY", SECRET, f"Not {SECRET[:-2]}, nor {SECRET.swapcase()}.\n"),
    ],
)
def test_ordinary_words_are_not_credentials(
    name: str, value: str, text: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    done = run(root, text)
    assert done.code == 0, done.out
    (written,) = root.glob("components/**/*.txt")
    assert written.read_text() == text


@posix
def test_each_line_of_a_private_key_is_a_credential(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQ", "EFAASCBKcwggSjAgEAAoIBAQC7"]
    for joint in ("\n", "\r\n", "\\n"):
        key = joint.join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])
        monkeypatch.setenv("DEPLOY_KEY", key)
        refused(run(root, f"Take {lines[1]} here.\n", "--fresh"), root)
    assert judge_text("It begins with -----BEGIN PRIVATE KEY-----.\n") is None


def test_a_refused_text_of_the_chat_client_is_not_requested_again(
    name: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second try would send the refused text back, and with it the credential."""
    needs_sdk()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-texts-0123456789")
    replies = (
        good(f"# Role\n\n{SECRET}\n"),
        json_answer(completion(f"half {'.'.join(SECRET)}", "length")),
        json_answer({**completion(), "model": SECRET, "id": SECRET}),
    )
    for reply in replies:
        with serving(reply) as server:
            done = call(
                "--fix", "--yes", "--fresh", "--model", "m", "--base-url", server.url, cwd=root
            )
            assert len(server.asked) == 1
            assert SECRET not in server.asked[0].text
        assert SECRET not in done.out + done.err
        assert SECRET.encode() not in on_disk(root)
        assert ".".join(SECRET).encode() not in on_disk(root)


REQUEST = Request("GREET", "persona", "host.txt", "components/personas/host.txt", "A host")
KEY = Key("GREET", "persona", "host.txt", "A host", "house", "m", "1")


def delivered(root: Path, result: Text | JitGuardError) -> tuple[Delivery, int]:
    """Return the delivery of a plugin's result, and how often the plugin was called."""
    asked: list[Request] = []

    def write(request: Request) -> Text:
        asked.append(request)
        if isinstance(result, JitGuardError):
            raise result
        return result

    order = Order(Wanted("components/personas/host.txt", KEY), REQUEST)
    with Ledger(str(root)) as ledger:
        (one,) = deliver([order], Writer(write), ledger, 1, UNREPORTED, tries=2)
    return one, len(asked)


@pytest.mark.parametrize(
    "result",
    [
        Text(f"The key is {SECRET}."),
        Text(f"The key is {SECRET}.", None, 7),  # type: ignore[arg-type]
        GenerationError(f"401 for {SECRET}", Text(f"half {SECRET}")),
        GenerationError("cut short", Text("half", model=SECRET, details={"a": {"b": [SECRET]}})),
    ],
    ids=["text", "odd text", "error", "provenance"],
)
def test_texts_and_errors_of_plugins_get_the_same_checks(
    result: Text | JitGuardError, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSE_TOKEN", SECRET)
    one, asked = delivered(root, result)
    assert one.stored is None
    assert SECRET not in str(one.reason)
    assert asked == 1
    assert SECRET.encode() not in on_disk(root)


def test_the_final_error_of_a_plugin_shows_no_credential(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSE_TOKEN", SECRET)
    with pytest.raises(GeneratorUnusableError, match=r"^no account for \[key\]$"):
        delivered(root, GeneratorUnusableError(f"no account for {SECRET}"))


@pytest.mark.parametrize(
    "figure",
    [10**9 + 1, 10**5000, -1, True, 1.5, "7"],
    ids=["large", "absurd", "less", "bool", "half", "text"],
)
def test_absurd_usage_and_details_of_a_plugin_do_not_lose_the_text(
    figure: object, root: Path
) -> None:
    text = Text("A host.\n", Usage(figure, 7, figure), details={"a": figure})  # type: ignore[arg-type]
    one, _ = delivered(root, text)
    assert one.stored is not None
    (kept,) = history(str(root))
    assert kept.usage == Usage(None, 7, 0)


# Invisible characters

HIDDEN = {
    "right-to-left override": "\u202e",
    "left-to-right embedding": "\u202a",
    "pop": "\u202c",
    "isolate": "\u2067",
    "end of isolate": "\u2069",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "word joiner": "\u2060",
    "invisible separator": "\u2063",
    "byte-order mark inside": "\ufeff",
    "soft hyphen": "\xad",
    "Mongolian vowel separator": "\u180e",
    "tag": "\U000e0041",
    "tag without a name": "\U000e0080",
    "variation selector of the supplement": "\U000e0121",
    "variation selector that no emoji has": "\ufe05",
    "Hangul filler": "\u3164",
    "grapheme joiner": "\u034f",
    "annotation": "\ufff9",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "music": "\U0001d173",
    "joiner between letters": "\u200d",
    "two joiners": "\u200c\u200d",
    "emoji selector at a letter": "\ufe0f",
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_invisible_characters_are_refused(hidden: str) -> None:
    reason = judge_text(f"# Role\n\nGre{hidden}et.\n")
    assert reason is not None
    assert reason.startswith(f"the text contains the invisible character U+{ord(hidden[0]):04X}")
    assert reason.endswith("on line 3")
    assert reason.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f469\u200d\U0001f4bb \U0001f3f3\ufe0f\u200d\U0001f308 1\ufe0f\u20e3 \u2714\ufe0e",
        "\u2764\ufe0f\u200d\U0001f525",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\u060c API\u200c\u0647\u0627",
        "\u0915\u094d\u200d\u0937 \u0d36\u0d4d\u200d",
        "\u1820\u180b",
        "\u05e9\u05dc\u05d5\u05dd \u0639\u0644\u064a\u0643\u0645",
        "e\u0301 \u1ea1\u0307",
        "a\xa0b\u3000c\u2009d",
    ],
    ids=[
        "emoji",
        "joined emoji",
        "Persian",
        "Indic",
        "Mongolian",
        "right to left",
        "accents",
        "spaces",
    ],
)
def test_characters_that_languages_and_emoji_need_are_accepted(text: str) -> None:
    assert judge_text(f"{text}\n") is None


def test_data_in_a_run_of_joiners_or_selectors_is_refused() -> None:
    bits = "".join("\u200c\u200d"[int(bit)] for bit in f"{0xC0FFEE:b}")
    assert judge_text(f"挨{bits}拶\n") is not None
    assert judge_text("🙂" + "\ufe0f\ufe0e" * 8 + "\n") is not None


def test_a_byte_order_mark_at_the_start_is_removed() -> None:
    assert finished("\ufeff# Role\n") == "# Role\n"


@posix
def test_a_hidden_character_in_the_text_of_a_program_fails_the_entry(root: Path) -> None:
    done = run(root, "# Role\n\nGreet \u202eydobon\u202c.\n")
    refused(done, root)
    assert "U+202E RIGHT-TO-LEFT OVERRIDE on line 3" in done.out
    assert "\u202e" not in done.out + done.err


def test_a_hidden_character_in_the_text_of_a_model_fails_the_entry(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_sdk()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-texts-0123456789")
    with serving(good("# Role\n\nGreet\u2066.\n")) as server:
        done = call("--fix", "--yes", "--model", "m", "--base-url", server.url, cwd=root)
    refused(done, root)
    assert "U+2066 LEFT-TO-RIGHT ISOLATE on line 3" in done.out


@posix
def test_a_text_from_the_ledger_is_checked_as_well(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be from a killed process, an older release or a clone, and is not trusted."""
    assert run(root, "A host of hosts.\n").code == 0
    for path in root.glob("components/**/*.txt"):
        path.unlink()
    monkeypatch.setenv("HOST_KEY", "A host of hosts.")
    assert run(root, "Another.\n").code == 0
    (written,) = root.glob("components/**/*.txt")
    assert written.read_text() == "Another.\n"

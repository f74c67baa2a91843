"""What every generator's text passes before it is stored: parts, and credentials in details."""

from __future__ import annotations

from typing import Any

import pytest

from jit_guard.generators.generator import GenerationError, Request, Text
from jit_guard.generators.screening import screened

REQUEST = Request("GREET", "persona", "a.txt", "components/personas/a.txt", "Be kind.")
SECRET = "tk_9aX-41c8e7Qb/55+zz"


def text(content: Any, **details: Any) -> Text:
    return screened(lambda _: Text(content, details=details))(REQUEST)


def test_a_plugin_may_pass_on_the_parts_of_a_message() -> None:
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Be kind.\n"}]
    found = text(parts)
    assert found.content == "Be kind.\n"
    assert found.details["message"] == {"content": parts}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([{"type": "refusal", "refusal": "No."}], "the model refused: No."),
        ([{"type": "thinking", "thinking": "hm"}], "the model sent only its reasoning"),
        ([{"type": "hologram", "text": "hm"}], "unknown type ('hologram')"),
        (None, "the answer is empty"),
        (7, "unknown type ('int')"),
    ],
)
def test_parts_without_a_text_are_a_failed_entry_and_are_kept(content: Any, reason: str) -> None:
    with pytest.raises(GenerationError) as caught:
        text(content)
    assert reason in caught.value.reason
    assert caught.value.text is not None
    assert caught.value.text.details["message"] == {"content": content}


def test_only_the_credential_is_removed_from_details(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    found = text("Be kind.\n", message={"reasoning": f"The key is {SECRET}, so I am kind."})
    assert found.details == {"message": {"reasoning": "The key is [key], so I am kind."}}


def test_details_with_a_credential_that_cannot_be_removed_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACME_API_KEY", SECRET)
    assert text("Be kind.\n", message={"reasoning": ".".join(SECRET)}).details == {}

"""What every output must be, whatever was checked: valid in its format, quiet, and consistent."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

from fuzz.worlds import SECRET
from projects import Outcome

_RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)
_STYLE = re.compile(r"\x1b\[[\d;]*m")
_DURATION = re.compile(r"\(\d[\d.,]* s\)")
_CONCISE = re.compile(r".*?:\d+:\d+: ([A-Z]+\d+) (?!was not checked)")
_GITHUB = re.compile(r"::(?:error|warning) file=[^,]*,line=\d+,col=\d+,title=(\w+) [\w-]+::.")
_MARKDOWN_OR_HTML = ("markdown", "html")


def same(outcome: Outcome) -> tuple[int, str, str]:
    """What two runs of a command must have in common: all but how long they took."""
    return outcome.code, _DURATION.sub("", outcome.out), _DURATION.sub("", outcome.err)


def assert_quiet(outcome: Outcome, argv: tuple[str, ...]) -> None:
    """No trace of a bug, no control character, no forged line, no command to a CI runner."""
    codes = (0, 1, 2, 3) if argv[:1] == ("selftest",) else (0, 1, 2)
    assert outcome.code in codes, f"exit code {outcome.code}"
    assert "error: internal error" not in outcome.err, "internal error"
    assert "Traceback" not in outcome.out + ("" if "-v" in argv else outcome.err), "traceback"
    for stream in (outcome.out, outcome.err):
        plain = _STYLE.sub("", stream) if "always" in argv else stream
        found = _RAW.search(plain if "html" not in argv else plain.replace("\t", " "))
        assert found is None, f"raw {found!r}"
        assert SECRET not in stream, "a text outside the project"
        assert "##[" not in stream, "a command of a CI runner"
        assert "##vso[" not in stream.lower(), "a command of a CI runner"
    for line in outcome.err.split("\n"):
        assert line == "" or _STYLE.sub("", line).startswith("jit-guard: "), f"forged {line!r}"
    if "github" not in argv:
        for line in (outcome.out + outcome.err).split("\n"):
            assert not _STYLE.sub("", line).lstrip().startswith("::"), f"a command {line!r}"


def codes(name: str, outcome: Outcome) -> Counter[str] | None:
    """How often each code is reported; None if the format does not say, or there is no report."""
    if not outcome.out:
        return None
    lines = outcome.out.splitlines()
    if name == "json":
        return Counter(one["code"] for one in _json_report(outcome)["findings"])
    if name == "sarif":
        return Counter(_sarif(json.loads(outcome.out)))
    if name == "gitlab":
        return Counter(_gitlab(json.loads(outcome.out)))
    if name == "concise":
        return Counter(found[1] for line in lines if (found := _CONCISE.match(line)))
    if name == "github":
        for line in lines:
            assert _GITHUB.match(line) or line.startswith("::notice title=jit-guard::"), line
    elif name == "html":
        _Page().feed(outcome.out)
    return None


def _json_report(outcome: Outcome) -> dict[str, Any]:
    report: dict[str, Any] = outcome.report
    assert report["summary"]["findings"] == len(report["findings"]), "the summary's findings"
    counts = Counter(one["severity"] for one in report["findings"])
    assert counts["error"] == report["summary"]["errors"], "the summary's errors"
    if outcome.code != 2:
        assert outcome.code == (counts["error"] > 0), f"exit code {outcome.code}"
    for one in report["findings"]:
        assert (one["line"] is None) is (one["column"] is None), "half a position"
    return report


def _sarif(log: Any) -> list[str]:
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    prints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]]
    assert len(set(prints)) == len(prints), "two results with one fingerprint"
    for one in run["results"]:
        assert rules[one["ruleIndex"]] == one["ruleId"], "the wrong rule"
        assert one["message"]["text"], "no message"
        for location in (*one["locations"], *one.get("relatedLocations", ())):
            place = location["physicalLocation"]
            uri = place["artifactLocation"]["uri"]
            assert re.fullmatch(r"[\w.~%/-]+", uri, re.ASCII), f"not a relative URI: {uri}"
            assert min(place.get("region", {"": 1}).values()) > 0, "a region before the file"
    return [one["ruleId"] for one in run["results"]]


def _gitlab(issues: Any) -> list[str]:
    prints = {one["fingerprint"] for one in issues}
    assert len(prints) == len(issues), "two issues with one fingerprint"
    assert all(one["location"]["lines"]["begin"] > 0 for one in issues), "a line before the file"
    return [one["check_name"] for one in issues]


class _Page(HTMLParser):
    """A page in which every id is used once, and every element is one of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("img", "iframe", "object", "embed", "base"), f"an element {tag}"
        self.scripts += tag == "script"
        assert self.scripts <= 1, "another script"
        for name, value in attrs:
            assert not name.startswith("on"), f"an attribute {name}"
            assert name not in ("href", "src") or (value or "").startswith(
                ("#", "https://", "data:image/svg")
            ), value
            if name == "id":
                assert value not in self.ids, f"the id {value} twice"
                self.ids.add(value or "")

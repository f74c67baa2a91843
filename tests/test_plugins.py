"""Plugins: what is loaded, from where, and how each of their errors is reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from jit_guard import plugins
from jit_guard.check import check
from jit_guard.config import Settings
from jit_guard.errors import ConfigError, PluginError, UsageError
from jit_guard.generators.generator import GenerationError, Options, Request
from jit_guard.report import Finding
from jit_guard.rules.facts import Facts
from jit_guard.rules.rule import Rule
from jit_guard.sources.memory import Memory

EXAMPLES = Path(__file__).parent.parent / "examples"
REQUEST = Request("GREET", "persona", "a.txt", "components/personas/a.txt", "welcomes people")
RULE = """
from jit_guard.hookspecs import PluginRule, Problem, hookimpl

def judge(project):
    {judge}

@hookimpl
def jit_guard_rules():
    return [PluginRule({code!r}, "a-rule", "error", "it is so", judge)]
"""
GENERATOR = """
from jit_guard.hookspecs import Generator, Options, Text, Writer, GenerationError, hookimpl

def make(options):
    def write(request):
        {write}
    return Writer(write)

@hookimpl
def jit_guard_generators():
    return [Generator("{name}", "it writes", make)]
"""
Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a plugin of one module into the environment, as pip would, and return its name."""

    def put(
        source: str, name: str = "acme", directory: Path | None = None, package: str = ""
    ) -> str:
        site = directory or tmp_path / "site"
        package = package or f"{name}_{abs(hash((source, name, str(site)))):x}"
        info = site / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[jit_guard]\n{name} = {package}\n")
        (site / f"{package}.py").write_text(source)
        if directory is None and str(site) not in sys.path:
            monkeypatch.syspath_prepend(site)
        return name

    return put


def messages_of(rule: Rule, files: dict[str, str]) -> list[str]:
    """The messages of a rule for a project in memory."""
    facts: list[Facts] = []

    def remember(given: Facts) -> list[Finding]:
        facts.append(given)
        return []

    spy = rule._replace(code="JG999", judge=remember)
    from jit_guard import rules

    original = rules.load_rules
    rules.load_rules = lambda: (spy,)
    try:
        check(Memory(files), Settings())
    finally:
        rules.load_rules = original
    result = rule.judge(facts[0]) if facts else ()
    return [finding.message for finding in result if isinstance(finding, Finding)]


def fault(call: Callable[[], object]) -> str:
    """The message of the error that a call raises: one line, without a traceback."""
    with pytest.raises((ConfigError, UsageError)) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    return message


# Rules


def test_a_rule_of_a_named_plugin_is_loaded(install: Install) -> None:
    install(RULE.format(code="ACME101", judge="return [Problem('hello', hint='wave')]"))
    (rule,) = plugins.load_rules(["acme"])
    assert (rule.code, rule.name, rule.severity) == ("ACME101", "a-rule", "error")


def test_rules_come_in_the_order_of_the_names_and_once(install: Install) -> None:
    for name, code in (("one", "ONE100"), ("two", "TWO100")):
        install(RULE.format(code=code, judge="return []"), name)
    assert [rule.code for rule in plugins.load_rules(["two", "one", "two"])] == ["TWO100", "ONE100"]


def test_without_plugins_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "load_plugin", None)
    assert plugins.load_rules([]) == ()


def test_an_unknown_plugin_is_reported_with_the_installed_ones(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(RULE.format(code="ACME101", judge="return []"))
    message = fault(lambda: plugins.load_rules(["acmee"]))
    assert "unknown plugin 'acmee'; did you mean 'acme'?" in message
    assert "acme" in message.split("; installed: ")[1].split(", ")
    monkeypatch.setattr(plugins, "_entry_points", lambda: iter(()))
    message = fault(lambda: plugins.load_rules(["acmee"]))
    assert message == "unknown plugin 'acmee'; installed: none"


BROKEN = {
    "a missing module": ("import no_such_module_here", "ModuleNotFoundError"),
    "a syntax error": ("def (", "SyntaxError"),
    "an exit": ("raise SystemExit(0)", "SystemExit"),
    "no hook": ("x = 1", "has no hook jit_guard_rules"),
    "a wrong name": (
        "from jit_guard.hookspecs import hookimpl\n@hookimpl\ndef jit_guard_ruels(): return []",
        "unknown hook 'jit_guard_ruels'",
    ),
    "a wrong signature": (
        "from jit_guard.hookspecs import hookimpl\n@hookimpl\ndef jit_guard_rules(x): return []",
        "can not be found in the hookspec",
    ),
    "no mark": ("def jit_guard_rules(): return []", "decorate it with @hookimpl"),
    "an exception": (
        "from jit_guard.hookspecs import hookimpl\n@hookimpl\ndef jit_guard_rules(): 1/0",
        "jit_guard_rules failed: ZeroDivisionError: division by zero",
    ),
    "a late exception": (
        "from jit_guard.hookspecs import hookimpl\n@hookimpl\ndef jit_guard_rules(): yield 1/0",
        "jit_guard_rules failed: ZeroDivisionError",
    ),
    "no list": (
        "from jit_guard.hookspecs import hookimpl\n@hookimpl\ndef jit_guard_rules(): return 7",
        "jit_guard_rules failed: TypeError",
    ),
    "nothing": (
        "from jit_guard.hookspecs import hookimpl\n@hookimpl\ndef jit_guard_rules(): pass",
        "jit_guard_rules returned nothing",
    ),
    "no rule": (
        "from jit_guard.hookspecs import hookimpl\n@hookimpl\ndef jit_guard_rules(): return ['x']",
        "returned 'x', which is not a PluginRule",
    ),
    "the reserved prefix": (
        RULE.format(code="JG999", judge="return []"),
        "JG, which is reserved for built-in",
    ),
    "a malformed code": (RULE.format(code="acme1", judge="return []"), "the code 'acme1' is not"),
    "a code that is not a string": (RULE.format(code=7, judge="return []"), "the code '7' is not"),
    "a malformed name": (
        RULE.format(code="ACME101", judge="return []").replace("a-rule", "A Rule"),
        "ACME101: the name 'A Rule'",
    ),
    "an unknown severity": (
        RULE.format(code="ACME101", judge="return []").replace('"error"', '"fatal"'),
        "ACME101: the severity is 'fatal'",
    ),
    "a summary of two lines": (
        RULE.format(code="ACME101", judge="return []").replace("it is so", r"a\nb"),
        "ACME101: the summary",
    ),
    "a judge that is not callable": (
        RULE.format(code="ACME101", judge="return []").replace(", judge)", ", 7)"),
        "ACME101: judge is not callable",
    ),
    "one code twice": (
        RULE.format(code="ACME101", judge="return []").replace("judge)]", "judge)] * 2"),
        "ACME101 is already a rule of plugin 'acme'",
    ),
}


@pytest.mark.parametrize(("source", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_reported_by_name(install: Install, source: str, words: str) -> None:
    install(source)
    message = fault(lambda: plugins.load_rules(["acme"]))
    assert message.startswith("plugin 'acme': ")
    assert words in message


def test_clashing_codes_name_both_plugins(install: Install) -> None:
    for name in ("one", "two"):
        install(RULE.format(code="ACME101", judge="return []"), name)
    message = fault(lambda: plugins.load_rules(["one", "two"]))
    assert message == "plugin 'two': ACME101 is already a rule of plugin 'one'"


def test_a_plugin_that_two_packages_provide_is_refused(install: Install) -> None:
    install(RULE.format(code="ACME101", judge="return []"), package="first")
    install(RULE.format(code="ACME102", judge="return []"), package="second")
    assert "first 1.0 and second 1.0" in fault(lambda: plugins.load_rules(["acme"]))


def test_all_faults_are_reported_at_once(install: Install) -> None:
    install("1/0", "one")
    install("x = 1", "two")
    with pytest.raises(ConfigError) as caught:
        plugins.load_rules(["one", "missing", "two"])
    assert len(caught.value.problems) == 3


PROJECT = {
    "goal_map.json": '{"GREET": {"persona": "host.txt", "protocol": "gone.txt"}}',
    "components/personas/host.txt": "You welcome people.\n",
    "components/personas/README.md": "never counts",
    "components/personas/left.txt": "orphan",
}


def test_a_rule_sees_entries_files_orphans_and_texts(install: Install) -> None:
    judge = (
        "return [Problem(repr([(e.path, e.found) for e in project.entries])),"
        " Problem(repr(project.files)), Problem(repr(project.orphans)),"
        " Problem(repr(project.text('components/personas/host.txt'))),"
        " Problem(repr(project.text('nowhere'))), Problem(project.components)]"
    )
    install(RULE.format(code="ACME101", judge=judge))
    (rule,) = plugins.load_rules(["acme"], Memory(PROJECT).read)
    assert messages_of(rule, PROJECT) == [
        "[('components/personas/host.txt', True), ('components/protocols/gone.txt', False)]",
        "('components/personas/host.txt', 'components/personas/left.txt')",
        "('components/personas/left.txt',)",
        repr("You welcome people.\n"),
        "None",
        "components",
    ]


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        ("raise KeyError('x')", "rule ACME101 failed: KeyError: 'x'"),
        ("yield 1/0", "rule ACME101 failed: ZeroDivisionError"),
        ("import sys; sys.exit(0)", "rule ACME101 failed: SystemExit: 0"),
        ("return 7", "rule ACME101 failed: TypeError"),
        ("return ['x']", "rule ACME101 yielded 'x', which is not a Problem"),
        ("return [Problem(None)]", "which is not a Problem"),
    ],
)
def test_a_rule_that_fails_is_reported_with_plugin_and_code(
    install: Install, judge: str, words: str
) -> None:
    install(RULE.format(code="ACME101", judge=judge))
    (rule,) = plugins.load_rules(["acme"])
    message = fault(lambda: messages_of(rule, PROJECT))
    assert message.startswith("plugin 'acme': ")
    assert words in message


# Generators


def test_a_chosen_generator_is_the_only_plugin_that_is_loaded(install: Install) -> None:
    install("1/0", "broken")
    install(GENERATOR.format(name="acme", write="return Text('hello')"))
    writer = plugins.generator("acme").factory(Options("."))
    assert writer.write(REQUEST).content == "hello"


def test_another_generator_of_a_plugin_is_chosen_by_both_names(install: Install) -> None:
    install(GENERATOR.format(name="fast", write="return Text('hello')"))
    assert plugins.generator("acme:fast").name == "acme:fast"
    assert "it offers acme:fast" in fault(lambda: plugins.generator("acme"))


def test_no_plugin_replaces_an_embedded_generator(install: Install) -> None:
    install(GENERATOR.format(name="scaffold", write="return Text('hello')"), "scaffold")
    assert plugins.generator("scaffold").summary != "it writes"
    assert plugins.generator_names().count("scaffold") == 1


def test_generators_are_listed_without_being_loaded(install: Install) -> None:
    install("1/0", "broken")
    assert plugins.generator_names()[:2] == ("scaffold", "command")
    assert "broken" in plugins.generator_names()


def test_an_unknown_generator_is_reported_with_the_installed_ones() -> None:
    message = fault(lambda: plugins.generator("scafold"))
    assert "unknown generator 'scafold'; did you mean 'scaffold'?" in message


@pytest.mark.parametrize(
    ("write", "words"),
    [
        ("return 'hello'", "its write returned 'hello', which is not a Text"),
        ("return Text(b'hello')", "which is not a Text"),
        ("raise OSError('no route')", "its write failed: OSError: no route"),
    ],
)
def test_a_generator_that_breaks_ends_the_run_with_its_name(
    install: Install, write: str, words: str
) -> None:
    install(GENERATOR.format(name="acme", write=write))
    writer = plugins.generator("acme").factory(Options("."))
    message = fault(lambda: writer.write(REQUEST))
    assert message.startswith("plugin 'acme': ")
    assert words in message


def test_a_failed_entry_of_a_plugin_stays_a_failed_entry(install: Install) -> None:
    install(GENERATOR.format(name="acme", write="raise GenerationError('refused')"))
    writer = plugins.generator("acme").factory(Options("."))
    with pytest.raises(GenerationError, match="refused"):
        writer.write(REQUEST)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (GENERATOR.format(name="acme", write="pass").replace("Writer(write)", "7"), "not a Writer"),
        (
            GENERATOR.format(name="acme", write="pass").replace("return Writer", "1 / 0 #"),
            "factory",
        ),
        (GENERATOR.format(name="acme", write="pass").replace("make)]", "7)]"), "no factory"),
        (GENERATOR.format(name="acme", write="pass").replace("make)]", "make)] * 2"), "two"),
        (RULE.format(code="ACME101", judge="return []"), "has no hook jit_guard_generators"),
    ],
)
def test_a_plugin_without_a_usable_generator_is_reported(
    install: Install, source: str, words: str
) -> None:
    install(source)
    message = fault(lambda: plugins.generator("acme").factory(Options(".")))
    assert message.startswith("plugin 'acme': ")
    assert words in message


# The working directory


@pytest.mark.parametrize("spelled", ["", ".", "absolute", "link"])
@pytest.mark.parametrize("at", [0, -1])
def test_nothing_is_imported_from_the_working_directory(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelled: str, at: int
) -> None:
    here = tmp_path / "here"
    install(RULE.format(code="EVIL101", judge="return []"), directory=here, package="evil")
    install(RULE.format(code="ACME101", judge="return []"), "honest", package="honest_rules")
    (here / "honest_rules.py").write_text("raise AssertionError('from the working directory')")
    (tmp_path / "link").symlink_to(here)
    monkeypatch.chdir(here)
    entry = {"absolute": str(here), "link": str(tmp_path / "link")}.get(spelled, spelled)
    path = list(sys.path)
    path.insert(at if at == 0 else len(path), entry)
    monkeypatch.setattr(sys, "path", list(path))
    assert [rule.code for rule in plugins.load_rules(["honest"])] == ["ACME101"]
    assert "unknown plugin 'acme'" in fault(lambda: plugins.load_rules(["acme"]))
    assert sys.path == path
    monkeypatch.delitem(sys.modules, "honest_rules")


# The real command


def run(*argv: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a Python process, with a directory of installed packages."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if path is not None:
        env["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, *argv], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


def project(tmp_path: Path, files: dict[str, str]) -> Path:
    root = tmp_path / "project"
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


def test_a_plain_check_imports_no_plugin_machinery(tmp_path: Path) -> None:
    root = project(tmp_path, PROJECT)
    program = (
        "import sys; from jit_guard.cli import main; main(['--root', '.']);"
        "print([m for m in ('pluggy', 'importlib.metadata', 'jit_guard.hookspecs') "
        "if m in sys.modules])"
    )
    assert run("-c", program, cwd=root).stdout.splitlines()[-1] == "[]"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both example packages, built and installed by pip."""
    for needed in ("pip", "hatchling"):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed here, so the examples cannot be built")
    target = tmp_path_factory.mktemp("site")
    sources = [str(EXAMPLES / f"jit-guard-{kind}-example") for kind in ("rule", "generator")]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target"]
    done = run("-m", "pip", "install", *options, str(target), *sources, cwd=target)
    assert done.returncode == 0, done.stderr
    return target


HOUSE = {
    "goal_map.json": '{"hand over": {"persona": "host.txt"}}',
    "components/personas/host.txt": "TODO\n",
    "jit-guard.toml": 'plugins = ["house-rules"]\n',
}


def test_the_example_rules_work_when_installed(site: Path, tmp_path: Path) -> None:
    root = project(tmp_path, HOUSE)
    done = run("-m", "jit_guard", "--format", "json", cwd=root, path=site)
    assert done.returncode == 1, done.stderr
    found = [
        (one["code"], one["severity"], one["line"]) for one in json.loads(done.stdout)["findings"]
    ]
    assert found == [("HOUSE101", "warning", 1), ("HOUSE201", "error", 1)]
    clean = project(tmp_path / "clean", {**HOUSE, "components/personas/host.txt": "Hi.\n"})
    done = run("-m", "jit_guard", "selftest", cwd=clean, path=site)
    assert done.returncode == 0, done.stderr  # a rule that reads texts reads those of its example


def test_a_module_of_the_repository_never_replaces_a_plugin(site: Path, tmp_path: Path) -> None:
    evil = {"jit_guard_rule_example.py": "raise SystemExit('from the working directory')"}
    root = project(tmp_path, {**HOUSE, **evil})
    done = run("-m", "jit_guard", "--format", "json", cwd=root, path=site)
    assert done.returncode == 1, done.stderr
    assert "HOUSE201" in done.stdout


def test_a_plugin_that_is_not_installed_is_exit_code_2(tmp_path: Path) -> None:
    root = project(tmp_path, {**HOUSE, "jit-guard.toml": 'plugins = ["nobody-has-this"]'})
    done = run("-m", "jit_guard", cwd=root)
    assert done.returncode == 2
    assert "unknown plugin 'nobody-has-this'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_generator_works_when_installed(site: Path, tmp_path: Path) -> None:
    program = """
from jit_guard import plugins
from jit_guard.hookspecs import Options, Request
chosen = plugins.generator("letterhead")
print(chosen.factory(Options(".")).write(Request("GREET", "p", "a", "b", "waves")).content)
"""
    done = run("-c", program, cwd=tmp_path, path=site)
    assert done.returncode == 0, done.stderr
    assert "In a plain tone: waves" in done.stdout


def test_the_examples_pass_their_own_tests(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they need no plugin
    tests = [str(one) for one in EXAMPLES.glob("jit-guard-*-example/tests")]
    assert len(tests) == 2
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path)]
    done = run("-B", "-m", "pytest", *options, *tests, cwd=tmp_path, path=site)
    assert done.returncode == 0, done.stdout


def test_a_plugin_error_is_a_configuration_error() -> None:
    assert issubclass(PluginError, ConfigError)

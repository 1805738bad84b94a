"""The documentation's own checks: that it holds now, and that each check would notice."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


def load(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(script: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "docs" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_commands_page_is_up_to_date() -> None:
    done = run("generate_cli.py", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_page_holds_what_it_promises() -> None:
    done = run("check_docs.py")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_an_outdated_commands_page_is_noticed(tmp_path, monkeypatch, capsys) -> None:
    generate = load("generate_cli")
    page = tmp_path / "cli.md"
    page.write_text(generate.page().replace("`--backward`", "`--back`"))
    monkeypatch.setattr(generate, "PAGE", page)
    assert generate.main(["--check"]) == 1
    assert "+| `--backward` | Revert the most recently" in capsys.readouterr().out
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("See [there](gone.md).", "gone.md points at nothing"),
        ("See [below](#gone).\n\n# Here", "#gone names no heading of page.md"),
        ("```python\nprint(\n```", "Python does not compile: '(' was never closed: print("),
        ("```console\n$ wheatear fly\n```", "'wheatear fly': No such command 'fly'."),
        ("```sh\nX=1 wheatear status --no\n```", "No such option"),
        ("```sh\nuv run manage_migrations.py migrate --steps 0\n```", "0 is not in the range"),
        ("```sh\nwheatear create\n```", "Missing argument 'NAME'."),
        ("Run `wheatear migrate --up`.", "No such option"),
    ],
)
def test_a_broken_promise_is_noticed(tmp_path: Path, text: str, problem: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    found = list(load("check_docs").problems(page))
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "[Here](#a-heading-with-code), [it](page.md), [far](https://example.org/).\n# A heading, with `code`",
        "`wheatear create` writes a file.",
        "```console\n$ DATABASE_URL=sqlite:///a.db wheatear -C x migrate --to 2026 \\\n    -v\nout\n```",
        "```sh\nls; cat x  # wheatear fly\nwheatear --version\nwheatear COMMAND --help | less\nwheatear -h | less\n```",
        "```text\nwheatear fly\n```",
    ],
)
def test_what_holds_passes(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    assert list(load("check_docs").problems(page)) == []

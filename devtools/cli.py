"""The command line of `dev.py`."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from devtools import browser, checks, environment, locks, node, processes, workbook
from devtools.console import Console, Failure
from devtools.layout import ROOT, SANDBOX, VENV_PYTHON

DESCRIPTION = """\
Tenantry on one machine, with nothing installed but Python.

  demo       a customer's directory is connected and kept in step, told step by step (about two minutes)
  up         the app and the world around it, to play with in a browser, until Ctrl-C
  test       every test; anything after it goes to pytest:  dev.py test tests/unit -k guard
  check      formatting, lint, types, architecture, infrastructure
  openapi    describe the API anew in docs/openapi.json
  bench      how fast it is here:  dev.py bench engine
  workbook   make the operators' workbook anew from its queries
  translate  bring the message catalogues up to date, and list what is still to be translated
  lock       pin the dependencies of pyproject.toml again; --upgrade takes the newest
  clean      remove all that dev.py has made
"""
EPILOG = """\
The first command prepares .sandbox/ (a minute or so, once); later ones start at once.
TENANTRY_PYTHON=/path/to/python3.13 chooses the Python. Logs are in .sandbox/logs/.
"""
NEEDS_NO_STORAGE = (
    "tests/architecture",
    "tests/dev",
    "tests/infra",
    "tests/operations",
    "tests/property",
    "tests/unit",
)
_MOST_PROCESSES = 4  # of tests; each needs up to 2 GB
# Many short tests come first, beside which the long ones of the whole sandbox mostly wait.
_WHOLE_MODULES = ("--dist", "loadfile")


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    options, rest = _parse(arguments)
    processes.install_signal_handlers()
    try:
        code: int = options.command(options, rest)
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return failure.exit_code
    except KeyboardInterrupt:
        print("\ndev.py: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS):
            raise
        remedy = f"{SANDBOX} must be writable and have 1.5 GB to spare."
        print(f"\ndev.py: {error}\n        {remedy}", file=sys.stderr)
        return 1
    finally:
        processes.end_all()
    return code


def _parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(
        title="commands",
        metavar="{demo,up,test,check,openapi,bench,workbook,translate,lock,clean}",
        required=True,
    )

    def add(name: str, command: Callable[[argparse.Namespace, list[str]], int]) -> argparse.ArgumentParser:
        summary = (command.__doc__ or "").strip()
        added = commands.add_parser(name, description=summary, allow_abbrev=False)
        added.set_defaults(command=command)
        return added

    demo = add("demo", _demo)
    demo.add_argument("--json", metavar="FILE", type=_absolute, help="also write what happened to FILE")
    demo.add_argument("--keep", action="store_true", help="leave everything running at the end, until Ctrl-C")
    demo.add_argument("--plain", action="store_true", help="plain text: no colours, no moving lines")
    up = add("up", _up)
    up.add_argument("--port", type=int, metavar="PORT", help="the app's port (7071)")
    up.add_argument(
        "--telemetry",
        metavar="URL",
        nargs="?",
        const="http://127.0.0.1:4318",
        help="send traces, metrics and events to the OpenTelemetry collector there (http://127.0.0.1:4318)",
    )
    add("test", _test)
    add("check", _check)
    add("openapi", _openapi)
    bench = add("bench", _bench)
    bench.add_argument("what", choices=("engine",), help="the sync engine: calls, CPU, memory")
    bench.add_argument("--json", metavar="FILE", type=_absolute, help="also write the figures to FILE")
    bench.add_argument("--users", metavar="N,N", help="sizes of tenants (1000,10000,100000)")
    add("workbook", _workbook)
    add("translate", _translate)
    lock = add("lock", _lock)
    lock.add_argument(
        "--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows"
    )
    add("clean", _clean)

    options, rest = parser.parse_known_args(arguments)
    if rest and options.command is not _test:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return options, rest[1:] if rest[:1] == ["--"] else rest


def _absolute(path: str) -> Path:
    return Path(path).absolute()


def _demo(options: argparse.Namespace, rest: list[str]) -> int:
    """Tell the whole story, from consent to contacts that follow the directory."""
    command = ["demo"]
    command += ["--json", str(options.json)] if options.json else []
    command += ["--keep"] if options.keep else []
    command += ["--plain"] if options.plain else []
    return _run_sandbox(command)


def _up(options: argparse.Namespace, rest: list[str]) -> int:
    """Start the app and the world around it, say where they are, and stay until Ctrl-C."""
    command = ["up", *(["--port", str(options.port)] if options.port is not None else [])]
    command += ["--telemetry", options.telemetry] if options.telemetry else []
    return _run_sandbox(command)


def _test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the tests, every one of them side by side; every further argument goes to pytest."""
    console = Console()
    left_out: list[str] = []
    with environment.exclusive(console):
        _prepare(console, "sandbox", "dev", storage=_selects_beyond(rest, NEEDS_NO_STORAGE))
        if _selects(rest, "tests/browser"):
            left_out = [] if browser.ensure(console) else ["--ignore=tests/browser"]
    side_by_side = [] if rest else ["-n", str(_processes()), *_WHOLE_MODULES]
    code = processes.run_attached([str(VENV_PYTHON), "-m", "pytest", *side_by_side, *left_out, *rest])
    if left_out:
        console.line(
            "\ndev.py: THE BROWSER TESTS WERE LEFT OUT: there is no Chromium on the PATH.\n"
            "        Install it (Debian: apt-get install chromium) and repeat the command."
        )
    return code


def _processes() -> int:
    """For every test: one process per core, of which each starts a sandbox of its own."""
    return min(os.cpu_count() or 1, _MOST_PROCESSES)


def _check(options: argparse.Namespace, rest: list[str]) -> int:
    """Check formatting, lint, types, architecture, infrastructure; shows all that is wrong at once."""
    console = Console()
    with environment.exclusive(console):
        _prepare(console, "sandbox", "dev", storage=False)
        checks.prepare(console)
    return checks.run_all(console)


def _openapi(options: argparse.Namespace, rest: list[str]) -> int:
    """Write docs/openapi.json as the routes of the API have it now."""
    console = Console()
    with environment.exclusive(console):
        _prepare(console, "sandbox", "dev", storage=False)
    command = [str(VENV_PYTHON), "-m", "shared.web.api.description", str(ROOT / "docs" / "openapi.json")]
    return processes.run_attached(command)


def _bench(options: argparse.Namespace, rest: list[str]) -> int:
    """Measure how fast it is on this machine; every ratio is of times taken in one run."""
    command = [options.what]
    command += ["--json", str(options.json)] if options.json else []
    command += ["--users", options.users] if options.users else []
    return _run_module("bench", command)


def _workbook(options: argparse.Namespace, rest: list[str]) -> int:
    """Write infra/workbooks/tenantry.json as infra/queries and devtools/workbook.py have it now."""
    workbook.write()
    return 0


def _translate(options: argparse.Namespace, rest: list[str]) -> int:
    """Bring the message catalogues up to date with the code; fails while something is untranslated."""
    console = Console()
    with environment.exclusive(console):
        _prepare(console, "sandbox", storage=False)
    return processes.run_attached([str(VENV_PYTHON), "-m", "translations"])


def _lock(options: argparse.Namespace, rest: list[str]) -> int:
    """Make the locks from pyproject.toml."""
    console = Console()
    with environment.exclusive(console):
        locks.compile_all(console, upgrade=options.upgrade)
    return 0


def _clean(options: argparse.Namespace, rest: list[str]) -> int:
    """Remove what dev.py has made: the environment, logs, caches."""
    for name in (".sandbox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ("bench", "devtools", "sandbox", "shared", "tests", "translations"):
        for cache in (ROOT / folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)
    return 0


def _run_sandbox(arguments: list[str]) -> int:
    return _run_module("sandbox", arguments)


def _run_module(name: str, arguments: list[str]) -> int:
    console = Console()
    with environment.exclusive(console):
        _prepare(console, "sandbox", storage=True)
    return processes.hand_over([str(VENV_PYTHON), "-m", name, *arguments])


def _prepare(console: Console, *layers: str, storage: bool) -> None:
    """Make what the command needs; Python packages and Azurite at the same time, as both mostly wait."""
    if not storage:
        environment.ensure(console, *layers)
        return
    with ThreadPoolExecutor() as pool:
        jobs: list[Future[object]] = [pool.submit(environment.ensure, console, *layers)]
        if node.is_usable():
            jobs.append(pool.submit(node.ensure_azurite, console))
        try:
            for job in jobs:
                job.result()
        except BaseException:
            processes.end_all()
            raise
    node.ensure_node(console)
    node.ensure_azurite(console)


def _selects(arguments: list[str], folder: str) -> bool:
    """Whether pytest, given these arguments, would collect tests from a folder."""
    paths = _paths(arguments)
    target = ROOT / folder
    return not paths or any(
        path == target or path in target.parents or target in path.parents for path in paths
    )


def _selects_beyond(arguments: list[str], folders: tuple[str, ...]) -> bool:
    """Whether pytest, given these arguments, would collect tests from outside these folders."""
    paths = _paths(arguments)
    allowed = [ROOT / folder for folder in folders]
    return not paths or not all(any(path.is_relative_to(folder) for folder in allowed) for path in paths)


def _paths(arguments: list[str]) -> list[Path]:
    candidates = (Path(os.path.normpath(ROOT / argument.split("::")[0])) for argument in arguments)
    tests = ROOT / "tests"
    return [path for path in candidates if path.is_relative_to(tests) or path == ROOT]

from __future__ import annotations

import subprocess
import sys

import pytest


def loaded_by(code: str) -> set[str]:
    show = "import sys; print(*sys.modules, sep='\\n')"
    # -P: not from the current folder, which may be the checkout
    command = [sys.executable, "-P", "-c", f"{code}\n{show}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["client", "pytest.plugin"])
def test_nothing_heavy_is_imported(module: str) -> None:
    # pytest is there before a plugin is
    extra = loaded_by(f"import pytest, dbcontract.mockserver.{module}") - loaded_by("import pytest")
    ours = {name for name in extra if name.startswith("dbcontract")}
    third_party = {name.partition(".")[0] for name in extra - ours} - sys.stdlib_module_names
    assert {name for name in third_party if not name.startswith("__editable__")} == set()
    assert ours <= {
        "dbcontract",
        "dbcontract.mockserver",
        "dbcontract.mockserver.pytest",
        f"dbcontract.mockserver.{module}",
        *(
            f"dbcontract.mockserver.client.{part}"
            for part in ("http", "types", "controls", "documents", "mock_client")
        ),
    }


def test_the_plugin_does_not_even_import_the_client() -> None:
    assert "dbcontract.mockserver.client" not in loaded_by("import dbcontract.mockserver.pytest.plugin")
    assert "http.client" not in loaded_by("import dbcontract.mockserver.pytest.plugin") - loaded_by(
        "import pytest"
    )


def test_a_list_of_rules_does_not_wait_for_their_checks() -> None:
    code = (
        "import contextlib, io, dbcontract.cli as cli\n"
        "with contextlib.redirect_stdout(io.StringIO()): cli.main(['rules'], standalone_mode=False)"
    )
    loaded = loaded_by(code)
    assert "dbcontract.conformance.catalogue.rules" in loaded
    assert loaded.isdisjoint({"schemathesis", "hypothesis", "dbcontract.conformance.authoring.check"})


def test_help_loads_neither_the_kit_nor_the_server() -> None:
    # as `dbcontract --help` does, which tells a line of each command
    code = "import click, dbcontract.cli as cli\nwith click.Context(cli.main) as ctx: cli.main.get_help(ctx)"
    loaded = loaded_by(code)
    assert "dbcontract.cli.check" in loaded
    assert loaded.isdisjoint({"schemathesis", "hypothesis", "connexion", "uvicorn", "faker"})

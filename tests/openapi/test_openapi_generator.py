"""What openapi-generator makes of the descriptions, in Java and TypeScript, compiles; Java calls the mock."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import Running, ServerThread

from .documents import VENDORS

Tools = Callable[..., subprocess.CompletedProcess[str]]

OPENAPI = Path(__file__).parents[2] / "openapi"
JAVA = Path(__file__).with_name("java")
OPTIONS = "openApiNullable=false,useJakartaEe=true,hideGenerationTimestamp=true"
PARTS = "apis,models,supportingFiles,apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
STRICTLY = (
    "tsc", "--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom,dom.iterable",
    "--module", "commonjs", "--moduleResolution", "node10",
)  # fmt: skip


def completed(*command: str | Path) -> str:
    """Run a command that has to succeed; what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
    return done.stdout


@pytest.fixture(scope="module")
def jar() -> Path:
    """The generator; it also has the libraries in it that its code for Java needs."""
    if shutil.which("java") is None:
        pytest.skip("no Java is installed")
    package = find_spec("openapi_generator_cli")
    if package is None or package.origin is None:
        pytest.skip("openapi-generator-cli is not installed (pip install openapi-generator-cli)")
    return Path(package.origin).with_name("openapi-generator.jar")


@pytest.fixture
def compiled(jar: Path, tmp_path: Path) -> Callable[[str], str]:
    """`compiled("pieces")` makes a client in Java and compiles it with our calls: the class path."""
    if shutil.which("javac") is None:
        pytest.skip("no JDK is installed")

    def compile_client(name: str) -> str:
        made, classes = tmp_path / "made", tmp_path / "classes"
        completed(
            "java", "-jar", jar, "generate", "-g", "java", "--library", "native", "-o", made,
            "-i", OPENAPI / f"{name}.yaml", "--additional-properties", OPTIONS, "--global-property", PARTS,
        )  # fmt: skip
        sources = [*(made / "src").rglob("*.java"), *(JAVA / "jakarta").rglob("*.java")]
        calls = JAVA / f"{name.capitalize()}Calls.java"
        completed("javac", "-nowarn", "-proc:none", "-cp", jar, "-d", classes, calls, *sources)
        return f"{classes}:{jar}"

    return compile_client


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    clock = ClockSetting.parse("frozen")
    with ServerThread(Settings(port=0, clock=clock, validate_responses=True)) as running:
        yield running


def test_in_java_what_was_exported_is_imported(compiled: Callable[[str], str], server: Running) -> None:
    path = compiled("pieces")
    before = set(completed("java", "-cp", path, "PiecesCalls", f"{server.base_url}/~first").splitlines())
    assert "generated [0, 127, 255]" in before
    assert len(before) > 1


def test_in_java_records_are_written_and_listed(compiled: Callable[[str], str], server: Running) -> None:
    path = compiled("pixiebrix")
    database = next(iter(state_of(server.sandbox).databases))
    printed = completed("java", "-cp", path, "PixiebrixCalls", server.urls["pixiebrix"], database)
    assert printed.splitlines() == ["typed {user email=a&b@x}", "2"]


@pytest.mark.parametrize("name", VENDORS)
def test_the_client_in_typescript_compiles(jar: Path, node_tools: Tools, tmp_path: Path, name: str) -> None:
    description = OPENAPI / f"{name}.yaml"
    completed("java", "-jar", jar, "generate", "-g", "typescript-fetch", "-i", description, "-o", tmp_path)
    checked = node_tools(*STRICTLY, str(tmp_path / "index.ts"))
    assert checked.returncode == 0, checked.stdout

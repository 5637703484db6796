"""No output tells a secret to whoever reads it, however the target says it back."""

import base64
import os
import re
import subprocess
import sys

import pytest

from dbcontract.conformance import report

from .reflecting import BIDI, ESCAPE, reflecting

TOKEN = "kW7qZ2vR9xT4mB8nL3pY6sD1fG5hJ0cA"
READ_ONLY = "uE4iOzQ8aXw2VyN6tKr0MbPj7HdSf9Lg"
COMPANY = "Zx81:vM77qk2_uLw30-hT5yGr"
PIECES = "pc5TgRv2YbHn8UjMk1QaWs3EdCf6Xz9L"
FORMATS = {form: f"r.{form}" for form in report.FORMATS}
RULES = (
    "PB-AUTH-*",
    "PB-DB-*",
    "PB-REC-0*",
    "PB-ASSET-0*",
    "PB-ERR-*",
    "PB-CSV-01",
    "PI-EXP-0*",
    "PI-ERR-0*",
)

TARGET = """
[target]
allow = ["write"]

[pace]
total_seconds = 5
job_wait_seconds = 1
job_poll_seconds = 0.1

[pieces]
url = "{url}"
token_env = "PIECES_OS_TOKEN"

[pixiebrix]
url = "{url}/api"
token_env = "THE_TOKEN"
read_only_token_env = "WEAK_TOKEN"
organization = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"
databases = ["0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f61"]
headers = {{ "X-Company-Key" = "{company}" }}
"""


def leaks(text: str, secret: str) -> set[str]:
    """The parts of a secret, of six characters or more, in a text: as they are, in hex, in base64."""
    small = text.lower()
    content = secret.encode()
    parts = {secret[start : start + 6].lower() for start in range(len(secret) - 5)}
    parts |= {content[start : start + 6].hex() for start in range(len(content) - 5)}
    found = {part for part in parts if part in small}
    for run in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        for start in range(4):
            piece = run[start:]
            raw = base64.b64decode(piece[: len(piece) // 4 * 4].replace("-", "+").replace("_", "/"))
            found |= {part for part in parts if part.encode() in raw.lower()}
    return found


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that a run and a pytest session put out, by name."""
    folder = tmp_path_factory.mktemp("told")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        "THE_TOKEN": TOKEN,
        "WEAK_TOKEN": READ_ONLY,
        "PIECES_OS_TOKEN": PIECES,
        "NO_COLOR": "1",
    }
    only = [word for rule in RULES for word in ("--only", rule)]
    through_pytest = [word for rule in RULES for word in ("--dbcontract-only", rule)]
    with reflecting("X-Company-Key") as url:
        (folder / "target.toml").write_text(TARGET.format(url=url, company=COMPANY))
        reports = [word for form, name in FORMATS.items() for word in ("--report", f"{form}={name}")]
        command = [
            sys.executable,
            "-m",
            "dbcontract",
            "check",
            "--target",
            "target.toml",
            *only,
            "-v",
            *reports,
        ]
        ran = subprocess.run(
            [*command, "--no-fuzzing"], check=False, cwd=folder, env=environment, capture_output=True
        )
    # What it says depends on how often it was asked: each begins with a fresh one.
    with reflecting("X-Company-Key") as url:
        (folder / "target.toml").write_text(TARGET.format(url=url, company=COMPANY))
        written = [
            word for form, name in FORMATS.items() for word in ("--dbcontract-report", f"{form}=p{name}")
        ]
        session = subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "pytest",
                    "-p",
                    "no:cacheprovider",
                    "-vv",
                    "-rA",
                    "--log-level=DEBUG",
                ),
                *("--dbcontract-target", "target.toml", "--dbcontract-no-fuzzing", *through_pytest, *written),
                *("--junitxml=session.xml", "conformance"),
            ],
            check=False,
            cwd=folder,
            env=environment,
            capture_output=True,
        )
    assert ran.returncode == 1, ran.stderr.decode()
    assert session.returncode == 1, session.stdout.decode()
    files = {path.name: path.read_text() for path in folder.glob("*r.*")}
    files["session.xml"] = (folder / "session.xml").read_text()
    assert files.keys() >= {*FORMATS.values(), *(f"p{name}" for name in FORMATS.values()), "session.xml"}
    return {
        **files,
        "stdout": ran.stdout.decode(),
        "stderr": ran.stderr.decode(),
        "pytest": session.stdout.decode() + session.stderr.decode(),
    }


@pytest.mark.parametrize(
    "secret", [TOKEN, READ_ONLY, COMPANY, PIECES], ids=["own", "weak", "header", "pieces"]
)
def test_no_output_holds_six_characters_of_a_secret(outputs: dict[str, str], secret: str) -> None:
    told = {name: sorted(found) for name, text in outputs.items() if (found := leaks(text, secret))}
    assert told == {}


def test_no_output_holds_what_is_obeyed_rather_than_shown(outputs: dict[str, str]) -> None:
    obeyed = {*ESCAPE, *BIDI} - set("[2J31m")
    found = {name: sorted(map(ascii, obeyed.intersection(text))) for name, text in outputs.items()}
    assert {name: signs for name, signs in found.items() if signs} == {}
    # the server did say them, and the reports tell so
    assert all("\\u202e" in outputs[name] for name in ("r.json", "r.html", "r.junit", "stdout"))


def test_a_line_to_paste_names_the_token_that_was_sent(outputs: dict[str, str]) -> None:
    for name in ("r.html", "r.markdown", "r.junit", "stdout", "pytest"):
        assert "Authorization: Token $TOKEN" in outputs[name].replace("\\$", "$"), name
    assert '-H "X-Company-Key: $HEADER_X_COMPANY_KEY"' in outputs["stdout"]
    assert "Authorization: Token $PIECES_TOKEN" in outputs["stdout"]

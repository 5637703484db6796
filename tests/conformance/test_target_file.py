"""`dbcontract.toml`: everything in it takes effect, and every mistake is named."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dbcontract.conformance.apis.pixiebrix.scratch import Scratch
from dbcontract.conformance.http.wire import Limits
from dbcontract.conformance.target import file as targetfile
from dbcontract.conformance.target.options import TargetOptions
from dbcontract.conformance.target.target import CommandHook, HttpHook, Target, TargetError, base_url

ID = "0f2b4c1e-8a57-4f0e-9d7a-3c5b1e2d4f60"
FULL = f"""
[target]
name = "staging"
allow = ["write", "wait"]
storage = false

[pieces]
url = "http://localhost:1000/"
second_url = "http://localhost:1001"
headers = {{ "X-Key" = "1" }}

[pixiebrix]
url = "https://example.com/api/"
token_env = "THE_TOKEN"
read_only_token_env = "OTHER_TOKEN"
organization = "{ID.upper()}"
databases = ["{ID}"]
create_databases = true
foreign_organization = "{ID}"

[limits]
record_limit = 50
page_cap = 10
records_cap = 20

[pace]
requests_per_second = 2.5
connect_seconds = 1
read_seconds = 2
total_seconds = 3
check_seconds = 4
job_poll_seconds = 0.5
job_wait_seconds = 6
throttled_seconds = 7
max_body_bytes = 1000
max_memory_bytes = 900

[hooks.advance_clock]
url = "http://localhost:9000/clock?by={{seconds}}"
method = "put"
headers = {{ "X-Run" = "{{run}}" }}
body = '{{"seconds": {{seconds}}}}'

[hooks.fail_next]
command = ["./fail", "{{operation}}", "{{status}}"]
timeout_seconds = 5
"""
TOKENS = {"THE_TOKEN": " secret ", "OTHER_TOKEN": "weak"}


def parsed(text: str, environment: dict[str, str] | None = None) -> Target:
    return targetfile.parse(tomllib.loads(text), TOKENS if environment is None else environment)


def test_everything_takes_effect() -> None:
    target = parsed(FULL)
    assert target.name == "staging"
    assert target.kind == "other"
    assert target.apis == ("pieces", "pixiebrix")
    assert target.capabilities == {"read", "write", "wait", "clock", "inject", "second"}
    assert (target.endpoints["pieces"].url, target.endpoints["pieces"].second_url) == (
        "http://localhost:1000",
        "http://localhost:1001",
    )
    assert target.endpoints["pieces"].headers == (("X-Key", "1"),)
    assert (target.endpoints["pixiebrix"].url, target.endpoints["pixiebrix"].token) == (
        "https://example.com/api",
        "secret",
    )
    assert target.of(Scratch).organization == ID
    assert target.of(Scratch).databases == (ID,)
    assert target.of(Scratch).create_databases
    assert target.of(Scratch).read_only_token == "weak"
    assert target.of(Scratch).foreign_organization == ID
    own = target.of(Scratch)
    assert (own.record_limit, own.page_cap, own.records_cap) == (50, 10, 20)
    pace = target.pace
    assert pace.wire == Limits(connect=1, read=2, total=3, body=1000, memory=900)
    assert (pace.requests_per_second, pace.check, pace.throttled) == (2.5, 4, 7)
    assert (pace.job_poll, pace.job_wait) == (0.5, 6)
    assert target.hook("advance_clock") == HttpHook(
        "http://localhost:9000/clock?by={seconds}", "PUT", (("X-Run", "{run}"),), '{"seconds": {seconds}}'
    )
    assert target.hook("fail_next") == CommandHook(("./fail", "{operation}", "{status}"), 5)
    assert target.hook("reset") is None


def test_little_is_enough() -> None:
    target = parsed('[pieces]\nurl = "http://localhost:1000"')
    assert target.apis == ("pieces",)
    assert target.capabilities == {"read", "storage"}
    assert target.of(Scratch).record_limit == 500_000
    assert target.pace.requests_per_second is None


def test_the_urls_of_hooks_are_those_of_the_file_whatever_is_judged(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text(FULL, encoding="utf-8")
    target = TargetOptions(target_file=file, api="pixiebrix").resolve(TOKENS)
    assert target.apis == ("pixiebrix",)
    assert dict(target.hook_urls) == {
        "pieces": "http://localhost:1000",
        "pixiebrix": "https://example.com/api",
    }


def test_operations_have_the_names_of_the_target() -> None:
    text = '[pieces]\nurl = "http://h"\n[hooks.fail_next]\nurl = "http://h/{operation}"\n'
    hook = parsed(f'{text}operations = {{ importDatabase = "import_db" }}\n').hook("fail_next")
    assert isinstance(hook, HttpHook)
    assert hook.operations == (("importDatabase", "import_db"),)


def test_a_second_instance_is_one_of_a_single_api() -> None:
    target = parsed(FULL)
    assert target.offers("second", "pieces")
    assert not target.offers("second", "pixiebrix")
    assert target.offers("write", "pixiebrix")


def test_tokens_are_secrets_and_not_shown() -> None:
    target = parsed(FULL)
    assert {one.value for one in target.secrets if one.header is None} == {"secret", "weak"}
    assert "secret" not in repr(target)
    assert "weak" not in repr(target)


def test_the_template_is_a_target_file() -> None:
    target = parsed(targetfile.template(), {"PIXIEBRIX_TOKEN": "t"})
    assert target.apis == ("pieces", "pixiebrix")
    assert target.capabilities == {"read", "storage"}


def test_the_template_names_every_key() -> None:
    """What is commented out is right, too: with all of it in force the file is still understood."""
    lines = []
    for line in targetfile.template().splitlines():
        text = line.removeprefix("# ")
        is_code = text.startswith("[") or " = " in text.split("#")[0]
        lines.append(text if is_code and "ca_bundle" not in text else "")
    document = tomllib.loads("\n".join(lines))
    environment = {"PIXIEBRIX_TOKEN": "t", "PIXIEBRIX_READ_ONLY_TOKEN": "t"}
    target = targetfile.parse(document, environment)
    plain = tomllib.loads(FULL)
    for table, values in plain.items():
        for key in values if table != "hooks" else ():
            assert key in document["pixiebrix" if key == "headers" else table], f"{table}.{key}"
    assert [name for name, _ in target.hooks] == ["advance_clock", "run_nightly", "fail_next", "reset"]


def with_line(table: str, line: str) -> str:
    base = {"pieces": '[pieces]\nurl = "http://h"\n'}.get(table, f'[pieces]\nurl = "http://h"\n[{table}]\n')
    return f"{base}{line}\n"


@pytest.mark.parametrize(
    ("table", "line", "words"),
    [
        ("target", "nam = 1", "target.nam: unknown; did you mean name"),
        ("target", "name = 1", "target.name: 1 does not fit; write a text"),
        ("target", 'allow = ["all"]', "target.allow: .*write a list of write, destroy, wait"),
        ("target", 'allow = "write"', "target.allow"),
        ("target", 'storage = "no"', "target.storage: 'no' does not fit; write true or false"),
        ("target", 'ca_bundle = "nowhere.pem"', "target.ca_bundle: there is no file nowhere.pem"),
        ("pieces", "headers = { A = 1 }", "pieces.headers"),
        ("pieces", 'second_url = "nowhere"', "pieces.second_url: 'nowhere' is not an http or https URL"),
        ("pieces", 'token_env = "NOT_SET"', "pieces.token_env: the environment variable NOT_SET is not set"),
        ("pixiebrix", 'url = "http://h"\norganization = "x"', "pixiebrix.organization: 'x' does not fit"),
        ("pixiebrix", 'url = "http://h"\ndatabases = ["x"]', "pixiebrix.databases"),
        ("limits", "record_limit = 0", "limits.record_limit: 0 does not fit; write a whole number above 0"),
        ("limits", "page_cap = 1.5", "limits.page_cap"),
        ("limits", "page_cap = true", "limits.page_cap"),
        ("pace", "requests_per_second = -1", "pace.requests_per_second: -1 does not fit"),
        ("pace", "read_seconds = inf", "pace.read_seconds"),
        ("pace", "read_seconds = nan", "pace.read_seconds"),
        ("hooks.advance_clock", 'url = "http://h"\ncommand = ["a"]', "a hook has one of the two"),
        ("hooks.advance_clock", "", "a hook has one of the two"),
        (
            "hooks.advance_clock",
            'url = "http://h/{second}"',
            "hooks.advance_clock: {second} is not a placeholder",
        ),
        ("hooks.run_nightly", 'command = ["a", "{seconds}"]', "{seconds} is not a placeholder of it"),
        (
            "hooks.advance_clock",
            'url = "http://h/{pixiebrix_url}"',
            "stands for nothing; there is no pixiebrix.url",
        ),
        (
            "hooks.run_nightly",
            'url = "http://h"\noperations = { a = "b" }',
            "hooks.run_nightly.operations: unknown",
        ),
        (
            "hooks.fail_next",
            'url = "http://h"\noperations = { importDatabas = "b" }',
            "hooks.fail_next.operations.importDatabas: no operation; did you mean importDatabase",
        ),
        ("hooks.advance", 'url = "http://h"', "hooks.advance: unknown; did you mean advance_clock"),
        ("other", "a = 1", "other: unknown; there are: target"),
    ],
)
def test_a_mistake_is_named(table: str, line: str, words: str) -> None:
    with pytest.raises(TargetError, match=words):
        parsed(with_line(table, line))


@pytest.mark.parametrize("value", [1, "x", [1]])
def test_a_table_that_is_none_is_named(value: Any) -> None:
    with pytest.raises(TargetError, match=r"pieces: .* is not a table; write \[pieces\]"):
        targetfile.parse({"pieces": value}, {})


def test_a_target_serves_something() -> None:
    with pytest.raises(TargetError, match=r"pieces\.url, pixiebrix\.url: neither is there"):
        parsed('[target]\nname = "x"')


def test_the_file_is_named_with_the_mistake(tmp_path: Path) -> None:
    file = tmp_path / "dbcontract.toml"
    for content, words in [(b"[target", "no TOML"), (b"\xff", "cannot be read: no UTF-8"), (b"", "neither")]:
        file.write_bytes(content)
        with pytest.raises(TargetError, match=rf"dbcontract\.toml: .*{words}"):
            targetfile.read(file, {})
    file.unlink()
    with pytest.raises(TargetError, match=r"dbcontract\.toml: cannot be read: No such file.*dbcontract init"):
        targetfile.read(file, {})


def test_certificates_are_looked_for_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "dbcontract.toml"
    (tmp_path / "ca.pem").write_text("")
    file.write_text('[target]\nca_bundle = "ca.pem"\n[pieces]\nurl = "http://h"\n')
    target = targetfile.read(file, {})
    assert target.ca_bundle == str(tmp_path / "ca.pem")
    assert target.arguments == ("--target", str(file))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://h", "http://h"),
        (" https://h:8443/a/b// ", "https://h:8443/a/b"),
        ("http://[::1]:5323/api/", "http://[::1]:5323/api"),
    ],
)
def test_a_base_url_loses_its_slash(text: str, expected: str) -> None:
    assert base_url(text, where="URL") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "localhost:1000",
        "ftp://h",
        "http://",
        "http://h:x",
        "http://h:0",
        "http://h/?a",
        "http://h/#a",
    ],
)
def test_what_is_not_a_base_url_is_refused(text: str) -> None:
    with pytest.raises(TargetError, match="URL: "):
        base_url(text, where="URL")


@pytest.mark.parametrize("text", ["http://user:hunter2@h", "http://user:hunter2@h:x", "user:hunter2@h"])
def test_credentials_in_a_url_are_refused_without_showing_them(text: str) -> None:
    with pytest.raises(TargetError) as caught:
        base_url(text, where="URL")
    assert "hunter2" not in str(caught.value)

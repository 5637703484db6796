import json
import shlex
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from dbcontract import openapi
from dbcontract.mockserver.apis.base import KnownSamples, Samples
from dbcontract.mockserver.apis.pixiebrix.samples import SampleIds
from dbcontract.mockserver.control.curl import curl_lines, first_calls

PIECES = "http://127.0.0.1:5323"
PIXIEBRIX = "http://127.0.0.1:5323/api"
IDS = SampleIds(
    organization="11111111-1111-4111-8111-111111111111",
    database="22222222-2222-4222-8222-222222222222",
    record="a key/with ünusual 'parts'?",
    asset_database="33333333-3333-4333-8333-333333333333",
    asset="44444444-4444-4444-8444-444444444444",
    filename="my picture.png",
    job="55555555-5555-4555-8555-555555555555",
)


def samples(ids: SampleIds) -> dict[str, Samples]:
    return {"pieces": KnownSamples({}), "pixiebrix": ids}


def lines(ids: SampleIds = IDS, token: str | None = "secret") -> dict[str, str]:
    return dict(curl_lines({"pieces": PIECES, "pixiebrix": PIXIEBRIX}, samples(ids), token))


def operation_ids(api: str) -> set[str]:
    items = openapi.load(api)["paths"].values()
    return {part["operationId"] for item in items for part in item.values() if "operationId" in part}


def url(command: str) -> str:
    return shlex.split(command)[-1]


def option(command: str, name: str) -> Any:
    words = shlex.split(command)
    return words[words.index(name) + 1] if name in words else None


def test_every_operation_has_one_line() -> None:
    commands = curl_lines({"pieces": PIECES, "pixiebrix": PIXIEBRIX}, samples(IDS), "secret")
    assert len(commands) == len({operation for operation, _ in commands})
    of_operations = {operation for operation, _ in commands if ", then " not in operation}
    assert of_operations == operation_ids("pieces") | operation_ids("pixiebrix")


def test_only_the_apis_that_are_served() -> None:
    assert {
        operation for operation, _ in curl_lines({"pieces": PIECES}, samples(IDS), None)
    } == operation_ids("pieces")


def test_one_line_is_one_line() -> None:
    for command in lines().values():
        assert "\n" not in command
        assert "{" not in url(command)


def test_ids_go_where_they_belong() -> None:
    commands = lines()
    assert url(commands["listDatabases"]) == f"{PIXIEBRIX}/organizations/{IDS.organization}/databases/"
    assert url(commands["listRecords"]) == f"{PIXIEBRIX}/databases/{IDS.database}/records/"
    assert url(commands["getExportJob"]) == f"{PIXIEBRIX}/databases/records/jobs/{IDS.job}/"
    assert url(commands["getAsset"]) == f"{PIXIEBRIX}/databases/{IDS.asset_database}/assets/{IDS.asset}"


def test_a_key_of_any_characters_survives_the_shell_and_the_url() -> None:
    path = urlsplit(url(lines()["getRecord"])).path
    assert (
        unquote(path.removeprefix(f"/api/databases/{IDS.database}/records/").removesuffix("/")) == IDS.record
    )
    assert path.count("/") == 6


def test_the_token_goes_where_the_description_asks_for_one() -> None:
    commands = lines()
    assert option(commands["listDatabases"], "-H") == "Authorization: Token secret"
    assert "Authorization" not in commands["exportDatabase"]
    assert "Authorization" not in commands["importDatabase"]
    assert not any("Authorization" in command for command in lines(token=None).values())


def test_the_import_takes_what_the_export_gives() -> None:
    export, _, import_ = lines()["importDatabase"].partition(" | ")
    assert url(export) == f"{PIECES}/database/export"
    assert url(import_) == f"{PIECES}/database/import"
    assert option(import_, "-X") == "POST"
    assert option(import_, "--data-binary") == "@-"


def test_bodies_are_the_examples_with_a_database_that_exists() -> None:
    commands = lines()
    job = json.loads(option(commands["createExportJob"], "-d"))
    assert job["databases"] == [IDS.database]
    assert job["name"]
    assert json.loads(option(commands["updateAsset"], "-d")) == {"is_uploaded": True}
    assert option(commands["updateAsset"], "-X") == "PATCH"


def test_a_download_goes_to_a_file() -> None:
    command = lines()["getAsset"]
    assert "-L" in shlex.split(command)
    assert option(command, "-o") == "my picture.png"


@pytest.mark.parametrize("filename", ["../../etc/passwd", "a/b.png"])
def test_a_download_stays_in_the_folder(filename: str) -> None:
    ids = SampleIds(asset_database="d", asset="a", filename=filename)
    assert "/" not in option(lines(ids)["getAsset"], "-o")


def test_what_deletes_comes_last_and_the_smallest_first() -> None:
    order = list(lines())
    assert order[-4:] == ["deleteRecord", "clearRecords", "deleteDatabase", "deleteUserDatabase"]


def test_the_two_deletions_of_a_database_delete_two() -> None:
    commands = lines()
    assert url(commands["deleteDatabase"]).endswith(f"/databases/{IDS.database}/")
    assert url(commands["deleteUserDatabase"]).endswith(f"/databases/{IDS.asset_database}/")


def test_without_ids_only_what_needs_none() -> None:
    assert set(lines(SampleIds())) == {
        "exportDatabase", "importDatabase", "listUserDatabases", "createUserDatabase", "listOrganizations",
        "getMe", "getHealth",
    }  # fmt: skip


def test_what_an_answer_is_for_goes_on_with_the_same_call() -> None:
    commands = lines(replace(IDS, job_file="all 'leads'.json"))
    upload = next(command for name, command in commands.items() if name.startswith("createAsset, then"))
    assert upload.startswith(f"{commands['createAsset']} | sed ")
    download = commands["getExportJob, then download its file"]
    assert download.startswith(f"{commands['getExportJob']} | sed ")
    assert shlex.split(download)[-1] == "all 'leads'.json"
    assert "getExportJob, then download its file" not in lines()  # no job has succeeded


def test_to_begin_with_there_is_the_first_operation_of_each_part() -> None:
    found = first_calls(openapi.load("pixiebrix"), PIXIEBRIX, IDS, "$PIXIEBRIX_TOKEN")
    assert [one["operation"] for one in found] == [
        "createExportJob", "listDatabases", "listRecords", "listRecordArchives", "listAssets",
    ]  # fmt: skip
    for one in found:
        assert one["summary"]
        assert '-H "Authorization: Token $PIXIEBRIX_TOKEN"' in one["command"]  # the shell puts it in


def test_a_call_that_needs_what_is_not_there_is_not_the_first() -> None:
    found = first_calls(openapi.load("pixiebrix"), PIXIEBRIX, SampleIds(organization=IDS.organization), None)
    assert [one["operation"] for one in found] == ["listDatabases"]


def test_a_body_without_an_example_fails_nothing() -> None:
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    make = {"operationId": "make", "requestBody": body, "responses": {"201": {}}}
    document = {
        "paths": {"/things": {"post": make, "get": {"operationId": "look", "responses": {"200": {}}}}}
    }
    (one,) = first_calls(document, PIECES, KnownSamples({}), None)
    assert one == {"operation": "look", "summary": "look", "command": f"curl -s {PIECES}/things"}

"""Clients generated from the descriptions call every operation of a real server."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import requests

from dbcontract.mockserver.apis.pixiebrix.state_of import state_of
from dbcontract.mockserver.sandbox.settings import ClockSetting, Settings
from dbcontract.mockserver.server.run import Running, ServerThread

from .documents import operations

BASE_PATH = {"pieces": "", "pixiebrix": "/api", "control": "/_mock"}


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|\s+", "_", name).lower()


class Generated:
    """The generated client of one API, in a sandbox of its own.

    Attributes:
        models: the generated models.
        called: the operations that were called, each with its documented success.
    """

    def __init__(self, package: str, name: str, client: Any) -> None:
        self.operations = {operation.id: operation for operation in operations(name)}
        self.models: Any = importlib.import_module(f"{package}.models")
        self.called: set[str] = set()
        self._package = package
        self._client = client

    def respond(self, operation_id: str, /, **arguments: Any) -> Any:
        """Call an operation: the whole response, whose status is a documented success."""
        spec = self.operations[operation_id].spec
        module = f"{self._package}.api.{snake(spec['tags'][0])}.{snake(operation_id)}"
        response = importlib.import_module(module).sync_detailed(client=self._client, **arguments)
        assert str(response.status_code.value) in spec["responses"], response
        assert response.status_code < 400, response.content
        self.called.add(operation_id)
        return response

    def __call__(self, operation_id: str, /, **arguments: Any) -> Any:
        """Call an operation: what its answer was parsed into."""
        return self.respond(operation_id, **arguments).parsed

    def tagged(self, *tags: str) -> set[str]:
        """The operations with one of these tags."""
        return {name for name, one in self.operations.items() if one.spec["tags"][0] in tags}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    settings = Settings(port=0, clock=ClockSetting(frozen=True), job_seconds=0, validate_responses=True)
    with ServerThread(settings) as running:
        yield running


@pytest.fixture
def generated(
    request: pytest.FixtureRequest, server: Running, generated_python_client: Callable[[str], ModuleType]
) -> Iterator[Callable[[str], Generated]]:
    sandbox = f"{server.base_url}/~{request.node.name}"
    with contextlib.ExitStack() as clients:

        def make(name: str) -> Generated:
            package = generated_python_client(name)
            client = package.AuthenticatedClient(
                base_url=sandbox + BASE_PATH[name],
                token="any",
                prefix="Token",
                headers={"Accept": "application/json; version=2.0"},
                raise_on_unexpected_status=True,
            )
            return Generated(package.__name__, name, clients.enter_context(client))

        yield make


@pytest.fixture
def organization(server: Running) -> UUID:
    return UUID(next(iter(state_of(server.sandbox).organizations)))


@pytest.fixture
def database(server: Running) -> UUID:
    return UUID(next(iter(state_of(server.sandbox).databases)))


def test_pieces(generated: Callable[[str], Generated]) -> None:
    pieces = generated("pieces")
    export = pieces("exportDatabase")
    assert isinstance(export, pieces.models.ExportedDatabase)
    assert [person["id"] for person in json.loads(bytes(export.persons))]
    assert isinstance(export.schema, pieces.models.EmbeddedModelSchema)

    # What the export gave is what the import takes, as it is.
    before = {item.id: item.raw for item in export.values.iterable}
    new = pieces.models.ExportedDatabaseFormat(id="generated", raw=[0, 127, 255])
    export.values.iterable.append(new)
    answer = pieces.respond("importDatabase", body=export)
    assert (answer.status_code, answer.content) == (204, b"")
    merged = {item.id: item.raw for item in pieces("exportDatabase").values.iterable}
    assert merged == {**before, "generated": [0, 127, 255]}
    assert pieces.called == set(pieces.operations)


def test_databases(generated: Callable[[str], Generated], organization: UUID) -> None:
    api = generated("pixiebrix")
    order = api.models.DatabaseRequest(name="Pictures", type_=api.models.DatabaseType.ASSET)
    made = api("createDatabase", organization_id=organization, body=order)
    assert isinstance(made, api.models.Database)
    assert (made.name, made.type_, made.num_records) == ("Pictures", "Asset", 0)
    assert made.organization_id == organization

    answer = api.respond("listDatabases", organization_id=organization, page_size=1000)
    assert answer.headers["X-Total-Count"] == str(len(answer.parsed))
    assert answer.parsed[-1] == made

    place = {"organization_id": organization, "database_id": made.id}
    assert api("getDatabase", **place) == made
    changes = api.models.DatabaseUpdateRequest(owner_field="user email")
    assert api("updateDatabase", **place, body=changes).owner_field == "user email"
    renamed = api("putDatabase", **place, body=api.models.DatabaseRequest(name="Renamed"))
    assert (renamed.name, renamed.owner_field) == ("Renamed", "user email")
    text = '{"type": "object"}'
    schema = api.models.DatabaseSchemaRequest(schema_text=text)
    assert api("putDatabaseSchema", **place, body=schema).schema_text == text
    assert api("getDatabaseSchema", **place).schema_text == text

    own = api("createUserDatabase", body=api.models.DatabaseRequest(name="Mine"))
    assert own.organization_id is None
    assert api("listUserDatabases", page_size=1000)[-1] == own
    renamed = api("updateUserDatabase", database_id=own.id, body=api.models.DatabaseUpdateRequest(name="My"))
    assert api("getUserDatabase", database_id=own.id) == renamed
    assert api("getDatabasePermissions", database_id=own.id).permissions == [1, 2]
    api("deleteUserDatabase", database_id=own.id)
    api("deleteDatabase", **place)
    assert api.called == api.tagged("Databases")


def test_the_account(generated: Callable[[str], Generated], organization: UUID) -> None:
    api = generated("pixiebrix")
    assert api("getHealth").status == "ok"
    assert api("getMe").organization_memberships[0].organization == str(organization)
    assert api("listOrganizations")[0].id == organization
    assert api.called == api.tagged("Account")


def test_records(generated: Callable[[str], Generated], database: UUID) -> None:
    api = generated("pixiebrix")
    models = api.models

    def order(key: str, **data: Any) -> Any:
        return models.RecordRequest(id=key, data=models.RecordData.from_dict(data))

    (one,) = api("createRecords", database_id=database, body=[order("a key", city="Basel", tags=["new"])])
    assert isinstance(one, models.Record)
    assert (one.id, one.data["city"]) == ("a key", "Basel")
    assert one.created_at.utcoffset() == dt.timedelta()
    two = api("createRecords", database_id=database, body=[order("b", city="Bern"), order("c", city="Basel")])
    assert [record.data["city"] for record in two] == ["Bern", "Basel"]
    assert api("putRecords", database_id=database, body=[order("b", city="Bern"), order("c", city="Basel")])

    filters = models.ListRecordsDataFilters.from_dict({"data__city": "Basel"})
    today = one.created_at.date()
    found = api("listRecords", database_id=database, data_filters=filters, start_date=today, end_date=today)
    assert found == [one, two[1]]
    yesterday = today - dt.timedelta(days=1)
    before = api("listRecords", database_id=database, data_filters=filters, end_date=yesterday)
    assert before == []

    change = models.RecordUpdateRequest(
        data=models.RecordData.from_dict({"tags": ["old"]}), merge_strategy=models.MergeStrategy.DEEP_APPEND
    )
    put = api("putRecord", database_id=database, record_key="a key", body=change)
    assert put.data.to_dict() == {"city": "Basel", "tags": ["new", "old"]}
    assert api("getRecord", database_id=database, record_key="a key") == put

    assert api.respond("deleteRecord", database_id=database, record_key="a key").status_code == 204
    assert api("listRecords", database_id=database, data_filters=filters) == [two[1]]
    assert api.respond("clearRecords", database_id=database).content == b""
    assert api("listRecords", database_id=database) == []
    assert api.called == api.tagged("Records")


def test_record_archives(generated: Callable[[str], Generated], organization: UUID, database: UUID) -> None:
    api = generated("pixiebrix")
    oldest = api.models.ListRecordArchivesOrdering.OLDEST_FIRST
    place = {"organization_id": organization, "database_id": database}
    archives = api("listRecordArchives", ordering=oldest, page_size=3, **place)
    assert len(archives) == 3
    assert all(isinstance(archive, api.models.RecordArchive) for archive in archives)
    assert archives[0].date < archives[1].date < archives[2].date
    assert archives[0].database.id == database
    lines = [json.loads(line) for line in requests.get(archives[0].file, timeout=10).text.splitlines()]
    assert lines
    assert {line["updated_at"][:10] for line in lines} == {archives[0].date.isoformat()}
    assert api.called == api.tagged("Record archives")


def test_assets(generated: Callable[[str], Generated], database: UUID) -> None:
    api = generated("pixiebrix")
    made = api("createAsset", database_id=database, body=api.models.AssetRequest(filename="note.txt"))
    assert isinstance(made, api.models.AssetUpload)
    assert made.asset.is_uploaded is False
    requests.post(
        made.upload_url, data=made.fields.to_dict(), files={"file": ("note.txt", b"a note")}, timeout=10
    ).raise_for_status()

    place = {"database_id": database, "asset_id": made.asset.id}
    marked = api("updateAsset", body=api.models.AssetUpdateRequest(is_uploaded=True), **place)
    assert isinstance(marked, api.models.Asset)
    assert marked.is_uploaded is True
    assert marked.created_at == made.asset.created_at
    assert api("getAsset", meta=True, **place) == marked
    assert marked in api("listAssets", database_id=database)
    download = api.respond("getAsset", **place)
    assert download.status_code == 302
    assert requests.get(download.headers["Location"], timeout=10).content == b"a note"
    assert api.called == api.tagged("Assets")


def test_export_jobs(generated: Callable[[str], Generated], database: UUID) -> None:
    api = generated("pixiebrix")
    models = api.models
    day = dt.timedelta(days=1)
    since = api("listRecords", database_id=database)[-1].created_at - day
    order = models.ExportJobRequest(
        name="Latest", databases=[database], filters=models.ExportFilters(start_date=since)
    )
    started = api("createExportJob", body=order)
    assert (type(started), started.status) == (models.ExportJobStarted, models.JobStatus.STARTED)
    job = api("getExportJob", job_id=started.id)
    assert (type(job), job.status, job.error_message) == (models.ExportJob, models.JobStatus.SUCCESS, None)
    exported = requests.get(job.data, timeout=10).json()
    listed = api("listRecords", database_id=database, page_size=1000)
    assert {one["id"]: one["data"] for one in exported} == {
        record.id: record.data.to_dict() for record in listed if record.created_at >= since
    }
    assert api.called - {"listRecords"} == api.tagged("Export jobs")


def test_the_sandbox_and_its_clock(generated: Callable[[str], Generated], database: UUID) -> None:
    api, control = generated("pixiebrix"), generated("control")
    models = control.models
    health = control("resetSandbox", body=models.Reset(data="small", seed=1))
    assert (type(health), health.status, health.data) == (models.Health, "ok", "small")
    databases = control("listSandboxDatabases")
    assert databases[0].id == database
    assert databases[0].records > 0

    (record,) = control("listSandboxRecords", database_id=str(database), limit=1)
    assert isinstance(record, models.SandboxRecord)
    shown = control("getOverview")
    assert isinstance(shown, models.Overview)
    assert shown.databases == databases
    asset = next(asset for asset in shown.assets.latest if asset.size)
    assert len(control.respond("getAssetContent", asset_id=str(asset.id)).content) == asset.size

    before = control("getState")
    assert isinstance(before, models.SandboxDocument)
    api("clearRecords", database_id=database)
    assert control("listSandboxDatabases")[0].records == 0
    assert control.respond("putState", body=before).status_code == 204
    assert control("listSandboxDatabases") == databases
    assert control("getHealth").organizations == health.organizations

    now = dt.datetime(2030, 1, 1, 23, tzinfo=dt.UTC)
    clock = control("updateClock", body=models.ClockChange(now=now, frozen=True))
    assert clock == models.Clock(now=now, frozen=True)
    hour = control("advanceClock", body=models.ClockAdvance(to=models.ClockAdvanceTo.NEXT_MIDNIGHT))
    assert hour.now - now == dt.timedelta(hours=1)
    assert control("getClock") == hour
    assert "dbcontract_uptime_seconds" in control("getMetrics")
    assert control.called == control.tagged("Sandbox", "Clock")


def test_settings_and_faults(generated: Callable[[str], Generated], database: UUID) -> None:
    api, control = generated("pixiebrix"), generated("control")
    models = control.models
    change = models.SettingsChange(max_records=2, job_pace=models.Seconds(seconds=0.5))
    settings = control("updateSettings", body=change)
    assert isinstance(settings, models.Settings)
    assert settings.job_pace == models.Seconds(seconds=0.5)
    assert control("getSettings") == settings
    assert len(api("listRecords", database_id=database)) == 2

    orders = [
        models.FaultOrder(operation="listRecords", status=429),
        models.FaultOrder(operation="listAssets"),
    ]
    orders[1].delay = 0.5
    faults = [control("addFault", body=order) for order in orders]
    assert [fault.operation for fault in faults] == ["listRecords", "listAssets"]
    assert control("listFaults") == faults
    with pytest.raises(AssertionError, match="429"):
        api("listRecords", database_id=database)
    assert control.respond("deleteFault", fault_id=faults[0].id).status_code == 204
    assert len(api("listRecords", database_id=database)) == 2
    assert control.respond("clearFaults").status_code == 204
    assert control("listFaults") == []
    assert control.called == control.tagged("Settings", "Faults")


def test_requests_and_sandboxes(
    generated: Callable[[str], Generated], database: UUID, request: pytest.FixtureRequest
) -> None:
    api, control = generated("pixiebrix"), generated("control")
    models = control.models
    api("listAssets", database_id=database)
    api("listRecords", database_id=database, page=1)
    count = control("countRequests", body=models.JournalFilter(operation="listRecords"))
    assert count.count == 1
    (entry,) = control("listRequests", operation="listRecords")
    assert isinstance(entry, models.JournalEntry)
    assert (entry.method, entry.status, entry.number) == ("GET", 200, 2)
    assert entry.request.headers["authorization"] == "Token ***"
    control("clearRequests")
    assert control("listRequests") == []

    own = request.node.name
    shown = {sandbox.name: sandbox for sandbox in control("listSandboxes")}
    assert shown[own] == models.Sandbox(name=own, data="small", requests=0)
    like = control("putSandbox", sandbox_name="like", body=models.Reset(data="empty"))
    assert like == models.Sandbox(name="like", data="empty", requests=0)
    assert control.respond("deleteSandbox", sandbox_name=own).status_code == 204
    control("clearSandboxes")
    # The call itself is addressed to a sandbox, which is made when it is addressed.
    assert [sandbox.name for sandbox in control("listSandboxes")] == [own]
    # The stream of events has no end that a generated client could wait for.
    assert control.called == control.tagged("Requests", "Sandboxes") - {"watchRequests"}


def test_the_typescript_types_hold_what_comes_back(
    server: Running,
    database: UUID,
    tmp_path: Path,
    node_tools: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    typed = node_tools("openapi-typescript", "pixiebrix.yaml", "--output", "pixiebrix.d.ts")
    assert typed.returncode == 0, typed.stderr
    compiled = node_tools(
        "tsc", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "esnext",
        "--moduleResolution", "bundler", "--outDir", str(tmp_path), "calls.mts",
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stdout
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, str(tmp_path / "calls.mjs"), f"{server.base_url}/~typescript/api", str(database)],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    keys = [row[2] for row in state_of(server.sandbox).database(str(database)).records.slice(0, 2)]
    assert printed == {"from": keys, "at": "2026-01-31T00:00:00.000000Z", "uploaded": False}

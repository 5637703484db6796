"""A small place of each kind that the operations of PixieBrix address, and the operations themselves."""

from __future__ import annotations

from dataclasses import dataclass

from .client import PixieBrix

READS = {
    "getHealth": "/health/",
    "getMe": "/me/",
    "listOrganizations": "/organizations/",
    "listUserDatabases": "/databases/",
    "getUserDatabase": "/databases/{database}/",
    "getDatabasePermissions": "/databases/{database}/permissions/",
    "getDatabase": "/organizations/{organization}/databases/{database}/",
    "getDatabaseSchema": "/organizations/{organization}/databases/{database}/schema/",
    "getExportJob": "/databases/records/jobs/{job}/",
    "listDatabases": "/organizations/{organization}/databases/",
    "listRecords": "/databases/{database}/records/",
    "getRecord": "/databases/{database}/records/kept/",
    "listRecordArchives": "/organizations/{organization}/databases/{database}/record-archives/",
    "listAssets": "/databases/{database}/assets/",
    "getAsset": "/databases/{database}/assets/{asset}/",
}
"""The operations that read, all of them GET."""
WRITES = {
    "createExportJob": ("POST", "/databases/records/jobs/"),
    "createDatabase": ("POST", "/organizations/{organization}/databases/"),
    "createUserDatabase": ("POST", "/databases/"),
    "updateUserDatabase": ("PATCH", "/databases/{database}/"),
    "putDatabase": ("PUT", "/organizations/{organization}/databases/{database}/"),
    "updateDatabase": ("PATCH", "/organizations/{organization}/databases/{database}/"),
    "putDatabaseSchema": ("PUT", "/organizations/{organization}/databases/{database}/schema/"),
    "createRecords": ("POST", "/databases/{database}/records/"),
    "putRecords": ("PUT", "/databases/{database}/records/"),
    "putRecord": ("PUT", "/databases/{database}/records/kept/"),
    "createAsset": ("POST", "/databases/{database}/assets/"),
    "updateAsset": ("PATCH", "/databases/{database}/assets/{asset}/"),
    "deleteRecord": ("DELETE", "/databases/{database}/records/kept/"),
    "clearRecords": ("DELETE", "/databases/{database}/records/"),
    "deleteDatabase": ("DELETE", "/organizations/{organization}/databases/{database}/"),
    "deleteUserDatabase": ("DELETE", "/databases/{user_database}/"),
}
"""The operations that write."""
WITH_BODY = {name: value for name, value in WRITES.items() if value[0] != "DELETE"}
OPERATIONS = {**{name: ("GET", path) for name, path in READS.items()}, **WRITES}
ALLOWED = {
    "/databases/records/jobs/": {"POST"},
    "/databases/records/jobs/{job}/": {"GET", "HEAD"},
    "/organizations/{organization}/databases/": {"GET", "HEAD", "POST"},
    "/health/": {"GET", "HEAD"},
    "/me/": {"GET", "HEAD"},
    "/organizations/": {"GET", "HEAD"},
    "/databases/": {"GET", "HEAD", "POST"},
    "/organizations/{organization}/databases/{database}/": {"GET", "HEAD", "PUT", "PATCH", "DELETE"},
    "/organizations/{organization}/databases/{database}/schema/": {"GET", "HEAD", "PUT"},
    "/databases/{database}/": {"GET", "HEAD", "PATCH", "DELETE"},
    "/databases/{database}/permissions/": {"GET", "HEAD"},
    "/databases/{database}/records/": {"GET", "HEAD", "POST", "PUT", "DELETE"},
    "/databases/{database}/records/kept/": {"GET", "HEAD", "PUT", "DELETE"},
    "/organizations/{organization}/databases/{database}/record-archives/": {"GET", "HEAD"},
    "/databases/{database}/assets/": {"GET", "HEAD", "POST"},
    "/databases/{database}/assets/{asset}/": {"GET", "HEAD", "PATCH"},
}
"""Every path, and the methods that it has."""


@dataclass(frozen=True)
class Environments:
    """A database with the record `kept`, an asset and a job, and another database."""

    organization: str
    database: str
    asset: str
    job: str
    user_database: str = ""

    def path(self, template: str) -> str:
        return template.format(**vars(self))

    def body(self, operation: str) -> object:
        """A body that the operation accepts."""
        return {
            "createExportJob": {"name": "Export", "databases": [self.database]},
            "createDatabase": {"name": "Another"},
            "createUserDatabase": {"name": "Mine"},
            "putDatabase": {"name": "Renamed"},
            "updateDatabase": {"owner_field": "user email"},
            "updateUserDatabase": {"name": "Renamed"},
            "putDatabaseSchema": {"schema_text": "{}"},
            "createRecords": {"id": "new", "data": {}},
            "putRecords": [{"id": "kept", "data": {"written": True}}],
            "putRecord": {"data": {"written": True}},
            "createAsset": {"filename": "new.png"},
            "updateAsset": {"is_uploaded": True},
        }.get(operation)


def make_places(pb: PixieBrix) -> Environments:
    database = pb.new_database("Places")
    pb.put(database, "kept", text="kept", number=1)
    asset = pb.new_asset(database)["asset"]["id"]
    return Environments(pb.organization, database, asset, pb.new_job(database), pb.new_database("Other"))

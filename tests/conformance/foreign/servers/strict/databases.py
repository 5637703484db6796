"""Databases, and the organization that they belong to."""

from typing import Any

import jsonschema

from .rest import JSON, VND, Call, Operation, Reply, detail, invalid, text_field
from .world import ASSET, KEY_VALUE, ORGANIZATION, Database, fresh, iso

BOTH = (JSON, VND)
READABLE = ["id", "name", "organization_id", "created_at", "enforce_schema", "owner_field", "type"]
READABLE += ["last_write_at", "num_records"]


def shown(one: Database) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "organization_id": one.organization,
        "created_at": iso(one.created),
        "enforce_schema": one.enforce_schema,
        "owner_field": one.owner_field,
        "type": one.type,
        "last_write_at": iso(one.last_write),
        "num_records": len(one.rows),
    }


def _own_organization(call: Call) -> None:
    if call.ids.get("organization", ORGANIZATION).lower() != ORGANIZATION:
        raise detail(404, "Not found.")


def _listed(call: Call) -> Reply:
    _own_organization(call)
    mine = [one for one in call.vault.databases.values() if one.organization == ORGANIZATION and one.managed]
    return call.page([shown(one) for one in sorted(mine, key=lambda one: (one.created, one.id))])


def _checked(call: Call, *, required: bool) -> dict[str, Any]:
    """The writable fields of a body that are there, in order."""
    body = call.known(*READABLE)
    found: dict[str, Any] = {"name": text_field(body, "name", 256, required=required)}
    if found["name"] == "":
        raise invalid({"name": ["This field may not be blank."]})
    found["owner_field"] = text_field(body, "owner_field", 256, required=False)
    enforce = body.get("enforce_schema")
    if "enforce_schema" in body and not isinstance(enforce, bool):
        raise invalid({"enforce_schema": ["Must be a valid boolean."]})
    found["enforce_schema"] = enforce
    kind = body.get("type")
    if "type" in body and kind not in (KEY_VALUE, ASSET):
        raise invalid({"type": [f'"{kind}" is not a valid choice.']})
    found["type"] = kind
    return {name: value for name, value in found.items() if value is not None}


def _created(call: Call) -> Reply:
    _own_organization(call)
    fields = _checked(call, required=True)
    made = Database(fresh(), fields.pop("name"), ORGANIZATION, call.vault.clock.now(), **fields)
    call.vault.databases[made.id] = made
    return Reply(201, shown(made))


def _one(call: Call) -> Database:
    return call.database(organization="organization" in call.ids)


def _changed(call: Call) -> Reply:
    one = _one(call)
    for name, value in _checked(call, required=call.request.method == "PUT").items():
        setattr(one, name, value)
    return Reply(200, shown(one))


def _deleted(call: Call) -> Reply:
    del call.vault.databases[_one(call).id]
    return Reply(204)


def _schema(call: Call) -> Reply:
    one = _one(call)
    if call.request.method == "PUT":
        body = call.fields()
        try:
            jsonschema.Draft202012Validator.check_schema(body)
        except jsonschema.SchemaError as error:
            raise invalid({"schema": [error.message]}) from None
        one.schema = body
    return Reply(200, one.schema)


def _permissions(call: Call) -> Reply:
    _one(call)
    return Reply(200, {"permissions": [1, 2]})


def _organizations(call: Call) -> Reply:
    return call.page([{"id": ORGANIZATION, "name": "Acme"}])


def _me(_: Call) -> Reply:
    return Reply(200, {"id": "5e1f0000-0000-4000-8000-000000000001", "email": "somebody@example.org"})


OF_ORGANIZATION = "/organizations/{organization}/databases/"
OPERATIONS = [
    Operation("GET", OF_ORGANIZATION, _listed, "listDatabases", media=BOTH),
    Operation("POST", OF_ORGANIZATION, _created, "createDatabase", media=BOTH),
    Operation("GET", "/databases/", _listed, media=BOTH),
    Operation("POST", "/databases/", _created, media=BOTH),
    Operation("GET", OF_ORGANIZATION + "{database}/", lambda call: Reply(200, shown(_one(call))), media=BOTH),
    Operation("PUT", OF_ORGANIZATION + "{database}/", _changed, media=BOTH),
    Operation("PATCH", OF_ORGANIZATION + "{database}/", _changed, media=BOTH),
    Operation("DELETE", OF_ORGANIZATION + "{database}/", _deleted, "deleteDatabase", media=BOTH),
    Operation("GET", OF_ORGANIZATION + "{database}/schema/", _schema, media=BOTH),
    Operation("PUT", OF_ORGANIZATION + "{database}/schema/", _schema, media=BOTH),
    Operation("GET", "/databases/{database}/", lambda call: Reply(200, shown(_one(call))), media=BOTH),
    Operation("PATCH", "/databases/{database}/", _changed, media=BOTH),
    Operation("DELETE", "/databases/{database}/", _deleted, "deleteDatabase", media=BOTH),
    Operation("GET", "/databases/{database}/permissions/", _permissions, media=BOTH),
    Operation("GET", "/organizations/", _organizations),
    Operation("GET", "/me/", _me),
]

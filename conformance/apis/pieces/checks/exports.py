"""An export of Pieces OS: how it is asked for, and what is in it."""

from __future__ import annotations

from typing import Any

from ....authoring.arrange import field_of, step
from ....authoring.check import PrerequisiteFailed, check
from ..context import Pieces
from ..exports import (
    OPTIONAL_COLLECTIONS,
    OPTIONAL_LISTS,
    REQUIRED_COLLECTIONS,
    REQUIRED_FIELDS,
    Version,
    byte_problems,
    differences,
    entry_problems,
    missing_from,
    schema_problems,
    schemas_of,
)
from ..probes import expect_kept, expect_no

_ATTEMPTS = 3
_JSON = "application/json"
_BOTH = ("application/json, text/plain", "text/plain, application/json", "application/json, text/plain, */*")
"""What clients accept that can read an export and what is said of its failure."""


@check("PI-EXP-01")
def an_export_succeeds(ctx: Pieces) -> None:
    """Asks for an export and looks at the status and that there is a body."""
    answer = ctx.call("exportDatabase").expect_status(200)
    ctx.expect_true("the body of the export", answer.size, expected="a database", actual="no bytes")


@check("PI-EXP-02")
def an_export_needs_no_parameters(ctx: Pieces) -> None:
    """Sends a request of a request line, Host and the kit's own User-Agent alone, without Accept."""
    ctx.raw("GET", "/database/export", auth=False).expect_status(200).expect_json(dict)


@check("PI-EXP-03")
def an_export_needs_no_authorization(ctx: Pieces) -> None:
    """Asks for an export without Authorization and application key; 401 and 403 are failures."""
    answer = ctx.call("exportDatabase", auth=False)
    granted = answer.status not in {401, 403}
    ctx.expect_true("the export without credentials", granted, expected="not refused", actual=answer.summary)


@check("PI-EXP-04")
def an_export_is_one_object(ctx: Pieces) -> None:
    """Parses the body as JSON and expects an object with `version` and `values` at its top."""
    exported = ctx.call("exportDatabase").expect_json(dict)
    field_of(exported, "version")
    field_of(exported, "values")


@check("PI-EXP-05")
def an_export_is_json(ctx: Pieces) -> None:
    """Compares the media type of the answer, its parameters left aside."""
    ctx.call("exportDatabase").expect_media_type(_JSON)


@check("PI-EXP-06")
def the_documented_accept_list_is_served(ctx: Pieces) -> None:
    """Sends the two media types in one Accept header, and expects 200 and application/json."""
    answer = ctx.call("exportDatabase", accept="application/json, text/plain")
    answer.expect_status(200).expect_media_type(_JSON).expect_json(dict)


@check("PI-EXP-07")
def every_required_field_is_there(ctx: Pieces) -> None:
    """Looks for each required field by its name, also in the export of an empty server where there is one."""
    exports = [_exported(ctx)]
    if ctx.can("second"):
        exports.append(ctx.second().given.own)
    missing = sorted({name for exported in exports for name in REQUIRED_FIELDS if name not in exported})
    ctx.expect("the required fields that are missing", [], missing)


@check("PI-EXP-08")
def required_collections_are_bytes(ctx: Pieces) -> None:
    """Checks every element of the required collections that are there; booleans and fractions
    are not bytes.
    """
    expect_no(ctx, byte_problems(_exported(ctx), REQUIRED_COLLECTIONS), "the required collections")


@check("PI-EXP-09")
def optional_collections_are_bytes(ctx: Pieces) -> None:
    """Checks every element of the optional collections that are there and not null."""
    expect_no(ctx, byte_problems(_exported(ctx), OPTIONAL_COLLECTIONS), "the optional collections")


@check("PI-EXP-10")
def values_have_id_and_bytes(ctx: Pieces) -> None:
    """Checks `values.iterable` and every entry of it."""
    expect_no(ctx, entry_problems(_exported(ctx), "values"), "the values of the export")


@check("PI-EXP-11")
def optional_lists_have_id_and_bytes(ctx: Pieces) -> None:
    """Checks the two optional lists and every entry in them where they are there and not null."""
    exported = _exported(ctx)
    problems = (
        one
        for name in OPTIONAL_LISTS
        if exported.get(name) is not None
        for one in entry_problems(exported, name)
    )
    expect_no(ctx, problems, "the optional lists of the export")


@check("PI-EXP-12")
def an_export_names_a_version(ctx: Pieces) -> None:
    """Checks that the version is a string with something in it."""
    version = _exported(ctx).get("version")
    ok = isinstance(version, str) and version.strip()
    ctx.expect_true("the version of the export", ok, expected="a string that is not empty", actual=version)


@check("PI-EXP-13")
def schemas_have_migration_and_semantic(ctx: Pieces) -> None:
    """Checks every `schema` in the export that is not null."""
    schemas = list(schemas_of(_exported(ctx)))
    if not schemas:
        ctx.skip("there is no schema in the export")
    problems = (one for place, schema in schemas for one in schema_problems(place, schema))
    expect_no(ctx, problems, "the schemas in the export")


@check("PI-EXP-14")
def the_version_is_a_semantic_version(ctx: Pieces) -> None:
    """Parses the version by the grammar of Semantic Versioning 2.0.0."""
    version = _exported(ctx).get("version")
    parsed = Version.parse(version)
    ctx.expect_true("the version of the export", parsed, expected="a semantic version", actual=repr(version))


@check("PI-EXP-15")
def an_export_shows_the_database_as_it_is_now(ctx: Pieces) -> None:
    """Imports one probe, exports, imports another and exports again; a first probe that only the second
    export shows was shown too late.
    """
    first, second = ctx.given.probes(2)
    ctx.given.imported(first)
    early = missing_from(ctx.given.export(), [first])
    ctx.given.imported(second)
    late = missing_from(ctx.given.export(), [first, second])
    if first["id"] in late:
        raise PrerequisiteFailed("PI-IMP-10", f"the imported entry {first['id']} is in no export")
    ctx.expect("the entries that the first export after their import does not show", [], early + late)


@check("PI-EXP-16")
def an_export_changes_nothing(ctx: Pieces) -> None:
    """Compares two exports in a row, up to three times, and looks for what was there at first; a difference
    that is gone by then counts as work of the server's own.
    """
    first = ctx.given.own
    before, after = first, ctx.given.export()
    for _ in range(_ATTEMPTS - 1):
        if not differences(before, after):
            break
        before, after = after, ctx.given.export()
    told = "; ".join(f"{name}: {what}" for name, what in differences(before, after).items())
    ctx.expect_true("two exports in a row", not told, expected="the same", actual=told)
    expect_kept(ctx, first, after, "an export")


@check("PI-EXP-17")
def an_export_ignores_an_application_key(ctx: Pieces) -> None:
    """Sends an invented key in X-Application-ID, and expects 200 as without it."""
    answer = ctx.call("exportDatabase", headers={"X-Application-ID": ctx.name("application")})
    field_of(answer.expect_status(200).expect_json(dict), "version")


@check("PI-EXP-18", control="exportDatabase")
def an_export_that_fails_is_answered_500(ctx: Pieces) -> None:
    """Provokes a failure inside the next export and looks at its status."""
    ctx.inject.fail_next("exportDatabase")
    ctx.call("exportDatabase").expect_status(500)


@check("PI-EXP-15")
def after_a_failed_export_the_next_one_is_right(ctx: Pieces) -> None:
    """Imports a probe, lets the next export fail where that can be provoked, exports again and looks for the
    probe.
    """
    probes = ctx.given.imported()
    if not ctx.can("inject"):
        return  # the other checks of this rule look at exports that do not fail
    ctx.inject.fail_next("exportDatabase")
    if ctx.call("exportDatabase").status < 500:
        return  # what has to fail, another rule says
    answer = ctx.call("exportDatabase", note="after one that failed").expect_status(200)
    ctx.expect("the entries that it does not show", [], missing_from(answer.expect_json(dict), probes))


@check("PI-EXP-19", control="exportDatabase")
def the_failure_of_an_export_is_plain_text(ctx: Pieces) -> None:
    """Provokes failures inside exports and looks at their Content-Type, for clients that accept anything, and
    plain text beside JSON in either order.
    """
    for accept in (None, *_BOTH):
        ctx.inject.fail_next("exportDatabase")
        answer = ctx.call("exportDatabase", accept=accept, note=accept or "")
        with step("PI-EXP-18", "make an export fail"):
            answer.expect_status(500)
        answer.expect_media_type("text/plain")


def _exported(ctx: Pieces) -> dict[str, Any]:
    return ctx.given.own

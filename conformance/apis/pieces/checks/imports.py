"""An import of Pieces OS: how it is sent, and what is answered."""

from __future__ import annotations

from ....authoring.answer import Answer
from ....authoring.arrange import step
from ....authoring.check import PrerequisiteFailed, check
from ..context import Pieces
from ..exports import LISTS, OPTIONAL_FIELDS, REQUIRED_FIELDS, differences, entries_of
from ..probes import by_themselves, expect_kept, expect_unchanged, is_refusal, moved_to, own_schema_or, send

_DOCUMENTED = (204, 500, 505)
_FOR_THE_MEDIA_TYPE = (400, 406, 415, 422)


def _send_probe(ctx: Pieces, *, accept: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    return send(ctx, ctx.given.importable(ctx.given.probe()), accept=accept, headers=headers or {})


@check("PI-IMP-01")
def an_import_succeeds(ctx: Pieces) -> None:
    """Sends a probe import and looks at the status."""
    _send_probe(ctx).expect_status(204)


@check("PI-IMP-02")
def a_successful_import_has_no_body(ctx: Pieces) -> None:
    """Reads the connection to the end of the answer to a probe import, and expects no bytes."""
    answer = _send_probe(ctx, headers={"Connection": "close"})
    if answer.status >= 300:
        raise PrerequisiteFailed("PI-IMP-01", f"a probe import was answered {answer.summary}")
    ctx.expect("the body of the answer to an import", b"", answer.content)


@check("PI-IMP-03")
def an_import_needs_no_authorization(ctx: Pieces) -> None:
    """Sends a probe import without Authorization and application key; 401 and 403 are failures."""
    answer = send(ctx, ctx.given.importable(ctx.given.probe()), auth=False)
    granted = answer.status not in {401, 403}
    ctx.expect_true("the import without credentials", granted, expected="not refused", actual=answer.summary)


@check("PI-IMP-04")
def an_import_takes_json(ctx: Pieces) -> None:
    """Sends a probe import as application/json; 400, 406, 415 and 422 are failures."""
    answer = _send_probe(ctx)
    taken = answer.status not in _FOR_THE_MEDIA_TYPE
    ctx.expect_true("the import as application/json", taken, expected="not refused", actual=answer.summary)


@check("PI-IMP-05")
def the_client_may_accept_plain_text_only(ctx: Pieces) -> None:
    """Sends a probe import with Accept text/plain, where all other checks accept anything, and
    expects 204.
    """
    _send_probe(ctx, accept="text/plain").expect_status(204)


@check("PI-IMP-06")
def an_export_can_be_imported(ctx: Pieces) -> None:
    """Sends the bytes of an export back, untouched, and expects 204."""
    if ctx.given.keeps_new():
        ctx.given.imported()
    with step("PI-EXP-01", "export the database"):
        exported = ctx.call("exportDatabase").expect_status(200).body
    ctx.call("importDatabase", body=exported).expect_status(204)


@check("PI-IMP-07")
def the_body_of_an_import_is_optional(ctx: Pieces) -> None:
    """Sends an import without body and Content-Type, and one with Content-Length 0; each is answered 204, 500
    or 505.
    """
    ctx.call("importDatabase").expect_status(*_DOCUMENTED)
    ctx.call("importDatabase", body=b"", content_type="").expect_status(*_DOCUMENTED)


@check("PI-IMP-08")
def an_import_without_a_body_succeeds(ctx: Pieces) -> None:
    """Sends an import without body and Content-Type and looks at the status."""
    ctx.call("importDatabase").expect_status(204)


@check("PI-IMP-09")
def an_import_without_a_body_merges_nothing(ctx: Pieces) -> None:
    """Exports before and after an import without a body, and expects the database unchanged."""
    before = ctx.given.own
    ctx.call("importDatabase")
    expect_unchanged(ctx, before, "an import without a body")


@check("PI-IMP-16")
def importing_its_own_export_changes_nothing(ctx: Pieces) -> None:
    """Exports, imports that export and exports again, and expects the database unchanged."""
    before = ctx.given.own
    with step("PI-IMP-06", "import the target's own export"):
        send(ctx, before, look=False).expect_status(204)
    expect_unchanged(ctx, before, "the import of its own export")


@check("PI-IMP-18")
def optional_fields_may_be_left_out(ctx: Pieces) -> None:
    """Sends a probe import without all optional fields, `schema` among them, and expects 204."""
    body = ctx.given.importable(ctx.given.probe())
    send(ctx, {name: body[name] for name in body if name in REQUIRED_FIELDS}).expect_status(204)


@check("PI-IMP-19")
def an_entry_may_carry_a_schema(ctx: Pieces) -> None:
    """Imports a probe with the schema of the target's export, or with migration 0 where it has none."""
    with step("PI-IMP-01", "import an entry without a schema"):
        send(ctx, ctx.given.importable(ctx.given.probe())).expect_status(204)
    probe = {**ctx.given.probe(), "schema": own_schema_or(ctx, 0)}
    send(ctx, ctx.given.importable(probe)).expect_status(204)


@check("PI-IMP-20")
def null_is_the_same_as_absence(ctx: Pieces) -> None:
    """Sends a probe import with null in each optional field, and expects 204 and no field's content gone."""
    nulls: dict[str, None] = dict.fromkeys(OPTIONAL_FIELDS)
    before = ctx.given.own
    send(ctx, ctx.given.importable(ctx.given.probe(), **nulls)).expect_status(204)
    expect_kept(ctx, before, ctx.given.export(), "an import of nulls")


@check("PI-IMP-21", control="importDatabase")
def null_instead_of_a_database_is_an_error(ctx: Pieces) -> None:
    """Sends the four bytes of null, and expects an error and the database unchanged."""
    before = ctx.given.own
    answer = ctx.call("importDatabase", body=b"null")
    if not is_refusal(answer):
        answer.expect_status(500, 505)
    expect_unchanged(ctx, before, "an import of null")


@check("PI-IMP-22")
def an_export_moves_to_another_server(ctx: Pieces) -> None:
    """Imports the target's export in the second instance, and compares the two exports field by field."""
    second = ctx.second()
    held = [entry for name in LISTS for entry in entries_of(second.given.own, name)]
    # What the run itself has moved there will do: it was empty before.
    if held and not ctx.run.seen.get(moved_to(second)):
        ctx.skip(f"the second instance is not empty: it holds {len(held)} entries")
    if ctx.given.keeps_new():
        ctx.given.imported(*ctx.given.probes(2))
    source = ctx.given.export()
    ctx.run.seen[moved_to(second)] = True
    with step("PI-IMP-06", "import the export in the second instance"):
        send(second, source).expect_status(204)
    moved = second.given.export()
    copied = differences(_content(source), _content(moved))
    restless = by_themselves(second, moved, copied.keys() - set(LISTS))
    told = "; ".join(f"{name}: {what}" for name, what in copied.items() if name not in restless)
    ctx.expect_true("the export of the second instance", not told, expected="the same content", actual=told)


def _content(export: dict[str, object]) -> dict[str, object]:
    """The fields that hold content; an absent one is the same as an empty one."""
    content = {name: value for name, value in export.items() if name not in {"version", "schema"}}
    return {name: value for name, value in content.items() if value not in (None, [], {"iterable": []})}


@check("PI-IMP-23")
def an_import_ignores_an_application_key(ctx: Pieces) -> None:
    """Sends a probe import with an invented key in X-Application-ID, and expects 204 as without it."""
    _send_probe(ctx, headers={"X-Application-ID": ctx.name("application")}).expect_status(204)

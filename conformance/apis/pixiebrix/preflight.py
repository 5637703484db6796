"""What is asked of PixieBrix before any rule: the address, the token, the organization, the databases."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from ...authoring.answer import Answer
from ...authoring.check import CheckFailed, NotVerified
from ...authoring.run import Run
from ...environment.environment import Environment
from ...target.preflight import (
    REFUSED,
    Findings,
    asked,
    is_down,
    is_json,
    is_there,
    redirected_to,
    what_came,
    what_is_wrong,
)
from .api import API
from .context import PixieBrix

TOKEN_KEY: Final = "pixiebrix.token"  # noqa: S105 (no token, but the key of one)
"""What stands for the variable with the token in `Target.names`."""

NOTE: Final = "before any rule"
BELOW: Final = "give the URL below which /databases/… and /organizations/… are"
PROBED: Final = 10
"""How many scratch databases are looked at."""

_OF_THE_LIST: Final = frozenset({"listDatabases", "createDatabase"})
_OF_BOTH: Final = frozenset({"listRecordArchives"})
"""Operations whose path has the organization and the database."""


def examine(run: Run, environment: Environment, findings: Findings) -> None:
    """Ask, and note what is wrong.

    Raises:
        Unreachable: nothing answers.
    """
    _Questions(PixieBrix(run, environment, "preflight"), findings).ask()


def answers(run: Run, environment: Environment) -> str | None:
    """Whether a PixieBrix seems to be there; None where it does, else what came instead.

    Raises:
        Unreachable: no connection could be made.
    """
    ctx = PixieBrix(run, environment, "preflight")
    path = {"jobId": "00000000-0000-4000-8000-000000000000"}
    return what_is_wrong(lambda: ctx.call("getExportJob", path=path, described=False, note=NOTE), is_json)


class _Questions:
    def __init__(self, ctx: PixieBrix, findings: Findings) -> None:
        self._ctx = ctx
        self._findings = findings
        self._scratch = ctx.scratch
        self._named = findings.target.named
        self._answers: list[Answer] = []

    def ask(self) -> None:
        job = str(UUID(int=self._ctx.random.getrandbits(128), version=4))
        self._call("getExportJob", {"jobId": job})
        listed = self._list()
        if not self._answers:
            is_there(self._ctx)
            return
        if self._is_elsewhere() or self._is_refused():
            return
        if listed is not None:
            self._organization(listed)
        for database in dict.fromkeys(self._scratch.databases[:PROBED]):
            self._database(database, listed)
        self._read_only_token()
        self._foreign()
        if self._ctx.can("write") and not self._findings.mistakes:
            self._writing()

    # Asking

    def _call(self, operation: str, path: Mapping[str, str], **options: Any) -> Answer | None:
        answer = asked(lambda: self._ctx.call(operation, path=path, described=False, note=NOTE, **options))
        if answer is not None:
            self._answers.append(answer)
        return answer

    def _get(self, path: str) -> Answer | None:
        """Ask what only the vendor's published description has, and a target need not serve."""
        headers = {"Accept": "application/json; version=2.0"}
        return asked(lambda: self._ctx.raw("GET", path, headers=headers, note=NOTE))

    def _list(self) -> Answer | None:
        organization = self._scratch.organization
        if organization is None:
            return None
        return self._call("listDatabases", {"organizationId": organization}, query={"page_size": 1_000})

    # The address and the token

    def _is_elsewhere(self) -> bool:
        """Whether the base URL leads to something that is not such an API, or to nothing that runs."""
        answers, base = self._answers, self._ctx.base_url
        if is_down(answers):
            self._findings.down[API.name] = f"{base} answers {what_came(answers[0])}: nothing runs behind it"
            return True
        there = redirected_to(answers, base)
        if there is not None:
            self._findings.mistake("pixiebrix.url", f"{base} redirects to {there}", f"give {there} instead")
            return True
        if any(is_json(one) or one.status in REFUSED or one.status >= 500 for one in answers):
            return False
        what = f"{base} answers {what_came(answers[0])}, as no PixieBrix API does"
        self._findings.mistake("pixiebrix.url", what, self._remedy())
        return True

    def _remedy(self) -> str:
        """Where the API is, if it is where many forget to look."""
        base = self._ctx.base_url
        if not base.endswith(API.mock_path):
            probe = asked(lambda: self._ctx.raw("GET", API.mock_path + API.probe.path, note=NOTE, auth=False))
            if probe is not None and probe.status != HTTPStatus.OK and is_json(probe):
                return f"give {base}{API.mock_path}"
        return BELOW

    def _is_refused(self) -> bool:
        """Whether the token is missing, or none that the target takes."""
        statuses = {answer.status for answer in self._answers}
        if HTTPStatus.OK in statuses or not statuses & REFUSED:
            return False
        flag = self._named("pixiebrix.token_env")
        given = self._named(TOKEN_KEY)
        invented = self._findings.target.kind == "mock" and given == TOKEN_KEY
        if invented or self._ctx.endpoint.token is None:
            reason = (
                f"{flag}: no token is given, and the target answers {_first(self._answers, *REFUSED)}; "
                f"put one into the variable DBCONTRACT_TOKEN, or name its variable with {flag}"
            )
            self._findings.gap(API.name, reason)
        elif HTTPStatus.UNAUTHORIZED in statuses:
            problem = f"the target refuses the token of {given} (401)"
            self._findings.mistake(
                "pixiebrix.token_env", problem, "put a valid one there, or name another variable"
            )
        elif statuses == {HTTPStatus.FORBIDDEN}:
            problem = f"the target lets the token of {given} read nothing (403)"
            self._findings.mistake("pixiebrix.token_env", problem, "give one that may see the databases")
        else:
            return False
        return True

    # The organization and its databases

    def _organization(self, listed: Answer) -> None:
        key, organization = "pixiebrix.organization", self._scratch.organization
        if listed.status == HTTPStatus.NOT_FOUND:
            problem = f"{organization} is unknown to the target, or the token may not see it (404)"
            self._findings.mistake(key, problem, self._organizations() or "give the id of one that it sees")
        elif listed.status == HTTPStatus.FORBIDDEN:
            reason = (
                f"{self._named(key)}: the token may not list the databases of {organization} (403); "
                "give a token of one who may, or another organization"
            )
            self._findings.gap(API.name, reason, operations=_OF_THE_LIST | _OF_BOTH)

    def _organizations(self) -> str | None:
        """The organizations that the token does see, where the target tells them."""
        answer = self._get("/organizations/")
        ids = [str(item["id"]) for item in _objects(answer) if _is_id(item.get("id"))]
        return f"it sees {', '.join(ids[:3])}" if ids else None

    def _database(self, database: str, listed: Answer | None) -> None:
        key, path = "pixiebrix.databases", {"databaseId": database}
        records = self._call("listRecords", path, query={"page_size": 1})
        if records is None:
            return
        if records.status == HTTPStatus.NOT_FOUND:
            problem = f"{database} is unknown to the target, or the token may not see it (404)"
            self._findings.mistake(key, problem, self._databases(listed))
            return
        if records.status in REFUSED:
            problem = f"the token may not read the records of {database} ({records.status})"
            self._findings.mistake(key, problem, "give a database that it may read, or another token")
            return
        self._belongs(database, listed)

    def _belongs(self, database: str, listed: Answer | None) -> None:
        """Hold the organization of a database against the one that is given."""
        organization = self._scratch.organization
        if organization is None:
            return
        owner = _object(self._get(f"/databases/{database}/")).get("organization_id")
        if _is_id(owner) and UUID(str(owner)) != UUID(organization):
            problem = f"{database} belongs to the organization {owner}, and not to {organization}"
            remedy = f"give one of its own, or another {self._named('pixiebrix.organization')}"
            self._findings.mistake("pixiebrix.databases", problem, remedy)
        elif not _is_id(owner) and self._is_missing(database, listed) and not self._has_archives(database):
            reason = (
                f"{self._named('pixiebrix.databases')}: {database} is not in the list of the organization "
                f"{organization}; give one that is, or another {self._named('pixiebrix.organization')}"
            )
            self._findings.gap(API.name, reason, operations=_OF_BOTH)

    def _has_archives(self, database: str) -> bool:
        """Whether the target finds a database in the organization, though the list need not show it."""
        path = {"organizationId": self._scratch.organization or "", "databaseId": database}
        archives = self._call("listRecordArchives", path, query={"page_size": 1})
        return archives is not None and archives.status == HTTPStatus.OK

    def _is_missing(self, database: str, listed: Answer | None) -> bool:
        """Whether the whole list is known, and the database is not in it."""
        if listed is None or listed.status != HTTPStatus.OK or "next" in listed.links:
            return False
        return database not in {str(item.get("id")) for item in _objects(listed)}

    def _databases(self, listed: Answer | None) -> str:
        ids = [str(item["id"]) for item in _objects(listed) if _is_id(item.get("id"))]
        return f"the organization has {', '.join(ids[:3])}" if ids else "give the id of one that it sees"

    # What only some rules need

    def _read_only_token(self) -> None:
        token, organization = self._scratch.read_only_token, self._scratch.organization
        if token is None or organization is None:
            return
        answer = asked(
            lambda: self._ctx.call(
                "listDatabases",
                path={"organizationId": organization},
                auth=token,
                described=False,
                note=NOTE,
            )
        )
        if answer is not None and answer.status == HTTPStatus.UNAUTHORIZED:
            problem = "the target refuses the token without write permission (401)"
            self._findings.mistake(
                "pixiebrix.read_only_token_env",
                problem,
                "put a valid one into that variable, or leave the key out",
            )

    def _foreign(self) -> None:
        scratch = self._scratch
        if scratch.foreign_organization is not None and scratch.foreign_organization == scratch.organization:
            problem = f"{scratch.foreign_organization} is the organization that is judged"
            self._findings.mistake(
                "pixiebrix.foreign_organization", problem, "name one that the token may not see"
            )
        if scratch.foreign_database is not None and scratch.foreign_database in scratch.databases:
            problem = f"{scratch.foreign_database} is a scratch database, too"
            self._findings.mistake(
                "pixiebrix.foreign_database", problem, "name one that the token may not see"
            )

    def _writing(self) -> None:
        """Ask whether the token may write, by requests that change nothing: they bring nothing to write."""
        for database in dict.fromkeys(self._scratch.databases[:PROBED]):
            answer = self._call("createRecords", {"databaseId": database}, json=[])
            if answer is not None and answer.status == HTTPStatus.FORBIDDEN:
                reason = (
                    f"{self._named('pixiebrix.databases')}: the token may not write to {database} (403); "
                    "give a token that may, or another database"
                )
                self._findings.gap(API.name, reason, needs="write")
        organization = self._scratch.organization
        if organization is None or not self._scratch.create_databases or self._ctx.environment.disposable:
            return
        answer = self._call("createDatabase", {"organizationId": organization}, json={})
        if answer is not None and answer.status == HTTPStatus.FORBIDDEN:
            reason = "pixiebrix.create_databases: the token may not create databases (403); take the key out"
            self._findings.gap(API.name, reason, operations=frozenset({"createDatabase"}))


def _first(answers: list[Answer], *statuses: int) -> int:
    return next(answer.status for answer in answers if answer.status in statuses)


def _is_id(value: object) -> bool:
    try:
        UUID(value if isinstance(value, str) else "")
    except ValueError:
        return False
    return True


def _objects(answer: Answer | None) -> list[dict[str, Any]]:
    """The items of a list that came well; nothing of any other answer."""
    if answer is None or answer.status != HTTPStatus.OK:
        return []
    try:
        return answer.expect_objects()
    except (CheckFailed, NotVerified):
        return []


def _object(answer: Answer | None) -> dict[str, Any]:
    if answer is None or answer.status != HTTPStatus.OK:
        return {}
    try:
        return answer.expect_json(dict)
    except (CheckFailed, NotVerified):
        return {}

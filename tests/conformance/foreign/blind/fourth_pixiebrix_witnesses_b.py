"""What each fault of jobs, archives and assets of the fourth round shows, in plain requests."""

import json
from typing import Any

from ..asking import Client, ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import DAY, data, files, job, night, put, scratch

HOUR = 3600


def _exported(call: Client, made: Any) -> Any:
    return json.loads(call.finished(made))


def jobs_share_a_buffer(server: Foreign) -> bool:
    call, one, two = Client(server), server.kept[0], server.databases[0]
    for attempt in range(ATTEMPTS // 2):
        made: dict[str, Any] = {}

        def start(of: str, name: str, made: dict[str, Any] = made) -> None:
            made[of] = job(call, of, name=name)

        together(
            lambda start=start, name=f"one {attempt}": start(one, name),  # type: ignore[misc]
            lambda start=start, name=f"two {attempt}": start(two, name),  # type: ignore[misc]
        )
        for of, started in made.items():
            if {item["database"] for item in _exported(call, started)} != {of}:
                return False
    return True


def keys_are_unique_in_an_export(server: Foreign) -> bool:
    call, one, two = Client(server), server.databases[1], server.databases[2]
    put(call, "twice", {"a": 1})
    assert call(f"/databases/{two}/records/", {"id": "twice", "data": {"a": 2}}, "PUT")[0] == 200
    return len(_exported(call, job(call, one, two))) == 2


def last_batch_is_left_out(server: Foreign) -> bool:
    call = Client(server)
    many = [{"id": f"{index}", "data": {}} for index in range(1_010)]
    assert call(scratch(server), many, "POST")[0] == 201
    return len(_exported(call, job(call, server.databases[1]))) == len(many)


def archives_by_creation(server: Foreign) -> bool:
    call = Client(server)
    put(call, "kept", {"version": 1})
    night(server)
    put(call, "kept", {"version": 2})
    night(server)
    links = files(call, server.databases[1])
    lines = [json.loads(one) for one in ask(links[max(links)])[1].splitlines()]
    return [one["data"] for one in lines] == [{"version": 2}]


def age_without_its_days(server: Foreign) -> bool:
    link = next(iter(files(Client(server), server.kept[0]).values()))
    assert ask(link)[0] == 200
    server.administer(f"advance?seconds={DAY + 600}")
    return ask(link)[0] == 403


def archive_links_are_kept(server: Foreign) -> bool:
    call = Client(server)
    files(call, server.kept[0])
    server.administer(f"advance?seconds={HOUR + 60}")
    return all(ask(link)[0] == 200 for link in files(call, server.kept[0]).values())


def ordered_within_the_page(server: Foreign) -> bool:
    call = Client(server)
    days = sorted(files(call, server.kept[0]))
    path = f"/organizations/{server.organization}/databases/{server.kept[0]}/record-archives/"
    page = call.json(f"{path}?ordering=date&page_size=2")
    return [str(one["date"]) for one in page] == days[:2]


def _fill(call: Client, prefix: str, count: int) -> None:
    many = [{"id": f"{prefix} {index}", "data": {}} for index in range(count)]
    assert call(scratch(call.server), many, "POST")[0] == 201


def archived_record_from_a_cache(server: Foreign) -> bool:
    call = Client(server)
    _fill(call, "many", server.record_limit + 1)
    assert data(call, "many 7") == {}
    night(server)
    assert call.json(scratch(server)) == []
    return call(f"{scratch(server)}many%207/")[0] == 404


def _upload(made: Any, content: bytes) -> int:
    fields = "".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in made["fields"].items()
    )
    head = '--edge\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n'
    form = (fields + head).encode() + content + b"\r\n--edge--\r\n"
    return ask(made["upload_url"], form, "POST", Content_Type="multipart/form-data; boundary=edge")[0]


def stored_counts_as_uploaded(server: Foreign) -> bool:
    call, path = Client(server), f"/databases/{server.databases[2]}/assets/"
    made = call.json(path, {"filename": "photo.png"})
    assert _upload(made, b"bytes") == 204
    asked = f"{path}{made['asset']['id']}/"
    before = call(asked)[0]
    assert call(asked, {"is_uploaded": True}, "PATCH")[0] == 200
    assert call(asked)[0] == 302
    return before == 404


def filename_made_valid(server: Foreign) -> bool:
    call, path = Client(server), f"/databases/{server.databases[2]}/assets/"
    made = call.json(path, {"filename": "holiday photo (1).png"})
    return bool(call.json(f"{path}{made['asset']['id']}/?meta=true")["filename"] == "holiday photo (1).png")


def asset_of_any_database(server: Foreign) -> bool:
    call = Client(server)
    asset = call.json(f"/databases/{server.kept[1]}/assets/")[0]["id"]
    return call(f"/databases/{server.databases[2]}/assets/{asset}/?meta=true")[0] == 404

"""What shows each fault of PixieBrix: HTTP calls, and whether the server keeps to the contract there."""

import json
from datetime import datetime, timedelta, timezone

from ..asking import Client, ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, together
from .asking_pixiebrix import data, files, job, night, put, scratch


def merge_loses_neighbour(server: Foreign) -> bool:
    call = Client(server)
    for _ in range(ATTEMPTS):
        put(call, "k", {})
        together(lambda: put(call, "k", {"a": 1}, "shallow"), lambda: put(call, "k", {"b": 2}, "shallow"))
        if data(call, "k") != {"a": 1, "b": 2}:
            return False
    return True


def version_of_neighbour(server: Foreign) -> bool:
    call, counts = Client(server), {}

    def read(version: str) -> None:
        accept = f"application/json; version={version}"
        _, text, _ = call(f"/databases/{server.kept[0]}/records/?page_size=10", Accept=accept)
        counts[version] = len(json.loads(text))

    for _ in range(ATTEMPTS):
        together(lambda: read("1.1"), lambda: read("2.0"))
        if counts != {"1.1": 90, "2.0": 10}:
            return False
    return True


def deleted_record_merged(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k", {"a": 1})
    assert call(f"{scratch(server)}k/", method="DELETE")[0] == 204
    put(call, "k", {"b": 2}, "shallow")
    return bool(data(call, "k") == {"b": 2})


def missing_record_remembered(server: Foreign) -> bool:
    call = Client(server)
    assert call(f"{scratch(server)}k/")[0] == 404
    put(call, "k", {})
    return call(f"{scratch(server)}k/")[0] == 200


def count_remembered(server: Foreign) -> bool:
    call, path = Client(server), f"/databases/{server.databases[1]}/"
    before = call.json(path)["num_records"]
    put(call, "k", {})
    return bool(call.json(path)["num_records"] == before + 1)


def only_last_night(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k", {})
    created = call.json(f"{scratch(server)}k/")["created_at"]
    night(server, 3)
    return created[:10] in files(call, server.databases[1])


def link_kept_for_two_hours(server: Foreign) -> bool:
    call = Client(server)
    links = files(call, server.kept[0])
    assert {ask(link)[0] for link in links.values()} == {200}
    server.administer("advance?seconds=3700")
    assert {ask(link)[0] for link in links.values()} == {403}
    return {ask(link)[0] for link in files(call, server.kept[0]).values()} == {200}


def archives_made_again(server: Foreign) -> bool:
    call = Client(server)
    put(call, "a", {})
    put(call, "b", {})
    day = call.json(f"{scratch(server)}b/")["created_at"][:10]
    night(server)
    put(call, "a", {"later": True})
    night(server)
    lines = ask(files(call, server.databases[1])[day])[1].decode().splitlines()
    return {json.loads(one)["id"] for one in lines} == {"a", "b"}


def artifact_named_by_second(server: Foreign) -> bool:
    call = Client(server)
    for _ in range(ATTEMPTS):
        customers, others = job(call, server.kept[0]), job(call, server.databases[1])
        found = [json.loads(call.finished(one)) for one in (customers, others)]
        if [len(one) for one in found] != [90, 0]:
            return False
    return True


def last_day_of_the_calendar(server: Foreign) -> bool:
    return Client(server)(f"{scratch(server)}?end_date=9999-12-31")[0] == 200


def offset_of_timestamp_dropped(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k", {})
    created = datetime.fromisoformat(call.json(f"{scratch(server)}k/")["created_at"])
    start = (created - timedelta(hours=1)).astimezone(timezone(timedelta(hours=5)))
    found = json.loads(call.finished(job(call, server.databases[1], start_date=start.isoformat())))
    return [one["id"] for one in found] == ["k"]


def version_needs_a_blank(server: Foreign) -> bool:
    _, _, headers = Client(server)(scratch(server), Accept="application/json;version=2.0")
    return "version=2.0" in headers["Content-Type"]


def links_without_port(server: Foreign) -> bool:
    _, _, headers = Client(server)(f"/databases/{server.kept[0]}/records/?page_size=10")
    return f"<{server.pixiebrix}/" in headers["Link"]


def archive_lines_broken(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k", {"text": "one\u2028two"})
    night(server)
    (link,) = files(call, server.databases[1]).values()
    return len(ask(link)[1].decode().rstrip("\n").split("\n")) == 1


def keys_composed(server: Foreign) -> bool:
    call = Client(server)
    put(call, "\u00e9", {"n": 1})
    put(call, "e\u0301", {"n": 2})
    return bool(data(call, "\u00e9") == {"n": 1})


def filter_falls_back_to_any_case(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k", {"Name": "x"})
    return bool(call.json(f"{scratch(server)}?data__name=x") == [])


def artifact_numbers_rounded(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k", {"n": 2**53 + 1})
    (item,) = json.loads(call.finished(job(call, server.databases[1])))
    return bool(item["data"]["n"] == 2**53 + 1)


def filter_compares_255_characters(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k", {"text": "x" * 255 + "a"})
    return bool(call.json(f"{scratch(server)}?data__text={'x' * 255}b") == [])


def job_name_counted_in_bytes(server: Foreign) -> bool:
    return "id" in job(Client(server), server.databases[1], name="\u00e9" * 1024)


def delete_takes_one_filter(server: Foreign) -> bool:
    call = Client(server)
    put(call, "k", {"a": "1", "b": "1"})
    assert call(f"{scratch(server)}?data__a=1&data__b=2", method="DELETE")[0] == 204
    return call(f"{scratch(server)}k/")[0] == 200


def same_key_twice_in_a_batch(server: Foreign) -> bool:
    call = Client(server)
    items = [{"id": "k", "data": {name: 1}, "merge_strategy": "shallow"} for name in "ab"]
    assert call(scratch(server), items, "PUT")[0] == 200
    return bool(data(call, "k") == {"a": 1, "b": 1})


def filters_on_the_first_database_only(server: Foreign) -> bool:
    call = Client(server)
    made = job(call, server.databases[1], server.kept[0], end_date="2001-01-01")
    return bool(json.loads(call.finished(made)) == [])

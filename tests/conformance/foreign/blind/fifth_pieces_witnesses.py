"""What a client of Pieces OS sees of each fault of the fifth round."""

from ..asking import ask
from ..running import Foreign
from .asking_pieces import ATTEMPTS, body, entry, exported, ids, load, together

NEW = tuple(f"f0f0f0f0-0000-4000-8000-{number:012d}" for number in (2, 3))  # formats of which nothing is kept


def the_export_is_cached_while_an_import_runs(server: Foreign) -> bool:
    good = body(server, values=[entry(NEW[0], [1, 2])])

    def look() -> None:
        for _ in range(4):
            exported(server.pieces)

    for _ in range(ATTEMPTS):
        server.administer("reset")
        together(lambda: load(server.pieces, good), look, look)
        if NEW[0] not in ids(server):
            return False
    return True


def a_failed_merge_stays_under_way(server: Foreign) -> bool:
    other = body(server) | {"analyses": [1, 2, 3]}  # the user keeps other bytes there
    assert load(server.pieces, other) == 500
    return load(server.pieces, exported(server.pieces)) == 204


def entries_are_told_apart_by_content(server: Foreign) -> bool:
    kept = exported(server.pieces)["values"]["iterable"][0]
    assert load(server.pieces, body(server, values=[entry(NEW[0], kept["raw"])])) == 204
    return NEW[0] in ids(server)


def anchor_points_are_read_from_anchors(server: Foreign) -> bool:
    points = [1, 200, 3]
    status = load(server.pieces, body(server) | {"anchorPoints": points})
    return status != 204 or exported(server.pieces).get("anchorPoints") == points


def only_a_hundred_entries_are_merged(server: Foreign) -> bool:
    kept = exported(server.pieces)["values"]["iterable"]
    many = [kept[index % len(kept)] for index in range(150)]
    assert load(server.pieces, body(server, values=[*many, entry(NEW[0], [7])])) == 204
    return NEW[0] in ids(server)


def an_older_version_may_have_a_newer_migration(server: Foreign) -> bool:
    own = exported(server.pieces)
    schema = own["schema"] | {"migration": own["schema"]["migration"] + 1}
    return load(server.pieces, own | {"version": "10.0.0", "schema": schema}) == 505


def a_conflict_keeps_the_entries(server: Foreign) -> bool:
    before = exported(server.pieces)
    bad = body(server, values=[entry(NEW[0], [1])]) | {"analyses": [1, 2, 3]}
    assert load(server.pieces, bad) == 500
    return bool(exported(server.pieces) == before)


def all_tables_share_one_index(server: Foreign) -> bool:
    name = ids(server)[0]
    assert load(server.pieces, body(server, messageValues=[entry(name, [9])])) == 204
    table = exported(server.pieces).get("messageValues", {"iterable": []})
    return any(one["id"] == name for one in table["iterable"])


def a_charset_is_no_json(server: Foreign) -> bool:
    own = ask(f"{server.pieces}/database/export")[1]
    kind = "application/json; charset=utf-8"
    return ask(f"{server.pieces}/database/import", own, "POST", Content_Type=kind)[0] == 204

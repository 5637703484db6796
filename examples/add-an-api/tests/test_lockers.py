from __future__ import annotations

import requests
from dbcontract.mockserver.client import MockClient


def test_a_code_expires(dbcontract_mock: MockClient) -> None:
    url = f"{dbcontract_mock.urls['lockers']}/parcels"
    parcel = requests.get(url, timeout=9).json()[0]
    dbcontract_mock.clock.advance(hours=1)
    late = requests.post(f"{url}/{parcel['id']}/collect", json={"code": parcel["code"]}, timeout=9)
    assert late.status_code == 400
    now = requests.get(f"{url}/{parcel['id']}", timeout=9).json()
    done = requests.post(f"{url}/{parcel['id']}/collect", json={"code": now["code"]}, timeout=9)
    assert done.json()["state"] == "collected"

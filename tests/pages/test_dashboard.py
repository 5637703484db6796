"""The dashboard, clicked by a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from dbcontract.mockserver.client import MockClient

from .conftest import Page

HOSTILE = "<img src=x onerror=document.title=1><script>document.title='1'</script>"


def dashboard(page: Page, mock: MockClient, tab: str = "") -> None:
    page.open(f"{mock.base_url}/_mock/")
    page.sees("live")
    if tab:
        page.click(tab, "[role=tab]")


def headers(mock: MockClient, version: str = "2.0") -> dict[str, str]:
    return {"Authorization": f"Token {mock.token}", "Accept": f"application/json; version={version}"}


def test_a_request_appears_when_it_comes_with_what_the_contract_says(page: Page, mock: MockClient) -> None:
    dashboard(page, mock)
    url = f"{mock.pieces_url}/database/import"
    assert requests.post(url, json={"version": HOSTILE}, timeout=10).status_code == 500
    page.sees("/database/import")
    page.click("/database/import")
    page.sees("What the contract says")
    page.sees("500:", ".bad, .warn, .good")
    page.sees(HOSTILE, "pre")  # as text
    page.sees(f"curl -i -X POST '{url}'", "pre")
    assert page.driver.title == f"dbcontract: {mock.base_url.rpartition('~')[2]}"


def test_a_path_that_the_contract_does_not_know_is_pointed_out(page: Page, mock: MockClient) -> None:
    dashboard(page, mock)
    requests.get(f"{mock.pieces_url}/database/exports", timeout=10)
    page.click("/database/exports")
    page.sees("No operation of the contract has this path and method.")


def test_the_clock_is_frozen_moved_and_kills_a_link(page: Page, mock: MockClient) -> None:
    overview = requests.get(f"{mock.base_url}/_mock/overview", timeout=10).json()
    job = next(job for job in overview["jobs"]["latest"] if job["status"] == "SUCCESS")
    url = f"{mock.pixiebrix_url}/databases/records/jobs/{job['id']}/"
    link = requests.get(url, headers=headers(mock, "1.0"), timeout=10).json()["data"]
    assert requests.get(link, timeout=10).status_code == 200
    dashboard(page, mock)
    page.sees("2024-05-10 12:00:00 UTC (frozen)", "#now")
    page.click("+1 h")
    page.sees("2024-05-10 13:00:00", "#now")
    assert requests.get(link, timeout=10).status_code == 403
    page.click("Next midnight")
    page.sees("2024-05-11 00:00:00", "#now")
    page.click("Let it run")
    page.click("Freeze")
    page.sees("(frozen)", "#now")
    assert mock.clock.frozen


def test_a_fault_is_ordered_and_strikes_once(page: Page, mock: MockClient) -> None:
    dashboard(page, mock, "Faults & defects")
    page.wait(lambda: page.css("#fault-operation option"), "no operations to choose from")
    Select(page.one("#fault-operation")).select_by_value("exportDatabase")
    page.one("#fault-status").send_keys("500")
    page.click("Add fault")
    page.sees("exportDatabase", "[aria-label=Faults]")
    statuses = [requests.get(f"{mock.pieces_url}/database/export", timeout=10).status_code for _ in range(2)]
    assert statuses == [500, 200]


def test_a_defect_is_switched_on_and_off(page: Page, mock: MockClient) -> None:
    dashboard(page, mock, "Faults & defects")
    page.one("[aria-label='Filter defects']").send_keys("last-byte-lost")
    page.wait(lambda: len(page.css("label.bar input[type=checkbox]")) == 1, "the list is not filtered")
    page.one("label.bar input[type=checkbox]").click()
    page.sees("On: last-byte-lost")
    assert mock.defects.on() == ["last-byte-lost"]
    page.click("Switch all off")
    page.sees("the mock behaves as documented")


def test_a_snapshot_is_downloaded_and_restored(page: Page, mock: MockClient) -> None:
    before = mock.snapshot()
    dashboard(page, mock, "Settings & snapshots")
    page.click("Download")
    file = page.downloads / "sandbox.json"
    page.wait(lambda: file.exists() and file.stat().st_size, "nothing was downloaded")
    page.wait(lambda: json.loads(file.read_text()), "the download does not end")
    mock.clock.advance(days=3)
    assert mock.snapshot() != before
    page.one("[aria-label='Snapshot to restore']").send_keys(str(file))
    page.click("Restore")
    page.sees("The sandbox is as in the snapshot.", "#toast")
    file.unlink()
    assert mock.snapshot() == before


def test_settings_are_changed_and_a_wrong_one_is_explained(page: Page, mock: MockClient) -> None:
    dashboard(page, mock, "Settings & snapshots")
    limit = page.one("[data-name=record_limit]")
    limit.clear()
    limit.send_keys("5")
    page.click("Save settings")
    page.sees("The settings are changed.", "#toast")
    assert mock.settings().record_limit == 5
    version = page.one("[data-name=os_version]")
    version.clear()
    version.send_keys("nonsense")
    page.click("Save settings")
    page.sees("os_version", "#toast")


def test_a_picture_is_uploaded_and_previewed(page: Page, mock: MockClient, tmp_path: Path) -> None:
    picture = tmp_path / "dot.png"
    picture.write_bytes(page.driver.get_screenshot_as_png())
    dashboard(page, mock, "State")
    page.one("[aria-label='File to upload']").send_keys(str(picture))
    page.click("Upload as an asset")
    page.sees("dot.png", "[aria-label=Assets]")
    page.wait(
        lambda: page.driver.execute_script("return document.querySelector('img.thumb')?.naturalWidth > 0"),
        "no preview",
    )
    assert [entry.status for entry in mock.requests(method="POST")] == [201, 204]


def test_records_are_looked_at_as_text(page: Page, mock: MockClient) -> None:
    database = mock.databases[0]
    url = f"{mock.pixiebrix_url}/databases/{database.id}/records/hostile/"
    assert (
        requests.put(url, json={"data": {"html": HOSTILE}}, headers=headers(mock), timeout=10).status_code
        < 300
    )
    dashboard(page, mock, "State")
    page.click(database.name)
    page.sees("1 to 50 of")
    page.click("Next", "#panel-state button")
    page.sees("hostile")
    page.sees(json.dumps(HOSTILE), "code")
    assert "dbcontract" in page.driver.title


def test_the_state_follows_what_happens(page: Page, mock: MockClient) -> None:
    mock.settings(job_pace=100)
    database = mock.databases[0]
    records = f"{mock.pixiebrix_url}/databases/{database.id}/records"
    dashboard(page, mock, "State")
    page.click(database.name)
    page.sees(f"1 to 50 of {database.records}")
    page.driver.execute_script("arguments[0].focus()", page.one("[aria-label=Databases] button"))
    mock_headers = headers(mock, "1.0")
    answer = requests.post(f"{records}/", json={"id": "new", "data": {}}, headers=mock_headers, timeout=10)
    assert answer.status_code == 201
    page.sees(f"1 to 50 of {database.records + 1}")
    assert page.driver.switch_to.active_element.text == database.name
    order = {"name": "slow", "databases": [database.id]}
    requests.post(
        f"{mock.pixiebrix_url}/databases/records/jobs/", json=order, headers=mock_headers, timeout=10
    )
    page.sees("slow", "[aria-label='Export jobs']")
    page.click("+1 min")
    bar = "return document.querySelector(\"progress[aria-label='Progress of slow']\")?.value"
    page.wait(lambda: page.driver.execute_script(bar) == 0.6, "the job does not progress with the clock")
    assets = f"{mock.pixiebrix_url}/databases/{database.id}/assets/"
    requests.post(assets, json={"filename": "later.bin"}, headers=mock_headers, timeout=10)
    page.sees("waits for the upload", "[aria-label=Assets]")
    page.sees("values", "[aria-label='Pieces collections']")
    page.click("Next midnight")
    page.sees("2024-05-10.jsonl", "[aria-label=Archives]")


def test_a_reset_is_asked_for_and_begins_anew(page: Page, mock: MockClient) -> None:
    before = mock.snapshot()
    mock.clock.advance(days=1)
    dashboard(page, mock, "Settings & snapshots")
    page.one("button.danger").click()
    page.driver.switch_to.alert.dismiss()
    assert mock.snapshot() != before
    page.one("button.danger").click()
    page.driver.switch_to.alert.accept()
    page.sees("The sandbox began anew.", "#toast")
    assert mock.snapshot() == before


def test_a_keyboard_is_enough_and_no_request_interrupts(page: Page, mock: MockClient) -> None:
    dashboard(page, mock)
    page.one("#tab-requests").send_keys(Keys.ARROW_RIGHT)
    active = page.driver.switch_to.active_element
    assert (active.get_attribute("id"), page.one("#panel-state").is_displayed()) == ("tab-state", True)
    active.send_keys(Keys.TAB)
    inside = "return document.getElementById('panel-state').contains(document.activeElement)"
    assert page.driver.execute_script(inside), "the hidden panels are not stops"
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert page.driver.execute_script(outline) != "none"
    page.click("Requests", "[role=tab]")
    requests.get(f"{mock.pieces_url}/database/export", timeout=10)
    page.sees("1 of 1 requests")
    told = "return [...document.querySelectorAll('[role=status]')].map((one) => one.textContent).join(' ')"
    assert "1 of 1" not in page.driver.execute_script(told)
    assert not page.css("[aria-live=polite]:not([role=status])")
    page.one("[aria-label='Filter requests']").send_keys("import")
    page.wait(lambda: "0 of 1 requests" in page.driver.execute_script(told), "the filter is not told")


def test_a_sandbox_is_opened_and_forgotten(page: Page, mock: MockClient) -> None:
    dashboard(page, mock, "Sandboxes")
    page.one("[aria-label='Name of a sandbox']").send_keys("from-the-page")
    page.click("Open, or make")
    page.sees("sandbox from-the-page", "h1")
    page.click("Sandboxes", "[role=tab]")
    page.sees("from-the-page", "[aria-label=Sandboxes]")
    rows = [row for row in page.css("tbody tr") if row.text.startswith("from-the-page")]
    rows[0].find_element(By.TAG_NAME, "button").click()
    page.sees("from-the-page is forgotten.", "#toast")


def test_coverage_tells_what_was_met_and_what_brings_the_rest_about(page: Page, mock: MockClient) -> None:
    requests.get(f"{mock.pieces_url}/database/export?{HOSTILE}", timeout=10)
    dashboard(page, mock, "Coverage")
    page.sees("% of the contract was met by 1 requests")
    page.click("unknown-parameter", "#panel-coverage summary")
    page.sees("exportDatabase has no parameter", "#panel-coverage h3")
    page.sees("GET /database/export?", "#panel-coverage pre")
    page.click("import-without-a-body", "#panel-coverage summary")
    page.sees(f'curl -s -X POST "{mock.base_url}/database/import"', "#panel-coverage pre")
    requests.post(f"{mock.pieces_url}/database/import", timeout=10)
    page.sees("% of the contract was met by 2 requests")
    page.wait(lambda: "import-without-a-body" not in page.text("#panel-coverage"), "it was met")
    Select(page.one("#coverage-only")).select_by_value("")
    page.sees("met (1)", "#panel-coverage summary")
    page.click("Count from nothing")
    page.sees("0 % of the contract was met by 0 requests")
    page.sees("Nothing was found that the client does wrong.")
    assert not mock.coverage.findings()


def test_a_sandbox_whose_coverage_nobody_looks_at_counts_nothing(page: Page, mock: MockClient) -> None:
    dashboard(page, mock, "State")
    requests.get(f"{mock.pieces_url}/database/export", timeout=10)
    mock.clear_requests()
    page.click("Requests", "[role=tab]")
    assert mock.coverage.document()["requests"] == 0

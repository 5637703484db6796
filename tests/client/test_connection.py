from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from dbcontract.mockserver.client import MockClient, MockError
from dbcontract.mockserver.sandbox.settings import Settings, TokenGrant
from dbcontract.mockserver.server.run import Running, ServerThread


@contextmanager
def listening(answers: list[bytes]) -> Iterator[tuple[str, threading.Semaphore]]:
    """A server that gives each connection one answer and closes it; and a count of closed connections."""
    closed = threading.Semaphore(0)
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def serve() -> None:
            for answer in answers:
                connection, _ = door.accept()
                with closing(connection):
                    connection.recv(65_536)
                    connection.sendall(answer)
                closed.release()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}", closed
        thread.join(timeout=10)
        assert not thread.is_alive()


def answer(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


def test_one_connection_serves_a_client_and_its_sandboxes() -> None:
    body = b'{"organizations":[]}'
    # A second connection would find nobody.
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def serve() -> None:
            connection, _ = door.accept()
            door.close()
            with closing(connection):
                while connection.recv(65_536):
                    connection.sendall(answer(body))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with MockClient(f"http://127.0.0.1:{door.getsockname()[1]}") as client:
            for _ in range(3):
                with client.sandbox() as mock:
                    assert mock.organization_ids == []
            assert client.organization_ids == []
        thread.join(timeout=10)


def test_a_connection_that_the_server_closed_is_opened_again() -> None:
    frozen = b'{"now":"2026-01-31T00:00:00.000000Z","frozen":true}'
    with listening([answer(frozen)] * 3) as (url, closed), MockClient(url) as client:
        for _ in range(3):
            client.clock.advance(hours=1)
            assert closed.acquire(timeout=10)


def test_it_works_on_after_being_closed(running: Running) -> None:
    client = MockClient(running.base_url)
    assert client.health()["status"] == "ok"
    client.close()
    assert client.health()["status"] == "ok"
    client.close()


def test_threads_may_share_a_client(mock: MockClient) -> None:
    began = mock.clock.now()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: mock.clock.advance(seconds=1), range(80)))
    assert mock.clock.now() == began + timedelta(seconds=80)


def test_nobody_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        port = door.getsockname()[1]
    with (
        MockClient(f"http://127.0.0.1:{port}") as client,
        pytest.raises(MockError, match=rf":{port} does not answer GET /_mock/health: ") as error,
    ):
        client.health()
    assert error.value.status is None


def test_an_answer_that_breaks_off() -> None:
    with (
        listening([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"]) as (url, _),
        MockClient(url) as client,
        pytest.raises(MockError, match="does not answer GET"),
    ):
        client.health()


def test_no_answer_in_time() -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as door,
        MockClient(f"http://127.0.0.1:{door.getsockname()[1]}", timeout=0.05) as client,
        pytest.raises(MockError, match="timed out"),
    ):
        client.health()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (answer(b"<h1>Welcome</h1>"), "no JSON"),
        (answer(b"<h1>No</h1>", "404 Not Found"), "is it a mock of dbcontract"),
        (answer(b'"No"', "404 Not Found"), "with 404; is it a mock of dbcontract"),
    ],
)
def test_something_else_answers(raw: bytes, words: str) -> None:
    with listening([raw]) as (url, _), MockClient(url) as client, pytest.raises(MockError, match=words):
        client.health()


def test_a_mock_without_its_control_api() -> None:
    with (
        ServerThread(Settings(port=0, control=False)) as running,
        MockClient(running.base_url) as client,
        pytest.raises(MockError, match=r"with 404; is it a mock of dbcontract.*--no-control"),
    ):
        client.health()


@pytest.mark.parametrize("url", ["", "localhost:5323", "ftp://localhost", "/~name", "http://"])
def test_what_is_not_a_url(url: str) -> None:
    with pytest.raises(ValueError, match="is not a URL of a mock"):
        MockClient(url)


def test_the_control_token_is_sent() -> None:
    seen = []
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def serve() -> None:
            connection, _ = door.accept()
            with closing(connection):
                seen.append(connection.recv(65_536))
                connection.sendall(answer(b"{}"))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        with MockClient(url, token="not-this", control_token="s3cret") as client:
            assert client.health() == {}
        thread.join(timeout=10)
    assert b"\r\nAuthorization: Bearer s3cret\r\n" in seen[0]
    assert b"not-this" not in seen[0]


def sandboxes(server: MockClient) -> set[str]:
    listed = server.session().get(f"{server.base_url}/_mock/sandboxes").json()
    return {item["name"] for item in listed}


def test_sandboxes(server: MockClient) -> None:
    with server.sandbox("named.one-2") as mock:
        assert mock.base_url == f"{server.base_url}/~named.one-2"
        assert mock.health()["sandbox"] == "named.one-2"
        assert "named.one-2" in sandboxes(server)
        # A sandbox of a sandbox is its sibling.
        with mock.sandbox("sibling") as sibling:
            assert sibling.base_url == f"{server.base_url}/~sibling"
            assert sibling.health()["sandbox"] == "sibling"
        assert "sibling" not in sandboxes(server)
    assert "named.one-2" not in sandboxes(server)


def test_a_sandbox_is_deleted_after_an_error_too(server: MockClient) -> None:
    def fail() -> None:
        with server.sandbox("short-lived") as mock:
            mock.clock.advance(hours=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with server.sandbox("short-lived") as mock:
        assert mock.clock.now() == server.clock.now()


def test_a_sandbox_is_addressed_by_its_url_alone(server: MockClient, mock: MockClient) -> None:
    mock.clock.advance(hours=1)
    with MockClient(f"{mock.base_url}/") as same:
        assert same.base_url == mock.base_url
        assert same.clock.now() == mock.clock.now()
        assert same.clock.now() != server.clock.now()


def test_a_name_that_is_none_is_refused(server: MockClient) -> None:
    with pytest.raises(MockError, match="is not a sandbox name"), server.sandbox("no name?") as mock:
        mock.health()


def test_a_token_that_the_mock_was_told() -> None:
    settings = Settings(port=0, tokens=(TokenGrant("the-one"),))
    with ServerThread(settings) as running:
        for token, status in (("the-one", 200), ("another", 401)):
            with MockClient(running.base_url, token=token) as client, client.sandbox() as mock:
                url = f"{mock.pixiebrix_url}/organizations/{mock.organization_id}/databases/"
                assert mock.session().get(url).status_code == status


def test_the_session_knows_no_proxy_and_no_netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    settings = Settings(port=0, tokens=(TokenGrant("the-one"),))
    with ServerThread(settings) as running, MockClient(running.base_url, token="the-one") as client:
        url = f"{client.pixiebrix_url}/organizations/{client.organization_id}/databases/"
        assert client.session().get(url).status_code == 200

#!/usr/bin/env python3
"""Makes the captures of this directory again: runs the program of each case and records the request that it sends.

    ./record.py                         every case
    ./record.py php go/right            the cases of a program, or one case

A case is a directory cases/PROGRAM/CASE with a case.json, written by hand. The program programs/PROGRAM.* is run with
the name of the case, and finds in its environment

    CLOUDKIT_URL   where to send the request: a recorder on the loopback interface
    KEYS           the directory of the keys
    KEY_ID         the ID under which keys/one.public.pem is registered
    API_TOKEN      an API token of the container
    NOW            the time, which stands still, so that the dates do not change from run to run

What arrives is written to request.http byte for byte, with two changes: Apple's host stands in place of the recorder's,
and what is larger than 64 KB is compressed. A second request of the program becomes second.http.

With "form": "curl" the program prints a command instead. It is kept as request.curl, and is run as it is, so that
request.http is what curl makes of it. With "form": "har" it prints a HAR file, kept as request.har.
"""

import contextlib
import gzip
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEYS = HERE / "keys"
HOST = b"api.apple-cloudkit.com"
REFUSAL = b'{"uuid":"173179e2-0000-4000-8000-000000000001","serverErrorCode":"AUTHENTICATION_FAILED","reason":"Authentication failed"}'
INTERPRETERS = {".sh": ["bash"], ".mjs": ["node"], ".cjs": ["node"], ".py": [sys.executable], ".java": ["java"], ".php": ["php"], ".rb": ["ruby"], ".go": ["go", "run"]}


class Recorder:
    """Keeps every request it is sent, and refuses it as Apple does."""

    def __init__(self, certificate=None):
        self.requests = []
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(20)
                with contextlib.suppress(ssl.SSLError, TimeoutError, ConnectionError):
                    if self.context:
                        connection = self.context.wrap_socket(connection, server_side=True)
                    self.record(connection)
                    connection.close()

    def record(self, connection):
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return
            received += piece
        head, body = received.split(b"\r\n\r\n", 1)
        lines = head.split(b"\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        if headers.get(b"expect", b"").lower() == b"100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            while not body.endswith(b"0\r\n\r\n"):
                body += connection.recv(65536)
        else:
            while len(body) < int(headers.get(b"content-length", b"0")):
                body += connection.recv(65536)
        here = b"127.0.0.1:%d" % self.port
        lines = [line.replace(here, HOST) if line.lower().startswith(b"host:") else line for line in lines]
        self.requests.append(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        connection.sendall(
            b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json; charset=UTF-8\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(REFUSAL), REFUSAL)
        )

    def close(self):
        self.listener.close()


def environment(program, case):
    return os.environ | {
        "KEYS": str(KEYS),
        "KEY_ID": "6f2a0c4be1d95873a0b4c7d2e8f1935670ab4cde12f3590867ba24dc91e5f308",
        "API_TOKEN": "d41c86e0f7b2953a1e6480cb2d7f95a3c80e14b6d52f7a9930cb61e8f4d27a05",
        "NOW": case.get("now", "2026-01-15T09:30:27.418Z"),
        "TZ": "UTC",
        "NODE_PATH": os.environ.get("NODE_PATH", ""),
    }


def command(program, name):
    (file,) = (HERE / "programs").glob(f"{program}.*")
    return [*INTERPRETERS[file.suffix], str(file), name]


def write(directory, name, content):
    for old in (directory / name, directory / f"{name}.gz"):
        old.unlink(missing_ok=True)
    if len(content) > 65536:
        with open(directory / f"{name}.gz", "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped:
            zipped.write(content)
    else:
        (directory / name).write_bytes(content)


def run_curl(text, directory):
    """Runs a curl command that names Apple's host, and has it reach the recorder."""
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        certificate = home / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
             "-subj", "/CN=recorder", "-keyout", certificate, "-out", home / "x509.pem"],
            check=True, capture_output=True,
        )
        certificate.write_bytes(certificate.read_bytes() + (home / "x509.pem").read_bytes())
        recorder = Recorder(certificate)
        (home / ".curlrc").write_text(f'connect-to = "::127.0.0.1:{recorder.port}"\ninsecure\nhttp1.1\nsilent\nnoproxy = "*"\n')
        subprocess.run(["bash", "-c", text], env=os.environ | {"CURL_HOME": str(home)}, check=True, stdout=subprocess.DEVNULL, cwd=directory)
        recorder.close()
        return recorder.requests


def make(directory):
    case = json.loads((directory / "case.json").read_text())
    program, name = directory.parent.name, directory.name
    form = case.get("form", "http")
    for number, key in enumerate(case.get("publicKeys", ["one"])):
        shutil.copy(KEYS / f"{key}.public.pem", directory / ("public.pem" if number == 0 else f"public-{number + 1}.pem"))
    if form == "http":
        recorder = Recorder()
        env = environment(program, case) | {"CLOUDKIT_URL": f"http://127.0.0.1:{recorder.port}"}
        done = subprocess.run(command(program, name), env=env, capture_output=True, text=True, timeout=180)
        recorder.close()
        requests = recorder.requests
        if not requests:
            raise SystemExit(f"{program}/{name} has sent nothing:\n{done.stdout}{done.stderr}")
    else:
        done = subprocess.run(command(program, name), env=environment(program, case), capture_output=True, timeout=180)
        if done.returncode != 0:
            raise SystemExit(f"{program}/{name} failed:\n{done.stderr.decode()}")
        (directory / f"request.{form}").write_bytes(done.stdout)
        requests = run_curl(done.stdout.decode(), directory) if form == "curl" and case.get("runs", True) else []
    for request, file in zip(requests, ["request.http", "second.http"]):
        write(directory, file, request)
    print(f"{program}/{name}: {len(requests)} requests", flush=True)


def main():
    wanted = sys.argv[1:]
    cases = sorted(path.parent for path in HERE.glob("cases/*/*/case.json"))
    for directory in cases:
        program = directory.parent.name
        if not wanted or program in wanted or f"{program}/{directory.name}" in wanted:
            make(directory)


if __name__ == "__main__":
    main()

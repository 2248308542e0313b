# SPDX-License-Identifier: Apache-2.0
"""A node of Skrei as a process, for tests that other people's programs run against."""

import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

READY_SECONDS = 30
STOP_SECONDS = 20


class Node:
    """`with Node() as node`: node.url answers; the data is gone afterwards."""

    def __init__(self, *flags):
        self._flags = flags
        self._folder = tempfile.TemporaryDirectory(prefix="skrei-peers-")
        self._process = None
        self.host = "127.0.0.1"
        self.port = 0

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def data_dir(self):
        return os.path.join(self._folder.name, "data")

    def __enter__(self):
        log_path = os.path.join(self._folder.name, "log")
        command = [os.environ["SKREI_BINARY"], "serve", "--data-dir", self.data_dir]
        command += ["--api-port", "0", *self._flags]
        environment = {"PATH": "/usr/bin:/bin", "HOME": self._folder.name, "LANG": "C.UTF-8"}
        with open(log_path, "wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._is_ready():
                return self
            time.sleep(0.02)
        with open(log_path, encoding="utf-8", errors="replace") as log:
            said = log.read()
        self.__exit__(None, None, None)
        raise RuntimeError(f"skrei serve is not ready; it said:\n{said}")

    def __exit__(self, *exception):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._end_supervisors()
        self._folder.cleanup()

    def is_running(self):
        return self._process.poll() is None

    def _is_ready(self):
        try:
            with open(os.path.join(self.data_dir, "skrei.run"), encoding="utf-8") as file:
                for line in file:
                    if "SKREI_API_PORT=" in line:
                        self.port = int(line.rsplit("=", 1)[1])
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (OSError, ValueError, urllib.error.URLError):
            return False

    def _end_supervisors(self):
        """They outlive their node on purpose; the folder of these is about to go."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    command = file.read()
                if b"wasm-supervisor" in command and self.data_dir.encode() in command:
                    os.kill(int(name), signal.SIGKILL)
            except OSError:
                continue

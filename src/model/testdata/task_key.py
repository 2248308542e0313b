#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the golden vectors of task_key_test.cpp and of src/compute/execution_work_test.cpp, with an
encoder of its own."""

import base64
import hashlib
import struct


class Cid(bytes):
    pass


def raw_cid(content):
    return Cid(b"\x01\x55\x12\x20" + hashlib.sha256(content).digest())


def head(major, number):
    for size, (code, form) in enumerate([(24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")]):
        if size == 0 and number < 24:
            return bytes([major << 5 | number])
        if number < 1 << (8 << size):
            return bytes([major << 5 | code]) + struct.pack(form, number)
    raise ValueError(number)


def cbor(value):
    if isinstance(value, Cid):
        return head(6, 42) + cbor(b"\x00" + bytes(value))
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return head(5, len(value)) + b"".join(cbor(key) + cbor(value[key]) for key in keys)


def key(fields):
    block = b"\x01\x71\x12\x20" + hashlib.sha256(cbor(fields)).digest()
    return "b" + base64.b32encode(block).decode().lower().rstrip("=")


small = {
    "v": 1,
    "engine": "wasm",
    "abi": "wasi-preview1/1",
    "program": {"module": raw_cid(b"program"), "imports": []},
    "entrypoint": "_start",
    "args": [],
    "workdir": "",
    "env": {},
    "inputs": [],
    "outputs": [],
    "limits": {"fuel": 0, "fuelSchedule": "", "time": 0, "guestMemory": 0},
    "salt": "",
    "nonce": b"",
}
full = {
    **small,
    "program": {"module": raw_cid(b"program"), "imports": [raw_cid(b"library")]},
    "args": ["-n", "3"],
    "workdir": "/",
    "env": {"A": "1", "LONGER": "2"},
    "partition": {"index": 1, "count": 4},
    "inputs": [
        {"target": "/a", "cid": raw_cid(b"a")},
        {"target": "/b", "cid": raw_cid(b"b")},
    ],
    "outputs": [{"name": "y", "path": "/y"}, {"name": "z", "path": "/z"}],
    "limits": {"fuel": 10, "fuelSchedule": "wasmtime-48", "time": 60, "guestMemory": 1 << 26},
    "salt": "salt",
    "nonce": b"\x01\x02\x03",
}
execution = {
    **small,
    "program": {"module": raw_cid(b"the module"), "imports": [raw_cid(b"the library")]},
    "entrypoint": "run",
    "args": ["-v"],
    "env": {"A": "1"},
    "partition": {"index": 1, "count": 2},
    "inputs": [{"target": "/data", "cid": raw_cid(b"data")}],
    "outputs": [{"name": "outputs", "path": "/outputs"}],
    "limits": {"fuel": 0, "fuelSchedule": "", "time": 60, "guestMemory": 1 << 26},
}
print("full", key(full))
print("small", key(small))
print("execution", key(execution))

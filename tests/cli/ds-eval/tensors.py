#!/usr/bin/env python3
"""safetensors for the cases here, without any package.

tensors.py write FILE NAME=JSON...   I64 tensors from nested lists: ids='[[1,2],[3,4]]'
tensors.py show FILE                 name, dtype and shape of each tensor, in file order
tensors.py values FILE NAME          the numbers of a tensor, one row (last dimension) a line
"""
import json
import struct
import sys


def flat(value):
    return [n for v in value for n in flat(v)] if isinstance(value, list) else [value]


def shape(value):
    return [len(value)] + shape(value[0]) if isinstance(value, list) else []


def write(path, tensors):
    header, data = {}, b""
    for name, value in tensors:
        numbers = flat(value)
        header[name] = {"dtype": "I64", "shape": shape(value), "data_offsets": [len(data), len(data) + 8 * len(numbers)]}
        data += struct.pack(f"<{len(numbers)}q", *numbers)
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def read(path):
    with open(path, "rb") as f:
        bytes_ = f.read()
    (size,) = struct.unpack("<Q", bytes_[:8])
    header = json.loads(bytes_[8 : 8 + size])
    header.pop("__metadata__", None)
    return header, bytes_[8 + size :]


def main():
    command, path = sys.argv[1:3]
    if command == "write":
        write(path, [(a.split("=", 1)[0], json.loads(a.split("=", 1)[1])) for a in sys.argv[3:]])
        return
    header, data = read(path)
    for name, t in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = t["data_offsets"]
        if command == "show":
            print(name, t["dtype"], t["shape"])
        elif name == sys.argv[3]:
            kind, width = {"I64": ("q", 8), "F32": ("f", 4)}[t["dtype"]]
            numbers = struct.unpack(f"<{(end - begin) // width}{kind}", data[begin:end])
            row = t["shape"][-1]
            for i in range(0, len(numbers), row):
                print(*numbers[i : i + row])


main()

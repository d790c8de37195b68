"""Writes event files, independently of the reader; TensorBoard reads them in one of the tests."""

import struct


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of data, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def simple_value(tag: str, value: float) -> bytes:
    return field(1, tag.encode()) + varint(2 << 3 | 5) + struct.pack("<f", value)


def tensor_value(tag: str, value: float, *, listed: bool = False) -> bytes:
    """Return a value as TensorFlow 2 writes it, in `tensor_content` or in `float_val`."""
    shape = field(2, b"")
    number = struct.pack("<f", value)
    tensor = varint(1 << 3) + varint(1) + shape + field(5 if listed else 4, number)
    return field(1, tag.encode()) + field(8, tensor)


def event(step: int, *values: bytes) -> bytes:
    summary = b"".join(field(1, each) for each in values)
    return (
        varint(1 << 3 | 1)
        + struct.pack("<d", 1.7e9)
        + varint(2 << 3)
        + varint(step)
        + field(5, summary)
    )


def version() -> bytes:
    return varint(1 << 3 | 1) + struct.pack("<d", 1.7e9) + field(3, b"brain.Event:2")

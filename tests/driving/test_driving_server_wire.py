"""Bytes that the official carla 0.9.16 client sent and understood, in both directions."""

from __future__ import annotations

import itertools
import math
import os
import struct

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving.server import streams, wire
from driving.server.errors import WireError
from driving.server.structs import read_description, read_settings, read_vehicle_control

# Recorded between carla.Client and the server: (request as sent, method, arguments)
RECORDED = [
    ("940001a776657273696f6e9191c2", "version", ()),
    ("940004b06765745f73656e736f725f746f6b656e9291c201", "get_sensor_token", (1,)),
    ("940006b26765745f72657175697265645f66696c65739291c2a34e6176", "get_required_files", ("Nav",)),
    (
        "940009b47365745f657069736f64655f73657474696e67739291c29bc3c292c3cb3fa999999999999ac3cb3f847ae147ae147b"
        "0aca00000000c3ca453b8000ca44fa0000c3",
        "set_episode_settings",
        ([True, False, [True, 0.05], True, 0.01, 10, 0.0, True, 3000.0, 2000.0, True],),
    ),
    (
        "94000fb86170706c795f636f6e74726f6c5f746f5f76656869636c659391c30397ca3f000000cabe800000ca00000000c2c2c200",
        "apply_control_to_vehicle",
        (3, [0.5, -0.25, 0.0, False, False, False, 0]),
    ),
    (
        "940011ab6170706c795f62617463689391c29291920692039293ca3f800000ca40000000ca4040000093ca00000000ca00000000"
        "ca000000009192019102c2",
        "apply_batch",
        ([[[6, [3, [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]]]], [[1, [2]]]], False),
    ),
]


def read_all(reader: wire.RequestReader) -> list[wire.Request]:
    return list(reader)


@pytest.mark.parametrize(("recorded", "method", "arguments"), RECORDED, ids=[item[1] for item in RECORDED])
def test_a_recorded_request_is_read_whole(recorded, method, arguments):
    reader = wire.RequestReader()
    reader.feed(bytes.fromhex(recorded))
    (request,) = read_all(reader)
    assert (request.method, request.arguments) == (method, arguments)
    assert request.id == bytes.fromhex(recorded)[2]


def test_recorded_requests_are_read_one_byte_at_a_time():
    reader, found = wire.RequestReader(), []
    for byte in bytes.fromhex("".join(item[0] for item in RECORDED)):
        reader.feed(bytes([byte]))
        found += read_all(reader)
    assert [(request.method, request.arguments) for request in found] == [item[1:] for item in RECORDED]


@given(st.data())
def test_requests_are_read_the_same_however_the_bytes_are_split(data):
    whole = bytes.fromhex("".join(item[0] for item in RECORDED))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    reader, found = wire.RequestReader(), []
    for start, end in itertools.pairwise([0, *cuts, len(whole)]):
        reader.feed(whole[start:end])
        found += read_all(reader)
    assert [(request.method, request.arguments) for request in found] == [item[1:] for item in RECORDED]


@given(st.binary(max_size=300))
def test_any_bytes_are_requests_or_refused_or_waited_for(data):
    reader, refused = wire.RequestReader(), "not msgpack"
    try:
        reader.feed(data)
        read_all(reader)
    except WireError as error:
        refused = str(error)
    assert refused.startswith(("not msgpack", "not a CARLA request"))


def test_answers_are_the_bytes_that_the_client_understood():
    assert wire.response(1, wire.value("0.9.16")).hex() == "940101c0919201a6302e392e3136"
    assert wire.response(15, wire.VOID).hex() == "94010fc09191c2"
    refused = wire.failure("'start_recorder' is not supported by this server")
    assert wire.response(20, refused).hex() == (
        "940114c091920091d9302773746172745f7265636f7264657227206973206e6f7420737570706f72746564206279"
        "207468697320736572766572"
    )


def test_a_token_is_24_bytes_without_an_address_so_that_the_client_dials_its_own_host():
    assert wire.token(1, 38552).hex() == "01000000" + "9896" + "01" + "00" + "00" * 16


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xc1",  # never used by msgpack
        bytes.fromhex("94020000a0"),  # no params
        bytes.fromhex("9400"[:2]) + b"\x00\x01\x02\x03",  # method is a number
        b"\xdd\xff\xff\xff\xff",  # an array of four thousand million elements
        b"\x91" * 5000,  # nested without end
        b"\x81\x90\x01",  # a map whose key is a list
    ],
)
def test_what_no_client_sends_is_an_error(garbage):
    reader = wire.RequestReader()
    reader.feed(garbage)
    with pytest.raises(WireError):
        read_all(reader)


@given(st.binary(max_size=200))
def test_any_bytes_give_requests_or_a_wire_error_and_nothing_else(data):
    reader = wire.RequestReader()
    try:
        reader.feed(data)
        assert all(isinstance(request, wire.Request) for request in reader)
    except WireError:
        pass


def test_a_request_that_never_ends_is_cut_off(monkeypatch):
    monkeypatch.setattr(wire, "MAX_MESSAGE", 1000)
    reader = wire.RequestReader()
    reader.feed(b"\xdb\x00\x00\x03\x00")  # a string of 768 bytes begins
    with pytest.raises(WireError, match="longer than 1000 bytes"):
        reader.feed(b"x" * 1001)


def test_a_request_that_never_ends_is_cut_off_though_it_is_nested(monkeypatch):
    monkeypatch.setattr(wire, "MAX_MESSAGE", 1000)
    reader = wire.RequestReader()
    reader.feed(b"\xdd\x00\x01\x00\x00")  # an array of 65,536 elements begins
    for _ in range(165):
        reader.feed(b"\x95\x01\x02\x03\x04\x05")  # of five numbers each
        assert list(reader) == []
    with pytest.raises(WireError, match="longer than 1000 bytes"):
        reader.feed(b"\x95\x01\x02\x03\x04\x05")


def test_many_requests_together_may_be_longer_than_one_may_be(monkeypatch):
    monkeypatch.setattr(wire, "MAX_MESSAGE", 1000)
    reader = wire.RequestReader()
    request = msgpack.packb([0, 1, "version", [[False], "x" * 400]])
    for _ in range(10):
        reader.feed(request)
        assert [found.method for found in reader] == ["version"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process")
def test_each_server_that_is_forked_has_stream_ids_of_its_own():
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write, str(wire.world_stream(1)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(read, 20))
    os.close(read)
    os.close(write)
    assert theirs != wire.world_stream(1)
    assert (
        wire.known_stream(wire.world_stream(1))
        == wire.known_stream(wire.world_stream(7))
        == wire.WORLD_STREAM
    )
    assert wire.known_stream(wire.sensor_stream(3)) == wire.sensor_stream(3)
    assert wire.known_stream(theirs) != wire.WORLD_STREAM


@pytest.mark.parametrize("content", [[1.0, 2.0], [1.0, "x", 2.0], None, [1.0, math.nan, 0.0], 5])
def test_what_is_no_vector_is_refused(content):
    with pytest.raises(WireError, match="numbers expected"):
        wire.read_vector(content)


def test_structs_that_clients_send_are_read_into_their_fields():
    assert read_vehicle_control([0.5, -0.25, 1, False, True, False, 2]) == (
        0.5,
        -0.25,
        1.0,
        False,
        True,
        False,
        2,
    )
    assert read_description([3, "vehicle.a.b", [["color", 5, "1,2,3"]]]) == (
        "vehicle.a.b",
        {"color": "1,2,3"},
    )
    settings = read_settings([True, False, [True, 0.05]])
    assert (settings.synchronous, settings.fixed_delta, settings.most_substeps) == (True, 0.05, 10)
    assert read_settings([False, False, [False]]).fixed_delta is None


STAMP = streams.Stamp(frame=7, elapsed=0.35)


def test_an_episode_state_has_the_layout_of_release_0_9_16():
    writer = streams.EpisodeWriter()
    control = (0.5, -0.25, 0.125, False, True, False, -1)
    writer.list_actors([1, 9], {9: streams.vehicle_detail(control, 30.0)})
    motion = np.arange(30.0).reshape(2, 15)
    message = writer.message(STAMP, motion, episode=3, wall=12.5, delta=0.05, state=streams.MAP_CHANGED)
    assert struct.unpack_from("<IQQd", message) == (len(message) - 4, 17, 7, 0.35)
    assert struct.unpack_from("<Qdf3ii", message, 4 + 48) == (3, 12.5, np.float32(0.05), 0, 0, 0, 1)
    records = message[4 + 48 + 36 :]
    assert len(records) == 2 * 119
    assert struct.unpack_from("<IB15f", records, 119) == (9, 1, *range(15, 30))
    seen = struct.unpack_from("<3f3?ifB?IB", records, 119 + 65)
    assert seen == (0.5, -0.25, 0.125, False, True, False, -1, 30.0, 2, False, 0, 0)
    assert records[65:119] == bytes(54)


def test_an_image_is_its_header_its_size_and_its_pixels():
    pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    message = streams.image("sensor.camera.rgb", STAMP, (1, 2, 3, 4, 5, 6), pixels, fov=90.0)
    assert struct.unpack_from("<IQQd6f", message) == (len(message) - 4, 13, 7, 0.35, 1, 2, 3, 4, 5, 6)
    assert struct.unpack_from("<IIf", message, 52) == (3, 2, 90.0)
    assert message[64:] == pixels.tobytes()


@given(st.floats(0.0, 1000.0))
def test_depth_decodes_by_the_official_formula_to_a_hundredth_of_a_millimetre_and_float_precision(metres):
    blue, green, red, _ = streams.depth_pixels(np.full((1, 1), metres, np.float32))[0, 0].astype(int)
    decoded = (red + 256 * green + 65536 * blue) / (256**3 - 1) * 1000.0
    assert decoded == pytest.approx(metres, abs=1e-3)


def test_classes_stand_in_red_and_instances_in_green_and_blue():
    tag, instance = np.full((1, 1), 14, np.uint8), np.full((1, 1), 0x1234, np.uint32)
    assert streams.class_pixels(tag)[0, 0].tolist() == [0, 0, 14, 255]
    assert streams.instance_pixels(tag, instance)[0, 0].tolist() == [0x12, 0x34, 14, 255]

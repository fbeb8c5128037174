from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inpaint_studio.engines.host import protocol as wire

#: How long an example takes says more about the machine than about the protocol.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

numbers = st.integers()
texts = st.text(st.characters())  # lone surrogates too: a file name may hold them
values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)
refs = st.from_regex(r"[a-z]+-[0-9]+\.npy", fullmatch=True).filter(str.isascii)
parcels = st.builds(wire.Parcel, st.dictionaries(texts, values), st.dictionaries(texts, refs))
orders = st.one_of(
    st.builds(wire.Run, numbers, texts, parcels, texts),
    st.builds(wire.Cancel, numbers),
    st.builds(wire.Finish, numbers),
    st.just(wire.Quit()),
)
reports = st.one_of(
    st.builds(wire.Ready, numbers),
    st.builds(wire.Step, numbers, st.none() | st.floats(allow_nan=False), texts, st.none() | refs),
    st.builds(wire.Done, numbers, parcels),
    st.builds(wire.Failed, numbers, st.sampled_from(["input", "studio", "memory", "crash"]), texts, texts, texts),
    st.builds(wire.Cancelled, numbers),
)


@patient
@given(orders)
def test_an_order_arrives_as_it_was_sent_in_one_line(order: wire.Order) -> None:
    line = wire.encode(order)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert wire.decode_order(line) == order


@patient
@given(reports)
def test_a_report_arrives_as_it_was_sent_in_one_line(report: wire.Report) -> None:
    line = wire.encode(report)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert wire.decode_report(line) == report


@patient
@given(st.binary() | values.map(lambda value: json.dumps(value).encode()))
def test_no_line_does_worse_than_a_protocol_error(line: bytes) -> None:
    for decode in (wire.decode_order, wire.decode_report):
        with pytest.raises(wire.ProtocolError):
            decode(line)


@patient
@given(reports, st.data())
def test_a_report_with_a_wrong_value_is_refused(report: wire.Report, data: st.DataObject) -> None:
    raw = json.loads(wire.encode(report))
    field = data.draw(st.sampled_from(sorted(raw)))
    raw[field] = [1]
    with pytest.raises(wire.ProtocolError):
        wire.decode_report(json.dumps(raw).encode())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"type":"Sing","job":1}',
        b'{"type":["Cancel"],"job":1}',
        b'{"type":"Cancel"}',
        b'{"type":"Cancel","job":1,"more":2}',
        b'{"type":"Cancel","job":true}',
        b'{"type":"Cancel","job":1.0}',
        b'{"type":"Cancelled","job":1}',
        b'{"type":"Run","job":1,"task":"t","folder":"f","payload":{"data":[],"arrays":{}}}',
        b'{"type":"Run","job":1,"task":"t","folder":"f","payload":{"data":{},"arrays":{"a":"../../etc/x-0.npy"}}}',
        b'{"type":"Run","job":1,"task":"t","folder":"f","payload":{"data":{},"arrays":{"a":"/in-0.npy"}}}',
    ],
)
def test_what_is_no_order_is_refused(line: bytes) -> None:
    with pytest.raises(wire.ProtocolError):
        wire.decode_order(line)


def test_an_order_is_no_report() -> None:
    with pytest.raises(wire.ProtocolError):
        wire.decode_report(wire.encode(wire.Quit()))


def test_what_json_cannot_carry_is_told_to_the_sender() -> None:
    with pytest.raises(TypeError):
        wire.encode(wire.Done(1, wire.Parcel({"what": object()}, {})))

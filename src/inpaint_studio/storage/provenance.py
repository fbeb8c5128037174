"""What a photo says about fills in it: IPTC's digital source type and an entry in XMP's history for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from inpaint_studio import __version__

_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
#: Part of the photo was made by a trained model; or by an algorithm out of the photo itself.
_TRAINED, _ALGORITHM = f"{_TERMS}compositeWithTrainedAlgorithmicMedia", f"{_TERMS}algorithmicallyEnhanced"
#: What a photo already says that must not be made to sound less.
_STRONGER = (b"trainedAlgorithmicMedia", b"compositeWithTrainedAlgorithmicMedia")

_RDF = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMESPACES = (
    'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
)
_END = re.compile(rb"</rdf:RDF\s*>")
_HISTORY_END = re.compile(rb"</rdf:Seq\s*>(?=\s*</xmpMM:History\s*>)")
_TYPE_ATTRIBUTE = re.compile(rb"(\bIptc4xmpExt:DigitalSourceType\s*=\s*)(\"[^\"]*\"|'[^']*')")
_TYPE_ELEMENT = re.compile(
    rb"<Iptc4xmpExt:DigitalSourceType\b(?:[^>]*/>|.*?</Iptc4xmpExt:DigitalSourceType\s*>)", re.DOTALL
)
_NEW = (
    b"<?xpacket begin='\xef\xbb\xbf' id='W5M0MpCehiHzreSzNTczkc9d'?>\n"
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='" + _RDF + b"'></rdf:RDF></x:xmpmeta>\n"
    b"<?xpacket end='w'?>"
)

#: What is said when a photo's XMP is of a form that nothing can be put into.
UNRECORDED = "The fills are not recorded in the photo's metadata, because its XMP is not of the usual form."


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill that is visible in a photo. engine: one or several ids. trained: by a model. area: pixels of its mask."""

    engine: str
    seed: int
    area: int
    trained: bool


def recorded(packet: bytes | None, fills: tuple[Fill, ...], now: datetime | None = None) -> bytes | None:
    """The XMP packet with `fills` in it; None when it is of a form that nothing can be put into.

    now: the moment that the entries state, with its zone.
    """
    packet = packet or _NEW
    if _RDF not in packet or len(_END.findall(packet)) != 1:
        return None
    moment = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    entries = "".join(_entry(fill, moment) for fill in fills).encode()
    if _HISTORY_END.search(packet):
        packet = _HISTORY_END.sub(lambda match: entries + match[0], packet, count=1)
        described = b""
    elif b"xmpMM:History" in packet:
        return None
    else:
        described = b"<xmpMM:History><rdf:Seq>" + entries + b"</rdf:Seq></xmpMM:History>"
    kind = _TRAINED if any(fill.trained for fill in fills) else _ALGORITHM
    packet, stated = _with_type(packet, kind)
    if not stated:
        described += f"<Iptc4xmpExt:DigitalSourceType>{escape(kind)}</Iptc4xmpExt:DigitalSourceType>".encode()
    if not described:
        return packet
    block = f'<rdf:Description rdf:about="" {_NAMESPACES}>'.encode() + described + b"</rdf:Description>"
    return _END.sub(lambda match: block + match[0], packet, count=1)


def _entry(fill: Fill, moment: str) -> str:
    """One event. Its namespace is declared here, since another program's packet may not have it."""
    parameters = f"inpainting: engine {fill.engine}, seed {fill.seed}, mask of {fill.area} pixels"
    facts = {
        "xmlns:stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
        "stEvt:action": "edited",
        "stEvt:when": moment,
        "stEvt:softwareAgent": f"Inpaint Studio {__version__}",
        "stEvt:parameters": parameters,
    }
    return f"<rdf:li {' '.join(f'{name}={quoteattr(value)}' for name, value in facts.items())}/>"


def _with_type(packet: bytes, kind: str) -> tuple[bytes, bool]:
    """The packet with the source type that it states set to `kind`; False when it states none."""
    stated = _TYPE_ATTRIBUTE.search(packet) or _TYPE_ELEMENT.search(packet)
    if stated is None:
        return packet, False
    if any(term in stated[0] for term in _STRONGER):
        return packet, True
    if stated[0].startswith(b"<"):
        element = f"<Iptc4xmpExt:DigitalSourceType>{escape(kind)}</Iptc4xmpExt:DigitalSourceType>".encode()
        return packet[: stated.start()] + element + packet[stated.end() :], True
    return packet[: stated.start(2)] + quoteattr(kind).encode() + packet[stated.end(2) :], True

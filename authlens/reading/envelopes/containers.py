"""Docker, and what collects the lines of Kubernetes' containers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from authlens.reading.envelopes.base import Bundle, Payload, gathered, lines
from authlens.reading.envelopes.objects import Objects, as_bytes, as_stamp, stream_name
from authlens.reading.formats import json_text
from authlens.reading.runs import Note, Run, Sheaf

_DOCKER = re.compile(
    rb'\{"log": ?"([^"\\]*(?:\\.[^"\\]*)*)", ?"stream": ?"([a-z]{1,16})",(?: ?"attrs": ?\{[^{}]{0,1024}\},)? ?"time": ?"([^"\\]{1,64})"\}\s*'
)


@dataclass(frozen=True, slots=True)
class Docker(Objects):
    """Docker's own files, whose objects are all alike and very many."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the text out of each object; a line that is none goes on with the line before."""
        run = run.indexed()
        data = run.data
        bundles: dict[str, Bundle] = {}
        stream = ""
        for begin, end in lines(data):
            match = _DOCKER.fullmatch(data, begin, end)
            if match is not None:
                stream, payload = match[2].decode(), _raw(match[1])
            elif self.starts(data, begin, end):
                value = json_text.parse(data[begin:end])
                stream = stream_name(value.get("stream")) if isinstance(value, dict) else ""
                payload = as_bytes(value.get("log")) if isinstance(value, dict) else data[begin:end]
            else:
                payload = data[begin:end]
            bundle = bundles.get(stream)
            if bundle is None:
                bundle = bundles[stream] = Bundle()
            bundle.add(payload, begin, end)
        return gathered(run, bundles, self.note)

    @staticmethod
    def note(data: bytes, begin: int, end: int) -> Note:
        """The time of an object."""
        match = _DOCKER.fullmatch(data, begin, end)
        if match is not None:
            return Note(match[3].decode(errors="replace"))
        value = json_text.parse(data[begin:end])
        return Note(as_stamp(value.get("time"))) if isinstance(value, dict) else Note()


def _raw(text: bytes) -> bytes:
    """The bytes of a JSON string, given without its quotes."""
    if text.endswith(b"\\n") and text.find(b"\\") == len(text) - 2:
        return text[:-2] + b"\n"
    if b"\\" not in text:
        return text
    value = json_text.parse(b'"' + text + b'"')
    return as_bytes(value) if isinstance(value, str) else text


def docker(value: Mapping[str, Any]) -> Iterator[Payload]:
    """A line, or a piece of a longer one, as Docker's json-file driver writes it."""
    yield Payload(
        stream_name(value.get("stream")), as_bytes(value.get("log")), Note(as_stamp(value.get("time"))), closed=False
    )


def _kubernetes(value: Mapping[str, Any]) -> str:
    pod = value.get("kubernetes")
    if not isinstance(pod, dict):
        return stream_name(value.get("container_name"), value.get("stream"))
    return stream_name(pod.get("namespace_name"), pod.get("pod_name"), pod.get("container_name"), value.get("stream"))


def fluent(value: Mapping[str, Any]) -> Iterator[Payload]:
    """A line as Fluent Bit, Fluentd and Vector hand it on."""
    text = next((value[k] for k in ("log", "message", "MESSAGE") if isinstance(value.get(k), str)), None)
    stamp = as_stamp(next((value[k] for k in ("time", "@timestamp", "date", "timestamp") if value.get(k)), None))
    partial = value.get("_p") == "P" or value.get("logtag") == "P" or value.get("partial_message") == "true"
    yield Payload(
        _kubernetes(value), as_bytes(value) if text is None else as_bytes(text), Note(stamp), closed=not partial
    )

"""What the service does: the four calls of the schema, one of each kind."""

from __future__ import annotations

import math
from collections.abc import Iterator

import grpc
from pb import Message


class Handler:
    def Square(self, request: Message, context: grpc.ServicerContext) -> Message:
        context.send_initial_metadata(_identity(context))
        context.set_trailing_metadata((("x-count", "1"),))
        return Message(Message=_square(request.Message))

    def RangeSquare(self, request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        if not 0 <= request.Message < math.inf:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Message must be 0 or more")
        for x in range(int(request.Message) + 1):
            yield Message(Message=x**2)

    def SumSquare(self, requests: Iterator[Message], _: grpc.ServicerContext) -> Message:
        return Message(Message=sum(_square(request.Message) for request in requests))

    def StreamrangeSquare(
        self, requests: Iterator[Message], context: grpc.ServicerContext
    ) -> Iterator[Message]:
        context.send_initial_metadata(_identity(context))
        count = 0
        for request in requests:
            count += 1
            yield Message(Message=_square(request.Message))
        context.set_trailing_metadata((("x-count", str(count)),))


def _identity(context: grpc.ServicerContext) -> tuple[tuple[str, str | bytes], ...]:
    """The metadata by which a caller knows its request again."""
    return tuple(pair for pair in context.invocation_metadata() if pair[0] == "x-request-id")


def _square(x: float) -> float:
    """Infinity, when that is too large: x**2 would raise OverflowError."""
    return x * x

"""What the service does: the four calls of the schema, one of each kind."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import grpc
import grpc.aio
from pb import Message

Context = grpc.aio.ServicerContext[Message, Message]


class Handler:
    async def Square(self, request: Message, context: Context) -> Message:
        await context.send_initial_metadata(_identity(context))
        context.set_trailing_metadata((("x-count", "1"),))
        return Message(Message=_square(request.Message))

    async def RangeSquare(self, request: Message, context: Context) -> AsyncIterator[Message]:
        if not 0 <= request.Message < math.inf:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Message must be 0 or more")
        for x in range(int(request.Message) + 1):
            yield Message(Message=x**2)

    async def SumSquare(self, requests: AsyncIterator[Message], _: Context) -> Message:
        return Message(Message=sum([_square(request.Message) async for request in requests]))

    async def StreamrangeSquare(
        self, requests: AsyncIterator[Message], context: Context
    ) -> AsyncIterator[Message]:
        await context.send_initial_metadata(_identity(context))
        count = 0
        async for request in requests:
            count += 1
            yield Message(Message=_square(request.Message))
        context.set_trailing_metadata((("x-count", str(count)),))


def _identity(context: Context) -> tuple[tuple[str, str | bytes], ...]:
    """The metadata by which a caller knows its request again."""
    return tuple(pair for pair in context.invocation_metadata() or () if pair[0] == "x-request-id")


def _square(x: float) -> float:
    """Infinity, when that is too large: x**2 would raise OverflowError."""
    return x * x

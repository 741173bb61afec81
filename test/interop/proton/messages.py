"""Bodies as JSON, for sender.py and broker.py: a string, a list (of lists, too), {"binary": text} or {"symbol": text}."""

from proton import Message, symbol


def message(body):
    """Header, properties and an amqp-value, as rsyslog's omamqp1, which is built on the same library, writes them."""
    return Message(body=_value(body), inferred=False)


def _value(body):
    if isinstance(body, list):
        return [_value(item) for item in body]
    if isinstance(body, dict):
        (kind, text), = body.items()
        return {"binary": str.encode, "symbol": symbol}[kind](text)
    return body

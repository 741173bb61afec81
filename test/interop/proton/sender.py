"""sender.py URL ADDRESS: sends as omamqp1 does, one message at a time, each when the one before is settled.

stdin: a JSON line for each message: {"id", "body"} (messages.py).
stdout: a JSON line for each disposition: {"event": "outcome", "id", "outcome"}.
"""

import json
import sys

from proton.utils import BlockingConnection

from messages import message


def main(url, address):
    connection = BlockingConnection(url, timeout=20)
    sender = connection.create_sender(address)
    for line in sys.stdin:
        given = json.loads(line)
        # No error_states: every outcome is told, none raised.
        delivery = sender.send(message(given["body"]), error_states=[])
        print(json.dumps({"event": "outcome", "id": given["id"], "outcome": delivery.remote_state.name.lower()}), flush=True)
    connection.close()


main(*sys.argv[1:])

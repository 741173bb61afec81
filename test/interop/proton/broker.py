"""broker.py SETTINGS: a broker that holds messages for the receivers that attach to it, and gives again what they did not settle.

SETTINGS, a JSON object, all of it optional:
  port            0: a free one
  mechanisms      SASL mechanisms, of ANONYMOUS and EXTERNAL
  username, password    instead of these: PLAIN, with this login
  cert, key, ca   PEM files: TLS; with ca, a client certificate that it has signed is required
  idleTimeout     seconds after which a silent peer is left
  maxFrameSize    largest frame that is taken
  framePayload    most of a message that goes into one frame; else as much as the peer takes

stdin, a JSON line each (its end is the broker's end):
  {"do": "send", "id", "body"}                           a message for whoever receives (messages.py)
  {"do": "detach" | "end" | "close", "error": {...}}     ends the links, the sessions, the connections
  {"do": "answer", "how": "attach" | "refuse" | "ignore", "error"}    what becomes of links that attach from now on

stdout, a JSON line each: listening {port}, login {fits}, opened {user, mechanism}, attached {address}, refused {address}, ignored
{address}, transfer {id}, outcome {id, outcome}, returned {id}, heartbeat {way: "in" | "out"}, lost {}.
"""

import json
import sys
import threading
from collections import deque

from proton import Condition, Disposition, Endpoint, Handler, SSLDomain, Terminus, Transport
from proton.reactor import ApplicationEvent, Container, EventInjector

from messages import message
from plain import serve

OUTCOMES = {Disposition.ACCEPTED: "accepted", Disposition.REJECTED: "rejected", Disposition.RELEASED: "released", Disposition.MODIFIED: "modified"}


def tell(event, **facts):
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


def condition(error):
    return Condition(error["condition"], error.get("description")) if error else None


class Broker(Handler):
    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.waiting = deque()  # (id, encoded message), the oldest first
        self.sent = {}  # by link, what it was given and has not settled: deliveries, by tag
        self.links = []  # attached, in order
        self.connections = []
        self.answer = {"how": "attach"}
        self.tags = 0

    # The container and its connections.

    def on_reactor_init(self, event):
        self.container = event.reactor
        settings, port = self.settings, self.settings.get("port", 0)
        plain = "password" in settings
        acceptor = self.container.listen(f"127.0.0.1:{0 if plain else port}", None if plain else self.tls())
        listening = acceptor._selectable._delegate.getsockname()[1]
        if plain:
            tls = (settings["cert"], settings["key"]) if "cert" in settings else None
            serve(port, listening, settings["username"], settings["password"], tls, tell)
        else:
            tell("listening", port=listening)

    def tls(self):
        if "cert" not in self.settings:
            return None
        domain = SSLDomain(SSLDomain.MODE_SERVER)
        domain.set_credentials(self.settings["cert"], self.settings["key"], None)
        if "ca" in self.settings:
            domain.set_trusted_ca_db(self.settings["ca"])
            domain.set_peer_authentication(SSLDomain.VERIFY_PEER, self.settings["ca"])
        return domain

    def on_connection_bound(self, event):
        transport = event.transport
        transport.require_auth("password" not in self.settings)
        transport.max_frame_size = self.settings.get("maxFrameSize", 16384)
        transport.idle_timeout = self.settings.get("idleTimeout", 0)
        transport.sasl().allowed_mechs(self.settings.get("mechanisms", "ANONYMOUS"))
        transport.tracer = heartbeats
        transport.trace(Transport.TRACE_FRM)

    def on_connection_remote_open(self, event):
        connection, transport = event.connection, event.transport
        connection.container = "proton-broker"
        connection.open()
        self.connections.append(connection)
        tell("opened", user=transport.user, mechanism=transport.sasl().mech)

    def on_connection_remote_close(self, event):
        event.connection.close()

    def on_transport_closed(self, event):
        connection = event.connection
        for link in [link for link in self.links if link.connection == connection]:
            self.gone(link)
        if connection in self.connections:
            self.connections.remove(connection)
        tell("lost")

    # Sessions and links.

    def on_session_remote_open(self, event):
        event.session.open()

    def on_session_remote_close(self, event):
        for link in [link for link in self.links if link.session == event.session]:
            self.gone(link)
        event.session.close()

    def on_link_remote_open(self, event):
        link, how = event.link, self.answer["how"]
        address = link.remote_source.address
        if how == "ignore":
            return tell("ignored", address=address)
        if how == "refuse":
            # No source: that is how a link is refused (spec 2.6.3).
            link.source.type = Terminus.UNSPECIFIED
            link.open()
            link.condition = condition(self.answer.get("error"))
            link.close()
            return tell("refused", address=address)
        link.source.address = address
        link.open()
        self.links.append(link)
        tell("attached", address=address)
        return None

    def on_link_remote_close(self, event):
        self.gone(event.link)
        event.link.close()

    def on_link_flow(self, event):
        self.pump()

    def gone(self, link):
        """What it has not settled is the next one's."""
        if link not in self.links:
            return
        self.links.remove(link)
        back = self.sent.pop(link.name, {})
        for given in reversed(list(back.values())):
            self.waiting.appendleft(given)
            tell("returned", id=given[0])
        self.pump()

    # Messages.

    def pump(self):
        for link in self.links:
            while self.waiting and link.credit > 0:
                self.give(link, self.waiting.popleft())

    def give(self, link, given):
        self.tags += 1
        tag = str(self.tags)
        self.sent.setdefault(link.name, {})[tag] = given
        link.delivery(tag)
        encoded = given[1]
        step = self.settings.get("framePayload", len(encoded))
        for at in range(0, len(encoded), step):
            link.send(encoded[at:at + step])
            # Has the engine make a frame of what it has by now.
            link.transport.pending()
        link.advance()
        tell("transfer", id=given[0])

    def on_delivery(self, event):
        delivery, link = event.delivery, event.link
        if not delivery.updated or delivery.remote_state not in OUTCOMES:
            return
        given = self.sent.get(link.name, {}).pop(delivery.tag, None)
        delivery.settle()
        if given is None:
            return
        tell("outcome", id=given[0], outcome=OUTCOMES[delivery.remote_state])
        if delivery.remote_state != Disposition.ACCEPTED:
            self.waiting.appendleft(given)
            self.pump()

    # Commands.

    def on_command(self, event):
        command = event.subject
        if command is None:
            sys.exit(0)
        getattr(self, f"do_{command['do']}")(command)

    def do_send(self, command):
        self.waiting.append((command["id"], message(command["body"]).encode()))
        self.pump()

    def do_answer(self, command):
        self.answer = command

    def do_detach(self, command):
        self.finish(list(self.links), command)

    def do_end(self, command):
        self.finish([link.session for link in self.links], command)

    def do_close(self, command):
        self.finish(list(self.connections), command)

    def finish(self, endpoints, command):
        for endpoint in endpoints:
            links = [link for link in self.links if endpoint in (link, link.session, link.connection)]
            endpoint.condition = condition(command.get("error"))
            endpoint.close()
            for link in links:
                self.gone(link)


def heartbeats(_transport, text):
    if "(EMPTY FRAME)" in text:
        tell("heartbeat", way="in" if "<-" in text else "out")


def main(settings):
    broker = Broker(settings)
    container = Container(broker)
    injector = EventInjector()
    container.selectable(injector)

    def read():
        for line in sys.stdin:
            injector.trigger(ApplicationEvent("command", subject=json.loads(line)))
        injector.trigger(ApplicationEvent("command"))

    threading.Thread(target=read, daemon=True).start()
    container.run()


main(json.loads(sys.argv[1]))

"""Logs as a Python program does by logging.handlers.SysLogHandler: sys-log-handler.py PORT SOCK_STREAM|SOCK_DGRAM"""

import logging
import logging.handlers
import socket
import sys

port, kind = sys.argv[1:]
handler = logging.handlers.SysLogHandler(("127.0.0.1", int(port)), facility="daemon", socktype=getattr(socket, kind))
log = logging.getLogger("test")
log.addHandler(handler)
log.setLevel(logging.DEBUG)

log.warning("disk %d of %s is nearly full", 1, "é")
handler.ident = "nova-api: "
log.critical("no valid host")
handler.ident = "nova-api[4711]: "
log.debug("it goes on")
handler.close()

import { addresses, listenAddresses, socketAddress } from './addresses.ts'
import { amqpUrls, serverName } from './endpoints.ts'
import type { Option } from './option.ts'
import { certificates, privateKey } from './pem.ts'
import { permittedPeers } from './permitted-peers.ts'
import { password, username } from './text.ts'
import { bytesBetween, integerBetween, oneOf } from './units.ts'

const KIB = 2 ** 10
const MIB = 2 ** 20
const GIB = 2 ** 30

/** Where records come from. */
export const INPUT_OPTIONS = {
  LOKEAN_AMQP_URL: {
    group: 'AMQP bus',
    schema: amqpUrls,
    default: 'amqp://127.0.0.1:5672',
    url: true,
    text: 'URLs of the bus, comma-separated, tried in turn; `amqps` for TLS'
  },
  LOKEAN_AMQP_ADDRESSES: {
    group: 'AMQP bus',
    schema: addresses,
    default: 'rsyslog/logs',
    text: 'source addresses, comma-separated, or `off`; `address;name=value;tenant=name` gives labels and a tenant to all records of the address, in place of their own'
  },
  LOKEAN_AMQP_USERNAME: { group: 'AMQP bus', schema: username, text: 'user for SASL PLAIN' },
  LOKEAN_AMQP_PASSWORD: { group: 'AMQP bus', schema: password, secret: true, text: 'password for SASL PLAIN' },
  LOKEAN_AMQP_SERVERNAME: {
    group: 'AMQP bus', schema: serverName, text: 'name that the certificate of the bus must have, and that is asked for over TLS (SNI), where it is not the host of `LOKEAN_AMQP_URL`'
  },
  LOKEAN_AMQP_CA: { group: 'AMQP bus', schema: certificates, pem: true, text: 'PEM file of the authorities to trust instead of the system\'s' },
  LOKEAN_AMQP_CERT: { group: 'AMQP bus', schema: certificates, pem: true, text: 'PEM file of the client certificate (SASL EXTERNAL)' },
  LOKEAN_AMQP_KEY: { group: 'AMQP bus', schema: privateKey, pem: true, secret: true, text: 'PEM file of its private key' },

  LOKEAN_LISTEN: {
    group: 'Listeners', schema: listenAddresses, text: 'what to listen on for senders, comma-separated: `relp://host:port`, `relps://` (RELP over TLS), `syslog+tcp://`, `syslog+tls://`, `udp://`, `unixgram:/path`. Labels and a tenant can follow each, as for an address of the bus. RELP alone is acknowledged. With it and no `LOKEAN_AMQP_` setting, no bus is read'
  },
  LOKEAN_LISTEN_CERT: { group: 'Listeners', schema: certificates, pem: true, text: 'PEM file of the certificate that `relps://` and `syslog+tls://` show to senders, with its chain' },
  LOKEAN_LISTEN_KEY: { group: 'Listeners', schema: privateKey, pem: true, secret: true, text: 'PEM file of its private key' },
  LOKEAN_LISTEN_CA: { group: 'Listeners', schema: certificates, pem: true, text: 'PEM file of the authorities that senders\' certificates must be of; with it, each sender needs one' },
  LOKEAN_LISTEN_PEERS: {
    group: 'Listeners', schema: permittedPeers, text: 'which senders may send over TLS, comma-separated, as rsyslog\'s `tls.permittedPeer`: names of their certificates, where `*` stands for any text without a dot, or fingerprints `SHA1:...` and `SHA256:...`. Unset: all whose certificates `LOKEAN_LISTEN_CA` allows'
  },
  LOKEAN_LISTEN_PROXY_PROTOCOL: {
    group: 'Listeners', schema: oneOf(['off', 'on']), default: 'off', text: '`on`: each connection begins with a header of the PROXY protocol, version 1 or 2, as a load balancer can send it'
  },
  LOKEAN_LISTEN_MAX_CONNECTIONS: {
    group: 'Listeners', schema: integerBetween(1, 1_000_000), default: '10000', text: 'how many senders are served at a time on each address; further ones are not refused, but wait unread'
  },
  LOKEAN_LISTEN_MAX_HANDSHAKES: {
    group: 'Listeners', schema: integerBetween(1, 10_000), default: '64', text: 'how many TLS handshakes are made at a time on each address; one that its sender keeps waiting for a second does not count'
  },
  LOKEAN_LISTEN_MAX_FRAME_BYTES: {
    group: 'Listeners',
    schema: bytesBetween(8 * KIB, 16 * MIB),
    default: '256KiB',
    text: 'longest record that is taken whole; a longer one is cut'
  },

  LOKEAN_SOCKET: {
    group: 'Datagrams', schema: socketAddress, text: 'a socket to read from beside the bus: `udp://host:port` or `unixgram:/path`. Each datagram is one record: in JSON, as sg-bridge sends it, or of syslog. Labels and a tenant can follow, as for an address. Datagrams are not acknowledged'
  },
  LOKEAN_SOCKET_BUFFER: {
    group: 'Datagrams', schema: bytesBetween(64 * KIB, GIB), default: '8MiB', text: 'size of the kernel\'s buffer for `udp://`; the kernel allows no more than `net.core.rmem_max`'
  },
} as const satisfies Record<string, Option>

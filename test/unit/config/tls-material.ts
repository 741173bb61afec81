import { createPrivateKey, generateKeyPairSync } from 'node:crypto'

/** A self-signed certificate for `lokean-test-a`. It is valid for a century and protects nothing. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS2gAwIBAgIUN6DUI/+WoNM7LsVON1YrvgGi/3UwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNbG9rZWFuLXRlc3QtYTAgFw0yNjExMjIwOTIzMzZaGA8yMTI2
MTAyOTA5MjMzNlowGDEWMBQGA1UEAwwNbG9rZWFuLXRlc3QtYTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABJimcD3ikJSiTgjcRpRHXc8jCQd5rqoVz1S6PUhZdlvc
id99YCVQ+pfOnqruwjSdYlNQV69wFY9pRKKZ9WjFG+2jUzBRMB0GA1UdDgQWBBSe
WvXF39Do48O5LpQX6qGvsWVkCDAfBgNVHSMEGDAWgBSeWvXF39Do48O5LpQX6qGv
sWVkCDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCP7R0Ctf6J
vgKrvpnMK9OjmAE3yxlk2r8rQJTx/uME3gIhAIizkOxa2ICIdGoNy4p3a40Oyn5o
TZAh+bR5Mu6OOv/d
-----END CERTIFICATE-----
`

/** Its private key. */
export const PRIVATE_KEY = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    x: 'mKZwPeKQlKJOCNxGlEddzyMJB3muqhXPVLo9SFl2W9w',
    y: 'id99YCVQ-pfOnqruwjSdYlNQV69wFY9pRKKZ9WjFG-0',
    crv: 'P-256',
    d: 'jAvO5Q98nnB6HudGqvHYkyv5bf9FoMKQDw699-7LtJk'
  }
}).export({ type: 'pkcs8', format: 'pem' }) as string

const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** A key without a certificate, also under a passphrase. */
export const OTHER_KEY = stranger.export({ type: 'pkcs8', format: 'pem' }) as string
export const ENCRYPTED_KEY = stranger.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }) as string

/** Certificates made for one test: an authority, and what it vouches for, in DER as RFC 5280 has it. */
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

export interface TestCertificate {
  /** PEM. */
  readonly cert: string
  /** PEM. */
  readonly key: string
  /** As the configuration names it: `sha256:…`. */
  readonly fingerprint: string
}

export interface CertificateInit {
  readonly name: string
  /** `DNS`, `URI` or `email`, and what it is. */
  readonly alternatives?: readonly (readonly ['DNS' | 'URI' | 'email', string])[]
  /** Without it, it vouches for itself, and may for others. */
  readonly issuer?: TestCertificate
  readonly until?: Date
}

const OID = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13'
} as const
const TAGS = { email: 0x81, DNS: 0x82, URI: 0x86 } as const
/** Long before and after every test. */
const FROM = new Date('2020-01-01T00:00:00Z')
const UNTIL = new Date('2049-01-01T00:00:00Z')

/** On the curve P-256. */
export function makeCertificate(init: CertificateInit): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { issuer, name, until = UNTIL } = init
  const algorithm = der(0x30, oid(OID.ecdsaWithSha256))
  const issuerName = issuer === undefined ? name : commonNameOf(issuer)
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), crypto.getRandomValues(Buffer.alloc(8))])),
    algorithm,
    nameOf(issuerName),
    der(0x30, time(FROM), time(until)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, ...extensionsOf(init)))
  )
  const signature = sign('sha256', body, issuer?.key ?? privateKey)
  const whole = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature))
  return {
    cert: pem('CERTIFICATE', whole),
    key: keyPem(privateKey),
    fingerprint: `sha256:${new X509Certificate(whole).fingerprint256.replaceAll(':', '').toLowerCase()}`
  }
}

function extensionsOf({ issuer, alternatives = [] }: CertificateInit): Buffer[] {
  const names = alternatives.map(([kind, text]) => der(TAGS[kind], Buffer.from(text)))
  return [
    ...(issuer === undefined
      ? [extension(OID.basicConstraints, der(0x30, der(0x01, Buffer.from([0xff]))))]
      : []),
    ...(names.length === 0 ? [] : [extension(OID.subjectAltName, der(0x30, ...names))])
  ]
}

function extension(id: string, value: Buffer): Buffer {
  return der(0x30, oid(id), der(0x04, value))
}

function nameOf(common: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid(OID.commonName), der(0x0c, Buffer.from(common)))))
}

function commonNameOf({ cert }: TestCertificate): string {
  return new X509Certificate(cert).subject.replace(/^CN=/, '')
}

function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(digits.slice(2)))
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

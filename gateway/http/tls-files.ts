/** Certificate and key of the doors over HTTP, from files that somebody else renews. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { SecureContextOptions } from 'node:tls'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'

export interface TlsInit {
  /** PEM: the certificate of the server, and the chain up to its authority. */
  readonly cert: string
  /** PEM, without passphrase. */
  readonly key: string
  /** PEM: authorities whose certificates clients may show. */
  readonly clientCa?: string
  /** `required`: whoever shows none gets no connection. */
  readonly clients: 'optional' | 'required'
}

export interface TlsMaterial {
  readonly options: SecureContextOptions
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface TlsFiles {
  /** @throws TLS_FILE_UNUSABLE, TLS_KEY_MISMATCH */
  read(): Promise<TlsMaterial>
  /** Whether a file is another than the last `read` has seen. */
  haveChanged(): Promise<boolean>
}

type Setting = 'cert' | 'key' | 'clientCa'

export function createTlsFiles(init: TlsInit): TlsFiles {
  const paths = [init.cert, init.key, ...(init.clientCa === undefined ? [] : [init.clientCa])]
  let seen = ''

  async function versions(): Promise<string> {
    const stats = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)))
    return JSON.stringify(stats.map((one) => [one?.mtimeMs, one?.size, one?.ino]))
  }

  return {
    async read() {
      // First, so that a file that changes while it is read counts as changed.
      seen = await versions()
      return readMaterial(init)
    },
    haveChanged: async () => (await versions()) !== seen
  }
}

async function readMaterial({ cert, key, clientCa }: TlsInit): Promise<TlsMaterial> {
  const certificate = await readPem('cert', cert)
  const [leaf] = certificatesIn('cert', cert, certificate)
  const secret = await readPem('key', key)
  if (!leaf.checkPrivateKey(privateKeyIn(key, secret))) {
    throw new LumosError('TLS_KEY_MISMATCH', { details: { cert, key } })
  }
  const authorities = clientCa === undefined ? undefined : await readPem('clientCa', clientCa)
  if (clientCa !== undefined) certificatesIn('clientCa', clientCa, authorities ?? '')
  const options: SecureContextOptions = {
    cert: certificate,
    key: secret,
    ...(authorities !== undefined && { ca: authorities }),
    // What browsers and servers still speak; 1.0 and 1.1 are deprecated (RFC 8996).
    minVersion: 'TLSv1.2'
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    // Too short a key, for example: OpenSSL says so by a code.
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw unusable('cert', cert, `OpenSSL refuses it (${code})`)
  }
  return { options, expiresAt: leaf.validToDate.getTime() }
}

async function readPem(setting: Setting, path: string): Promise<string> {
  const limit = LIMITS.tlsFileBytes.value
  let content
  try {
    const { size } = await stat(path)
    if (size > limit) throw unusable(setting, path, `it has more than ${limit} bytes`)
    content = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof LumosError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw unusable(setting, path, `it cannot be read (${code})`)
  }
  return content
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The first is the one that the file is about. */
function certificatesIn(
  setting: Setting,
  path: string,
  pem: string
): readonly [X509Certificate, ...X509Certificate[]] {
  try {
    const [first, ...others] = (pem.match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one))
    if (first !== undefined) return [first, ...others]
  } catch {
    throw unusable(setting, path, 'a certificate in it is damaged')
  }
  throw unusable(setting, path, 'there is no PEM certificate in it')
}

/** Says nothing of what OpenSSL says: the file is a secret. */
function privateKeyIn(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    const isEncrypted = pem.includes('ENCRYPTED')
    const reason = isEncrypted ? 'it has a passphrase' : 'there is no PEM private key in it'
    throw unusable('key', path, reason)
  }
}

function unusable(setting: Setting, path: string, reason: string): LumosError {
  const details = { setting: `gateway.tls.${setting}`, path, reason }
  return new LumosError('TLS_FILE_UNUSABLE', { details })
}

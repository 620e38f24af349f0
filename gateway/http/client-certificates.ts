/** Callers that show a certificate of an authority of this node (mTLS): what the configuration says of it is what they may. */
import { TLSSocket } from 'node:tls'
import type { PeerCertificate } from 'node:tls'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { ApiScope } from '../../core/grant-words.ts'
import type { Authenticator, Identity } from './authenticators.ts'

export interface CertificateRight {
  readonly scopes: readonly ApiScope[]
  readonly tenant?: string
}

/** What a right is for: `sha256:<64 hex digits>` of the certificate, or a name in it. */
export const CERTIFICATE_SELECTOR = /^(?:sha256:[0-9a-f]{64}|(?:dns|uri|email|cn):\S.{0,254})$/

interface Known {
  /** `undefined` for a certificate that no right is for. */
  readonly identity: Identity | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

const NO_CERTIFICATE: Known = { identity: undefined, expiresAt: Infinity }

/** @param rights by selector. A certificate that none is for is as good as none. */
export function createCertificateAuthenticator(
  { clock }: { readonly clock: Pick<Clock, 'now'> },
  rights: ReadonlyMap<string, CertificateRight>
): Authenticator {
  /** Reading a certificate takes longer than all else in a small request. */
  const known = new WeakMap<TLSSocket, Known>()

  function look(socket: TLSSocket): Known {
    const certificate = socket.getPeerCertificate()
    if (Object.keys(certificate).length === 0) return NO_CERTIFICATE
    // Where certificates are optional, one that nobody vouches for gets through the handshake, too.
    if (!socket.authorized) throw new LumosError('CERTIFICATE_REFUSED')
    const expiresAt = Date.parse(certificate.valid_to)
    return { identity: identityOf(certificate, expiresAt), expiresAt }
  }

  function identityOf(certificate: PeerCertificate, expiresAt: number): Identity | undefined {
    const selector = selectorsOf(certificate).find((one) => rights.has(one))
    const right = selector === undefined ? undefined : rights.get(selector)
    if (selector === undefined || right === undefined) return undefined
    // By its name, a renewed certificate still has the tasks of the one before.
    return { who: `cert:${selector.replace(/^sha256:/, '')}`, ...right, expiresAt }
  }

  return {
    async authenticate({ socket, headers }) {
      if (!(socket instanceof TLSSocket) || headers.authorization !== undefined) return undefined
      const found = known.get(socket) ?? look(socket)
      known.set(socket, found)
      // Connections can outlive what they were begun with.
      if (found.expiresAt <= clock.now()) throw new LumosError('CERTIFICATE_REFUSED')
      return found.identity
    }
  }
}

/** The most exact one first. */
function selectorsOf({ fingerprint256, subjectaltname = '', subject }: PeerCertificate): string[] {
  const common = [subject.CN ?? []].flat()
  return [
    `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`,
    ...alternativeNames(subjectaltname),
    ...common.map((name) => `cn:${name}`)
  ]
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['DNS', 'dns'],
  ['URI', 'uri'],
  ['email', 'email']
])
/** Node puts a name into quotes that has a comma or a quote itself, so that none can pass for two (CVE-2021-44532). */
const ALTERNATIVE = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/gy

function alternativeNames(text: string): string[] {
  return Array.from(text.matchAll(ALTERNATIVE)).flatMap(([, kind = '', name = '']) => {
    const word = KINDS.get(kind)
    return word === undefined ? [] : [`${word}:${name.startsWith('"') ? unquoted(name) : name}`]
  })
}

function unquoted(text: string): string {
  const value: unknown = JSON.parse(text)
  return String(value)
}

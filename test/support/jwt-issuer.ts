/** An issuer of JWTs, as OpenID Connect has it: its keys, its documents over HTTP, and tokens of all kinds. */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CryptoKey, JSONWebKeySet } from 'jose'
import { listenOn } from '../../gateway/http/loopback.ts'

export interface TokenInit {
  /** `undefined` takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: { readonly alg?: string; readonly kid?: string; readonly typ?: string }
  /** Without it that of the issuer. */
  readonly key?: CryptoKey | Uint8Array
}

export class TestIssuer {
  readonly #keys = new Map<string, { publicKey: CryptoKey; privateKey: CryptoKey }>()
  #server: Server | undefined
  /** Of the key that signs. */
  kid = ''
  issuer = 'https://issuer.example/realms/acme'
  /** Paths that were asked for over HTTP. */
  readonly asked: string[] = []
  /** Answers in its place, once it is set. */
  answer: ((path: string) => Promise<string> | string) | undefined

  /** With one key. */
  static async create(alg = 'ES256'): Promise<TestIssuer> {
    const issuer = new TestIssuer()
    await issuer.rotate(alg)
    return issuer
  }

  /** Signs with a new key from now on, and publishes no other. */
  async rotate(alg = 'ES256'): Promise<void> {
    this.kid = `key-${this.#keys.size + 1}`
    this.#keys.set(this.kid, await generateKeyPair(alg, { extractable: true }))
  }

  publicKey(kid = this.kid): CryptoKey {
    return this.#pair(kid).publicKey
  }

  async keys(): Promise<JSONWebKeySet> {
    const jwk = await exportJWK(this.publicKey())
    return { keys: [{ ...jwk, kid: this.kid, use: 'sig' }] }
  }

  /** For the audience `lumos`, an hour from `now` on, seconds since the epoch. */
  token(now: number, { claims = {}, header = {}, key }: TokenInit = {}): Promise<string> {
    const { kid = this.kid, alg = 'ES256', typ = 'JWT' } = header
    const times = { iat: now, exp: now + 3600 }
    const payload = { iss: this.issuer, aud: 'lumos', sub: 'ada', ...times, ...claims }
    const defined = Object.entries(payload).filter(([, value]) => value !== undefined)
    return new SignJWT(Object.fromEntries(defined))
      .setProtectedHeader({ alg, kid, typ })
      .sign(key ?? this.#pair(this.kid).privateKey)
  }

  /** Publishes itself on this machine. The test has to close it. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      const path = request.url ?? ''
      this.asked.push(path)
      void Promise.resolve(this.answer?.(path) ?? this.#document(path)).then((text) =>
        response.end(text)
      )
    })
    this.#server = server
    const port = await listenOn(server, { host: '127.0.0.1', port: 0 })
    this.issuer = `http://127.0.0.1:${port}`
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  async #document(path: string): Promise<string> {
    if (path === '/keys') return JSON.stringify(await this.keys())
    return JSON.stringify({ issuer: this.issuer, jwks_uri: `${this.issuer}/keys` })
  }

  #pair(kid: string) {
    const pair = this.#keys.get(kid)
    if (pair === undefined) throw new Error(`there is no key ${kid}`)
    return pair
  }
}

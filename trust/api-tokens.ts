/** Tokens by which programs outside the swarm come in over HTTP: only their hashes are kept. */
import { hash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import { API_SCOPES } from '../core/grant-words.ts'
import type { ApiScope } from '../core/grant-words.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import { createJsonFile } from '../storage/json-file.ts'
import type { JsonFile } from '../storage/json-file.ts'

/** What is known of a token once it was shown. Times are milliseconds since the epoch. */
export interface ApiToken {
  /** 16 hex digits; no secret. */
  readonly id: string
  readonly name: string
  readonly scopes: readonly ApiScope[]
  /** Name of the tenant that its holder is one of. */
  readonly tenant?: string
  readonly createdAt: number
  readonly expiresAt: number
  /** Right to a minute; absent for one that nobody has used. */
  readonly usedAt?: number
}

export interface NewApiToken {
  readonly name: string
  readonly scopes: readonly ApiScope[]
  readonly tenant?: string
  readonly lifetimeMs: number
}

/** Started, it knows the tokens of the runs before. */
export interface ApiTokens extends Component {
  /** Youngest first; those that have expired are not among them. */
  list(): readonly ApiToken[]
  /** Resolves when it is on disk. `secret` is shown now or never. @throws API_TOKENS_FULL */
  create(init: NewApiToken): Promise<{ readonly token: ApiToken; readonly secret: string }>
  /** In force at once. `selector` is an id, a unique beginning of one, or a name. @throws API_TOKEN_UNKNOWN */
  revoke(selector: string): Promise<ApiToken>
  /** Aborts, with API_TOKEN_REFUSED, when the token of that id is taken back. */
  ended(id: string): AbortSignal
  /** The token that `secret` is, if it is in force. Takes as long for a wrong one as for a right one. */
  verify(secret: string): ApiToken | undefined
}

export interface ApiTokensComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Says in leaked text what it is, so that scanners for secrets find it. */
const PREFIX = 'lumos_'
const SECRET = /^lumos_([0-9a-f]{16})_([\w-]{43})$/
const SECRET_BYTES = 32
/** How often it is written down that tokens are in use. */
const USE_INTERVAL_MS = 60_000

const storedToken = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string(),
  scopes: z.array(z.enum(API_SCOPES)),
  tenant: z.string().exactOptional(),
  createdAt: z.number(),
  expiresAt: z.number(),
  usedAt: z.number().exactOptional(),
  /** SHA-256 of the secret in base64url: nothing is gained by guessing at 256 random bits. */
  hash: z.string().length(43)
})
const storedTokens = z.strictObject({ v: z.literal(1), tokens: z.array(storedToken) })

type StoredToken = z.output<typeof storedToken>
type StoredTokens = z.output<typeof storedTokens>

/** `path`: where they are kept, for the owner of this node alone. */
export function createApiTokens(
  components: ApiTokensComponents,
  init: { readonly path: string }
): ApiTokens {
  return new TokenBook(components, init.path)
}

class TokenBook implements ApiTokens {
  readonly #parts: ApiTokensComponents
  readonly #file: JsonFile<StoredTokens>
  #tokens = new Map<string, StoredToken>()
  /** Taken back, and perhaps still on disk. */
  readonly #leaving = new Map<string, StoredToken>()
  /** Of tokens in force that somebody came with. */
  readonly #ends = new Map<string, AbortController>()
  #cancelWrite: (() => void) | undefined

  constructor(parts: ApiTokensComponents, path: string) {
    this.#parts = parts
    this.#file = createJsonFile<StoredTokens>({
      path,
      // 300 bytes each, near enough.
      maxBytes: LIMITS.apiTokens.value * 1024,
      parse: (document) => storedTokens.parse(document)
    })
  }

  async start(): Promise<void> {
    const { logger } = this.#parts
    const kept = await this.#file.read(({ path }) => {
      logger.error('the tokens for HTTP could not be read: none is in force', { path })
      return { v: 1 as const, tokens: [] }
    })
    this.#tokens = new Map((kept?.tokens ?? []).map((token) => [token.id, token]))
  }

  async stop(): Promise<void> {
    if (this.#cancelWrite === undefined) return
    this.#cancelWrite()
    this.#cancelWrite = undefined
    await this.#write()
  }

  list(): readonly ApiToken[] {
    return this.#inForce()
      .toSorted((a, b) => b.createdAt - a.createdAt)
      .map(publicPart)
  }

  async create({ name, scopes, tenant, lifetimeMs }: NewApiToken) {
    const { clock, random } = this.#parts
    this.#tokens = new Map(this.#inForce().map((token) => [token.id, token]))
    for (const gone of this.#ends.keys()) if (!this.#tokens.has(gone)) this.#ends.delete(gone)
    const limit = LIMITS.apiTokens.value
    if (this.#tokens.size >= limit) throw new LumosError('API_TOKENS_FULL', { details: { limit } })
    const id = Buffer.from(random.bytes(8)).toString('hex')
    const secret = `${PREFIX}${id}_${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')}`
    const createdAt = clock.now()
    const expiresAt = createdAt + Math.min(lifetimeMs, LIMITS.apiTokenLifetime.value)
    const hashed = hashOf(secret).toString('base64url')
    const token = {
      id,
      name,
      scopes: [...scopes],
      ...(tenant !== undefined && { tenant }),
      createdAt,
      expiresAt,
      hash: hashed
    }
    this.#tokens.set(id, token)
    try {
      await this.#write()
    } catch (error) {
      this.#tokens.delete(id)
      throw error
    }
    return { token: publicPart(token), secret }
  }

  async revoke(selector: string): Promise<ApiToken> {
    // Those that the disk did not forget when it was asked to can be taken back again.
    const known = [...this.#inForce(), ...this.#leaving.values()]
    const found = known.filter(({ id, name }) => id.startsWith(selector) || name === selector)
    const [token, another] = found
    if (token === undefined || another !== undefined) {
      throw new LumosError('API_TOKEN_UNKNOWN', { details: { token: selector.slice(0, 64) } })
    }
    // Not in force from now on, even if the disk refuses to remember it.
    this.#tokens.delete(token.id)
    this.#leaving.set(token.id, token)
    this.#ends.get(token.id)?.abort(new LumosError('API_TOKEN_REFUSED'))
    this.#ends.delete(token.id)
    await this.#write()
    this.#leaving.delete(token.id)
    return publicPart(token)
  }

  ended(id: string): AbortSignal {
    if (!this.#tokens.has(id)) return AbortSignal.abort(new LumosError('API_TOKEN_REFUSED'))
    const end = this.#ends.get(id) ?? new AbortController()
    this.#ends.set(id, end)
    return end.signal
  }

  verify(secret: string): ApiToken | undefined {
    const id = SECRET.exec(secret)?.[1] ?? ''
    const token = this.#tokens.get(id)
    const isRight = timingSafeEqual(
      hashOf(secret),
      Buffer.from(token?.hash ?? NO_HASH, 'base64url')
    )
    if (!isRight || token === undefined || token.expiresAt <= this.#parts.clock.now()) {
      return undefined
    }
    this.#used(token)
    return token
  }

  #used(token: StoredToken): void {
    const { clock, logger } = this.#parts
    const now = clock.now()
    if (token.usedAt !== undefined && now - token.usedAt < USE_INTERVAL_MS) return
    this.#tokens.set(token.id, { ...token, usedAt: now })
    this.#cancelWrite ??= clock.after(USE_INTERVAL_MS, () => {
      this.#cancelWrite = undefined
      this.#write().catch((error: unknown) => {
        logger.warn('it could not be written down that tokens are in use', { error })
      })
    })
  }

  #inForce(): StoredToken[] {
    const now = this.#parts.clock.now()
    return [...this.#tokens.values()].filter(({ expiresAt }) => expiresAt > now)
  }

  #write(): Promise<void> {
    return this.#file.write({ v: 1, tokens: [...this.#tokens.values()] })
  }
}

const NO_HASH = Buffer.alloc(32).toString('base64url')

function publicPart(token: StoredToken): ApiToken {
  const { hash: _, ...rest } = token
  return rest
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

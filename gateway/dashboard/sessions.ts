/** Who sits before the dashboard: the user of this machine, let in by a code that only the control socket gives out. */
import { hash } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { ApiScope } from '../../core/grant-words.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { AuditLog } from '../../trust/audit-log.ts'

/** What the dashboard can do, and no more: it gives out no rights and starts no programs. */
export const DASHBOARD_SCOPES: readonly ApiScope[] = [
  'control/read',
  'control/write',
  'task/send',
  'memory/read',
  'memory/write'
]

export interface DashboardSession {
  /** For the audit log: no secret. */
  readonly who: string
  /** Aborts when the session is over: what is being answered to it ends. */
  readonly ended: AbortSignal
}

/** Kept in memory alone: what is signed in is signed out when the node ends. */
export interface DashboardSessions {
  /** A code for one sign-in; the oldest of too many is worth nothing any more. */
  offer(): { readonly code: string; readonly lifetimeMs: number }
  /** The token of a new session. @throws DASHBOARD_CODE_REFUSED */
  exchange(code: string): { readonly token: string; readonly lifetimeMs: number }
  /** Whose token it is, if the session is in force. */
  verify(token: string): DashboardSession | undefined
  /** Ends that session. */
  end(token: string): void
  /** Ends all of them, and takes back the codes; how many sessions there were. */
  endAll(): number
}

export interface DashboardSessionsComponents {
  readonly clock: Clock
  readonly random: Random
  readonly audit: Pick<AuditLog, 'note'>
}

/** Tells these tokens from others, and leaked text what it is. */
export const DASHBOARD_TOKEN = /^lumosdash_[\w-]{43}$/
const SECRET_BYTES = 32

interface Held extends DashboardSession {
  readonly expiresAt: number
  readonly stop: AbortController
  /** Of the timer of its end. */
  readonly cancel: () => void
}

export function createDashboardSessions(
  components: DashboardSessionsComponents
): DashboardSessions {
  return new Sessions(components)
}

/** Codes and tokens by their hashes: a look-up tells nothing of 256 random bits, however long it takes. */
class Sessions implements DashboardSessions {
  readonly #parts: DashboardSessionsComponents
  /** When each expires, by `clock.monotonic()`; oldest first. */
  readonly #codes = new Map<string, number>()
  readonly #sessions = new Map<string, Held>()

  constructor(parts: DashboardSessionsComponents) {
    this.#parts = parts
  }

  offer(): { code: string; lifetimeMs: number } {
    const code = this.#secret()
    const lifetimeMs = LIMITS.dashboardCode.value
    this.#codes.set(hashOf(code), this.#parts.clock.monotonic() + lifetimeMs)
    const [oldest] = this.#codes.keys()
    if (this.#codes.size > LIMITS.dashboardCodes.value && oldest !== undefined) {
      this.#codes.delete(oldest)
    }
    return { code, lifetimeMs }
  }

  exchange(code: string): { token: string; lifetimeMs: number } {
    const { clock, audit } = this.#parts
    const key = hashOf(code)
    const expiresAt = this.#codes.get(key)
    this.#codes.delete(key)
    const now = clock.monotonic()
    if (expiresAt === undefined || expiresAt <= now) {
      const reason = 'DASHBOARD_CODE_REFUSED'
      audit.note({ who: NOBODY, did: 'dashboard', what: 'sign in', allowed: false, reason })
      throw new LumosError(reason)
    }
    const lifetimeMs = LIMITS.dashboardSession.value
    const token = `lumosdash_${this.#secret()}`
    const stop = new AbortController()
    const who = `dashboard:${hashOf(token).slice(0, 8)}`
    this.#makeRoom(now)
    const held = hashOf(token)
    // What is being answered to it ends as well, although nobody may ever show its token again.
    const cancel = clock.after(lifetimeMs, () => this.#drop(held))
    this.#sessions.set(held, {
      who,
      ended: stop.signal,
      stop,
      expiresAt: now + lifetimeMs,
      cancel
    })
    audit.note({ who, did: 'dashboard', what: 'sign in', allowed: true })
    return { token, lifetimeMs }
  }

  verify(token: string): DashboardSession | undefined {
    const key = hashOf(token)
    const session = this.#sessions.get(key)
    if (session === undefined) return undefined
    if (session.expiresAt > this.#parts.clock.monotonic()) return session
    this.#drop(key)
    return undefined
  }

  end(token: string): void {
    const session = this.#drop(hashOf(token))
    if (session === undefined) return
    const { who } = session
    this.#parts.audit.note({ who, did: 'dashboard', what: 'sign out', allowed: true })
  }

  endAll(): number {
    const count = this.#sessions.size
    this.#codes.clear()
    for (const key of this.#sessions.keys()) this.#drop(key)
    return count
  }

  /** For one more. */
  #makeRoom(now: number): void {
    for (const [key, { expiresAt }] of this.#sessions) if (expiresAt <= now) this.#drop(key)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= LIMITS.dashboardSessions.value && oldest !== undefined) {
      this.#drop(oldest)
    }
  }

  #drop(key: string): Held | undefined {
    const session = this.#sessions.get(key)
    this.#sessions.delete(key)
    session?.cancel()
    session?.stop.abort(new LumosError('API_TOKEN_REFUSED'))
    return session
  }

  #secret(): string {
    return Buffer.from(this.#parts.random.bytes(SECRET_BYTES)).toString('base64url')
  }
}

const NOBODY = 'http:unknown'

function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

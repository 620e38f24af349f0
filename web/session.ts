/** Who this page is to the node: a token of the session that `lumos dashboard` opened, or one that was pasted. */
import { signal } from '@preact/signals-core'
import type { ReadonlySignal } from '@preact/signals-core'

/** What of the browser it needs. */
export interface SessionParts {
  /** Of this tab alone: it forgets with the tab. */
  readonly storage: Pick<Storage, 'getItem' | 'removeItem' | 'setItem'>
  /** Makes a token of a code from `lumos dashboard`, which is good once. */
  readonly exchange: (code: string) => Promise<string>
}

export interface Session {
  /** Undefined while nobody is signed in. */
  readonly token: ReadonlySignal<string | undefined>
  /** Why the last try to sign in came to nothing. */
  readonly failure: ReadonlySignal<unknown>
  /** With what stands behind `#code=`. */
  signIn(code: string): Promise<void>
  /** With a token as `lumos auth token create` prints it. */
  paste(token: string): void
  /** The node no longer knows the token. */
  refused(reason?: unknown): void
}

const KEY = 'lumos.token'

export function createSession({ storage, exchange }: SessionParts): Session {
  const token = signal<string | undefined>(storage.getItem(KEY) ?? undefined)
  const failure = signal<unknown>(undefined)

  function take(value: string): void {
    storage.setItem(KEY, value)
    failure.value = undefined
    token.value = value
  }

  return {
    token,
    failure,
    async signIn(code) {
      try {
        take(await exchange(code))
      } catch (error) {
        failure.value = error
      }
    },
    paste: (value) => take(value.trim()),
    refused(reason) {
      storage.removeItem(KEY)
      failure.value = reason
      token.value = undefined
    }
  }
}

/** The code in a hash like `#code=…`; undefined for a hash that names a page. */
export function codeIn(hash: string): string | undefined {
  return /^#code=([\w-]{20,128})$/.exec(hash)?.[1]
}

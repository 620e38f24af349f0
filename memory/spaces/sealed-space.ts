/** A sealed space as its members use it: keys and values are sealed on the way in and opened on the way out. */
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { Secret } from '../../core/secret.ts'
import { compareKeys } from '../../storage/store.ts'
import type { AuthorKey } from '../replica/record.ts'
import type { EntryQuery } from '../replica/replica-reader.ts'
import type { Replica } from '../replica/replica.ts'
import type { MemoryEntry, MemorySpace, WatchEvent } from '../shared-memory.ts'
import { createSeal } from './sealing.ts'
import type { Seal } from './sealing.ts'
import { createSecretReader } from './space-secrets.ts'
import type { Statement } from './statement.ts'

/** With the secrets that the owner has given this node so far; `undefined` without the first. */
export type CurrentSeal = () => Seal | undefined

export interface SealComponents {
  readonly random: Random
  readonly replica: Pick<Replica, 'space' | 'statements'>
  /** This node's key, and the seed of its private half. */
  readonly author: AuthorKey
  readonly seed: Secret<Uint8Array>
}

export interface SealedSpaceComponents {
  readonly replica: Pick<Replica, 'space'>
  /** This node's key. */
  readonly author: AuthorKey
  readonly seal: CurrentSeal
  /** Makes the first secret, when this node is the owner and there is none. */
  readonly begin: () => Promise<void>
}

/**
 * The order of sealed keys says nothing: what is below the last `/` of a prefix is read whole, opened and
 * sorted. What cannot be opened, because somebody wrote nonsense or a secret has not come yet, is left out.
 */
export function createSealedSpace(
  components: SealedSpaceComponents,
  sealed: MemorySpace
): MemorySpace {
  const { replica, author, begin, seal: current } = components

  async function opened(): Promise<Seal> {
    if (current() === undefined && replica.space.owner === author) await begin()
    return current() ?? missing()
  }

  return {
    space: replica.space,
    get statements() {
      const seal = current()
      return seal === undefined ? sealed.statements : sealed.statements.map(openedBy(seal))
    },
    async get(key) {
      const seal = await opened()
      const entry = await sealed.get(seal.sealKey(key))
      return entry && openEntry(seal, entry)
    },
    async put(key, value, options) {
      const seal = await opened()
      const sealedKey = seal.sealKey(key)
      const entry = await sealed.put(sealedKey, seal.sealValue(sealedKey, value), options)
      return { ...entry, key, value }
    },
    delete: async (key) => sealed.delete((await opened()).sealKey(key)),
    async *list(query = {}) {
      yield* listOpened(await opened(), sealed, query)
    },
    async newest(folder, limit) {
      const query = { prefix: folder, limit, reverse: true }
      return (await Array.fromAsync(listOpened(await opened(), sealed, query))).toReversed()
    },
    async *watch({ prefix = '', after } = {}, signal) {
      const folder = folderOf(prefix)
      const known = current()
      const query = { ...(known && { prefix: sealPrefix(known, folder) }), ...(after && { after }) }
      for await (const event of sealed.watch(query, signal)) {
        // A secret that comes later begins a new epoch: all is told again, and can be opened then.
        const clear = openEvent(current(), event)
        if (clear !== undefined && isBelow(clear, prefix)) yield clear
      }
    },
    async history(key) {
      const seal = await opened()
      const entries = await sealed.history(seal.sealKey(key))
      return entries.flatMap((entry) => tryOpen(() => openEntry(seal, entry)) ?? [])
    },
    status: () => sealed.status(),
    async grant(to, grant) {
      const seal = await opened()
      await sealed.grant(to, { ...grant, prefix: sealPrefix(seal, grant.prefix) })
    },
    async revoke(from) {
      await opened()
      await sealed.revoke(from)
    }
  }
}

export function createCurrentSeal({ random, replica, author, seed }: SealComponents): CurrentSeal {
  const secretsOf = createSecretReader(seed, { space: replica.space.id, author })
  let known: readonly Statement[] | undefined
  let seal: Seal | undefined
  return () => {
    const { statements, space } = replica
    // Of as many as there may be, one takes the place of another.
    if (statements !== known) {
      known = statements
      const secrets = secretsOf(statements)
      const isFirstHere = secrets.get(1) !== undefined
      seal = isFirstHere ? createSeal({ random }, { space: space.id, secrets }) : undefined
    }
    return seal
  }
}

async function* listOpened(
  seal: Seal,
  sealed: MemorySpace,
  { prefix = '', after, limit = Infinity, reverse = false }: EntryQuery
): AsyncGenerator<MemoryEntry> {
  const sign = reverse ? -1 : 1
  const found: { readonly key: string; readonly sealedKey: string }[] = []
  for await (const { key: sealedKey } of sealed.list({
    prefix: sealPrefix(seal, folderOf(prefix))
  })) {
    const key = tryOpen(() => seal.openKey(sealedKey))
    if (key === undefined || !key.startsWith(prefix)) continue
    if (after === undefined || sign * compareKeys(key, after) > 0) found.push({ key, sealedKey })
  }
  let left = limit
  // Values only of what is wanted, or all of a space would be in memory.
  for (const { sealedKey } of found.toSorted((a, b) => sign * compareKeys(a.key, b.key))) {
    if (left <= 0) return
    const entry = await sealed.get(sealedKey)
    const opened = entry && tryOpen(() => openEntry(seal, entry))
    if (opened === undefined) continue
    yield opened
    left -= 1
  }
}

/** Up to the last `/`: half a segment cannot be sealed. */
function folderOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf('/') + 1)
}

/** @param prefix empty, or ends with `/` */
function sealPrefix(seal: Seal, prefix: string): string {
  return folderOf(seal.sealKey(`${prefix}-`))
}

function openPrefix(seal: Seal, prefix: string): string {
  return prefix === '' ? '' : `${seal.openKey(prefix.slice(0, -1))}/`
}

function openEntry(seal: Seal, entry: MemoryEntry): MemoryEntry {
  const { key, value } = entry
  return { ...entry, key: seal.openKey(key), value: seal.openValue(key, value) }
}

function openEvent(seal: Seal | undefined, event: WatchEvent): WatchEvent | undefined {
  if (event.type === 'put') {
    return seal && tryOpen(() => ({ ...event, entry: openEntry(seal, event.entry) }))
  }
  if (event.type === 'delete') {
    return seal && tryOpen(() => ({ ...event, key: seal.openKey(event.key) }))
  }
  return event
}

function isBelow(event: WatchEvent, prefix: string): boolean {
  if (event.type === 'put') return event.entry.key.startsWith(prefix)
  return event.type !== 'delete' || event.key.startsWith(prefix)
}

/** Grants as they were meant; their bytes stay what they are. */
function openedBy(seal: Seal): (statement: Statement) => Statement {
  return (statement) => {
    if (statement.kind !== 'grant') return statement
    const prefix = tryOpen(() => openPrefix(seal, statement.prefix))
    return prefix === undefined ? statement : { ...statement, prefix }
  }
}

function tryOpen<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch (error) {
    if (toLumosError(error).code === 'SEAL_BROKEN') return undefined
    throw error
  }
}

function missing(): never {
  throw new LumosError('SEAL_BROKEN')
}

/** Opens the node's database and proves that it is the one of last time: LevelDB itself starts afresh in silence. */
import { cp, rename, rm } from 'node:fs/promises'
import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import { readFileBounded, writeJsonAtomic } from './atomic-file.ts'
import { clearDamageMark, isMarkedDamaged } from './damage-mark.ts'
import { fileTime } from './file-time.ts'
import { holdsLevelFiles, openLevelStore, repairLevelStore, storeError } from './level-store.ts'
import type { Store } from './store.ts'

/** What happened to the database before it could be used; a start without any has no report. */
export type DatabaseReport =
  /** The database was gone, its identity file was not: everything in it is lost. */
  | { readonly event: 'missing'; readonly lost: 'everything' }
  /** Another database, or an emptied one, stood in its place; it was moved to `movedTo`. */
  | { readonly event: 'replaced'; readonly movedTo: string; readonly lost: 'everything' }
  /** It was damaged: a copy is kept in `movedTo`, the rest was salvaged. */
  | {
      readonly event: 'repaired'
      readonly movedTo: string
      readonly reason: string
      /** LevelDB cannot tell what it did not find; the journals can (`JournalReport`). */
      readonly lost: 'unknown'
    }
  /** Reading had found damage while the node ran, but all of it can be read now: nothing was done. */
  | { readonly event: 'found whole'; readonly lost: 'nothing' }
  /** The identity file was gone or unreadable and was written again from the database. */
  | { readonly event: 'identity restored'; readonly lost: 'nothing' }

export interface OpenedDatabase {
  readonly store: Store
  /** 32 hex digits, the same for the life of the database. */
  readonly id: string
  readonly reports: readonly DatabaseReport[]
}

/** Changes the database from the schema before it to its own; must bear being run twice. */
export interface Migration {
  /** Every version from 2 on has one; 1 is the first schema. */
  readonly version: number
  run(store: Store): Promise<void>
}

export interface DatabaseComponents {
  readonly clock: Clock
  readonly random: Random
}

export interface DatabaseInit {
  /** LevelDB's folder; the identity file is beside it: `<path>.json`. */
  readonly path: string
  /** In the order of their versions. */
  readonly migrations: readonly Migration[]
  /** Repairs a database although it opens: when the start itself reads what is damaged. */
  readonly repair?: boolean
}

const identitySchema = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  schema: z.int().positive(),
  createdAt: z.iso.datetime()
})

type Identity = z.infer<typeof identitySchema>

const IDENTITY_KEY = 'database'
const IDENTITY_BYTES = 1024
const FIRST_SCHEMA = 1

/**
 * Opens the database and runs the migrations that it lacks. A damaged or foreign one is moved
 * aside, never wiped, and the node goes on with what could be saved: `reports` say what happened.
 * One that is marked (`markDamaged`) is read to its end first, which takes seconds for each GB.
 *
 * @throws STORE_LOCKED, STORE_FULL, STORE_FAILED
 * @throws STORE_CORRUPT when the repair did not help
 * @throws STORE_TOO_NEW when a newer Lumos has written it
 */
export async function openDatabase(
  components: DatabaseComponents,
  init: DatabaseInit
): Promise<OpenedDatabase> {
  const file = await readIdentityFile(init.path)
  const opened = await openOrRepair(components, init)
  let { store } = opened
  const reports: DatabaseReport[] = opened.report === undefined ? [] : [opened.report]
  try {
    const found = await readIdentity(store)
    const verdict = await judge({ file, found, origin: opened.origin, store })
    if (verdict === 'foreign') {
      await store.close()
      const movedTo = asidePath(components.clock, init.path)
      await onDisk(init.path, () => rename(init.path, movedTo))
      reports.push({ event: 'replaced', movedTo, lost: 'everything' })
      store = await openLevelStore(init.path, { create: true })
    }
    if (verdict === 'gone') reports.push({ event: 'missing', lost: 'everything' })
    if (verdict === 'unnamed') reports.push({ event: 'identity restored', lost: 'nothing' })
    const kept = verdict === 'new' || verdict === 'gone' || verdict === 'foreign'
    const identity = (kept ? undefined : (found ?? file)) ?? newIdentity(components, init)
    const migrated = await migrate(store, identity, init)
    // The file comes last: without it the next start takes the database's word.
    await onDisk(init.path, () => writeJsonAtomic(`${init.path}.json`, migrated))
    await clearDamageMark(init.path)
    return { store, id: migrated.id, reports }
  } catch (error) {
    await store.close()
    throw error
  }
}

type Origin = 'created' | 'existing' | 'repaired'

async function openOrRepair(
  { clock }: DatabaseComponents,
  { path, repair = false }: DatabaseInit
): Promise<{ store: Store; origin: Origin; report?: DatabaseReport }> {
  if (!(await holdsLevelFiles(path))) {
    return { store: await openLevelStore(path, { create: true }), origin: 'created' }
  }
  const marked = await isMarkedDamaged(path)
  let reason = 'asked for'
  try {
    const store = await openLevelStore(path, { create: false })
    const damage = repair ? reason : marked ? await damageOf(store) : undefined
    if (damage === undefined) {
      const report = { event: 'found whole', lost: 'nothing' } as const
      return { store, origin: 'existing', ...(marked && { report }) }
    }
    reason = damage
    await store.close()
  } catch (error) {
    reason = reasonOf(error)
  }
  const movedTo = asidePath(clock, path)
  await copyAside(path, movedTo)
  await repairLevelStore(path)
  return {
    store: await openLevelStore(path, { create: false }),
    origin: 'repaired',
    report: { event: 'repaired', movedTo, reason, lost: 'unknown' }
  }
}

/** Reads everything; resolves to why that failed. */
async function damageOf(store: Store): Promise<string | undefined> {
  try {
    for await (const _ of store.iterate({}));
    return undefined
  } catch (error) {
    return reasonOf(error)
  }
}

/** Of damage; whatever else it is, is thrown. */
function reasonOf(error: unknown): string {
  if (!(error instanceof LumosError) || error.code !== 'STORE_CORRUPT') throw error
  return String(error.details['reason'])
}

/** What the file system says against it, said of the database in `path`. */
async function onDisk(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (cause) {
    throw storeError(path, cause)
  }
}

/** Whole or not at all: half a copy would take the room that the next try needs. */
async function copyAside(path: string, movedTo: string): Promise<void> {
  try {
    await cp(path, movedTo, { recursive: true, errorOnExist: true })
  } catch (cause) {
    await rm(movedTo, { recursive: true, force: true })
    throw storeError(path, cause)
  }
}

/** What the two identities say about a database. */
type Verdict = 'ours' | 'new' | 'gone' | 'unnamed' | 'foreign'

async function judge(facts: {
  readonly file: Identity | undefined
  readonly found: Identity | undefined
  readonly origin: Origin
  readonly store: Store
}): Promise<Verdict> {
  const { file, found, origin, store } = facts
  if (origin === 'created') return file === undefined ? 'new' : 'gone'
  if (found !== undefined && file !== undefined) return found.id === file.id ? 'ours' : 'foreign'
  if (found !== undefined) return 'unnamed'
  // The repair may have lost the one record that names the database.
  if (origin === 'repaired') return 'ours'
  // A first start that died before it had named its database.
  if (file === undefined && (await isEmpty(store))) return 'new'
  return 'foreign'
}

async function isEmpty(store: Store): Promise<boolean> {
  for await (const _ of store.iterate({}, { limit: 1 })) return false
  return true
}

async function migrate(
  store: Store,
  identity: Identity,
  { path, migrations }: DatabaseInit
): Promise<Identity> {
  const known = newestSchema(migrations)
  if (identity.schema > known) {
    throw new LumosError('STORE_TOO_NEW', { details: { path, found: identity.schema, known } })
  }
  await writeIdentity(store, identity)
  let migrated = identity
  for (const migration of migrations.filter(({ version }) => version > identity.schema)) {
    await migration.run(store)
    migrated = { ...migrated, schema: migration.version }
    await writeIdentity(store, migrated)
  }
  return migrated
}

function newestSchema(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? FIRST_SCHEMA
}

function newIdentity(
  { clock, random }: DatabaseComponents,
  { migrations }: DatabaseInit
): Identity {
  return {
    id: Buffer.from(random.bytes(16)).toString('hex'),
    schema: newestSchema(migrations),
    createdAt: new Date(clock.now()).toISOString()
  }
}

async function writeIdentity(store: Store, identity: Identity): Promise<void> {
  const value = Buffer.from(JSON.stringify(identity))
  await store.commit([{ type: 'put', key: IDENTITY_KEY, value }], { sync: true })
}

async function readIdentity(store: Store): Promise<Identity | undefined> {
  return parseIdentity(await store.get(IDENTITY_KEY))
}

async function readIdentityFile(path: string): Promise<Identity | undefined> {
  // Unreadable counts as lost: the database has the same words.
  const file = await readFileBounded(`${path}.json`, IDENTITY_BYTES).catch(() => undefined)
  return parseIdentity(file?.content)
}

function parseIdentity(bytes: Uint8Array | undefined): Identity | undefined {
  if (bytes === undefined) return undefined
  try {
    return identitySchema.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch {
    return undefined
  }
}

function asidePath(clock: Clock, path: string): string {
  return `${path}.damaged-${fileTime(clock)}`
}

/** `lumos swarm` as far as it needs no running node: makes swarms, lists them, forgets one. */
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { silentLogger } from '../core/logger.ts'
import type { NodePaths } from '../core/paths.ts'
import type { Random } from '../core/random.ts'
import { Secret } from '../core/secret.ts'
import { isErrno } from '../storage/atomic-file.ts'
import { loadOrCreateIdentity } from '../trust/identity.ts'
import type { PassphraseInit } from '../trust/identity.ts'
import { invitesFile } from '../trust/invites/ledger.ts'
import { membersFile } from '../trust/members/members-file.ts'
import { openSwarmBook } from '../trust/members/swarm-book.ts'
import type { SwarmBook } from '../trust/members/swarm-book.ts'
import { isLabel } from '../trust/node-name.ts'
import { SWARM_KEY_BYTES } from '../trust/swarm-key.ts'
import { keyFileName, swarmIdOf } from '../trust/swarm.ts'
import { chooseSwarm } from './config/chosen-swarm.ts'
import type { CommandResult } from './config/config-command.ts'
import { prepareHome } from './daemon/home.ts'

export interface SwarmCommandComponents {
  readonly clock: Clock
  readonly random: Random
}

export interface SwarmCommandInit {
  readonly paths: NodePaths
  /** The swarm that a start would take. */
  readonly current: string
  /** How the key of this node is opened, if it is encrypted. */
  readonly key?: PassphraseInit
}

/** `argv`: what follows `lumos swarm`. @throws USAGE, SWARM_EXISTS, SWARM_UNKNOWN, HOME_UNUSABLE */
export async function runSwarmCommand(
  components: SwarmCommandComponents,
  argv: readonly string[],
  init: SwarmCommandInit
): Promise<CommandResult> {
  await prepareHome(init.paths)
  const [action = '', name = ''] = argv.filter((word) => word !== '--')
  if (action === 'ls') return list(components, init)
  if (!isLabel(name)) {
    throw usage('the name of a swarm is 1 to 63 lower case letters, digits and inner dashes')
  }
  if (action === 'create') return create(components, init, name)
  if (action === 'forget') return forget(init, name)
  throw usage(`swarm knows create, ls and forget here, not "${action}"`)
}

async function create(
  components: SwarmCommandComponents,
  init: SwarmCommandInit,
  name: string
): Promise<CommandResult> {
  const { paths } = init
  if ((await swarmNamesIn(paths.data)).includes(name)) {
    throw new LumosError('SWARM_EXISTS', { details: { swarm: name } })
  }
  const book = await bookOf(components, init, name)
  const key = new Secret(components.random.bytes(SWARM_KEY_BYTES))
  const id = swarmIdOf(key)
  await book.found({ swarm: id, key, members: [] })
  await chooseSwarm(paths.data, name)
  const owner = book.roll?.charter.owner ?? ''
  return {
    text: `swarm ${name} (${id}) is made; this node is its owner\n`,
    document: { v: 1, swarm: { name, id, owner } }
  }
}

async function list(
  components: SwarmCommandComponents,
  init: SwarmCommandInit
): Promise<CommandResult> {
  const { paths, current } = init
  const names = new Set([current, ...(await swarmNamesIn(paths.data))])
  const swarms = []
  for (const name of [...names].toSorted()) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of small files
    const { roll } = await bookOf(components, init, name)
    const { peer } = await loadOrCreateIdentity(paths.data, silentLogger, init.key)
    const role = roll === undefined ? 'member' : (roll.roleOf(peer) ?? 'none')
    const members = roll?.members().filter((one) => roll.roleOf(one.peer) !== undefined).length ?? 0
    swarms.push({ name, current: name === current, role, members })
  }
  const lines = swarms.map(({ name, current: here, role, members }) => {
    const size = members === 0 ? 'all who have the key' : `${members} members`
    return `${here ? '*' : ' '} ${name}   ${role}   ${size}\n`
  })
  return { text: lines.join(''), document: { v: 1, swarms } }
}

async function forget({ paths, current }: SwarmCommandInit, name: string): Promise<CommandResult> {
  if (!(await swarmNamesIn(paths.data)).includes(name)) {
    throw new LumosError('SWARM_UNKNOWN', { details: { swarm: name } })
  }
  const files = [membersFile(name), keyFileName(name), invitesFile(name)]
  await Promise.all(files.map((file) => removeFile(join(paths.data, file))))
  if (name === current) await chooseSwarm(paths.data, undefined)
  return { text: `swarm ${name} is forgotten\n`, document: { v: 1, forgotten: name } }
}

async function bookOf(
  { clock, random }: SwarmCommandComponents,
  { paths: { data }, key }: SwarmCommandInit,
  name: string
): Promise<SwarmBook> {
  const identity = await loadOrCreateIdentity(data, silentLogger, key)
  const parts = { clock, random, logger: silentLogger, identity }
  return openSwarmBook(parts, { dataDirectory: data, name })
}

/** Swarms of which a data directory holds a key or a list. */
export async function swarmNamesIn(directory: string): Promise<string[]> {
  const files = await readdir(directory)
  return files.flatMap((file) => {
    const name = /^swarm-(.+)\.(?:key|members\.json)$/.exec(file)?.[1]
    return name !== undefined && isLabel(name) ? [name] : []
  })
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}

function usage(reason: string): LumosError {
  return new LumosError('USAGE', { details: { reason } })
}

/** Joins the hosted projects to the node: its roster, its data folder, its processes. */
import { createHash } from 'node:crypto'
import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { QuestionStates, TaskName } from '../agents/hosting/hosted-agent.ts'
import { Hosts } from '../agents/hosting/hosts.ts'
import type { Launch } from '../agents/hosting/host-process.ts'
import type { HostOrder, HostRecord, HostStore } from '../agents/hosting/hosts.ts'
import { launchOf } from '../agents/hosting/launch.ts'
import { parseHostedAgent } from '../agents/hosting/protocol.ts'
import { startHostProcess } from '../agents/hosting/spawned-process.ts'
import type { Roster } from '../agents/roster.ts'
import type { Component } from '../core/component.ts'
import { makeDirectories } from '../core/directories.ts'
import type { Json } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import { readFileBounded, writeFileAtomic } from '../storage/atomic-file.ts'
import { createJsonFile } from '../storage/json-file.ts'
import type { NodeComponents } from './wire.ts'

export interface HostingComponents extends NodeComponents {
  readonly roster: Roster
}

export interface HostingInit {
  readonly dataDirectory: string
  /** Of the control API; empty where there is none. */
  readonly socket: string
}

export interface Hosting extends Component {
  readonly hosts: Hosts
  /** What agents of any hosted project keep with their questions. */
  readonly states: QuestionStates
  /** @throws HOST_INVALID */
  readonly launchOf: (order: Pick<HostOrder, 'path' | 'env'>) => Launch
}

/** Records of all hosts, with the descriptions of their agents. */
const FILE_BYTES = 64 * 1024 * 1024

const document = z.object({
  hosts: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      env: z.record(z.string(), z.string()),
      memoryBytes: z.number(),
      agents: z.array(z.unknown().transform(parseHostedAgent))
    })
  )
})

/** Start it before the task engine, whose tasks of before a restart need their agents. */
export function createHosting(
  { clock, logger, roster }: HostingComponents,
  { dataDirectory, socket }: HostingInit
): Hosting {
  const folder = join(dataDirectory, 'hosting')
  const questions = join(folder, 'questions')
  const states = createQuestionStates(questions)
  const launch: Hosting['launchOf'] = (order) =>
    launchOf({ memoryBytes: LIMITS.hostMemory.value, ...order }, { env: process.env, socket })
  const hosts = new Hosts({
    clock,
    logger,
    roster,
    startProcess: startHostProcess,
    launchOf: launch,
    states,
    store: createHostStore(join(folder, 'hosts.json'), logger)
  })
  return {
    hosts,
    states,
    launchOf: launch,
    async start() {
      await makeDirectories(questions)
      await forgetOld(questions, clock.now())
      await hosts.start()
    },
    stop: () => hosts.stop()
  }
}

/** The file also holds the variables that people gave their projects: only their own user may read it. */
function createHostStore(path: string, logger: Logger): HostStore {
  const file = createJsonFile<{ readonly hosts: readonly Omit<HostRecord, 'keep'>[] }>({
    path,
    maxBytes: FILE_BYTES,
    parse: (value) => document.parse(value)
  })
  return {
    async read() {
      const read = await file.read((damaged) => {
        logger.error('it is not known which projects were hosted: none is', { ...damaged })
        return { hosts: [] }
      })
      return (read?.hosts ?? []).map((host) => ({ ...host, keep: true }))
    },
    write: (hosts) => file.write({ hosts })
  }
}

/** A file a task: what waits for an answer may wait for days, and longer than this process. */
function createQuestionStates(folder: string): QuestionStates {
  const pathOf = ({ taskId, caller }: TaskName): string => {
    // Callers choose the ids of their tasks: as names of files they could be anything.
    const name = createHash('sha256').update(`${caller} ${taskId}`).digest('hex')
    return join(folder, `${name}.json`)
  }
  return {
    async get(task) {
      // With what JSON adds where texts are escaped.
      const file = await readFileBounded(pathOf(task), LIMITS.hostStateBytes.value * 2)
      if (file === undefined) return undefined
      const state: Json = JSON.parse(Buffer.from(file.content).toString())
      return state
    },
    put: (task, state) => writeFileAtomic(pathOf(task), JSON.stringify(state)),
    delete: (task) => unlink(pathOf(task)).catch(unlessGone)
  }
}

/** Tasks that were cancelled while they waited never ask for what was kept for them. */
async function forgetOld(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    // oxlint-disable-next-line no-await-in-loop -- few files, and once a start
    const { mtimeMs } = await stat(path)
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (now - mtimeMs > LIMITS.hostStateKept.value) await unlink(path).catch(unlessGone)
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}

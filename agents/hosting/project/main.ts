/** The process of a hosted project: loads it, tells its agents, and runs them when the node says so. */
import { basename, dirname, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { systemClock } from '../../../core/clock.ts'
import type { Logger } from '../../../core/logger.ts'
import { asId } from '../entry.ts'
import type { ModuleEntry } from '../entry.ts'
import { HOSTING_PROTOCOL } from '../protocol.ts'
import type { NodeLine } from '../protocol.ts'
import type { LineCalls } from '../line-calls.ts'
import type { ProjectAgent } from './adapter.ts'
import { openChannel } from './channel.ts'
import { findAgents } from './frameworks.ts'
import { watchForOrphanhood } from './orphan-watch.ts'
import { importAsProject, registerProjectHooks } from './resolve-hooks.ts'
import { cancelReason, runAgent } from './run-agent.ts'

/** Where the lines travel: 1 and 2 are for what the project prints. */
const CHANNEL_FD = 3

const log: Logger = {
  debug: () => undefined,
  info: (message) => void process.stdout.write(`${message}\n`),
  warn: (message) => void process.stderr.write(`${message}\n`),
  error: (message) => void process.stderr.write(`${message}\n`),
  child: () => log
}

const agents = new Map<string, ProjectAgent>()
interface Running {
  readonly controller: AbortController
  calls: LineCalls | undefined
}

const running = new Map<string, Running>()
const channel = openChannel(CHANNEL_FD, { onLine: hear, onEnd: () => process.exit() })

function hear(line: NodeLine): void {
  switch (line.type) {
    case 'run':
      return void begin(line)
    case 'cancel':
      return running.get(line.run)?.controller.abort(cancelReason(line.reason))
    case 'ping':
      return void channel.send({ type: 'pong', n: line.n })
    case 'stop':
      return stop()
    case 'hello':
      return
    case 'call':
    case 'item':
    case 'reply':
    case 'more':
    case 'drop':
      return running.get(line.run)?.calls?.hear(line, 0)
  }
}

async function begin(order: NodeLine & { type: 'run' }): Promise<void> {
  const { run, agent: id } = order
  const agent = agents.get(id)
  if (agent === undefined) {
    const error = { code: 'AGENT_UNKNOWN', message: '', details: { agent: id } }
    return channel.send({ type: 'end', run, error })
  }
  const controller = new AbortController()
  const entry: Running = { controller, calls: undefined }
  running.set(run, entry)
  const { signal } = controller
  const onCalls = (calls: LineCalls): void => void (entry.calls = calls)
  await runAgent({ clock: systemClock, channel, log }, { agent, order, signal, onCalls })
  running.delete(run)
}

/** What runs is told; then the process ends with what the project does at its end. */
function stop(): void {
  for (const { controller } of running.values()) controller.abort(cancelReason('SHUTTING_DOWN'))
  if (running.size === 0) process.exit()
}

async function load(modules: readonly ModuleEntry[]): Promise<ProjectAgent[]> {
  const parts = { clock: systemClock, importPackage: importAsProject }
  const found: ProjectAgent[] = []
  for (const { file, pick } of modules) {
    // oxlint-disable-next-line no-await-in-loop -- in their order
    const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href)
    const init = { fallbackName: nameOf(file), ...(pick && { pick }) }
    // oxlint-disable-next-line no-await-in-loop -- as above
    found.push(...(await findAgents(exported, init, parts)))
  }
  return found
}

function nameOf(file: string): string {
  const stem = asId(basename(file, extname(file)))
  return stem === '' || stem === 'index' ? asId(basename(dirname(file))) || 'agent' : stem
}

/** `/shop/agent.ts:3:7`, with or without `file://`. */
const PLACE = /(?:file:\/\/)?(\/[^\s:()]+:\d+(?::\d+)?)/g

/** With the place in people's code, which is what they look for. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const places = Array.from(error.stack?.matchAll(PLACE) ?? [], ([, place = '']) => place)
  const place = places.find((each) => !each.includes('/node_modules/'))
  return place === undefined ? error.message : `${error.message} (at file://${place})`
}

async function main(): Promise<void> {
  watchForOrphanhood()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- launch.ts wrote it
  const modules = JSON.parse(process.argv[2] ?? '[]') as readonly ModuleEntry[]
  const [first] = modules
  if (first !== undefined) registerProjectHooks(pathToFileURL(first.file).href)
  try {
    for (const agent of await load(modules)) agents.set(agent.description.id, agent)
  } catch (error) {
    return channel.send({ type: 'refused', reason: reasonOf(error) })
  }
  if (agents.size === 0) {
    const files = modules.map(({ file }) => file).join(', ')
    return channel.send({ type: 'refused', reason: `no agent is exported by ${files}` })
  }
  const descriptions = Array.from(agents.values(), ({ description }) => description)
  await channel.send({
    type: 'agents',
    protocol: HOSTING_PROTOCOL,
    heartbeat: true,
    agents: descriptions
  })
}

await main()

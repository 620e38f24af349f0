/** Projects under development on request of a person: they run as long as somebody listens. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DevProject } from '../../agents/hosting/dev-project.ts'
import type { DevStory } from '../../agents/hosting/dev-project.ts'
import type { QuestionStates } from '../../agents/hosting/hosted-agent.ts'
import type { Launch } from '../../agents/hosting/host-process.ts'
import { createRunQueue } from '../../agents/hosting/run-queue.ts'
import type { RunQueue } from '../../agents/hosting/run-queue.ts'
import { startHostProcess } from '../../agents/hosting/spawned-process.ts'
import { watchSources } from '../../agents/hosting/watch-sources.ts'
import type { Roster } from '../../agents/roster.ts'
import { API_VERSION } from '../../client/api.ts'
import type { DevEvent, DevRequest } from '../../client/dev-api.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { compileCacheDirectory } from '../../core/paths.ts'

export interface DevComponents {
  readonly clock: Clock
  readonly roster: Pick<Roster, 'assign'>
  readonly states: QuestionStates
  /** @throws HOST_INVALID */
  readonly launchOf: (request: Required<DevRequest>) => Launch
  readonly nameOf: (peer: PeerIdText) => string
}

type Develop = (request: DevRequest, signal: AbortSignal) => AsyncIterable<DevEvent>

/** Of what is asked, in the log of requests. */
const SHOWN_TEXT = 200

export function createDevelopment(components: DevComponents): Develop {
  const active = new Set<string>()
  return async function* develop({ path, env = {} }, signal) {
    const source = `dev:${path}`
    if (active.has(source)) throw new LumosError('HOST_EXISTS', { details: { host: source } })
    active.add(source)
    // Events that nobody has read yet; of more than the limit the newest are left out.
    let waiting = 0
    const queue: RunQueue<DevEvent> = createRunQueue(() => {
      waiting -= 1
    })
    const tell = (story: DevStory): void => {
      if (waiting >= LIMITS.devEvents.value) return
      waiting += 1
      queue.push(eventOf(story, components), 1)
    }
    const leave = (): void => queue.finish(signal.reason)
    const request = { path, env: { ...compileCache(), ...env } }
    const project = createProject(request, components, { source, tell })
    signal.addEventListener('abort', leave)
    if (signal.aborted) leave()
    try {
      project.start()
      yield* queue
    } finally {
      signal.removeEventListener('abort', leave)
      await project.stop()
      active.delete(source)
    }
  }
}

function createProject(
  request: Required<DevRequest>,
  { clock, roster, states, launchOf }: DevComponents,
  { source, tell }: { readonly source: string; readonly tell: (story: DevStory) => void }
): DevProject {
  // Also tells at once of a path that is none, before anything is watched.
  launchOf(request)
  const folder = statSync(request.path).isDirectory() ? request.path : dirname(request.path)
  return new DevProject(
    {
      clock,
      roster,
      states,
      tell,
      startProcess: startHostProcess,
      launch: () => launchOf(request),
      watch: (onSaved) => watchSources(folder, onSaved)
    },
    { source, folder }
  )
}

/** Halves the time from a save to the new version: most of what it loads is what the last one loaded. */
function compileCache(): Record<string, string> {
  const { env } = process
  return env['NODE_DISABLE_COMPILE_CACHE'] === '1'
    ? {}
    : { NODE_COMPILE_CACHE: compileCacheDirectory(env) }
}

function eventOf(story: DevStory, { nameOf }: Pick<DevComponents, 'nameOf'>): DevEvent {
  const v = API_VERSION
  switch (story.type) {
    case 'loaded': {
      const agents = story.agents.map(({ id, description, skills }) => {
        const example = skills.flatMap(({ examples = [] }) => examples)[0]
        return { id, description, ...(example !== undefined && { example }) }
      })
      return { v, ...story, agents }
    }
    case 'asked': {
      const { agent, request } = story
      const { taskId: task, caller, text } = request
      const from = { id: caller, name: nameOf(caller) }
      return { v, type: 'asked', task, agent, caller: from, text: text.slice(0, SHOWN_TEXT) }
    }
    case 'answered': {
      const { request, error, reason, ...rest } = story
      const wire = error?.toWire()
      return {
        v,
        ...rest,
        task: request.taskId,
        ...(wire && { error: { ...wire, message: reason ?? wire.message } })
      }
    }
    case 'failed':
    case 'printed':
      return { v, ...story }
    default:
      throw new LumosError('INTERNAL')
  }
}

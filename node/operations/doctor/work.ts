/** What work needs: models that answer, MCP servers and hosted projects that run, tasks that move, memory in step. */
import type { ProviderState } from '../../../agents/models/watched-provider.ts'
import type { Check } from '../../../client/doctor-api.ts'
import { LIMITS } from '../../../core/limits.ts'
import { checked, unlessLate } from './examination.ts'
import type { Examination, Finding } from './examination.ts'
import type { DoctorParts } from './parts.ts'

/** An order that nobody has taken up for so long is stuck. */
const STUCK_MS = 10 * 60_000
const ORDERS_LOOKED_AT = 200

export function workLooks(parts: DoctorParts): Examination[] {
  const { models } = parts.assembly
  return [
    { area: 'Agents', name: 'cards', look: () => cards(parts) },
    ...models.providers().map(({ name }): Examination => ({
      area: 'Models',
      name,
      look: (signal) => model(parts, name, signal)
    })),
    { area: 'MCP', name: 'servers', look: () => mcp(parts) },
    { area: 'Hosts', name: 'projects', look: () => hosts(parts) },
    { area: 'Tasks', name: 'outbox', look: () => tasks(parts) },
    { area: 'Memory', name: 'spaces', look: (signal) => memory(parts, signal) }
  ]
}

function cards({ assembly }: DoctorParts): Check[] {
  const { exchange, book } = assembly.capabilities
  const refused = [...exchange.refusals().values()].reduce((sum, count) => sum + count, 0)
  const text = `${book.cards().length} agents of this node; ${refused} cards of others refused`
  return [
    checked('Agents', 'cards', {
      state: refused > 0 ? 'warning' : 'ok',
      code: refused > 0 ? 'cards-refused' : undefined,
      text,
      hint: 'lumos logs --component discovery   tells whose, and why; a clock that is off makes cards expire'
    })
  ]
}

/** Really asked for its list, whatever is remembered of it. */
async function model(
  { assembly, clock }: DoctorParts,
  name: string,
  signal: AbortSignal
): Promise<Check[]> {
  const begun = clock.monotonic()
  const state = await unlessLate(assembly.models.ask(name), signal)
  const tookMs = clock.monotonic() - begun
  if (state === undefined) {
    const text = `${name}: no answer to the question for its models`
    return [checked('Models', name, { state: 'unknown', code: 'late', text, tookMs })]
  }
  return [checked('Models', name, { ...modelFinding(state, tookMs), tookMs })]
}

function modelFinding(provider: ProviderState, tookMs: number): Finding {
  const { name, baseUrl, source, status, problem, models, origin } = provider
  if (status === 'ready') {
    return { state: 'ok', text: `${name} ${Math.round(tookMs)} ms, ${models.length} models` }
  }
  const state = origin === 'found' && status !== 'refused' ? 'warning' : 'critical'
  if (status === 'refused') {
    const http = problem?.details['status'] ?? 401
    const text = `${name}: ${baseUrl} rejects the key (HTTP ${String(http)}); it is from: ${source}`
    const hint =
      origin === 'added'
        ? `lumos model add ${name} --key-file PATH`
        : `put a valid key there (${source}), then: lumos restart; or: lumos model add ${name} --key-file PATH`
    return { state, code: 'model-key', text, hint }
  }
  if (status === 'unusable') {
    const text = `${name}: ${problem?.message ?? 'cannot be used'}`
    return {
      state: 'warning',
      code: 'model-unusable',
      text,
      hint: `lumos model add ${name} --key-file PATH`
    }
  }
  const text = `${name}: ${baseUrl} does not answer: ${problem?.message ?? 'nothing came'}`
  return {
    state,
    code: 'model-unreachable',
    text,
    hint: `curl -sS ${baseUrl}/models; is the server up?`
  }
}

function mcp({ assembly }: DoctorParts): Check[] {
  return assembly.mcp.list().map(({ name, supervised, tools }) => {
    const { state, reason } = supervised.status()
    if (state === 'ready') {
      return checked('MCP', name, { state: 'ok', text: `${name}: ${tools().length} tools` })
    }
    if (state === 'starting')
      return checked('MCP', name, { state: 'ok', text: `${name} is starting` })
    return checked('MCP', name, {
      state: 'critical',
      code: 'mcp-down',
      text: `${name} is ${state}${reason === undefined ? '' : `: ${reason}`}`,
      hint: `lumos mcp restart ${name}`,
      fix: `mcp:${name}`
    })
  })
}

function hosts({ assembly }: DoctorParts): Check[] {
  return assembly.hosting.hosts.list().map(({ name, state, reason, agents }) => {
    if (state === 'ready' || state === 'starting') {
      return checked('Hosts', name, {
        state: 'ok',
        text: `${name}: ${state}, ${agents.length} agents`
      })
    }
    return checked('Hosts', name, {
      state: 'critical',
      code: 'host-down',
      text: `${name} is ${state}${reason === undefined ? '' : `: ${reason}`}`,
      hint: `lumos host show ${name}; lumos host restart ${name}`,
      fix: `host:${name}`
    })
  })
}

async function tasks({ assembly, clock }: DoctorParts): Promise<Check[]> {
  const orders = await assembly.work.delegations.list({ limit: ORDERS_LOOKED_AT })
  const now = clock.now()
  const stuck = orders.filter(
    ({ state, updatedAt }) => state === 'TASK_STATE_SUBMITTED' && now - updatedAt > STUCK_MS
  )
  const { running } = assembly.work.delegations.counts()
  const [oldest] = stuck.toSorted((a, b) => a.updatedAt - b.updatedAt)
  if (oldest === undefined)
    return [checked('Tasks', 'outbox', { state: 'ok', text: `${running} under way` })]
  return [
    checked('Tasks', 'outbox', {
      state: 'warning',
      code: 'tasks-stuck',
      text: `${stuck.length} tasks wait for somebody to take them, the oldest (${oldest.target}) for ${Math.round((now - oldest.updatedAt) / 60_000)} min`,
      hint: `lumos find ${oldest.target}   shows who could; give up: lumos tasks cancel ${oldest.id}`
    })
  ]
}

async function memory({ assembly }: DoctorParts, signal: AbortSignal): Promise<Check[]> {
  const spaces = assembly.memory.spaces().slice(0, LIMITS.doctorPeers.value)
  const found = await Promise.all(
    spaces.map(async (one): Promise<Check[]> => {
      const { space } = one
      const standing = await unlessLate(one.status(), signal)
      if (standing === undefined) return []
      const { keys, peers, stale } = standing
      const behind = peers.filter(({ ahead = 0 }) => ahead > 0)
      const told = `${space.name}: ${keys} keys`
      if (stale) {
        return [
          checked('Memory', space.name, {
            state: 'warning',
            code: 'memory-stale',
            text: `${told}; this copy was alone for so long that it takes from others, and gives only what is new`,
            hint: 'lumos memory status'
          })
        ]
      }
      const missing = behind.length === 0 ? 0 : Math.max(...behind.map(({ ahead = 0 }) => ahead))
      const text =
        missing === 0
          ? `${told}, in step`
          : `${told}; up to ${missing} records on their way from ${behind.length} peers`
      return [checked('Memory', space.name, { state: 'ok', text })]
    })
  )
  return found.flat()
}

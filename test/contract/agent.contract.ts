/** What every agent must do, whoever wrote it: the promises that the task engine builds on. */
import { readdirSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Agent, AgentOutput } from '../../agents/agent.ts'
import { defineAgent } from '../../agents/agent.ts'
import { createAgentRunner } from '../../agents/runner.ts'
import type { Part } from '../../core/a2a.ts'
import { systemClock } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { toLumosError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { askNobody, noMemory, rosterOf, RUN } from '../support/agent-runner.ts'

export interface AgentContract {
  /** The agent, and those that it asks. Called for each test. */
  readonly create: () => Promise<readonly [Agent, ...Agent[]]>
  /** Requests that the agent answers. */
  readonly requests: readonly (readonly Part[])[]
  /** Of every message. */
  readonly metadata?: JsonObject
  /** Whether equal requests have equal answers. */
  readonly deterministic: boolean
  /** A request that takes long, if there is one. */
  readonly long?: readonly Part[]
}

/** What a caller's mistake may end with; anything else would be the agent's own failure. */
const CALLERS_MISTAKES: readonly ErrorCode[] = ['AGENT_INPUT', 'PATH_DENIED', 'PAYLOAD_TOO_LARGE']

const MIB = 1024 * 1024
const ODD_INPUTS: readonly (readonly [string, readonly Part[]])[] = [
  ['nothing', [{ text: '' }]],
  ['blanks', [{ text: ' \n\t '.repeat(1000) }]],
  ['control characters', [{ text: '\0\u0001\u001B[2J\u0085' }]],
  ['half a surrogate pair', [{ text: 'a\uD800b' }]],
  ['text that runs from right to left', [{ text: '\u202Efdp.exe مرحبا' }]],
  ['combining marks without end', [{ text: `a${'\u0301'.repeat(50_000)}` }]],
  ['one long word', [{ text: 'x'.repeat(MIB) }]],
  ['a long text', [{ text: 'All work and no play. '.repeat(40_000) }]],
  ['brackets without end', [{ text: '[('.repeat(100_000) }]],
  ['bytes', [{ raw: Buffer.alloc(MIB, 0xff).toString('base64'), filename: 'x.bin' }]],
  ['data of another shape', [{ data: { op: 7, path: [null, { deep: [[[[]]]] }] } }]],
  ['a link', [{ url: 'http://127.0.0.1:1/' }]],
  ['many parts', Array.from({ length: 1000 }, (_, index) => ({ text: `part ${index}` }))]
]

interface Subject {
  readonly agent: Agent
  readonly stop: () => Promise<void>
  readonly run: (parts: readonly Part[], signal: AbortSignal) => AsyncIterable<AgentOutput>
  readonly answer: (parts: readonly Part[]) => Promise<AgentOutput[]>
}

async function createSubject({ create, metadata }: AgentContract): Promise<Subject> {
  const agents = await create()
  const runner = createAgentRunner({
    clock: systemClock,
    roster: rosterOf(agents),
    askSwarm: askNobody,
    memory: noMemory
  })
  onTestFinished(() => runner.stop())
  const run = (parts: readonly Part[], signal: AbortSignal): AsyncIterable<AgentOutput> =>
    runner.run({
      ...RUN,
      agentId: agents[0].id,
      message: { messageId: 'message', role: 'ROLE_USER', parts, ...(metadata && { metadata }) },
      signal
    })
  return {
    agent: agents[0],
    stop: () => runner.stop(),
    run,
    answer: (parts) => Array.fromAsync(run(parts, new AbortController().signal))
  }
}

/** Which odd inputs the agent failed on, other than by telling the caller about a mistake. */
async function oddFailures(answer: Subject['answer']): Promise<readonly unknown[]> {
  const failures: unknown[] = []
  for (const [what, parts] of ODD_INPUTS) {
    try {
      await answer(parts)
    } catch (error) {
      const { code } = toLumosError(error)
      if (!CALLERS_MISTAKES.includes(code)) failures.push({ what, code, error })
    }
  }
  return failures
}

/** Registers the tests of the contract for one agent. */
export function describeAgentContract(name: string, contract: AgentContract): void {
  const setup = (): Promise<Subject> => createSubject(contract)

  describe(`the agent ${name}`, () => {
    test('can be put on a card: ids, descriptions, tags and examples are there', async () => {
      const { agent } = await setup()
      expect(() => defineAgent(agent)).not.toThrow()
      expect(new Set(agent.skills.map(({ id }) => id)).size).toBe(agent.skills.length)
      expect(agent.skills.filter(({ description }) => description.length < 20)).toEqual([])
      expect(agent.skills.filter(({ examples = [] }) => examples.length === 0)).toEqual([])
    })

    test.for(contract.requests)('answers %j with something', async (parts) => {
      const { answer } = await setup()
      const outputs = await answer(parts)
      const said = outputs.filter(
        (output) => typeof output === 'string' || output.type !== 'progress'
      )
      expect(said).not.toEqual([])
    })

    test('answers the examples on its own card', async () => {
      const { agent, answer } = await setup()
      for (const text of agent.skills.flatMap(({ examples = [] }) => examples)) {
        expect(await answer([{ text }])).not.toEqual([])
      }
    })

    test.runIf(contract.deterministic)('gives equal answers to equal requests', async () => {
      const { answer } = await setup()
      for (const parts of contract.requests)
        expect(await answer(parts)).toEqual(await answer(parts))
    })

    test('survives odd input, and answers afterwards', async () => {
      const { answer } = await setup()
      expect(await oddFailures(answer)).toEqual([])
      await expect(answer(contract.requests[0] ?? [])).resolves.not.toEqual([])
    })
    describeEnds(contract)
  })
}

function describeEnds(contract: AgentContract): void {
  const setup = (): Promise<Subject> => createSubject(contract)

  test('does not begin when the task is cancelled already', async () => {
    const { run } = await setup()
    const reason = new Error('cancelled')
    const cancelled = run(contract.requests[0] ?? [], AbortSignal.abort(reason))
    await expect(Array.fromAsync(cancelled)).rejects.toBe(reason)
  })

  test('stops promptly when the task is cancelled in the middle', async () => {
    const { run } = await setup()
    const controller = new AbortController()
    const reason = new Error('cancelled')
    const outputs = run(contract.long ?? contract.requests[0] ?? [], controller.signal)
    setImmediate(() => controller.abort(reason))
    const began = performance.now()
    const end = await Array.fromAsync(outputs).catch((error: unknown) => error)
    // Whatever is quick may have ended before it could be cancelled.
    if (!Array.isArray(end) || contract.long !== undefined) expect(end).toBe(reason)
    expect(performance.now() - began).toBeLessThan(1000)
  })

  test('leaves nothing open', async () => {
    const { answer, stop } = await setup()
    const before = openFiles()
    for (const parts of contract.requests) await answer(parts)
    await stop()
    expect(openFiles()).toBeLessThanOrEqual(before)
    expect(process.getActiveResourcesInfo()).not.toContain('ProcessWrap')
  })
}

/** Open file descriptors of this process: files, pipes and sockets; 0 where /proc is missing. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}

/** `lumos agents call`: an agent as a function, from data to data, for scripts and for trying one out. */
import type { AgentSummary, RunEvent, RunRequest } from '../../client/api.ts'
import type { Client } from '../../client/calls.ts'
import type { Artifact, Part } from '../../core/a2a.ts'
import { ERRORS } from '../../core/error-table.ts'
import { LumosError, toLumosError } from '../../core/errors.ts'
import { createIdSource } from '../../core/ids.ts'
import type { Json } from '../../core/json.ts'
import { systemRandom } from '../../core/random.ts'
import { withAdvice } from '../advice.ts'
import { targetOf } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { createProgress } from '../progress.ts'
import { readText } from '../read-text.ts'
import { failureOf, type ResultEvent } from '../task-printer.ts'
import { oneLine, printable } from '../width.ts'

/** After Ctrl-C the worker is told, but not waited for longer. */
const CANCEL_TIMEOUT_MS = 5000

export function defineCall(command: LumosCommand, cli: Cli): void {
  command
    .command('call')
    .description('call an agent with data (or text), and print the data it gives back')
    .argument('<agent>', 'agent, agent.skill, or either with @node')
    .argument('[input...]', 'a JSON object or list is data, anything else text; stdin with -')
    .option('--to <node>', 'this node does it: name, PeerId or a unique beginning of it')
    .example('lumos agents call calc "6 * 7"', 'a text')
    .example('lumos agents call weather.forecast \'{"city": "Rome"}\'', 'one skill, with data')
    .example('lumos agents call weather \'{"city": "Rome"}\' | jq .high', 'data for a script')
    .action(async (agent: string, words: string[], { to }: { to?: string }) => {
      const client = cli.client()
      const advice = { command: 'agents call', suggestion: 'lumos agents call AGENT JSON' }
      const input = inputOf(await readText(words, cli, advice))
      const { agents } = await client.agents(cli.call())
      const { timeoutMs } = cli.flags
      const request = {
        ...wanted(agent, agents),
        ...input,
        taskId: createIdSource(cli.clock, systemRandom)(),
        ...(to !== undefined && { to }),
        ...(timeoutMs !== undefined && { timeoutMs })
      }
      const result = await call(client, request, cli).catch(async (error: unknown) => {
        const context = { client, target: agent, command: 'agents call' }
        throw await withAdvice(toLumosError(error), context)
      })
      report(result, cli)
    })
}

/** An agent's id has no dot, ids of skills may have some, and may begin with that of their agent. */
function wanted(
  text: string,
  agents: readonly AgentSummary[]
): Pick<RunRequest, 'target' | 'skill'> {
  const [name = '', ...node] = text.replace(/^@/, '').split('@')
  const at = (target: string): string => targetOf([target, ...node].join('@'))
  const [id = '', ...rest] = name.split('.')
  const ids = agents.flatMap((each) => (each.id === id ? each.skills.map((skill) => skill.id) : []))
  const skill = [rest.join('.'), name].find((each) => ids.includes(each))
  if (rest.length > 0 && skill !== undefined) return { target: at(id), skill }
  const isSkill = agents.some(({ skills }) => skills.some((each) => each.id === name))
  return { target: at(name), ...(isSkill && { skill: name }) }
}

function inputOf(text: string): Pick<RunRequest, 'text' | 'data'> {
  if (!/^\s*[[{]/.test(text)) return { text }
  try {
    const data: Json = JSON.parse(text)
    return { text: '', data }
  } catch {
    // What only begins like JSON is a text.
    return { text }
  }
}

async function call(
  client: Client,
  request: RunRequest & { readonly taskId: string },
  cli: Cli
): Promise<ResultEvent> {
  const progress = createProgress(cli)
  const cancel = (): void => {
    client.cancel(request.taskId, { timeoutMs: CANCEL_TIMEOUT_MS }).catch(() => {})
  }
  cli.signal.addEventListener('abort', cancel, { once: true })
  try {
    progress.show(oneLine(request.target))
    for await (const event of client.run(request, { signal: cli.signal })) {
      if (event.type === 'result') return event
      if (event.type === 'input-required') throw asked(event, request.taskId)
      if (event.type === 'routed') progress.show(`${oneLine(event.worker.name)}  working`)
    }
  } finally {
    cli.signal.removeEventListener('abort', cancel)
    progress.clear()
  }
  throw new LumosError('DAEMON_STOPPED')
}

/** A function has nobody who could answer. */
function asked({ text }: Extract<RunEvent, { type: 'input-required' }>, task: string): LumosError {
  return new LumosError('TASK_WAITING', {
    details: { task: shortId(task), asks: oneLine(text).slice(0, 200) }
  })
}

function report(event: ResultEvent, cli: Cli): void {
  const { task, worker, tookMs } = event
  const failure = failureOf(event)
  const parts = task.artifacts.flatMap((artifact: Artifact) => artifact.parts)
  const data = dataOf(parts)
  if (cli.flags.json) {
    const { id, state } = task
    cli.document({ v: 1, task: { id, state }, worker, tookMs, data, ...errorOf(event) })
    if (failure !== undefined) cli.exitCode = ERRORS[failure.code].exit
    return
  }
  if (failure !== undefined) throw failure
  const { out } = cli.terminal
  const text = typeof data === 'string' ? data : JSON.stringify(data, null, out.isTerminal ? 2 : 0)
  if (data !== null) cli.print(out.isTerminal ? printable(text) : text)
}

function errorOf({ error }: ResultEvent): Pick<ResultEvent, 'error'> {
  return error === undefined ? {} : { error }
}

/** The data of a result, where it has some (a list where there are several); else its text. */
function dataOf(parts: readonly Part[]): Json {
  const data = parts.flatMap((part) => (part.data === undefined ? [] : [part.data]))
  if (data.length > 0) return data.length === 1 ? (data[0] ?? null) : data
  const texts = parts.flatMap(({ text, url }) => text ?? url ?? [])
  return texts.length === 0 ? null : texts.join('')
}

/** `lumos wait`: for scripts that must not begin before the swarm is as they need it. */
import { LumosError, toLumosError } from '../../core/errors.ts'
import { countFlag, collect, oneOf, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { duration } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { resolveTask } from '../task-id.ts'
import type { CallOptions } from '../../client/calls.ts'

const KINDS = ['ready', 'peers', 'agent', 'skill', 'task'] as const

interface Condition {
  readonly kind: (typeof KINDS)[number]
  /** What stands behind the `=`. */
  readonly value: string
  readonly text: string
}

/** As long as a start may take on a busy machine, and some. */
const TIMEOUT_MS = 60_000
/** Nothing tells when a daemon comes up, or counts peers: it is looked again after this long. */
const LOOK_AGAIN_MS = 250

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option(
      '--for <what>',
      'ready, peers=N, agent=ID, skill=ID or task=ID; may be repeated (default: ready)',
      collect
    )
    .example('lumos wait', 'until this node takes work; at most 60 s')
    .example('lumos wait --for peers=2 --for skill=summarize', 'until both are so')
    .example('lumos wait --for task=7f3a9c1e --timeout 10m', 'until it has ended; 7 if it failed')
    .action(async ({ for: words = ['ready'] }: { for?: string[] }) => {
      const conditions = words.map(parse)
      const startedAt = cli.clock.monotonic()
      const left = until(conditions, cli)
      await Promise.all(conditions.map((condition) => meet(condition, left, cli)))
      const tookMs = Math.round(cli.clock.monotonic() - startedAt)
      if (cli.flags.json) return cli.document({ v: 1, for: words, tookMs })
      cli.note(`${words.join(', ')}: after ${duration(tookMs)}`)
    })
}

function parse(text: string): Condition {
  const [word = '', ...rest] = text.split('=')
  const kind = oneOf(word, KINDS, { command: 'wait', what: 'nothing to wait for' })
  const value = rest.join('=')
  if ((kind === 'ready') !== (value === '')) {
    const form = kind === 'ready' ? 'ready' : `${kind}=${kind === 'peers' ? 'N' : 'ID'}`
    throw usage(`"${text}" is nothing to wait for`, { suggestion: `write ${form}` })
  }
  if (kind === 'peers') countFlag(value)
  return { kind, value, text }
}

/** The deadline of them all; its reason says what was waited for. */
function until(conditions: readonly Condition[], cli: Cli): AbortSignal {
  const timeoutMs = cli.flags.timeoutMs ?? TIMEOUT_MS
  const late = new AbortController()
  const waited = conditions.map(({ text }) => text).join(', ')
  cli.clock.timeout(timeoutMs).addEventListener('abort', () => {
    late.abort(new LumosError('TIMED_OUT', { details: { timeoutMs, waited } }))
  })
  return AbortSignal.any([cli.signal, late.signal])
}

/** A node that is not up yet, or goes away meanwhile, is waited for. */
async function meet(condition: Condition, signal: AbortSignal, cli: Cli): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    try {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      if (await MEET[condition.kind](cli, condition.value, { signal })) return
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!NOT_YET.has(toLumosError(error).code)) throw error
    }
    // oxlint-disable-next-line no-await-in-loop -- as above
    await cli.clock.sleep(LOOK_AGAIN_MS, signal)
  }
}

const NOT_YET: ReadonlySet<string> = new Set(['DAEMON_DOWN', 'DAEMON_STOPPED', 'SHUTTING_DOWN'])

/** Whether it is so; those that have events come back only when it is. */
const MEET: Readonly<
  Record<Condition['kind'], (cli: Cli, value: string, options: CallOptions) => Promise<boolean>>
> = {
  async ready(cli, _, options) {
    const { problems } = await cli.client().status(options)
    return !problems.some(({ code }) => code.startsWith('STORE_'))
  },
  async peers(cli, value, options) {
    return (await cli.client().status(options)).peers >= Number(value)
  },
  agent: (cli, value, options) => appears(cli, { agent: value }, options),
  skill: (cli, value, options) => appears(cli, { skill: value }, options),
  task: ended
}

async function appears(
  cli: Cli,
  wanted: { readonly agent?: string; readonly skill?: string },
  options: CallOptions
): Promise<boolean> {
  const { agent, skill } = wanted
  for await (const event of cli.client().watchFind(agent ?? skill ?? '', options)) {
    if (event.type !== 'appeared' && event.type !== 'changed') continue
    const { provider } = event
    if (agent === undefined ? provider.skill === skill : provider.agent === agent) return true
  }
  return false
}

/** @throws what the task failed with */
async function ended(cli: Cli, value: string, options: CallOptions): Promise<boolean> {
  const client = cli.client()
  const id = await resolveTask(value, client, options)
  for await (const event of client.events(id, options)) {
    if (event.type !== 'result') continue
    const { state } = event.task
    if (state === 'TASK_STATE_COMPLETED') return true
    throw new LumosError('TASK_FAILED', {
      details: { task: id, reason: event.error?.code ?? state }
    })
  }
  return false
}

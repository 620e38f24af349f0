/** `lumos run`: the main job of the whole thing. */
import { createIdSource, isUuid } from '../../core/ids.ts'
import { ENSEMBLE_TAKES } from '../../core/ensemble.ts'
import { toLumosError, LumosError } from '../../core/errors.ts'
import { systemRandom } from '../../core/random.ts'
import type { RunRequest } from '../../client/api.ts'
import type { Client } from '../../client/calls.ts'
import { withAdvice } from '../advice.ts'
import { ROUTE_POLICIES } from '../../core/route-choice.ts'
import { PRIORITIES } from '../../core/priority.ts'
import { budgetFlag, collect, policyFlag, priorityFlag, targetOf, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { ensembleOf } from '../ensemble-flags.ts'
import type { EnsembleFlags } from '../ensemble-flags.ts'
import { shortId } from '../format.ts'
import { readText } from '../read-text.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { NEED_FLAG, NEED_HELP, withNeeds } from '../needs.ts'
import { createQuestions } from '../questions.ts'
import { createTaskPrinter } from '../task-printer.ts'

/** After Ctrl-C the worker has so long to confirm the cancellation before we leave. */
const CANCEL_TIMEOUT_MS = 5000
/** The daemon keeps the task's deadline; this much later we stop waiting for the daemon. */
const DEADLINE_GRACE_MS = 5000

interface RunFlags extends EnsembleFlags {
  readonly to?: string
  readonly local?: boolean
  readonly remote?: boolean
  readonly policy?: string
  readonly priority?: string
  readonly budget?: string
  readonly need?: readonly string[]
  readonly taskId?: string
  readonly detach?: boolean
  readonly cancelOnDisconnect?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('<agent>', 'agent, skill, tag, or agent@node')
    .argument('[text...]', 'what to do; from stdin when it is - or left out')
    .option(NEED_FLAG, NEED_HELP, collect)
    .option('--to <node>', 'this node does it: name, PeerId or a unique beginning of it')
    .option('--local', 'only on this node')
    .option('--remote', 'only on a peer')
    .option('--policy <name>', `how one of several is chosen: ${ROUTE_POLICIES.join(', ')}`)
    .option('--peers <n>', 'ask so many at most, each the same')
    .option('--take <what>', `of several answers: ${ENSEMBLE_TAKES.join(', ')}`)
    .option('--judge <agent>', 'who chooses the best; chat unless you say')
    .option('--priority <class>', `its turn among those that wait: ${PRIORITIES.join(', ')}`)
    .option('--budget <amounts>', 'what it may cost, all it asks included: calls=,tokens=,money=')
    .option('--detach', 'come back as soon as the order is on disk; the task goes on')
    .option('--cancel-on-disconnect', 'stop the task if this command dies before its end')
    .option('--task-id <uuid>', 'the same id and text is the same task: safe to repeat')
    .example('lumos run summarize "summarize README.md"', 'by whoever does it best')
    .example(
      'lumos run summarize "summarize x.md" --need lang=de --need "price<0.01"',
      'by one that is so'
    )
    .example('lumos run calc "3 km / 20 min in km/h" --to bob', 'by one node')
    .example('lumos run team "plan it" --budget calls=20,tokens=50k,money=0.10', 'and no more')
    .example('git log -20 | lumos run summarize > summary.txt', 'text in, text out')
    .example('lumos run chat "is 91 prime?" --peers 3 --take majority', 'what most of them say')
    .example('lumos run --detach summarize "summarize book.txt"', 'later: lumos tasks watch')
    .example('lumos run calc -- "-5 + 3"', 'a text that begins with a dash')
    .action(async (target: string, words: string[], flags: RunFlags) => {
      const client = cli.client()
      const request = await toRequest(target, words, { cli, flags })
      try {
        await follow(client, request, cli)
      } catch (error) {
        throw await withAdvice(toLumosError(error), { client, target, command: 'run' })
      }
    })
}

async function toRequest(
  target: string,
  words: readonly string[],
  { cli, flags }: { readonly cli: Cli; readonly flags: RunFlags }
): Promise<RunRequest & { readonly taskId: string }> {
  const { to, local, remote, taskId, detach, cancelOnDisconnect } = flags
  if (local && remote) throw usage('--local and --remote exclude each other', { command: 'run' })
  if (detach && cancelOnDisconnect) {
    throw usage('--detach and --cancel-on-disconnect exclude each other', { command: 'run' })
  }
  if (taskId !== undefined && !isUuid(taskId)) {
    throw usage(`"${taskId}" is no UUID`, { suggestion: 'make one with uuidgen' })
  }
  const { timeoutMs } = cli.flags
  return {
    target: withNeeds(targetOf(target), flags.need),
    text: await readText(words, cli, { command: 'run', suggestion: 'lumos run AGENT "TEXT"' }),
    // Chosen here, so that Ctrl-C can cancel what the daemon has not yet confirmed.
    taskId: taskId ?? createIdSource(cli.clock, systemRandom)(),
    ...(to !== undefined && { to }),
    ...(local && { where: 'local' as const }),
    ...(remote && { where: 'remote' as const }),
    ...(flags.policy !== undefined && { policy: policyFlag(flags.policy, 'run') }),
    ...ensembleOf(flags, flags),
    ...(flags.priority !== undefined && { priority: priorityFlag(flags.priority, 'run') }),
    ...(flags.budget !== undefined && { budget: budgetFlag(flags.budget) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(detach && { detach }),
    ...(cancelOnDisconnect && { cancelOnDisconnect })
  }
}

async function follow(
  client: Client,
  request: RunRequest & { readonly taskId: string },
  cli: Cli
): Promise<void> {
  const left = new AbortController()
  const cancel = (): void => {
    cli.note('cancelling; Ctrl-C again to leave at once')
    client
      .cancel(request.taskId, { timeoutMs: CANCEL_TIMEOUT_MS })
      .then(() => cli.clock.sleep(CANCEL_TIMEOUT_MS, left.signal))
      .catch(() => {})
      .finally(() => left.abort(cli.signal.reason))
  }
  cli.signal.addEventListener('abort', cancel, { once: true })
  try {
    await readEvents(client, request, { cli, signal: left.signal })
  } catch (error) {
    // Its last words were that it was cancelled: that is what the user wanted.
    if (!cli.signal.aborted) throw error
    cli.note('cancelled')
  } finally {
    cli.signal.removeEventListener('abort', cancel)
    left.abort(cli.signal.reason)
  }
}

async function readEvents(
  client: Client,
  request: RunRequest & { readonly taskId: string },
  { cli, signal }: { readonly cli: Cli; readonly signal: AbortSignal }
): Promise<void> {
  const printer = createTaskPrinter(cli)
  const questions = createQuestions(cli, { client, task: request.taskId })
  const { timeoutMs } = request
  const late = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs + DEADLINE_GRACE_MS)]
  let ended = false
  try {
    const until = AbortSignal.any([signal, ...late])
    for await (const event of client.run(request, { signal: until })) {
      ended = event.type === (request.detach ? 'accepted' : 'result')
      if (!questions.isOwn(event)) printer.print(event)
      if (event.type === 'input-required' && !(await questions.answer(event, until))) return
    }
  } catch (error) {
    if (late[0]?.aborted && !ended) {
      throw new LumosError('TIMED_OUT', { cause: error, details: { timeoutMs: timeoutMs ?? 0 } })
    }
    throw error
  } finally {
    printer.end()
  }
  if (!ended) throw new LumosError('DAEMON_STOPPED')
  if (request.detach && !cli.flags.json) {
    cli.print(request.taskId)
    cli.note(
      `next: lumos tasks watch ${shortId(request.taskId)}   lumos tasks show, lumos tasks cancel`
    )
  }
}

/** `lumos tasks`: what this node asked for and what it does for others. */
import type { RunEvent, TaskView } from '../../client/api.ts'
import type { Client } from '../../client/calls.ts'
import { textOf } from '../../core/a2a.ts'
import { ensembleReportOf } from '../../core/ensemble.ts'
import { LumosError } from '../../core/errors.ts'
import { suggest } from '../../core/suggest.ts'
import { countFlag, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns } from '../columns.ts'
import { ensembleLines } from '../ensemble-lines.ts'
import { age, duration, shortId, stateName } from '../format.ts'
import { readText } from '../read-text.ts'
import { CHOICES } from '../live-words.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { chainLines } from '../chain-lines.ts'
import { choiceLines, readChoices } from '../route-lines.ts'
import type { ChoiceEvent } from '../route-lines.ts'
import { resolveTask } from '../task-id.ts'
import { createTaskPrinter } from '../task-printer.ts'
import { waterfall } from '../trace-lines.ts'
import { asTree, paintState, taskColumns } from '../task-rows.ts'
import { oneLine, padEnd, printable } from '../width.ts'

const DEFAULT_ROWS = '20'
const STATES: Readonly<Record<string, string>> = Object.fromEntries(
  CHOICES.states.map((name) => [name, `TASK_STATE_${name.toUpperCase().replaceAll('-', '_')}`])
)

interface ListFlags {
  readonly state?: string
  readonly cursor?: string
  readonly limit: string
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos tasks', 'the latest tasks, given and taken')
    .example('lumos tasks show 7f3a9c1e', 'one task: the end of its id is enough')
    .example('lumos tasks cancel 7f3a9c1e', 'stop it, wherever it runs')
  defineList(command, cli)
  defineShow(command, cli)
  defineCancel(command, cli)
  defineWatch(command, cli)
  defineLogs(command, cli)
  defineAnswer(command, cli)
  defineRetry(command, cli)
  defineRemove(command, cli)
}

function defineList(command: LumosCommand, cli: Cli): void {
  command
    .command('ls', { isDefault: true })
    .description('tasks, newest first')
    .option('--state <state>', `only these: ${Object.keys(STATES).join(', ')}`)
    .option('-n, --limit <n>', 'how many', DEFAULT_ROWS)
    .option('--cursor <cursor>', 'the next page: `next` of the page before')
    .example('lumos tasks ls --state failed', 'what went wrong')
    .example('lumos tasks ls --json | jq -r .tasks[0].id', 'the id of the latest')
    .action(async ({ state, cursor, limit }: ListFlags) => {
      const query = {
        limit: countFlag(limit),
        ...(state !== undefined && { state: stateFlag(state) }),
        ...(cursor !== undefined && { cursor })
      }
      const list = await cli.client().tasks(query, cli.call())
      if (cli.flags.json) return cli.document(list)
      if (list.tasks.length === 0) return cli.note('no tasks: lumos run echo hello')
      const context = { sink: cli.terminal.out, style: cli.out() }
      cli.terminal.out.write(renderColumns(taskColumns(cli), asTree(list.tasks), context))
      if (list.next !== '') cli.note(`more: lumos tasks ls --cursor ${list.next}`)
    })
}

function stateFlag(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/^task_state_/, '')
    .replaceAll('_', '-')
  const state = STATES[name]
  if (state !== undefined) return state
  const near = suggest(name, Object.keys(STATES))
  throw usage(
    `"${text}" is no state of a task`,
    near === undefined ? { command: 'tasks ls' } : { suggestion: `did you mean ${near}?` }
  )
}

function defineShow(command: LumosCommand, cli: Cli): void {
  command
    .command('show')
    .description('one task and its result')
    .argument('<id>', 'task id, or a unique beginning or end of it')
    .option(
      '--trace',
      'also where its time went on all nodes, who asked before, its cost, and why its worker was chosen'
    )
    .example('lumos tasks show 7f3a9c1e', 'what, who, when, and the result')
    .example('lumos tasks show 7f3a9c1e --json | jq .task.artifacts', 'the result for a script')
    .action(async (id: string, { trace }: { trace?: boolean }) => {
      const client = cli.client()
      const task = await resolveTask(id, client, cli.call())
      const document = await client.task(task, cli.call())
      const choices = trace
        ? await readChoices(client.events(task, { ...cli.call(), follow: false }))
        : []
      const spans = trace ? await client.trace(task, cli.call()) : undefined
      if (cli.flags.json) {
        return cli.document({ ...document, ...(trace && { choices, trace: spans }) })
      }
      for (const line of renderTask(document.task, cli)) cli.print(line)
      const lines = trace ? traceLines(document.task, choices, cli) : []
      for (const line of lines) cli.print(line)
      for (const line of spans === undefined ? [] : waterfall(spans, cli)) cli.print(line)
    })
}

/** Why this worker; of a question to several who answered what, and why each of them. */
function traceLines(task: TaskView, choices: ChoiceEvent[], cli: Cli): string[] {
  const [report] = task.artifacts.flatMap((artifact) => ensembleReportOf(artifact) ?? [])
  const why = report === undefined ? choiceLines(choices, cli) : ensembleLines(report, cli)
  return [...chainLines(task, cli), ...why]
}

function renderTask(task: TaskView, cli: Cli): string[] {
  const style = cli.out()
  const { id, state, agent, caller, worker, createdAt, tookMs, input, error } = task
  const took = tookMs === null ? '' : ` in ${duration(tookMs)}`
  const rows: [string, string][] = [
    ['agent', `${agent} on ${worker.name}`],
    ['for', task.outgoing ? `${caller.name} (this node)` : caller.name],
    ...(task.parent === undefined ? [] : [['part of', task.parent] as [string, string]]),
    ['asked', `${createdAt}, ${age(createdAt, cli.clock.now())} ago`],
    ['input', oneLine(input)]
  ]
  for (const { role, parts } of task.history.slice(1)) {
    const urls = parts.flatMap(({ url }) => url ?? [])
    rows.push([role === 'ROLE_USER' ? 'answer' : 'asks', [textOf(parts), ...urls].join(' ')])
  }
  if (task.question !== undefined) {
    rows.push(['waits', `for an answer: lumos tasks answer ${shortId(id)} "TEXT"`])
  }
  if (error !== undefined) rows.push(['error', `${error.code}: ${error.message}`])
  const texts = task.artifacts.flatMap(({ name, artifactId, parts }) => {
    const text = printable(textOf(parts)).trimEnd()
    return text === '' ? [] : ['', style.faint(oneLine(name ?? artifactId)), text]
  })
  return [
    `${style.strong(id)}   ${paintState(stateName(state), state, cli)}${took}`,
    ...rows.map(([label, text]) => `  ${style.faint(padEnd(label, 6))} ${oneLine(text)}`),
    ...texts
  ]
}

function defineCancel(command: LumosCommand, cli: Cli): void {
  command
    .command('cancel')
    .description('stop a task, wherever it runs')
    .argument('<id>', 'task id, or a unique beginning or end of it')
    .example('lumos tasks cancel 7f3a9c1e', 'stop it')
    .example('lumos tasks cancel 7f3a9c1e --json | jq -r .task.state', 'and its state then')
    .action(async (id: string) => {
      const client = cli.client()
      const document = await client.cancel(await resolveTask(id, client, cli.call()), cli.call())
      if (cli.flags.json) return cli.document(document)
      const { task } = document
      cli.print(`task ${shortId(task.id)} is ${stateName(task.state)}`)
    })
}

function defineWatch(command: LumosCommand, cli: Cli): void {
  command
    .command('watch')
    .description('follow a task from its beginning to its result')
    .argument('[id]', 'task id, or a unique beginning or end of it (default: the latest running)')
    .example('lumos tasks watch', 'the latest one that is running')
    .example('lumos tasks watch 7f3a9c1e --json', 'its events, one a line')
    .action(async (id: string | undefined) => {
      await cli.terminal.watchReader()
      const client = cli.client()
      const task =
        id === undefined
          ? await latestRunning(client, cli)
          : await resolveTask(id, client, cli.call())
      await tell(client.events(task, cli.call()), cli)
    })
}

function defineLogs(command: LumosCommand, cli: Cli): void {
  command
    .command('logs')
    .description('the story of a task so far, without waiting for its end')
    .argument('<id>', 'task id, or a unique beginning or end of it')
    .example('lumos tasks logs 7f3a9c1e', 'what it has said, and what happened to it')
    .example('lumos tasks logs 7f3a9c1e --json | jq -r .type', 'its events, one a line')
    .action(async (id: string) => {
      const client = cli.client()
      const task = await resolveTask(id, client, cli.call())
      const told = await tell(client.events(task, { ...cli.call(), follow: false }), cli)
      if (told === 0) cli.note(`nothing has happened yet: lumos tasks watch ${shortId(task)}`)
    })
}

/** Resolves to the number of events. */
async function tell(events: AsyncIterable<RunEvent>, cli: Cli): Promise<number> {
  const printer = createTaskPrinter(cli)
  let told = 0
  try {
    for await (const event of events) {
      printer.print(event)
      told += 1
    }
  } finally {
    printer.end()
  }
  return told
}

function defineAnswer(command: LumosCommand, cli: Cli): void {
  command
    .command('answer')
    .description('tell a task what it waits for')
    .argument('<id>', 'task id, or a unique beginning or end of it')
    .argument('[text...]', 'the answer; from stdin when it is - or left out')
    .option('--message-id <id>', 'the same id and text is the same answer: safe to repeat')
    .example('lumos tasks answer 7f3a9c1e Rome', 'it goes on; follow it with lumos tasks watch')
    .example('lumos tasks answer 7f3a9c1e - < details.txt', 'a longer one')
    .action(async (id: string, words: string[], { messageId }: { messageId?: string }) => {
      const client = cli.client()
      const task = await resolveTask(id, client, cli.call())
      const suggestion = 'lumos tasks answer ID "TEXT"'
      const text = await readText(words, cli, { command: 'tasks answer', suggestion })
      const request = { text, ...(messageId !== undefined && { messageId }) }
      const document = await client.answer(task, request, cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(`task ${shortId(task)} has its answer`)
      cli.note(`next: lumos tasks watch ${shortId(task)}`)
    })
}

function defineRetry(command: LumosCommand, cli: Cli): void {
  command
    .command('retry')
    .description('ask again for what an ended task was about, under a new id')
    .argument('<id>', 'task id, or a unique beginning or end of it')
    .example('lumos tasks retry 7f3a9c1e', 'once more; follow it with lumos tasks watch')
    .action(async (id: string) => {
      const client = cli.client()
      const document = await client.retry(await resolveTask(id, client, cli.call()), cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(document.task.id)
      cli.note(`next: lumos tasks watch ${shortId(document.task.id)}`)
    })
}

function defineRemove(command: LumosCommand, cli: Cli): void {
  command
    .command('rm')
    .description('forget a task that was asked for here and has ended')
    .argument('<id>', 'task id, or a unique beginning or end of it')
    .example('lumos tasks rm 7f3a9c1e', 'its result is gone, too')
    .action(async (id: string) => {
      const client = cli.client()
      const document = await client.remove(await resolveTask(id, client, cli.call()), cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(`task ${shortId(document.task.id)} is forgotten`)
    })
}

async function latestRunning(client: Client, cli: Cli): Promise<string> {
  const { tasks } = await client.tasks({ state: 'TASK_STATE_WORKING', limit: 1 }, cli.call())
  if (tasks[0] !== undefined) return tasks[0].id
  throw new LumosError('TASK_NOT_FOUND', { details: { looked: 'for running tasks' } })
}

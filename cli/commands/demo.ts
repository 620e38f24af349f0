/** `lumos demo`: the whole thing in one command, true from the first process to the last byte. */
import type { RunRequest } from '../../client/api.ts'
import { LumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { createDemoNodes, type DemoNode, type DemoNodes } from '../demo-nodes.ts'
import { createDemoStory, type DemoStory, type Meeting } from '../demo-story.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { failureOf, type ResultEvent } from '../task-printer.ts'
import { duration } from '../format.ts'
import { renderLogLine } from '../log-line.ts'

const TASK = 'summarize README.md'
const AGENT = 'summarize'
/** Two nodes of one user on one host meet within a second; a loaded machine may need longer. */
const MEET_TIMEOUT_MS = 20_000
const MEET_POLL_MS = 25
/** The work itself takes milliseconds. */
const TASK_TIMEOUT_MS = 20_000

interface Pair {
  readonly caller: DemoNode
  readonly worker: DemoNode
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .option('--keep', 'leave both nodes running afterwards')
    .example('lumos demo', 'two nodes, one task, then everything is cleaned up')
    .example('lumos demo --keep', 'and the nodes stay, to play with')
    .example('lumos demo --json', 'every step as one line of JSON')
    .action(async ({ keep = false }: { keep?: boolean }) => {
      const begun = cli.clock.monotonic()
      const nodes = await createDemoNodes(cli)
      const story = createDemoStory(cli)
      let kept = false
      try {
        const pair = await perform(nodes, { cli, story, begun })
        if (keep) {
          kept = true
          return sayHowToTalk(nodes, pair, cli)
        }
      } catch (error) {
        story.quiet()
        // Ctrl-C is no failure to explain.
        for (const { node, line } of cli.signal.aborted ? [] : await nodes.lastWords()) {
          cli.note(`${node}: ${renderLogLine(line, cli.err(), true)}`)
        }
        throw error
      } finally {
        story.quiet()
        if (!kept) await cleanUp(nodes, story, cli)
      }
      const { accent } = cli.err()
      cli.note(
        `next: ${accent(`${cli.command} up`)}   a node of your own      again: ${accent(`${cli.command} demo --keep`)}`
      )
    })
}

async function perform(
  nodes: DemoNodes,
  { cli, story, begun }: { readonly cli: Cli; readonly story: DemoStory; readonly begun: number }
): Promise<Pair> {
  story.waiting('starting two nodes, each a process of its own')
  const [caller, worker] = await Promise.all([
    nodes.start('asks', []),
    nodes.start('works', ['--files-root', cli.host.packageRoot])
  ])
  const pair = { caller, worker }
  story.begun(pair)
  story.waiting('they look for each other on this host')
  story.met(await meet(pair, cli))
  story.asked(TASK)
  const result = await delegate(pair, story, cli)
  const failure = failureOf(result)
  if (failure !== undefined) throw failure
  story.done(result, cli.clock.monotonic() - begun)
  return pair
}

/** Waits until the caller has a session with the worker and holds the card of its agent. */
async function meet({ caller, worker }: Pair, cli: Cli): Promise<Meeting> {
  const { peerId, name } = worker.started
  const begun = cli.clock.monotonic()
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- polling until they have met
    const { peers } = await caller.client.peers(cli.call())
    const peer = peers.find(({ id }) => id === peerId)
    const tookMs = Math.round(cli.clock.monotonic() - begun)
    if (peer?.state === 'connected' && peer.agents.includes(AGENT)) {
      return { name, tookMs, rttMs: peer.rttMs }
    }
    if (tookMs > MEET_TIMEOUT_MS) {
      const details = { peer: name, tookMs, state: peer?.state ?? 'not found' }
      throw new LumosError('PEER_UNREACHABLE', { details })
    }
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (!(await cli.clock.sleep(MEET_POLL_MS, cli.signal))) throw cli.signal.reason
  }
}

async function delegate(
  { caller, worker }: Pair,
  story: DemoStory,
  cli: Cli
): Promise<ResultEvent> {
  const request: RunRequest = {
    target: AGENT,
    text: TASK,
    to: worker.started.peerId,
    where: 'remote',
    timeoutMs: TASK_TIMEOUT_MS
  }
  for await (const event of caller.client.run(request, cli.call())) {
    story.event(event)
    if (event.type === 'result') return event
  }
  throw new LumosError('DAEMON_STOPPED')
}

async function cleanUp(nodes: DemoNodes, story: DemoStory, cli: Cli): Promise<void> {
  const begun = cli.clock.monotonic()
  story.waiting('cleaning up')
  await nodes.remove()
  story.quiet()
  const took = duration(cli.clock.monotonic() - begun)
  cli.note(cli.err().faint(`  both processes ended and their folders removed in ${took}`))
}

function sayHowToTalk(nodes: DemoNodes, { caller, worker }: Pair, cli: Cli): void {
  if (cli.flags.json) {
    const kept = [caller, worker].map(({ started, home }) => ({ ...started, home }))
    return cli.line({ v: 1, type: 'kept', folder: nodes.folder, nodes: kept })
  }
  const style = cli.out()
  const line = (node: DemoNode, words: string): void =>
    cli.print(`  ${style.accent(`${nodes.prefix(node)} ${cli.command} ${words}`)}`)
  cli.print('')
  cli.print(style.strong('both keep running; talk to them:'))
  line(caller, 'peers')
  line(caller, `run calc "6 * 7" --to ${worker.started.name}`)
  line(worker, 'tasks')
  cli.print(style.strong('and stop them:'))
  line(caller, 'down')
  line(worker, 'down')
  cli.print(`  ${style.accent(`rm -r ${nodes.folder}`)}`)
}

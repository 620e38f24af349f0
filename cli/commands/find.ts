/** `lumos find`: who can do something, best first. */
import type { FindResult, Provider } from '../../client/api.ts'
import { EXIT } from '../../core/error-table.ts'
import { collect, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { createFindWatchView } from '../find-watch.ts'
import { duration, percent, plural } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { NEED_FLAG, NEED_HELP, withNeeds } from '../needs.ts'

interface FindFlags {
  readonly all?: boolean
  readonly need?: readonly string[]
  readonly watch?: boolean
}

export function define(command: LumosCommand, cli: Cli): void {
  command
    .argument('[query...]', 'a skill, an agent, a tag, or words of their descriptions')
    .option(NEED_FLAG, NEED_HELP, collect)
    .option('-w, --watch', 'stay, and show who comes, changes and goes, until Ctrl-C')
    .option('--all', 'ask the whole swarm, even when the directory has answers')
    .example('lumos find summarize', 'who summarizes')
    .example('lumos find text --all', 'also nodes this one has never met')
    .example('lumos find calc --json | jq -r .providers[0].node.name', 'the best one, for a script')
    .example('lumos find caption --need gpu --need "price<0.01"', 'what has to be true of it')
    .example('lumos find summarize --watch', 'live, until Ctrl-C')
    .action(async (words: string[], { all, need, watch }: FindFlags) => {
      const query = withNeeds(words.join(' '), need)
      if (query === '') throw usage('say what to find, or what it needs', { command: 'find' })
      if (watch) return follow(query, all, cli)
      const result = await cli.client().find(query, { ...cli.call(), all })
      if (result.providers.length === 0) cli.exitCode = EXIT.notFound
      if (cli.flags.json) return cli.document(result)
      if (result.providers.length > 0) {
        const context = { sink: cli.terminal.out, style: cli.out() }
        cli.terminal.out.write(renderColumns(columns(cli), result.providers, context))
      }
      cli.note(footer(result))
      if (result.providers.length === 0) cli.note('see who is there: lumos peers; lumos agents')
    })
}

async function follow(query: string, all: boolean | undefined, cli: Cli): Promise<void> {
  await cli.terminal.watchReader()
  const live = columns(cli).filter(({ title }) => title !== 'FRESH')
  const view = createFindWatchView(cli, live)
  try {
    for await (const event of cli.client().watchFind(query, { ...cli.call(), all })) {
      view.show(event)
    }
  } finally {
    view.end()
  }
}

function columns(cli: Cli): Column<Provider>[] {
  const style = cli.out()
  return [
    { title: 'SKILL', cell: ({ skill }) => skill, paint: (text) => style.strong(text) },
    { title: 'AGENT', cell: ({ agent }) => agent },
    { title: 'NODE', cell: ({ node, local }) => (local ? `${node.name} (this)` : node.name) },
    { title: 'RTT', cell: ({ rttMs }) => (rttMs === null ? '' : duration(rttMs)), align: 'right' },
    { title: 'LOAD', cell: ({ load }) => (load === null ? '' : percent(load)), align: 'right' },
    { title: 'SCORE', cell: ({ score }) => score.toFixed(2), align: 'right' },
    { title: 'FRESH', cell: ({ freshMs }) => duration(freshMs), align: 'right' },
    { title: 'DESCRIPTION', cell: ({ description }) => description, elastic: true }
  ]
}

function footer({ providers, asked }: FindResult): string {
  const dht = asked.dht ? ' and in the DHT' : ''
  const where = `at ${plural(asked.directory, 'known node')}${dht}`
  return `${plural(providers.length, 'provider')}, looked up ${where} in ${duration(asked.tookMs)}`
}

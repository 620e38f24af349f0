/** `lumos memory`: what the nodes of the swarm know together. */
import type { MemoryEvent } from '../../client/memory-api.ts'
import type { Json } from '../../core/json.ts'
import type { Fact } from '../../core/memory.ts'
import { countFlag, durationFlag, usage } from '../arguments.ts'
import type { Cli } from '../cli.ts'
import { renderColumns, type Column } from '../columns.ts'
import { age, plural, shortId } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { renderMemoryStatus } from '../memory-status.ts'
import { oneLine, printable } from '../width.ts'
import { defineExport, defineImport } from './memory-transfer.ts'
import { spaceOption } from './space-option.ts'
import type { SpaceFlags } from './space-option.ts'

const DEFAULT_ROWS = '100'
const DEFAULT_HITS = '10'

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos memory put city Rome', 'every node of the swarm knows it in a moment')
    .example('lumos memory get city', 'on any of them')
    .example('lumos memory status', 'what there is, and whether all have it')
  definePut(command, cli)
  defineGet(command, cli)
  defineRemove(command, cli)
  defineList(command, cli)
  defineWatch(command, cli)
  defineSearch(command, cli)
  defineHistory(command, cli)
  defineStatus(command, cli)
  defineExport(command, cli)
  defineImport(command, cli)
}

interface PutFlags extends SpaceFlags {
  readonly as: string
  readonly ttl?: string
}

function definePut(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('put'))
    .description('write a value under a key')
    .argument('<key>', 'up to 512 bytes; a/b/c makes a/ a prefix to list and watch')
    .argument('<value...>', 'a text of up to 32 kB; from stdin when it is -')
    .option('--as <form>', 'text, or json: the value is parsed', 'text')
    .option('--ttl <duration>', 'nobody reads it any more after 30s, 10m, 1h, 7d')
    .example('lumos memory put city Rome', 'a text')
    .example('lumos memory put limits \'{"requests": 5}\' --as json', 'an object')
    .example('lumos memory put notes/today - < notes.txt', 'a file')
    .example('lumos memory put mood/ruby busy --ttl 10m', 'it goes away by itself')
    .action(async (key: string, words: string[], { space, as, ttl }: PutFlags) => {
      const text = await textOf(words, cli)
      const value = as === 'text' ? text : jsonOf(text, as)
      const request = { key, value, ...(ttl !== undefined && { ttlMs: durationFlag(ttl) }) }
      const document = await cli.client().memory.put(space, request, cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(`${oneLine(key)} is written to ${oneLine(space)}`)
    })
}

async function textOf(words: readonly string[], cli: Cli): Promise<string> {
  const fromInput = words.length === 1 && words[0] === '-'
  return fromInput ? cli.terminal.input.readAll() : words.join(' ')
}

function jsonOf(text: string, form: string): Json {
  if (form !== 'json') {
    throw usage(`"${form}" is no form of a value`, { suggestion: 'write --as text or --as json' })
  }
  try {
    return JSON.parse(text)
  } catch {
    throw usage('the value is no JSON', { suggestion: 'quote it for the shell: \'{"a": 1}\'' })
  }
}

function defineGet(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('get'))
    .description('what is known under a key')
    .argument('<key>', 'as it was put')
    .example('lumos memory get city', 'a text as it is, anything else as JSON')
    .example('lumos memory get city --json', 'with who wrote it, and when')
    .action(async (key: string, { space }: SpaceFlags) => {
      const document = await cli.client().memory.get(space, key, cli.call())
      if (cli.flags.json) return cli.document(document)
      const { out } = cli.terminal
      const text = valueText(document.value, out.isTerminal ? 2 : 0)
      // A file that was put comes out as it went in.
      out.write(text.endsWith('\n') ? text : `${text}\n`)
    })

  function valueText(value: Json, indent: number): string {
    if (typeof value !== 'string') return JSON.stringify(value, null, indent)
    return cli.terminal.out.isTerminal ? printable(value) : value
  }
}

function defineRemove(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('rm'))
    .description('delete what is known under a key, here and everywhere')
    .argument('<key>', 'as it was put')
    .example(
      'lumos memory rm city',
      'honest nodes forget it; what others copied, nobody can delete'
    )
    .action(async (key: string, { space }: SpaceFlags) => {
      const document = await cli.client().memory.remove(space, key, cli.call())
      if (cli.flags.json) return cli.document(document)
      cli.print(`${oneLine(key)} is deleted from ${oneLine(space)}`)
    })
}

interface ListFlags extends SpaceFlags {
  readonly limit: string
  readonly after?: string
  readonly reverse?: boolean
}

function defineList(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('ls'))
    .description('keys and values, in the order of the keys')
    .argument('[prefix]', 'only keys that begin so')
    .option('-n, --limit <n>', 'how many', DEFAULT_ROWS)
    .option('--after <key>', 'the next page: only keys behind this one')
    .option('--reverse', 'from the last key to the first')
    .example('lumos memory ls', 'the first of everything')
    .example('lumos memory ls notes/ -n 10 --reverse', 'the last ten below notes/')
    .example('lumos memory ls --json | jq -r ".facts[].key"', 'the keys for a script')
    .action(async (prefix: string | undefined, { space, limit, after, reverse }: ListFlags) => {
      const query = {
        limit: countFlag(limit),
        ...(prefix !== undefined && { prefix }),
        ...(after !== undefined && { after }),
        ...(reverse && { reverse })
      }
      const list = await cli.client().memory.list(space, query, cli.call())
      if (cli.flags.json) return cli.document(list)
      if (list.facts.length === 0) return cli.note('nothing there: lumos memory put KEY VALUE')
      printFacts(list.facts, cli)
      if (list.next !== '') cli.note(`more: --after ${list.next}`)
    })
}

function printFacts(facts: readonly Fact[], cli: Cli, first: readonly Column<Fact>[] = []): void {
  const style = cli.out()
  const brief = cli.terminal.out.isTerminal
  const now = cli.clock.now()
  const columns: Column<Fact>[] = [
    ...first,
    { title: 'KEY', cell: ({ key }) => key, paint: (text) => style.strong(text) },
    { title: 'WRITER', cell: ({ writer }) => (brief ? shortId(writer) : writer) },
    { title: 'AGE', cell: ({ hlc }) => age(momentOf(hlc), now), align: 'right' },
    { title: 'VALUE', cell: ({ value }) => valueCell(value), elastic: true }
  ]
  cli.terminal.out.write(renderColumns(columns, facts, { sink: cli.terminal.out, style }))
}

function valueCell(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The ISO 8601 part of a hybrid time. */
function momentOf(hlc: string): string {
  return hlc.slice(0, hlc.indexOf('Z') + 1)
}

function defineWatch(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('watch'))
    .description('what is known, and then what changes')
    .argument('[prefix]', 'only keys that begin so')
    .option(
      '--after <position>',
      'only what changed after this `position` of an event of this node'
    )
    .example('lumos memory watch notes/', 'until Ctrl-C')
    .example('lumos memory watch --json | jq -r "select(.type == \\"put\\") | .key"', 'in a script')
    .action(async (prefix: string | undefined, { space, after }: SpaceFlags & WatchFlags) => {
      await cli.terminal.watchReader()
      const range = {
        ...(prefix !== undefined && { prefix }),
        ...(after !== undefined && { after })
      }
      let told = 0
      for await (const event of cli.client().memory.watch(space, range, cli.call())) {
        told += event.type === 'put' ? 1 : 0
        if (cli.flags.json) cli.line(event)
        else tell(event, told)
      }
    })

  function tell(event: MemoryEvent, told: number): void {
    const style = cli.out()
    const { isTerminal } = cli.terminal.out
    if (event.type === 'put') {
      const value = isTerminal ? oneLine(valueCell(event.value)) : valueCell(event.value)
      cli.print(`${style.good('+')} ${style.strong(oneLine(event.key))}  ${value}`)
    } else if (event.type === 'delete') {
      cli.print(`${style.bad('-')} ${style.strong(oneLine(event.key))}`)
    } else if (event.type === 'ready') {
      cli.note(`${plural(told, 'key')}; now what changes, until Ctrl-C`)
    } else {
      cli.note('some of it is gone, once more from the beginning:')
    }
  }
}

interface WatchFlags {
  readonly after?: string
}

interface SearchFlags extends SpaceFlags {
  readonly prefix?: string
  readonly limit: string
}

function defineSearch(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('search'))
    .description('facts that hold these words, or words that begin so; best first')
    .argument('<words...>', 'any of them; typing errors are forgiven when nothing else is found')
    .option('--prefix <prefix>', 'only keys that begin so')
    .option('-n, --limit <n>', 'how many', DEFAULT_HITS)
    .example('lumos memory search rain in rome', 'the facts that say most of it come first')
    .example('lumos memory search deadline --prefix notes/', 'only below notes/')
    .example('lumos memory search rome --json | jq -r ".hits[].fact.key"', 'the keys for a script')
    .action(async (words: string[], { space, prefix, limit }: SearchFlags) => {
      const request = {
        text: words.join(' '),
        limit: countFlag(limit),
        ...(prefix !== undefined && { prefix })
      }
      const found = await cli.client().memory.search(space, request, cli.call())
      if (cli.flags.json) return cli.document(found)
      if (found.hits.length === 0) cli.note('nothing was found')
      else
        printFacts(
          found.hits.map(({ fact }) => fact),
          cli
        )
      if (!found.complete) cli.note('the space is larger than its index: more may be there')
    })
}

function defineHistory(command: LumosCommand, cli: Cli): void {
  spaceOption(command.command('history'))
    .description(
      'what is known under a key, and writes that lost against one that had not seen them'
    )
    .argument('<key>', 'as it was put')
    .example('lumos memory history city', 'was something overwritten by mistake?')
    .action(async (key: string, { space }: SpaceFlags) => {
      const document = await cli.client().memory.history(space, key, cli.call())
      if (cli.flags.json) return cli.document(document)
      const { current, lost } = document
      const facts = current === null ? lost : [current, ...lost]
      if (facts.length === 0) return cli.note('nothing is known, and nothing was lost lately')
      printFacts(facts, cli, [
        { title: 'STATE', cell: (fact) => (fact === current ? 'current' : 'lost') }
      ])
    })
}

function defineStatus(command: LumosCommand, cli: Cli): void {
  command
    .command('status')
    .description('each space: keys, bytes, in sync with whom, behind by how much')
    .option('--space <space>', 'only this one')
    .example('lumos memory status', 'asks the peers, which takes up to two seconds')
    .example(
      'lumos memory status --json | jq ".spaces[].peers[] | select(.inSync | not)"',
      'who lags'
    )
    .action(async ({ space }: Partial<SpaceFlags>) => {
      const status = await cli.client().memory.status(cli.call())
      const spaces = status.spaces.filter(({ name }) => space === undefined || name === space)
      if (cli.flags.json) return cli.document({ ...status, spaces })
      for (const line of renderMemoryStatus(spaces, cli.out())) cli.print(line)
    })
}

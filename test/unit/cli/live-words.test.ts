/** Each argument and flag of each command has words that complete it, or a reason why it has none. */
import type { Command } from 'commander'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../../cli/catalogue.ts'
import { createCli } from '../../../cli/cli.ts'
import type { Host } from '../../../cli/cli.ts'
import { CHOICES, kindOfArgument, kindOfFlag, LIVE } from '../../../cli/live-words.ts'
import { createRoot } from '../../../cli/program.ts'
import { createTestCli } from '../../support/cli.ts'

/** By what it is called, since it means the same wherever it stands; else with its command. */
const WITHOUT: Readonly<Record<string, string>> = {
  'somebody’s own words':
    'text, input, words, json, value, values, name, --name, --reason, --need, --budget, --tenant, ' +
    '--role, --message-id, --task-id, --context, mcp prompt prompt, metrics pattern',
  'a file or folder, which the shell knows':
    'dir, file, path, --home, --files-root, --env-file, --out, --csv, --key-file, --header-file, ' +
    '--passphrase-file, --cwd, --swarm-key, __guard folder',
  'a number or a time':
    '--timeout, --limit, --lines, --count, --peers, --size, --spawn, --callers, --duration, ' +
    '--interval, --since, --expires, --ttl, --call-timeout, --memory, --uses, --rate, ' +
    '--concurrency, --tokens, --money, --depth, --ready-fd, peers block --for, logs level --for',
  'made elsewhere, and pasted':
    'join invite, grant add token, --proof, --listen, --bootstrap, --url, --base-url, uri, ' +
    '--cursor, --after, --thread, --model, --prefix',
  'variables of the shell itself': '--env',
  'several in one word': '--agents',
  'commands, which the script has': 'help command, mcp add command, __complete kind'
}

const EXCUSED = Object.values(WITHOUT).flatMap((names) => names.split(', '))

interface Wanted {
  readonly path: string
  readonly name: string
  readonly kind: string | undefined
}

async function everything(): Promise<Wanted[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- commands are defined, none is run
  const cli = createCli({ env: {}, terminal: { out: {}, err: {} } } as unknown as Host)
  const root = await createRoot(
    cli,
    CATALOGUE.map(({ name }) => name)
  )
  const walk = (command: Command, path: string): Wanted[] => [
    ...command.registeredArguments.map((argument) => {
      const name = argument.name()
      return { path, name, kind: kindOfArgument(path, name) }
    }),
    ...command.options.flatMap(({ long, required, optional }) => {
      if (long == null || !(required || optional)) return []
      return [{ path, name: long, kind: kindOfFlag(path, long) }]
    }),
    ...command.commands.flatMap((each) =>
      walk(each, path === '' ? each.name() : `${path} ${each.name()}`)
    )
  ]
  return walk(root, '')
}

/** By its name alone, or with its command or the one above that. */
function namesOf({ path, name }: Wanted): string[] {
  const words = path.split(' ')
  return [name, ...words.map((_, index) => [...words.slice(0, index + 1), name].join(' '))]
}

test('nothing of a command line is without completion by oversight', async () => {
  const wanted = await everything()
  expect(wanted.length).toBeGreaterThan(100)
  const bare = wanted.filter(({ kind }) => kind === undefined)
  const forgotten = bare.filter((each) => !namesOf(each).some((name) => EXCUSED.includes(name)))
  expect(forgotten.map(({ path, name }) => `${path} ${name}`)).toEqual([])
  const needed = new Set(bare.flatMap((each) => namesOf(each)))
  expect(EXCUSED.filter((name) => !needed.has(name))).toEqual([])
})

test('every kind of words is used somewhere, and answers', async () => {
  const used = new Set((await everything()).map(({ kind }) => kind))
  const kinds = [...LIVE, ...Object.keys(CHOICES)]
  expect(kinds.filter((kind) => !used.has(kind))).toEqual([])
  const cli = await createTestCli({})
  await mkdir(join(cli.home, 'profiles/two'), { recursive: true })
  for (const kind of kinds) {
    // oxlint-disable-next-line no-await-in-loop -- one node is asked
    const { code, out, err } = await cli.run(['__complete', kind, '-q'])
    expect([kind, code, err, out === '']).toEqual([kind, 0, '', false])
  }
  expect((await cli.run(['__complete', 'profiles'])).out).toBe('default\ntwo\n')
  expect((await cli.run(['__complete', 'components'])).out).toContain('libp2p:tcp\n')
  expect((await cli.run(['__complete', 'nothing'])).out).toBe('')
})

/** `lumos help --llm`: every command is on it once, and says whether it changes anything. */
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../../cli/catalogue.ts'
import { createCli } from '../../../cli/cli.ts'
import type { Host } from '../../../cli/cli.ts'
import { IMPACTS } from '../../../cli/impacts.ts'
import { createRoot } from '../../../cli/program.ts'
import { createTestCli } from '../../support/cli.ts'

/** Commands that somebody can run: those without subcommands, and `logs`, which is one with. */
async function runnable(): Promise<string[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- commands are defined, none is run
  const cli = createCli({ env: {}, terminal: { out: {}, err: {} } } as unknown as Host)
  const names = CATALOGUE.map(({ name }) => name).filter((name) => !name.startsWith('__'))
  const root = await createRoot(cli, names)
  const walk = (command: Command, path: string): string[] => {
    const below = command.commands.flatMap((each) => walk(each, `${path} ${each.name()}`))
    return below.length === 0 || path === 'logs' ? [path, ...below] : below
  }
  return root.commands.flatMap((each) =>
    names.includes(each.name()) ? walk(each, each.name()) : []
  )
}

test('each command is said to read or to change, and none that is not there', async () => {
  expect([...IMPACTS.keys()].toSorted()).toEqual((await runnable()).toSorted())
})

test('the page has a line for each command, with its values and flags', async () => {
  const { code, out, err } = await (await createTestCli()).run(['help', '--llm'])
  expect([code, err]).toEqual([0, ''])
  const lines = out.split('\n').filter((line) => /^r[ow] /.test(line))
  expect(lines).toHaveLength(IMPACTS.size)
  expect(lines).toContain('ro peers ping <peer> [--count <n>] # measure the round trip to a peer')
  expect(out).toContain('3 daemonUnreachable')
})

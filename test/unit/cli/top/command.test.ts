/** `lumos top` as a command: one frame for files and scripts, lines of JSON, and bad flags. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import type { ControlOperations } from '../../../../gateway/control/operations.ts'
import { createTestCli } from '../../../support/cli.ts'
import { makePeer, makeStatus, makeTask, makeVitals, SPACES } from '../../../support/top-states.ts'

const node: Partial<ControlOperations> = {
  status: async () => makeStatus(40),
  vitals: async () => makeVitals(40),
  peers: async () => ({ v: 1, peers: Array.from({ length: 40 }, (_, index) => makePeer(index)) }),
  tasks: async () => ({ v: 1, tasks: [makeTask(0), makeTask(1)], next: '' })
}

test('into a file or a pipe goes one frame with all rows, without colours, and a note', async () => {
  const cli = await createTestCli(node)
  const { code, out, err } = await cli.run(['top'], { env: { FORCE_COLOR: '0' } })
  expect({ code, err }).toEqual({ code: 0, err: 'not a terminal: one frame, as with --once\n' })
  // oxlint-disable-next-line no-control-regex -- what it looks for
  expect(out).not.toMatch(/\u001b/)
  expect(out.match(/direct|relay|refused/g)?.length).toBeGreaterThanOrEqual(40)
  expect(await cli.run(['top', '--once'])).toMatchObject({ err: '' })
})

test('--once on a terminal is one frame that fits, with the prompt below it', async () => {
  const cli = await createTestCli(node)
  const { out } = await cli.run(['top', '--once'], { columns: 80, rows: 24 })
  const lines = out.trimEnd().split('\n')
  expect(lines.length).toBeLessThan(24)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
  expect(lines[0]).toContain('amber-otter')
})

test('NO_COLOR and --no-color hold, FORCE_COLOR too', async () => {
  const cli = await createTestCli(node)
  const frame = async (argv: readonly string[], env: Record<string, string>) =>
    (await cli.run(['top', '--once', ...argv], { columns: 80, env })).out.includes('\u001b[')
  expect(await frame([], { NO_COLOR: '' })).toBe(true)
  expect(await frame([], { NO_COLOR: '1' })).toBe(false)
  expect(await frame(['--no-color'], { NO_COLOR: '' })).toBe(false)
})

test('--json is a line for each look, with what the pane shows', async () => {
  const cli = await createTestCli(node)
  const { out } = await cli.run(['top', '--json', '--once', '--pane', 'tasks'])
  expect(JSON.parse(out)).toMatchObject({
    v: 1,
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    pane: 'tasks',
    connected: true,
    status: { name: 'amber-otter' },
    vitals: { tasksIn: { p50Ms: 18 } },
    tasks: [{ agent: 'calc' }, { agent: 'echo' }]
  })
  const peers = JSON.parse((await cli.run(['top', '--json', '--once'])).out)
  expect([peers.peers.length, peers.measured.length]).toEqual([40, 40])
})

test('--json goes on until it is ended, also while the node is lost', async () => {
  let looks = 0
  const cli = await createTestCli({
    ...node,
    status: async () => {
      looks += 1
      if (looks === 3) throw new LumosError('SHUTTING_DOWN')
      return makeStatus(1)
    }
  })
  const stop = new AbortController()
  const { code, out } = await cli.run(['top', '--json', '--interval', '200ms'], {
    signal: stop.signal,
    written(text) {
      if (text.split('\n').length > 3) stop.abort(new LumosError('CANCELLED'))
    }
  })
  const documents = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(code).toBe(130)
  expect(documents.map(({ connected }) => connected).slice(0, 3)).toEqual([true, false, true])
  expect(documents[1].error.code).toBe('SHUTTING_DOWN')
})

test('a memory that answers late is waited for in one frame', async () => {
  const memory = { status: async () => ({ v: 1 as const, spaces: SPACES }) }
  const cli = await createTestCli(node)
  const whole = await createTestCli({ ...node, memory: { ...(await operationsOf()), ...memory } })
  expect((await whole.run(['top', '--once', '--pane', 'memory'])).out).toContain('lab/notes')
  expect((await cli.run(['top', '--once', '--pane', 'logs'])).out).toContain('ready')
})

async function operationsOf(): Promise<ControlOperations['memory']> {
  const { fakeOperations } = await import('../../../support/control-operations.ts')
  return fakeOperations().memory
}

test('a node that is not there, an unknown pane and a bad interval are said at once', async () => {
  const down = await createTestCli()
  expect(await down.run(['top'], { columns: 80 })).toMatchObject({ code: 3, out: '' })
  const cli = await createTestCli(node)
  expect(await cli.run(['top', '--pane', 'task'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('did you mean tasks?')
  })
  expect(await cli.run(['top', '--interval', 'soon'])).toMatchObject({ code: 2 })
})

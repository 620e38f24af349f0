import { expect, test } from 'vitest'
import type { Provider } from '../../../client/api.ts'
import type { FindEvent } from '../../../client/find-api.ts'
import { EXIT } from '../../../core/error-table.ts'
import { LumosError } from '../../../core/errors.ts'
import { createTestCli } from '../../support/cli.ts'

const NOBODY = { providers: [], asked: { directory: 1, dht: false, tookMs: 1 } }

async function setup() {
  const asked: string[] = []
  const cli = await createTestCli({
    async find(query) {
      asked.push(query)
      return { v: 1, query, ...NOBODY }
    },
    async explainRoute({ target }) {
      asked.push(target)
      return { v: 1, target, policy: 'fastest', lookupMs: 1, candidates: [] }
    },
    async *run({ target }) {
      yield* []
      asked.push(target)
    }
  })
  return { cli, asked }
}

const NEEDS = ['--need', 'gpu', '--need', 'owner=Jane Doe', '--need', 'version>=1.2 <2']
const SAID = 'gpu=true owner="Jane Doe" version>="1.2 <2"'

test.for([
  ['find', ['find', 'caption', 'pictures', ...NEEDS], `caption pictures ${SAID}`],
  ['find without a name', ['find', ...NEEDS], SAID],
  ['run', ['run', 'caption@birch', 'a.png', ...NEEDS], `@caption@birch ${SAID}`],
  ['route explain', ['route', 'explain', 'caption', ...NEEDS], `caption ${SAID}`]
] as const)('%s asks for what the agent needs to be', async ([, command, query]) => {
  const { cli, asked } = await setup()
  await cli.run(command)
  expect(asked).toEqual([query])
})

test.for(['region<us', 'price<cheap', 'a b', 'version>=new'])(
  'what no agent could be is refused before anybody is asked: %s',
  async (need) => {
    const { cli, asked } = await setup()
    const { code, err } = await cli.run(['find', 'caption', '--need', need])
    expect([code, asked]).toEqual([2, []])
    expect(err).toContain(`"${need}" is nothing that an agent could be`)
  }
)

test('find says that it needs something to find', async () => {
  const { cli } = await setup()
  const { code, err } = await cli.run(['find'])
  expect(code).toBe(2)
  expect(err).toContain('say what to find')
})

function provider(node: string, more: Partial<Provider> = {}): Provider {
  return {
    agent: 'captioner',
    skill: 'caption',
    description: 'Describes pictures.',
    node: { id: node, name: node },
    local: false,
    connected: true,
    rttMs: 2,
    load: 0,
    freshMs: 5,
    score: 0.95,
    ...more
  }
}

const STORY: readonly FindEvent[] = [
  { v: 1, type: 'appeared', provider: provider('birch') },
  { v: 1, type: 'appeared', provider: provider('cedar', { load: null, connected: false }) },
  { v: 1, type: 'ready' },
  { v: 1, type: 'changed', provider: provider('birch', { load: 0.5 }) },
  { v: 1, type: 'vanished', provider: provider('cedar') }
]

async function watching() {
  return createTestCli({
    async *watchFind() {
      yield* STORY
    }
  })
}

test('Ctrl-C ends find --watch', async () => {
  const leaving = new AbortController()
  const cli = await createTestCli({
    async *watchFind(_, { signal }) {
      yield { v: 1, type: 'ready' }
      setImmediate(() => leaving.abort(new LumosError('CANCELLED')))
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
  })
  const { code } = await cli.run(['find', 'caption', '--watch'], { signal: leaving.signal })
  expect(code).toBe(EXIT.interrupted)
})

test('find --watch writes a line for each change where nobody looks at a screen', async () => {
  const cli = await watching()
  const { out, err } = await cli.run(['find', 'caption', '--watch'])
  expect(out).toBe(`+ caption  captioner on birch  load 0%  Describes pictures.
+ caption  captioner on cedar  not connected  Describes pictures.
~ caption  captioner on birch  load 50%  Describes pictures.
- caption  captioner on cedar  Describes pictures.
`)
  expect(err).toContain('2 providers; now what changes, until Ctrl-C')
})

test('find --watch --json has the events themselves, one a line', async () => {
  const cli = await watching()
  const { out } = await cli.run(['find', 'caption', '--watch', '--json'])
  const lines = out.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(STORY)
})

test('on a terminal find --watch shows how it is now, and what changed last', async () => {
  const cli = await watching()
  const { out } = await cli.run(['find', 'caption', '--watch'], { columns: 100 })
  const frame = out.slice(out.lastIndexOf('\u001b[?2026h'))
  expect(frame).toMatch(/SKILL .* DESCRIPTION/)
  expect(frame).toMatch(/caption +captioner +birch +2 ms +50% .*Describes pictures/)
  expect(frame).not.toContain('cedar  ')
  expect(frame).toMatch(/1 provider; last: - caption {2}captioner on cedar, /)
})

import { expect, test } from 'vitest'
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

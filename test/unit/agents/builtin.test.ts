/** The built-in agents, each run as a node runs it. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { assert, asyncProperty, string } from 'fast-check'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { createBuiltinAgents } from '../../../agents/builtin.ts'
import type { LumosError } from '../../../core/errors.ts'
import { createRunner } from '../../support/agent-runner.ts'
import { silentLogger } from '../../../core/logger.ts'
import { systemClock } from '../../../core/clock.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const IDS = ['echo', 'clock', 'calc', 'files', 'summarize', 'sysinfo']

function agentsWith(roots: readonly string[]) {
  return createBuiltinAgents(
    { clock: systemClock, logger: silentLogger },
    { enabled: IDS, files: { roots } }
  )
}

/** Its calculator starts a process, once for all tests that do it no harm. */
const calculating = createRunner(agentsWith([]))
afterAll(() => calculating.stop())

function setup(roots: readonly string[] = []) {
  const agents = agentsWith(roots)
  const runner = createRunner(agents)
  onTestFinished(() => runner.stop())
  return { agents, ...runner }
}

async function sharedFolder(): Promise<{ root: string; outside: string }> {
  const folder = await temporaryDirectory()
  const [root, outside] = [join(folder, 'shared'), join(folder, 'secret')]
  await mkdir(join(root, 'docs'), { recursive: true })
  await mkdir(outside)
  await writeFile(join(outside, 'key.txt'), 'CANARY')
  await writeFile(join(root, 'docs', 'note.md'), 'Dear diary, today was a good day for a test.')
  await symlink(outside, join(root, 'way-out'))
  await symlink(join(outside, 'key.txt'), join(root, 'key.txt'))
  return { root, outside }
}

test('every agent that can be enabled exists, with skills that say what they are for', () => {
  const { agents } = setup()
  expect(agents.map(({ id }) => id)).toEqual(IDS)
  for (const { description, skills } of agents) {
    expect(description.length).toBeGreaterThan(20)
    for (const { examples = [] } of skills) expect(examples.length).toBeGreaterThan(0)
  }
})

test('echo gives back exactly what it was given', async () => {
  const { text } = setup()
  await assert(
    asyncProperty(string({ minLength: 1, maxLength: 300, unit: 'binary' }), async (input) => {
      expect(await text('echo', input)).toBe(input)
    }),
    { numRuns: 50 }
  )
})

test.for([
  ['14:30 Berlin in Tokyo', /Tokyo: .* at 2[12]:30/],
  ['time in New York', /New York: .*America\/New_York/],
  ['UTC', /UTC/]
] as const)('clock understands "%s"', async ([question, answer]) => {
  expect(await setup().text('clock', question)).toMatch(answer)
})

test('clock names what was probably meant', async () => {
  await expect(setup().text('clock', 'time in Tokio')).rejects.toMatchObject({
    code: 'AGENT_INPUT',
    message: expect.stringContaining('Tokyo')
  })
})

test.for([
  ['2 + 2', '4'],
  ['25 degC to degF', '77 degF'],
  ['5 miles to km', '8.04672 km']
] as const)('calc: %s is %s', async ([expression, result]) => {
  expect(await calculating.text('calc', expression)).toBe(result)
})

test.for(['import({}, {})', 'createUnit("foo")', 'parse("1")', '1 +'])(
  'calc refuses %s',
  async (expression) => {
    await expect(calculating.text('calc', expression)).rejects.toMatchObject({
      code: 'AGENT_INPUT'
    })
  }
)

test('calc ends a calculation without end, and the event loop runs on meanwhile', async () => {
  const { text } = setup()
  const delay = monitorEventLoopDelay()
  delay.enable()
  onTestFinished(() => void delay.disable())
  await expect(text('calc', 'sum(map(range(1, 100000000), f(x) = x ^ x))')).rejects.toMatchObject({
    code: 'AGENT_INPUT'
  })
  expect(delay.max / 1e6).toBeLessThan(1000)
  expect(await text('calc', '1 + 1')).toBe('2')
})

test('files lists and reads what is shared', async () => {
  const { root } = await sharedFolder()
  const { outputs } = setup([root])
  expect(JSON.stringify(await outputs('files', 'list docs'))).toContain('note.md')
  expect(JSON.stringify(await outputs('files', 'read docs/note.md'))).toContain('Dear diary')
})

test.for([
  'read ../secret/key.txt',
  'read docs/../../secret/key.txt',
  'read way-out/key.txt',
  'read key.txt',
  'read /etc/passwd',
  'read docs/note.md\0.txt',
  'list ..',
  'list way-out'
])('files does not leave its folders: %s', async (request) => {
  const { root } = await sharedFolder()
  const failure: unknown = await setup([root])
    .text('files', request)
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: expect.stringMatching(/^(PATH_DENIED|AGENT_INPUT)$/) })
  expect(String(failure)).not.toContain('CANARY')
})

test('files does not wait for a pipe that nobody writes to', async () => {
  const { root } = await sharedFolder()
  execFileSync('mkfifo', [join(root, 'pipe')])
  await expect(setup([root]).text('files', 'read pipe')).rejects.toMatchObject({
    code: expect.stringMatching(/^(PATH_DENIED|AGENT_INPUT)$/)
  })
})

test('summarize keeps sentences as they are, in their order, without the markup around them', async () => {
  const { root } = await sharedFolder()
  await writeFile(
    join(root, 'README.md'),
    [
      '# Gardens ![badge](x.svg)',
      'A garden is a piece of land where people grow plants for pleasure. Plants in a garden need',
      'water and light. **Water** comes to the garden by [rain](https://rain.example) or by hand.',
      '```\nnot prose at all, just code in a garden\n```',
      '| a | b |\n|---|---|\n| c | d |',
      'People who grow plants in a garden are called gardeners. My uncle once owned a red bicycle.'
    ].join('\n\n')
  )
  const { text } = setup([root])
  const summary = await text('summarize', 'summarize README.md in 2 sentences')
  expect(summary).toContain('A garden is a piece of land where people grow plants for pleasure.')
  expect(summary).not.toMatch(/[`|*[\]]|bicycle|badge/)
  expect(await text('summarize', 'summarize README.md in 2 sentences')).toBe(summary)
})

test('summarize cuts Chinese into sentences, too', async () => {
  const source = '花园是人们种植植物的土地。花园里的植物需要水和阳光。园丁在花园里种植植物和花。'
  const summary = await setup().text('summarize', `${source} in 1 sentence`)
  expect(source).toContain(summary)
})

test('summarize reads files by the rules of files', async () => {
  const { root } = await sharedFolder()
  await expect(
    setup([root]).text('summarize', 'summarize ../secret/key.txt')
  ).rejects.toMatchObject({ code: 'PATH_DENIED' })
})

test('sysinfo does not tell whose machine it is', async () => {
  const told = JSON.stringify(await setup().outputs('sysinfo', 'all'))
  const { HOSTNAME = 'no-such-host', USER = 'no-such-user', HOME = '/no/such/home' } = process.env
  for (const secret of [HOSTNAME, USER === 'root' ? 'no-such-user' : USER, HOME]) {
    expect(told).not.toContain(secret)
  }
  expect(told).toContain('memoryBytes')
})

test.for(IDS)('%s survives odd input and stops at once when it is told to', async (id) => {
  const { text, outputs } = setup()
  const inputs = ['', '\0', '\uD800', '😀'.repeat(1000), 'x'.repeat(100_000)]
  const codes = inputs.map((input) =>
    text(id, input).then(
      () => 'AGENT_INPUT',
      ({ code }: LumosError) => code
    )
  )
  const allowed = expect.stringMatching(/^(AGENT_INPUT|PATH_DENIED)$/)
  expect(await Promise.all(codes)).toEqual(inputs.map(() => allowed))
  const reason = new Error('enough')
  await expect(outputs(id, 'hello', AbortSignal.abort(reason))).rejects.toBe(reason)
})

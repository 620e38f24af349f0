/** `lumos metrics`: the text of a scrape, or what of it one asks for. */
import { expect, test } from 'vitest'
import { createTestCli } from '../../support/cli.ts'

const TEXT = [
  '# HELP lumos_tasks_total Tasks that ended.',
  '# TYPE lumos_tasks_total counter',
  'lumos_tasks_total{role="caller"} 3',
  '# HELP lumos_sessions Peers.',
  '# TYPE lumos_sessions gauge',
  'lumos_sessions{path="direct"} 1',
  'lumos_sessions{path="relay"} 0',
  ''
].join('\n')

function setup() {
  return createTestCli({ metrics: async () => TEXT })
}

test('without a pattern the text is that of a scrape', async () => {
  expect(await (await setup()).run(['metrics'])).toMatchObject({ code: 0, out: TEXT, err: '' })
})

test.for([
  ['sessions', 4],
  ['lumos_*', 7],
  ['*_total', 3],
  ['lumos_session', 4],
  ['session*', 0],
  ['.*', 0]
] as const)('of what fits to %s there are %i lines', async ([pattern, lines]) => {
  const { code, out, err } = await (await setup()).run(['metrics', pattern])
  expect(code).toBe(0)
  expect(out.split('\n').length - 1).toBe(lines)
  expect(err).toBe(lines === 0 ? `no metric has "${pattern}" in its name\n` : '')
})

test('as a document', async () => {
  const { out } = await (await setup()).run(['metrics', 'sessions', '--json'])
  expect(JSON.parse(out)).toEqual({
    v: 1,
    metrics: [
      {
        name: 'lumos_sessions',
        type: 'gauge',
        help: 'Peers.',
        samples: ['lumos_sessions{path="direct"} 1', 'lumos_sessions{path="relay"} 0']
      }
    ]
  })
})

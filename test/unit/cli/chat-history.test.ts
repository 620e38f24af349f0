/** `lumos chat --thread`: whoever goes on with a conversation sees where it stands. */
import { expect, test } from 'vitest'
import type { JsonObject } from '../../../core/json.ts'
import { createTestCli, typedLines } from '../../support/cli.ts'
import { fakeOperations, lines } from '../../support/control-operations.ts'
import { chunk, events, result, routed } from '../../support/run-events.ts'

/** A node that keeps a thread of these messages. */
async function withThread(messages: readonly (readonly JsonObject[])[]) {
  const asked: object[] = []
  const [fact] = (await fakeOperations().memory.list('shared', { limit: 1, reverse: false })).facts
  if (fact === undefined) throw new Error('there is no fact to go by')
  const facts = messages.flat().map((value, at) => ({ ...fact, key: `m${at}`, value }))
  const cli = await createTestCli({
    run: () => lines(events([routed, chunk('Yes.', false), result('TASK_STATE_COMPLETED')])),
    memory: {
      ...fakeOperations().memory,
      async list(space, query) {
        asked.push(query)
        return { v: 1, space, facts: facts.toReversed(), next: '' }
      }
    }
  })
  return { asked, cli }
}

const message = (role: string, text: string, metadata?: JsonObject): JsonObject => ({
  role,
  parts: [{ text, ...(metadata && { metadata }) }]
})

test('whoever goes on with a thread sees what was said last in it, without what tools did', async () => {
  const { cli, asked } = await withThread([
    ...Array.from({ length: 12 }, (_, at) => [
      message('user', `q${at}`),
      message('assistant', `a${at}`)
    ]),
    [
      message('user', 'Where to?\nSoon.'),
      { role: 'assistant', parts: [{ data: { calls: [{ name: 'web_page', result: 'secret' }] } }] },
      message('assistant', 'To Rome, '),
      message('assistant', 'by train.\u001b[2J', { continues: true })
    ]
  ])
  const { err } = await cli.run(['chat', 'travel', '--thread', 'my trip'], {
    columns: 80,
    env: { TERM: 'dumb' },
    openLines: async () => typedLines([])
  })
  const shown = err.split('\n').filter((line) => /^(› | {2})/.test(line))
  expect(asked).toMatchObject([{ prefix: 'thread/my%20trip/', reverse: true }])
  expect(shown.slice(0, 2)).toEqual(['› q3', '  a3'])
  expect(shown.slice(-3)).toEqual(['› Where to?', '  Soon.', '  To Rome, by train.�[2J'])
  expect(err).not.toContain('secret')
})

test('a script that goes on with a thread gets answers and nothing else', async () => {
  const { cli, asked } = await withThread([[message('user', 'before')]])
  const { out, err } = await cli.run(['chat', 'travel', '-q', '--thread', 't'], { input: 'now' })
  expect([out, err, asked]).toEqual(['Yes.\n', '', []])
})

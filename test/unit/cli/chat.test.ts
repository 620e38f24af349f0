/** `lumos chat`: one thread, an answer a message; calm for a person, plain for a script. */
import { expect, test } from 'vitest'
import type { RunEvent, RunRequest } from '../../../client/api.ts'
import type { LineReader, Line } from '../../../cli/line-reader.ts'
import { LumosError } from '../../../core/errors.ts'
import { createTestCli, typedLines, type CliInit } from '../../support/cli.ts'
import { fakeOperations, lines } from '../../support/control-operations.ts'
import {
  calculated,
  chunk,
  events,
  result,
  routed,
  step,
  type Unnumbered
} from '../../support/run-events.ts'

type Tell = (request: RunRequest) => readonly Unnumbered[] | AsyncIterable<RunEvent>

const accepted = { type: 'accepted', task: { id: 't' }, atMs: 1 } as Unnumbered
const done = result('TASK_STATE_COMPLETED')

const failed = result('TASK_STATE_FAILED', {
  error: { code: 'AGENT_FAILED', message: '' },
  task: { id: 't', state: 'TASK_STATE_FAILED', artifacts: [] }
})

/** An agent that says back what it was told. */
const parrot: Tell = ({ text }) => [routed, accepted, chunk(`you said ${text}`, false), done]

/** Fails at one word. */
const moody: Tell = (request) =>
  request.text === 'bad' ? [routed, accepted, failed] : parrot(request)

async function setup(tell: Tell = parrot) {
  const requests: RunRequest[] = []
  const cancelled: string[] = []
  const cli = await createTestCli({
    agents: async () => ({ v: 1, agents: await agentsNamed('chat', 'travel') }),
    run(request) {
      requests.push(request)
      const told = tell(request)
      return Array.isArray(told) ? lines(events(told)) : (told as AsyncIterable<RunEvent>)
    },
    async cancelTask(id) {
      cancelled.push(id)
      return fakeOperations().cancelTask('t1', new AbortController().signal)
    }
  })
  return { cli, requests, cancelled }
}

async function agentsNamed(...ids: readonly string[]) {
  const { agents } = await fakeOperations().agents()
  return ids.flatMap((id) => agents.map((agent) => ({ ...agent, id })))
}

/** At a terminal that draws no spinner. */
function person(openLines: () => LineReader, more: CliInit = {}): CliInit {
  return { columns: 80, env: { TERM: 'dumb' }, openLines: async () => openLines(), ...more }
}

test('a script gives lines and gets answers, each in the same thread', async () => {
  const { cli, requests } = await setup()
  const { code, out, err } = await cli.run(['chat', '-q'], { input: 'hello\n\nand you?\n' })
  expect({ code, out, err }).toEqual({
    code: 0,
    out: 'you said hello\nyou said and you?\n',
    err: ''
  })
  expect(requests).toMatchObject([{ target: 'chat' }, { target: 'chat' }])
  const [first, second] = requests
  expect(first?.contextId).toMatch(/^[\da-f-]{36}$/)
  expect(second?.contextId).toBe(first?.contextId)
  expect(second?.taskId).not.toBe(first?.taskId)
})

test('--thread goes on with a conversation, and the end says how', async () => {
  const { cli, requests } = await setup()
  const { err } = await cli.run(['chat', 'travel@bob', '--thread', 'trip'], { input: 'Rome' })
  expect(requests).toMatchObject([{ target: '@travel@bob', contextId: 'trip' }])
  expect(err).toContain('go on: lumos chat travel@bob --thread trip')
})

test('who answered is asked first from then on', async () => {
  const { cli, requests } = await setup()
  await cli.run(['chat'], { input: 'one\ntwo' })
  expect(requests.map(({ to }) => to)).toEqual([undefined, '12D3KooWBob'])
})

test('when who answered has gone, somebody else goes on with the same thread', async () => {
  const { cli, requests } = await setup((request) => {
    if (request.to === undefined) return parrot(request)
    throw new LumosError('NO_ROUTE', { details: { target: 'chat' } })
  })
  const { code, out, err } = await cli.run(['chat'], { input: 'one\ntwo' })
  expect({ code, out }).toEqual({ code: 0, out: 'you said one\nyou said two\n' })
  expect(err).toContain('! bob cannot be reached: somebody else goes on')
  expect(requests.map(({ to }) => to)).toEqual([undefined, '12D3KooWBob', undefined])
  expect(new Set(requests.map(({ contextId }) => contextId)).size).toBe(1)
})

test('--to asks that node alone', async () => {
  const { cli, requests } = await setup()
  await cli.run(['chat', '--to', 'eve'], { input: 'one\ntwo' })
  expect(requests.map(({ to }) => to)).toEqual(['eve', 'eve'])
})

test('a person sees who answers, which tools were used where, and what it cost', async () => {
  const { cli } = await setup(() => [
    routed,
    accepted,
    calculated.start,
    calculated.end,
    step({ kind: 'usage', step: 1, model: 'a/b', inputTokens: 20, outputTokens: 3 }),
    chunk('It is 504.', false),
    done
  ])
  const { out, err } = await cli.run(
    ['chat'],
    person(() => typedLines(['six times 84?', 'sure?']))
  )
  expect(out).toBe('It is 504.\nIt is 504.\n')
  expect(err).toMatch(/^chat {3}thread …[\da-f]{8} {3}\/help, Ctrl-D to leave$/m)
  expect(err.match(/^→ echo on bob$/gm)).toHaveLength(1)
  expect(err.match(/^⚙ tool calc@eve 84\*6 = 504 \(11 ms\)$/gm)).toHaveLength(2)
  expect(err).toMatch(/^ {2}214 ms {3}bob {3}20 → 3 tokens$/m)
})

test('commands begin a new thread, go on with another one, and change the agent', async () => {
  const { cli, requests } = await setup()
  const words = [
    'a',
    '/new',
    'b',
    '/thread trip',
    'c',
    '/agents travel',
    'd',
    '//etc',
    '/quit',
    'e'
  ]
  const { err } = await cli.run(
    ['chat'],
    person(() => typedLines(words))
  )
  expect(requests.map(({ text, target }) => `${target}: ${text}`)).toEqual([
    'chat: a',
    'chat: b',
    'chat: c',
    'travel: d',
    'travel: /etc'
  ])
  const threads = requests.map(({ contextId }) => contextId)
  expect(new Set(threads.slice(0, 2)).size).toBe(2)
  expect(threads.slice(2)).toEqual(['trip', 'trip', 'trip'])
  expect(err).toContain('now talking to travel')
})

test('/help and /agents tell, and an unknown command is not sent to anybody', async () => {
  const { cli, requests } = await setup()
  const { code, err } = await cli.run(
    ['chat'],
    person(() => typedLines(['/help', '/agents', '/hlep']))
  )
  expect({ code, requests }).toEqual({ code: 0, requests: [] })
  expect(err).toMatch(/\/thread \[ID\].*AGENT +NODES.*travel .*"\/hlep" is no command/s)
})

test('a person goes on after an answer that failed, a script ends with its code', async () => {
  const { cli } = await setup(moody)
  const here = await cli.run(
    ['chat'],
    person(() => typedLines(['bad', 'good']))
  )
  expect(here).toMatchObject({
    code: 0,
    out: 'you said good\n',
    err: expect.stringContaining('AGENT_FAILED')
  })
  expect(await cli.run(['chat', '-q'], { input: 'bad\ngood' })).toMatchObject({ code: 7, out: '' })
})

test('what the agent asks is answered in the same place', async () => {
  const answers: string[] = []
  const heard = Promise.withResolvers<void>()
  const question = { auth: false, text: 'where to?', atMs: 5 }
  const cli = await createTestCli({
    agents: async () => ({ v: 1, agents: await agentsNamed('chat') }),
    async task() {
      const { task } = await fakeOperations().task('t1')
      return { v: 1, task: { ...task, question } }
    },
    async answerTask(_, { text }) {
      answers.push(text)
      heard.resolve()
      return fakeOperations().task('t1')
    },
    async *run() {
      yield* events([routed, accepted, { type: 'input-required', ...question } as Unnumbered])
      await heard.promise
      yield* events([chunk('then Rome', false), done])
    }
  })
  const { code, out, err } = await cli.run(['chat', '-q'], { input: 'a trip\nRome' })
  expect({ code, out, answers }).toEqual({ code: 0, out: 'then Rome\n', answers: ['Rome'] })
  expect(err).toBe('? bob: where to?\n')
})

/** Begins to answer "slow"; then somebody presses Ctrl-C `presses` times. */
function interrupted(presses: number) {
  const stopped = Promise.withResolvers<void>()
  let press: (() => void) | undefined
  const tell = async function* ({ text }: RunRequest): AsyncIterable<RunEvent> {
    const isSlow = text === 'slow'
    const said = isSlow ? [routed, accepted, chunk('well', false)] : parrot({ target: '', text })
    yield* events(said as Unnumbered[])
    if (!isSlow) return
    for (let count = 0; count < presses; count += 1) press?.()
    await stopped.promise
    yield* events([result('TASK_STATE_CANCELED')])
  }
  const init: CliInit = {
    takeInterrupts(handler) {
      press = handler
      return () => {
        press = undefined
      }
    }
  }
  return { tell, init, stopped }
}

test('Ctrl-C stops the answer, and the conversation goes on', async () => {
  const { tell, init, stopped } = interrupted(1)
  const { cli, requests, cancelled } = await setup(tell)
  const run = cli.run(
    ['chat'],
    person(() => typedLines(['slow', 'next']), init)
  )
  await expect.poll(() => cancelled).toHaveLength(1)
  stopped.resolve()
  const { code, out, err } = await run
  expect({ code, out, cancelled }).toEqual({
    code: 0,
    out: 'well\nyou said next\n',
    cancelled: [requests[0]?.taskId]
  })
  expect(err).toMatch(/^cancelled$/m)
})

test('a second Ctrl-C leaves without waiting', async () => {
  const { tell, init, stopped } = interrupted(2)
  const { cli, requests } = await setup(tell)
  const { code } = await cli.run(
    ['chat'],
    person(() => typedLines(['slow', 'next']), init)
  )
  stopped.resolve()
  expect(code).toBe(130)
  expect(requests).toHaveLength(1)
})

test('Ctrl-C twice on an empty line leaves; once is only a warning', async () => {
  const { cli, requests } = await setup()
  const typed: Line[] = [
    { type: 'interrupted' },
    { type: 'text', text: 'one' },
    { type: 'interrupted' },
    { type: 'interrupted' },
    { type: 'text', text: 'two' }
  ]
  const reader: LineReader = {
    read: async () => typed.shift() ?? { type: 'ended' },
    close() {}
  }
  const { code, err } = await cli.run(
    ['chat'],
    person(() => reader)
  )
  expect({ code, said: requests.map(({ text }) => text) }).toEqual({ code: 0, said: ['one'] })
  expect(err).toContain('Ctrl-C again, or Ctrl-D, to leave')
})

test('without a model it says what to do, and whom one can talk to', async () => {
  const cli = await createTestCli({
    agents: async () => ({ v: 1, agents: await agentsNamed('echo', 'travel') })
  })
  const { code, out, err } = await cli.run(['chat'], { input: 'hi' })
  expect({ code, out }).toEqual({ code: 5, out: '' })
  expect(err).toMatch(/AGENT +NODES.*echo .*travel .*lumos model ls.*lumos chat AGENT/s)
})

test('an agent that nobody has is told of with the nearest that somebody has', async () => {
  const { cli } = await setup(() => {
    throw new LumosError('NO_ROUTE', { details: { target: 'travle' } })
  })
  const { code, err } = await cli.run(['chat', 'travle'], { input: 'hi' })
  expect(code).toBe(5)
  expect(err).toContain('lumos chat travel …')
})

test('--json is one event a line, and nothing else', async () => {
  const { cli } = await setup()
  const { out, err } = await cli.run(['chat', '--json'], { input: 'one\ntwo' })
  const types = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type)
  expect({ types, err }).toEqual({
    types: ['routed', 'accepted', 'artifact', 'result', 'routed', 'accepted', 'artifact', 'result'],
    err: ''
  })
})

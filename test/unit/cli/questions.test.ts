/** An agent that asks: a person at the terminal answers, a script is told by the exit code. */
import { expect, test } from 'vitest'
import type { AnswerRequest, RunEvent, TaskView } from '../../../client/api.ts'
import { LumosError } from '../../../core/errors.ts'
import { createTestCli } from '../../support/cli.ts'

const id = '0193b5a0-0000-7000-8000-00007f3a9c1e'
const ASKED = ['run', 'travel', 'a trip', '--task-id', id]
const worker = { id: '12D3KooWBob', name: 'bob' }
const summary = {
  id,
  contextId: 'c',
  agent: 'travel',
  outgoing: true,
  caller: { id: 'a', name: 'amber-otter' },
  worker,
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-01-02T03:04:05.678Z',
  input: 'a trip'
}

/** What a person types; then the input ends. */
function typed(...words: readonly string[]): () => Promise<string | undefined> {
  const left = [...words]
  return async () => left.shift()
}

/** A daemon whose task asks for a place, then whether it may pay. */
function setup(before: readonly string[] = []) {
  const answers: AnswerRequest[] = before.map((text, index) => ({ text, messageId: `m${index}` }))
  const fate = { cancelled: false }
  let heard = Promise.withResolvers<void>()
  const questions = ['where to?', 'may I pay?'].map((text, index) => ({
    auth: index === 1,
    text,
    atMs: 10 * (index + 1),
    ...(index === 1 && { parts: [{ url: 'https://pay.example' }] })
  }))

  function view(): TaskView {
    const question = questions[answers.length]
    return {
      ...summary,
      state: question === undefined ? 'TASK_STATE_COMPLETED' : 'TASK_STATE_INPUT_REQUIRED',
      tookMs: question === undefined ? 214 : null,
      artifacts: [],
      history: [],
      ...(question && { question })
    }
  }

  async function* story(): AsyncIterable<RunEvent> {
    let seq = 0
    const next = () => ({ v: 1, seq: seq++ }) as const
    yield { ...next(), type: 'accepted', task: { id }, atMs: 1 }
    for (const [index, question] of questions.entries()) {
      yield { ...next(), type: 'input-required', ...question }
      while (answers.length <= index && !fate.cancelled) await heard.promise
      if (fate.cancelled) return
      const { text = '', messageId = '' } = answers[index] ?? {}
      yield { ...next(), type: 'answered', messageId, text, atMs: question.atMs + 1 }
    }
    const parts = [{ text: answers.map(({ text }) => text).join(', ') }]
    const artifacts = [{ artifactId: 'result', parts }]
    const task = { id, state: 'TASK_STATE_COMPLETED', artifacts } as const
    yield { ...next(), type: 'result', task, worker, tookMs: 214, firstEventMs: 31 }
  }

  const cli = createTestCli({
    run: story,
    tasks: async () => ({ v: 1, tasks: [view()], next: '' }),
    task: async () => ({ v: 1, task: view() }),
    async cancelTask() {
      fate.cancelled = true
      heard.resolve()
      return { v: 1, task: view() }
    },
    async answerTask(task, request) {
      if (answers.length === 2) throw new LumosError('TASK_NOT_WAITING', { details: { task } })
      answers.push(request)
      heard.resolve()
      heard = Promise.withResolvers()
      return { v: 1, task: view() }
    }
  })
  return { answers, cancelled: () => fate.cancelled, cli }
}

test('run asks the person at the terminal, and goes on', async () => {
  const { answers, cli } = setup()
  const { code, out, err } = await (
    await cli
  ).run(['run', 'travel', 'a trip'], { columns: 80, readLine: typed('', 'Rome', '') })
  expect(code).toBe(0)
  expect(out).toBe('Rome, \n')
  expect(err).toContain('? where to?\n> > ')
  expect(err).toContain('? may I pay?\n  https://pay.example\n> ')
  expect(err).not.toContain('answered')
  expect(answers.map(({ text }) => text)).toEqual(['Rome', ''])
})

test('Ctrl-C at the question cancels the task', async () => {
  const { cancelled, cli } = setup()
  const controller = new AbortController()
  const readLine = async (signal: AbortSignal): Promise<string | undefined> => {
    controller.abort(new LumosError('CANCELLED'))
    signal.throwIfAborted()
    return undefined
  }
  const { err } = await (await cli).run(ASKED, { columns: 80, signal: controller.signal, readLine })
  expect(cancelled()).toBe(true)
  expect(err).toContain('cancelling')
})

test('run without a terminal ends with its own code, and says what to type', async () => {
  const { answers, cli } = setup()
  const { code, out, err } = await (await cli).run(ASKED)
  expect(code).toBe(9)
  expect(out).toBe('')
  expect(err).toContain('? where to?\n')
  expect(err).toContain('lumos tasks answer …7f3a9c1e "TEXT"')
  expect(answers).toEqual([])
})

test('whoever leaves at the question is told how to answer later', async () => {
  const { cli } = setup()
  const { code, err } = await (await cli).run(ASKED, { columns: 80 })
  expect(code).toBe(9)
  expect(err).toContain('lumos tasks answer …7f3a9c1e')
})

test('with --json the question is the last line, also at a terminal', async () => {
  const { cli } = setup()
  const { code, out } = await (
    await cli
  ).run(['run', 'travel', 'a trip', '--json'], { columns: 80, readLine: typed('Rome') })
  expect(code).toBe(9)
  const last: unknown = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')
  expect(last).toEqual({
    v: 1,
    seq: 1,
    type: 'input-required',
    auth: false,
    text: 'where to?',
    atMs: 10
  })
})

test('a question that was answered before is told, not asked', async () => {
  const { answers, cli } = setup(['Rome'])
  const { code, err } = await (
    await cli
  ).run(['run', 'travel', 'a trip', '--task-id', id], { columns: 80, readLine: typed('yes') })
  expect(code).toBe(0)
  expect(err).toContain('? where to?\n')
  expect(err).toContain('answered: Rome')
  expect(answers.map(({ text }) => text)).toEqual(['Rome', 'yes'])
})

test('answer brings the words to the task, and may be repeated', async () => {
  const { answers, cli } = setup()
  const terminal = await cli
  expect(
    await terminal.run(['tasks', 'answer', '7f3a9c1e', 'Rome,', 'Italy', '--message-id', 'm1'])
  ).toEqual({
    code: 0,
    out: 'task …7f3a9c1e has its answer\n',
    err: 'next: lumos tasks watch …7f3a9c1e\n'
  })
  await terminal.run(['tasks', 'answer', id, '-'], { input: 'yes' })
  expect(answers).toEqual([{ text: 'Rome, Italy', messageId: 'm1' }, { text: 'yes' }])
  const late = await terminal.run(['tasks', 'answer', id, 'more'])
  expect(late.code).toBe(1)
  expect(late.err).toContain('the task does not wait for an answer')
})

test('an answer needs a text', async () => {
  const { cli } = setup()
  const { code, err } = await (await cli).run(['tasks', 'answer', id])
  expect(code).toBe(2)
  expect(err).toContain('lumos tasks answer ID "TEXT"')
})

test('lists and pages say what a task waits for', async () => {
  const { cli } = setup()
  const terminal = await cli
  expect((await terminal.run(['tasks'])).out).toContain('asks: where to?')
  const { out } = await terminal.run(['tasks', 'show', id])
  expect(out).toContain('input-required')
  expect(out).toContain('lumos tasks answer …7f3a9c1e "TEXT"')
})

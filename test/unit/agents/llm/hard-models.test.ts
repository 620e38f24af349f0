/** Models that never end, break off, say nothing or refuse: how a run ends then, and what it costs. */
import { expect, test } from 'vitest'
import { inTurn, startLlmNode, stepsIn, textIn } from '../../../support/llm-node.ts'
import { makeTool } from '../../../support/toolbox.ts'

const call = (name: string, input: unknown = {}) => ({ name, arguments: JSON.stringify(input) })

test('a model that calls tools for ever is ended with a clear error', async () => {
  const node = await startLlmNode({
    tools: [makeTool('again')],
    respond: () => ({ toolCalls: [call('again')] })
  })
  const agent = node.agent({ tools: ['again'], limits: { steps: 3 } })
  await expect(node.outputs(agent, 'go')).rejects.toMatchObject({
    code: 'AGENT_BUDGET',
    message: 'the run of "guide" was ended: it used up its 3 steps'
  })
  expect(node.server.requests).toHaveLength(3)
})

test.for([
  [{ inputTokens: 1 }, 'input tokens'],
  [{ outputTokens: 1 }, 'output tokens'],
  [{ cost: 0.000_001 }, 'US dollars']
] as const)('a run that has used up %o ends before its next step', async ([limits, what]) => {
  const node = await startLlmNode({
    tools: [makeTool('again')],
    price: { input: 1, output: 1 },
    respond: () => ({ text: 'thinking', toolCalls: [call('again')] })
  })
  const failure = node.outputs(node.agent({ tools: ['again'], limits }), 'go')
  await expect(failure).rejects.toMatchObject({ code: 'AGENT_BUDGET', details: { what } })
  expect(node.server.requests).toHaveLength(1)
})

test('an answer that goes on for ever is cut off by the budget, and its request closed', async () => {
  const node = await startLlmNode({
    respond: () => ({
      text: (async function* () {
        for (;;) {
          yield 'word '.repeat(20)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
    })
  })
  const agent = node.agent({ limits: { outputTokens: 200 } })
  await expect(node.outputs(agent, 'go')).rejects.toMatchObject({ code: 'AGENT_BUDGET' })
  await expect.poll(() => node.server.open).toBe(0)
})

test('usage is told with what it cost', async () => {
  const node = await startLlmNode({
    price: { input: 2, output: 10 },
    respond: () => ({ text: 'a b c' })
  })
  const steps = stepsIn(await node.outputs(node.agent(), 'go'))
  const usage = steps.find((step) => step.kind === 'usage')
  const { inputTokens = 0 } = usage ?? {}
  expect(usage).toMatchObject({ model: 'test/test-model', outputTokens: 3 })
  expect(usage?.cost).toBeCloseTo((inputTokens * 2 + 3 * 10) / 1_000_000, 12)
})

test('the next model stands in for one that fails before it has said anything, for the rest of the run', async () => {
  const other = await startLlmNode({ respond: () => ({ status: 401 }) })
  const node = await startLlmNode({
    others: { broken: other.server.url },
    tools: [makeTool('calc')],
    respond: inTurn({ toolCalls: [call('calc')] }, { text: 'here' })
  })
  const agent = node.agent({ model: ['gone', 'broken', 'test/test-model'], tools: ['calc'] })
  const outputs = await node.outputs(agent, 'go')
  expect(textIn(outputs)).toBe('here')
  expect(stepsIn(outputs).filter(({ kind }) => kind === 'error')).toMatchObject([
    { code: 'MODEL_UNKNOWN' },
    { code: 'MODEL_REFUSED' }
  ])
  expect(other.server.requests).toHaveLength(1)
})

test('without any model the run says so', async () => {
  const node = await startLlmNode()
  const failure = node.outputs(node.agent({ model: ['a', 'b'] }), 'go')
  await expect(failure).rejects.toMatchObject({ code: 'MODEL_UNKNOWN', details: { model: 'b' } })
})

test('an answer that breaks off after text was told fails and is not begun again', async () => {
  const node = await startLlmNode({
    respond: inTurn({ text: 'one two three four', cutAfter: 2 }, { text: 'never' })
  })
  const told: unknown[] = []
  const run = async (): Promise<void> => {
    for await (const output of node.run(node.agent(), 'go')) told.push(output)
  }
  await expect(run()).rejects.toMatchObject({ code: 'MODEL_FAILED' })
  expect(told.join('')).toBe('one two')
  expect(node.server.requests).toHaveLength(1)
})

test('an answer that breaks off before any text is asked for once more', async () => {
  const node = await startLlmNode({
    respond: inTurn({ text: 'one two', cutAfter: 0 }, { text: 'whole' })
  })
  const outputs = await node.outputs(node.agent(), 'go')
  expect(textIn(outputs)).toBe('whole')
  expect(stepsIn(outputs)).toContainEqual(expect.objectContaining({ kind: 'error' }))
  const still = await startLlmNode({ respond: () => ({ text: 'one', cutAfter: 0 }) })
  await expect(still.outputs(still.agent(), 'go')).rejects.toMatchObject({ code: 'MODEL_FAILED' })
  expect(still.server.requests).toHaveLength(2)
})

test('an empty answer is asked for once more, and is a failure then', async () => {
  const node = await startLlmNode({ respond: inTurn({ text: '' }, { text: 'here' }) })
  expect(await node.text(node.agent(), 'go')).toBe('here')
  const mute = await startLlmNode({ respond: () => ({ text: '' }) })
  await expect(mute.outputs(mute.agent(), 'go')).rejects.toMatchObject({ code: 'ANSWER_EMPTY' })
  expect(mute.server.requests).toHaveLength(2)
})

test('what a content filter cut off is a refusal', async () => {
  const node = await startLlmNode({ respond: () => ({ text: 'well', finish: 'content_filter' }) })
  await expect(node.outputs(node.agent(), 'go')).rejects.toMatchObject({ code: 'ANSWER_REFUSED' })
})

test('cancelling closes the request to the model', async () => {
  const node = await startLlmNode({
    respond: () => ({
      text: (async function* () {
        yield 'first '
        await new Promise(() => {})
      })()
    })
  })
  const cancel = new AbortController()
  const outputs = node.run(node.agent(), 'go', { signal: cancel.signal })[Symbol.asyncIterator]()
  await outputs.next()
  const next = outputs.next()
  cancel.abort(new Error('changed my mind'))
  await expect(next).rejects.toThrow('changed my mind')
  await expect.poll(() => node.server.closedEarly).toBe(1)
})

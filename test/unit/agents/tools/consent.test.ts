import { expect, test } from 'vitest'
import type { ToolboxRequest } from '../../../../agents/tools/toolbox.ts'
import type { Toolbox } from '../../../../agents/tools/tool.ts'
import { createToolNode, makeTool, openToolbox, use } from '../../../support/toolbox.ts'

const write = makeTool('write', { effects: ['write'] })

/** The run that goes on after the answer, on a node that may have been started anew. */
async function answer(box: Toolbox, text: string, request: Partial<ToolboxRequest> = {}) {
  const node = createToolNode([write, makeTool('erase', { effects: ['write'] })])
  const history = [1, 2, 3].map((n) => ({
    messageId: String(n),
    role: 'ROLE_USER' as const,
    parts: []
  }))
  const next = await node.run({ history, ...request })({
    tools: ['*'],
    onText: () => {},
    answered: { state: box.state(), callId: 'write', text }
  })
  return { ...node, next }
}

async function asked() {
  const { box } = await openToolbox([write])
  const result = await use(box, 'write', { input: { path: 'a', text: 'b' } })
  expect(result).toEqual({
    type: 'ask',
    question: 'May write (write) be used with {"path":"a","text":"b"}? Answer yes, no, or always.'
  })
  return box
}

test('a call that needs the consent of a person is made when they say yes, whatever the order of its members', async () => {
  const { next } = await answer(await asked(), ' Yes. ')
  expect(await use(next, 'write', { input: { text: 'b', path: 'a' } })).toMatchObject({
    type: 'done'
  })
})

test('a call that needs the consent of a person is made once', async () => {
  const { next } = await answer(await asked(), 'yes')
  await use(next, 'write', { input: { path: 'a', text: 'b' } })
  expect(await use(next, 'write', { input: { path: 'a', text: 'b' } })).toMatchObject({
    type: 'ask'
  })
})

test.each<[string, Parameters<typeof use>[1], Parameters<typeof use>[2]]>([
  ['another input', 'write', { input: { path: '/etc/passwd', text: 'b' } }],
  ['another tool', 'erase', { input: { path: 'a', text: 'b' }, callId: 'write' }],
  ['another call', 'write', { input: { path: 'a', text: 'b' }, callId: 'second' }]
])('a call that needs the consent of a person does not allow %s', async (_, id, call) => {
  const { next } = await answer(await asked(), 'yes')
  expect(await use(next, id, call)).toMatchObject({ type: 'ask' })
})

test('a call that needs the consent of a person does not allow the next version of the tool', async () => {
  const box = await asked()
  const node = createToolNode([makeTool('write', { effects: ['write'], version: '1.0.1' })])
  const next = await node.run()({
    tools: ['*'],
    onText: () => {},
    answered: { state: box.state(), callId: 'write', text: 'yes' }
  })
  expect(await use(next, 'write', { input: { path: 'a', text: 'b' } })).toMatchObject({
    type: 'ask'
  })
})

test('a call that needs the consent of a person is not made when they say anything else, which the model is told', async () => {
  const { next } = await answer(await asked(), 'no, use the other folder')
  expect(await use(next, 'write', { input: { path: 'a', text: 'b' } })).toMatchObject({
    code: 'TOOL_DENIED',
    text: expect.stringContaining('no, use the other folder')
  })
})

test('a call that needs the consent of a person needs it no more when they say always, neither now nor later, for this tool alone', async () => {
  const { next, saved, run } = await answer(await asked(), 'always')
  expect(await use(next, 'write', { input: { path: 'a', text: 'b' } })).toMatchObject({
    type: 'done'
  })
  expect(await use(next, 'write', { input: { path: 'c' }, callId: 'later' })).toMatchObject({
    type: 'done'
  })
  expect(await use(next, 'erase', { input: { path: 'c' }, callId: 'later' })).toMatchObject({
    type: 'ask'
  })
  expect(saved).toEqual([[{ tool: 'write', caller: 'self', action: 'allow' }]])
  const later = await run({ taskId: 'later' })({ tools: ['*'], onText: () => {} })
  expect(await use(later, 'write')).toMatchObject({ type: 'done' })
})

test('a call that needs the consent of a person cannot be allowed by a peer, whatever it answers', async () => {
  const { next, saved } = await answer(await asked(), 'always', { caller: 'peer' })
  expect(await use(next, 'write', { input: { path: 'a', text: 'b' } })).toMatchObject({
    code: 'TOOL_DENIED'
  })
  expect(saved).toEqual([])
})

/** Which node did what a tool asked for is known to whoever watches, whatever the tool returns. */
import { expect, test } from 'vitest'
import type { ToolboxRequest } from '../../../../agents/tools/toolbox.ts'
import { createToolNode, makeTool, use } from '../../../support/toolbox.ts'

const ASKER = makeTool('asker', {
  effects: ['network'],
  execute: async (_, { ask }) => (await ask('echo', 'hi'))[0]?.text ?? null
})

/** Asks somebody who is found at these nodes, one after the other: `undefined` is the own one. */
async function setup(...nodes: readonly (string | undefined)[]) {
  const ask: ToolboxRequest['ask'] = async (_target, _input, options) => {
    for (const name of nodes) {
      const node = name === undefined ? {} : { node: { id: `${name} id`, name } }
      options?.onEvent?.({ type: 'routed', agent: 'echo', ...node })
    }
    return [{ text: 'answer' }]
  }
  const run = createToolNode([ASKER]).run({ ask })
  return use(await run({ tools: ['asker'], onText: () => {} }), 'asker')
}

test('the node that answered is told, not those that failed before', async () => {
  expect(await setup('anna', 'bert')).toMatchObject({ output: 'answer', node: 'bert' })
})

test('none is told when the answer came from here, or nobody was asked', async () => {
  expect(await setup('anna', undefined)).not.toHaveProperty('node')
  expect(await setup()).not.toHaveProperty('node')
})

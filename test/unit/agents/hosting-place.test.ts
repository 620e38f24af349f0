/** Where in people's code something failed, out of what Node says of it. */
import { expect, test } from 'vitest'
import { placeIn, sentenceIn } from '../../../agents/hosting/place.ts'

const STACK = `TypeError: kaboom
    at inner (/home/ada/hello/node_modules/x/index.js:1:2)
    at Object.run (file:///home/ada/hello/agent.ts:21:32)
    at file:///opt/lumos/agents/hosting/run.ts:3:4`

test.for([
  [STACK, { file: '/home/ada/hello/agent.ts', line: 21, column: 32 }],
  [
    "Expected ';' (file:///home/ada/hello/agent.ts:29)",
    { file: '/home/ada/hello/agent.ts', line: 29 }
  ],
  [
    "Cannot find module 'x' imported from /home/ada/hello/a.ts (at file:///opt/loader.js:1:2)",
    { file: '/opt/loader.js', line: 1, column: 2 }
  ],
  ['file:///home/ada/hello/a%20b.mts:7:1', { file: '/home/ada/hello/a b.mts', line: 7, column: 1 }],
  ['it was killed', undefined]
] as const)('%s is at %j', ([text, place]) => {
  expect(placeIn(text, '/home/ada/hello')).toEqual(place)
})

test.for([
  [STACK, 'TypeError: kaboom'],
  ["Expected ';' (file:///home/ada/hello/agent.ts:29)", "Expected ';'"],
  ['no agent is exported by /a.ts', 'no agent is exported by /a.ts'],
  ['exit code 1: throw x\nError: broken', 'Error: broken'],
  ['kaboom (at run (file:///home/ada/agent.ts:3:4))', 'kaboom']
] as const)('%s says %s', ([text, sentence]) => {
  expect(sentenceIn(text)).toBe(sentence)
})

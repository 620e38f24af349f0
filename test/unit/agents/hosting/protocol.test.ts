import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defineAgent } from '../../../../agents/agent.ts'
import { createLineSplitter } from '../../../../agents/hosting/line-splitter.ts'
import { ProtocolFlaw } from '../../../../agents/hosting/call-lines.ts'
import { parseProjectLine } from '../../../../agents/hosting/protocol.ts'

function parse(value: unknown) {
  return parseProjectLine(JSON.stringify(value))
}

function agentsLine(agent: object): object {
  return { type: 'agents', protocol: 1, agents: [agent] }
}

const simple = { id: 'clerk', description: 'Sells.' }

test('what a simple program leaves out is filled in', () => {
  expect(parse(agentsLine(simple))).toEqual({
    type: 'agents',
    heartbeat: false,
    agents: [
      {
        ...simple,
        skills: [{ id: 'clerk', name: 'clerk', description: 'Sells.', tags: ['hosted'] }]
      }
    ]
  })
})

test('what an agent says of itself and demands of others is told, too', () => {
  const own = {
    attributes: { lang: ['de', 'en'], gpu: true },
    demands: ['region=eu'],
    asksDefaultModel: true
  }
  expect(parse(agentsLine({ ...simple, ...own }))).toMatchObject({ agents: [own] })
})

test.for([
  ['a demand that is none', agentsLine({ ...simple, demands: ['=='] })],
  ['no agents', { type: 'agents', protocol: 1, agents: [] }],
  ['another protocol', { ...agentsLine(simple), protocol: 2 }],
  ['an id that no card takes', agentsLine({ ...simple, id: 'Clerk!' })],
  ['no description', agentsLine({ id: 'clerk' })],
  ['a skill without tags', agentsLine({ ...simple, skills: [{ ...simple, tags: [] }] })],
  ['tags that are no texts', agentsLine({ ...simple, skills: [{ ...simple, tags: [1] }] })],
  ['a description beyond any card', agentsLine({ ...simple, description: 'x'.repeat(30_000) })],
  ['timeouts that are none', agentsLine({ ...simple, timeouts: { runMs: -1 } })],
  ['an output of no run', { type: 'output', output: 'hi' }],
  ['an output without one', { type: 'output', run: '1' }],
  ['a call of no method', { type: 'call', run: '1', call: '1' }],
  ['room for no items', { type: 'more', run: '1', call: '1', count: -1 }],
  ['an end of no run', { type: 'end' }]
] as const)('a line is refused that has %s', ([, line]) => {
  expect(() => parse(line)).toThrow(ProtocolFlaw)
})

test.for(['', 'hello', '[1]', '"text"', '{broken', '{"type":"later"}', '{"a":1}'])(
  'a line is no message when it is %s',
  (line) => {
    expect(parseProjectLine(line)).toBeUndefined()
  }
)

test('no line breaks the node, whatever it is', () => {
  const types = [
    'agents',
    'refused',
    'output',
    'end',
    'alive',
    'call',
    'item',
    'reply',
    'more',
    'drop',
    'pong',
    'other'
  ]
  const fields = fc.dictionary(
    fc.constantFrom(
      'run',
      'call',
      'output',
      'agents',
      'protocol',
      'method',
      'params',
      'error',
      'id'
    ),
    fc.jsonValue()
  )
  fc.assert(
    fc.property(fc.constantFrom(...types), fields, (type, rest) => {
      try {
        const line = parseProjectLine(JSON.stringify({ ...rest, type }))
        expect([undefined, ...types]).toContain(line?.type)
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolFlaw)
      }
    })
  )
})

test('a line describes agents that can be defined, or is refused', () => {
  const skill = fc.record({
    id: fc.string(),
    description: fc.string(),
    tags: fc.array(fc.string())
  })
  const agent = fc.record({
    id: fc.oneof(fc.constant('clerk'), fc.string()),
    description: fc.string(),
    skills: fc.option(fc.array(skill), { nil: undefined })
  })
  fc.assert(
    fc.property(agent, (value) => {
      let line
      try {
        line = parse(agentsLine(value))
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolFlaw)
        return
      }
      for (const each of line?.type === 'agents' ? line.agents : []) {
        defineAgent({ ...each, async *run() {} })
      }
    })
  )
})

function split(chunks: readonly Uint8Array[], limit = 1000) {
  const lines: string[] = []
  const long: string[] = []
  const onLine = (line: string): void => void lines.push(line)
  const splitter = createLineSplitter({ limit, onLine, onLong: (text) => void long.push(text) })
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return { lines, long }
}

test('lines are the same however their stream is cut', () => {
  const text = fc.array(
    fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll(/[\r\n]/g, ''))
  )
  fc.assert(
    fc.property(text, fc.array(fc.nat(200)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]
      const sorted = places.toSorted((a, b) => a - b)
      const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
      expect(split(chunks, 100_000).lines).toEqual(lines.filter((line) => line !== ''))
    })
  )
})

test('lines that are too long are told once and left out, and the next one is whole', () => {
  const chunks = ['aaaa', 'aaaa', 'aaaa', 'a\nshort\r\n', 'last'].map((text) => Buffer.from(text))
  expect(split(chunks, 10)).toEqual({ lines: ['short', 'last'], long: ['aaaaaaaaaaaa'] })
})

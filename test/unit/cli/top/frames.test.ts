/** What `lumos top` looks like: whole frames as files, and what holds for each frame whatever peers are called. */
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_DATA, withFailure, type Data } from '../../../../cli/top/data.ts'
import { render } from '../../../../cli/top/frame.ts'
import { PANE_IDS, type PaneId } from '../../../../cli/top/panes.ts'
import { displayWidth } from '../../../../cli/width.ts'
import { LumosError } from '../../../../core/errors.ts'
import { makeData, makeState, makeStatus, NOW, type MeshInit } from '../../../support/top-states.ts'

const CHINESE = ['琥珀水獭', '红宝石雀', '한국어노드', 'ﾃｽﾄ', '👩‍👩‍👧 family', 'zoë']

interface Shot extends MeshInit {
  readonly name: string
  readonly columns: number
  readonly rows: number
  readonly pane?: PaneId
  readonly keys?: readonly string[]
  readonly colour?: boolean
}

const SHOTS: readonly Shot[] = [
  { name: 'peers-80x24', columns: 80, rows: 24 },
  { name: 'peers-80x24-in-colour', columns: 80, rows: 24, colour: true },
  { name: 'peers-none-80x24', columns: 80, rows: 24, peers: 0, tasks: 0 },
  { name: 'peers-3-40x10', columns: 40, rows: 10, peers: 3 },
  { name: 'peers-500-120x40', columns: 120, rows: 40, peers: 500 },
  { name: 'peers-500-200x60', columns: 200, rows: 60, peers: 500 },
  { name: 'peers-chinese-80x24', columns: 80, rows: 24, names: CHINESE },
  { name: 'peers-chinese-40x10', columns: 40, rows: 10, names: CHINESE },
  {
    name: 'peers-filtered-80x24',
    columns: 80,
    rows: 24,
    peers: 500,
    keys: ['/', ...Array.from('heron !direct'), 'enter']
  },
  { name: 'tasks-5000-80x24', columns: 80, rows: 24, pane: 'tasks', tasks: 5000, keys: ['end'] },
  { name: 'tasks-5000-120x40', columns: 120, rows: 40, pane: 'tasks', tasks: 5000 },
  { name: 'tasks-40x10', columns: 40, rows: 10, pane: 'tasks' },
  { name: 'task-80x24', columns: 80, rows: 24, pane: 'tasks', keys: ['down', 'down', 'enter'] },
  { name: 'agents-80x24', columns: 80, rows: 24, pane: 'agents', names: CHINESE },
  { name: 'memory-80x24', columns: 80, rows: 24, pane: 'memory' },
  { name: 'logs-80x24', columns: 80, rows: 24, pane: 'logs' },
  { name: 'help-80x24', columns: 80, rows: 24, keys: ['?'] }
]

test.for(SHOTS)(
  '$name',
  async ({ name, columns, rows, pane = 'peers', keys = [], colour = false, ...mesh }) => {
    const lines = render(makeState(makeData(mesh), { pane, keys }), { columns, rows, colour })
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(
      join(import.meta.dirname, 'frames', `${name}.txt`)
    )
  }
)

function frame(data: Data, columns = 80): string[] {
  return render(makeState(data), { columns, rows: 24, colour: false })
}

test('a node that does not answer is shown as it was, with what happened and since when', () => {
  const error = new LumosError('DAEMON_DOWN', { details: { profile: 'default' } }).toWire()
  const lines = frame({ ...makeData(), lost: { since: NOW - 12_000, error } })
  expect(lines[0]).toMatch(/^lumos top · amber-otter .* lost 12s$/)
  expect(lines.join('\n')).toContain('slate-heron')
  expect(lines.at(-1)).toMatch(/^lost the node: no Lumos node is running .*; trying again$/)
})

test('a node that is too old for rates says so, and shows what it does know', () => {
  const { vitals: _, ...old } = makeData()
  const lines = frame({ ...old, vitals: null, history: [], peerVitals: [] }, 120)
  expect(lines[1]).toContain('no rates: this node is too old')
  expect(lines[1]).toContain('works 3 run 1204 done 2 failed')
  expect(lines.join('\n')).toMatch(/birch {2,}direct {2,}0\.4ms {2,}0% ▁▁▁▁ {2,}- {2,}-/)
})

test('what is wrong with the node stands above the table, with what to do', () => {
  const problem = new LumosError('LISTEN_FAILED').toWire()
  const status = { ...makeStatus(3), problems: [problem, problem] }
  expect(frame({ ...makeData(), status }, 160)[2]).toMatch(
    /^! cannot listen .*; try: .* \(and 1 more: lumos status\)$/
  )
  const small = render(makeState({ ...makeData(), status }), {
    columns: 40,
    rows: 10,
    colour: false
  })
  expect(small[1]).toContain('2 wrong')
})

test('what a pane cannot be told is said in its place', () => {
  const error = new LumosError('FORBIDDEN').toWire()
  const { peers: _, ...data } = makeData()
  expect(frame(withFailure(data, 'peers', error)).join('\n')).toContain(error.message)
  expect(frame(withFailure(makeData(), 'peers', error)).at(-1)).toBe(`! ${error.message}`)
})

test('before the first answer there is a frame already', () => {
  expect(frame(NO_DATA).slice(0, 4)).toEqual([
    expect.stringMatching(/^lumos top · … +\d\d:\d\d:\d\d {2}every 1s$/),
    expect.stringMatching(/^\[Peers\] Tasks/),
    '  asking the node …',
    ''
  ])
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '\u001b]0;mine\u0007',
    '\u001b[2J\u001b[H',
    '\u202eeman',
    'a\nb\r\nc',
    '\u009b31m',
    'a\u0301'.repeat(50)
  ),
  fc.constantFrom('👩‍👩‍👧‍👦'.repeat(9), '琥珀水獭'.repeat(20), '🇩', 'क्षि'.repeat(9), '\u0301'.repeat(300))
)

const anyKeys = fc.constantFrom<readonly string[]>(
  [],
  ['enter'],
  ['?'],
  ['/', 'a'],
  ['end'],
  ['down', 'enter'],
  ['o']
)

test('no frame is larger than its terminal, and nothing of a peer but letters comes through', () => {
  fc.assert(
    fc.property(
      fc.array(anyText, { minLength: 1, maxLength: 6 }),
      fc.tuple(fc.constantFrom(...PANE_IDS), anyKeys),
      fc.tuple(fc.integer({ min: 1, max: 220 }), fc.integer({ min: 1, max: 60 }), fc.boolean()),
      (names, [pane, keys], [columns, rows, colour]) => {
        const lines = render(makeState(hostile(names), { pane, keys }), { columns, rows, colour })
        expect(lines).toHaveLength(rows)
        for (const line of lines) {
          expect(displayWidth(line)).toBeLessThanOrEqual(columns)
          // oxlint-disable-next-line no-control-regex -- what it looks for
          expect(line.replaceAll(/\u001b\[\d+m/g, '')).not.toMatch(
            /[\p{Cc}\u202a-\u202e\u2066-\u2069\p{Zl}\p{Zp}]/u
          )
        }
      }
    ),
    { numRuns: 80 }
  )
})

/** A mesh in which every text that others choose is one of these. */
function hostile(names: readonly string[]): Data {
  const [name = ''] = names
  const data = makeData({ peers: names.length, tasks: names.length, names })
  const error = { code: name, message: name }
  return {
    ...data,
    status: {
      ...makeStatus(1),
      name,
      swarm: name,
      version: name,
      problems: [{ ...error, hint: name }]
    },
    peers: (data.peers ?? []).map((peer) => ({
      ...peer,
      agents: names,
      addresses: names,
      version: name,
      error
    })),
    tasks: (data.tasks ?? []).map((task) => ({ ...task, agent: name, input: name, error })),
    agents: (data.agents ?? []).map((agent) => ({
      ...agent,
      id: name,
      description: name,
      version: name
    })),
    spaces: (data.spaces ?? []).map((space) => ({ ...space, name })),
    logs: data.logs.map((line) => ({
      ...line,
      component: name,
      message: name,
      fields: { [name]: name }
    })),
    failures: { tasks: error },
    ...(names.length > 3 && { lost: { since: 0, error } })
  }
}

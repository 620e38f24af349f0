import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tool } from '../../../../agents/tools/define-tool.ts'
import { createToolRegistry } from '../../../../agents/tools/registry.ts'
import type { ToolRegistry, ToolSource } from '../../../../agents/tools/registry.ts'
import type { Tool } from '../../../../agents/tools/tool.ts'
import { compareVersions } from '../../../../agents/tools/versions.ts'
import { LIMITS } from '../../../../core/limits.ts'

function named(id: string, version = '1.0.0'): Tool {
  return tool({ id, version, description: 'For the test.', execute: () => version })
}

/** A registry and how often it told of a change. */
function setup(init?: Parameters<typeof createToolRegistry>[0]) {
  const registry = createToolRegistry(init)
  const told = { changes: 0 }
  registry.events.on('changed', () => (told.changes += 1))
  return { registry, told }
}

function inUse(registry: ToolRegistry): string[] {
  return registry.tools().map(({ id, version }) => `${id}@${version}`)
}

describe('of several versions of a tool', () => {
  test('the newest that is enabled is used', () => {
    const { registry } = setup()
    registry.assign('folder', [
      named('web', '1.9.0'),
      named('web', '1.10.0'),
      named('web', '2.0.0-rc.1')
    ])
    expect(inUse(registry)).toEqual(['web@2.0.0-rc.1'])
    registry.setEnabled('web@2.0.0-rc.1', false)
    expect(inUse(registry)).toEqual(['web@1.10.0'])
    registry.setEnabled('web', false)
    expect(registry.find('web')).toBeUndefined()
    registry.setEnabled('web', true)
    expect(inUse(registry)).toEqual(['web@2.0.0-rc.1'])
  })

  test('each can be looked at, by its version or as what the id stands for', () => {
    const { registry } = setup()
    registry.assign('folder', [named('web', '1.0.0'), named('web', '2.0.0')])
    registry.setEnabled('web@2.0.0', false)
    expect(registry.entry('web').tool.version).toBe('1.0.0')
    expect(registry.entry('web@2.0.0')).toMatchObject({ enabled: false, current: false })
    registry.setEnabled('web@1.0.0', false)
    expect(registry.entry('web')).toMatchObject({ tool: { version: '2.0.0' }, enabled: false })
  })
})

describe('of several sources of a tool', () => {
  test.each<[ToolSource, ToolSource]>([
    ['program', 'folder'],
    ['folder', 'builtin'],
    ['builtin', 'mcp:shop']
  ])('%s comes before %s, whatever the versions', (higher, lower) => {
    const { registry } = setup()
    registry.assign(lower, [named('web', '99.0.0')])
    registry.assign(higher, [named('web', '0.1.0')])
    expect(inUse(registry)).toEqual(['web@0.1.0'])
    registry.assign(higher, [])
    expect(inUse(registry)).toEqual(['web@99.0.0'])
  })
})

test('a source is replaced as a whole, or not at all', () => {
  const { registry } = setup()
  registry.assign('folder', [named('a'), named('b')])
  registry.assign('builtin', [named('c')])
  expect(() => registry.assign('folder', [named('a'), named('a')])).toThrow('a@1.0.0')
  const many = Array.from({ length: LIMITS.tools.value }, (_, index) => named(`t${index}`))
  expect(() => registry.assign('folder', many)).toThrow('more than the')
  expect(inUse(registry)).toEqual(['a@1.0.0', 'b@1.0.0', 'c@1.0.0'])
  registry.assign('folder', [named('b', '2.0.0')])
  expect(inUse(registry)).toEqual(['b@2.0.0', 'c@1.0.0'])
})

test('who listens hears of what can be used, and of nothing else', () => {
  const { registry, told } = setup({ disabled: ['later'] })
  const tools = [named('a')]
  registry.assign('folder', tools)
  expect(told.changes).toBe(1)
  registry.assign('folder', tools)
  registry.assign('builtin', [named('later'), named('a')])
  registry.setEnabled('a@7.0.0', false)
  expect(told.changes).toBe(1)
  registry.setEnabled('later', true)
  expect(told.changes).toBe(2)
})

test('only what the node offers can be used', () => {
  const { registry } = setup({ offered: ['web_*', 'calc'] })
  registry.assign('builtin', [named('web_fetch'), named('calc'), named('shell')])
  expect(inUse(registry)).toEqual(['calc@1.0.0', 'web_fetch@1.0.0'])
})

test('a name that no tool has is told with the one that may be meant', () => {
  const { registry } = setup()
  registry.assign('builtin', [named('weather')])
  expect(() => registry.entry('wether')).toThrow(
    expect.objectContaining({ code: 'TOOL_UNKNOWN', details: { tool: 'wether', near: 'weather' } })
  )
})

describe('versions', () => {
  test('are ordered as Semantic Versioning has it', () => {
    const ordered = [
      'nonsense',
      '0.9',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      'v1.0.0',
      '1.0.1',
      '1.2',
      '1.10.0'
    ]
    for (const [index, older] of ordered.entries()) {
      for (const newer of ordered.slice(index + 1)) {
        expect(compareVersions(older, newer), `${older} < ${newer}`).toBeLessThan(0)
        expect(compareVersions(newer, older), `${newer} > ${older}`).toBeGreaterThan(0)
      }
    }
  })

  test('can be sorted, whatever they are', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.stringMatching(/^[0-9]{1,2}\.[0-9](\.[0-9])?(-[a-z0-9]{1,3}(\.[0-9])?)?$/)
    )
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0)
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
        }
      })
    )
  })
})

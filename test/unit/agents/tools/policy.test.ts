import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TOOL_EFFECTS } from '../../../../agents/tools/define-tool.ts'
import { decide, fits } from '../../../../agents/tools/policy.ts'
import type { JudgedTool } from '../../../../agents/tools/policy.ts'
import { parseRule, ruleText, VERDICTS } from '../../../../agents/tools/rule.ts'
import type { ToolCaller, ToolRule, Verdict } from '../../../../agents/tools/rule.ts'
import type { Tool, ToolEffect } from '../../../../agents/tools/tool.ts'

function judged(id: string, effects: readonly ToolEffect[], more: Partial<JudgedTool> = {}) {
  return { id, effects, asks: false, ...more }
}

function verdict(tool: JudgedTool, caller: ToolCaller, ...rules: ToolRule[]): Verdict {
  return decide(tool, caller, rules).verdict
}

describe('without rules', () => {
  test.each<[string, ToolEffect[], { readonly self: Verdict; readonly peer: Verdict }]>([
    ['no effects', [], { self: 'allow', peer: 'allow' }],
    ['reading private data', ['read-private'], { self: 'allow', peer: 'deny' }],
    ['the network', ['network'], { self: 'allow', peer: 'deny' }],
    ['writing', ['write'], { self: 'ask', peer: 'deny' }],
    ['executing', ['execute'], { self: 'deny', peer: 'deny' }],
    ['the strictest of several', ['network', 'write'], { self: 'ask', peer: 'deny' }]
  ])('%s decides: for this node and for peers', (_, effects, { self, peer }) => {
    expect(verdict(judged('a', effects), 'self')).toBe(self)
    expect(verdict(judged('a', effects), 'peer')).toBe(peer)
  })

  test('an author who wants a person to be asked is heard', () => {
    const careful = judged('pay', [], { asks: true })
    expect(verdict(careful, 'self')).toBe('ask')
    expect(verdict(careful, 'peer')).toBe('deny')
    expect(verdict(careful, 'self', { effect: 'network', action: 'allow' })).toBe('ask')
    expect(verdict(careful, 'self', { tool: 'pay', action: 'allow' })).toBe('allow')
  })
})

describe('a rule', () => {
  test('about one effect leaves the others of the tool as they are', () => {
    const tool = judged('post', ['network', 'write'])
    expect(verdict(tool, 'self', { tool: 'post', effect: 'network', action: 'allow' })).toBe('ask')
    expect(verdict(tool, 'self', { tool: 'post', action: 'allow' })).toBe('allow')
  })

  test('that names the tool beats one with a pattern, and that one a rule about the effect', () => {
    const tool = judged('files_write', ['write'])
    const rules: ToolRule[] = [
      { effect: 'write', action: 'allow' },
      { tool: 'files_*', action: 'ask' }
    ]
    expect(verdict(tool, 'self', ...rules)).toBe('ask')
    expect(verdict(tool, 'self', ...rules, { tool: 'files_write', action: 'allow' })).toBe('allow')
    expect(verdict(judged('other', ['write']), 'self', ...rules)).toBe('allow')
  })

  test('for peers says nothing about this node, and the other way round', () => {
    const tool = judged('web', ['network'])
    expect(verdict(tool, 'peer', { tool: 'web', caller: 'peer', action: 'allow' })).toBe('allow')
    expect(verdict(tool, 'peer', { tool: 'web', caller: 'self', action: 'allow' })).toBe('deny')
    expect(verdict(tool, 'peer', { tool: 'web', caller: 'peer', action: 'ask' })).toBe('deny')
    expect(verdict(tool, 'self', { tool: 'web', caller: 'peer', action: 'deny' })).toBe('allow')
  })

  test('that denies a tool denies every chain it is part of, however deep', () => {
    const shell = judged('shell', ['execute']) as Tool
    const inner = judged('build', ['execute'], { parts: [shell] }) as Tool
    const chain = judged('deploy', ['execute'], { parts: [inner] })
    const allowed: ToolRule = { tool: 'deploy', action: 'allow' }
    expect(verdict(chain, 'self', allowed)).toBe('allow')
    const decision = decide(chain, 'self', [allowed, { tool: 'sh*', action: 'deny' }])
    expect(decision).toMatchObject({
      verdict: 'deny',
      reason: 'it uses shell, and there is the rule deny sh*'
    })
  })

  test('opens a tainted run for what it names only, and only where it allows', () => {
    const tool = judged('web', ['network'])
    const tainted = (...rules: ToolRule[]) => decide(tool, 'self', rules).tainted
    expect(tainted({ tool: 'web', action: 'allow', tainted: true })).toBe(true)
    expect(tainted({ tool: 'web', action: 'allow' })).toBe(false)
    expect(tainted({ effect: 'network', action: 'allow', tainted: true })).toBe(false)
    expect(
      tainted({ tool: 'web', action: 'allow', tainted: true }, { tool: 'w*', action: 'deny' })
    ).toBe(false)
  })
})

const letter = fc.constantFrom('a', 'b', '_')
const id = fc.string({ unit: letter, minLength: 1, maxLength: 4 })
const pattern = fc.string({ unit: fc.oneof(letter, fc.constant('*')), minLength: 1, maxLength: 5 })
const rule: fc.Arbitrary<ToolRule> = fc.record(
  {
    action: fc.constantFrom(...VERDICTS),
    tool: pattern,
    effect: fc.constantFrom(...TOOL_EFFECTS),
    caller: fc.constantFrom('self' as const, 'peer' as const),
    tainted: fc.boolean()
  },
  { requiredKeys: ['action'] }
)
const rules = fc.array(rule, { maxLength: 6 })
const anyTool = fc.record({
  id,
  effects: fc.uniqueArray(fc.constantFrom(...TOOL_EFFECTS)),
  asks: fc.boolean()
})
const caller = fc.constantFrom('self' as const, 'peer' as const)

function strictness(of: Verdict): number {
  return VERDICTS.indexOf(of)
}

describe('whatever the rules are', () => {
  test('one more that denies never loosens anything', () => {
    fc.assert(
      fc.property(anyTool, caller, fc.tuple(rules, rule), (tool, whom, [some, more]) => {
        const before = verdict(tool, whom, ...some)
        const after = verdict(tool, whom, ...some, { ...more, action: 'deny' })
        expect(strictness(after)).toBeGreaterThanOrEqual(strictness(before))
      })
    )
  })

  test('their order does not matter', () => {
    fc.assert(
      fc.property(anyTool, caller, rules, (tool, whom, some) => {
        expect(verdict(tool, whom, ...some.toReversed())).toBe(verdict(tool, whom, ...some))
      })
    )
  })

  test('a peer is never asked, and never allowed what is denied by a rule for all', () => {
    fc.assert(
      fc.property(anyTool, rules, (tool, some) => {
        expect(verdict(tool, 'peer', ...some)).not.toBe('ask')
        expect(verdict(tool, 'peer', ...some, { tool: tool.id, action: 'deny' })).toBe('deny')
      })
    )
  })

  test('without any for peers, a peer is never allowed what this node is not', () => {
    const forAll = rules.map((some) => some.filter(({ caller: whom }) => whom === undefined))
    fc.assert(
      fc.property(anyTool, forAll, (tool, some) => {
        const [own, others] = [verdict(tool, 'self', ...some), verdict(tool, 'peer', ...some)]
        expect(strictness(others)).toBeGreaterThanOrEqual(strictness(own))
      })
    )
  })

  test('one more effect never makes a tool freer', () => {
    fc.assert(
      fc.property(anyTool, caller, rules, (tool, whom, some) => {
        fc.pre(tool.effects.length > 1)
        const fewer = { ...tool, effects: tool.effects.slice(1) }
        expect(strictness(verdict(tool, whom, ...some))).toBeGreaterThanOrEqual(
          strictness(verdict(fewer, whom, ...some))
        )
      })
    )
  })
})

test('a pattern fits what a regular expression with .* in place of its stars would', () => {
  fc.assert(
    fc.property(pattern, id, (form, name) => {
      const like = new RegExp(`^${form.replaceAll('*', '.*')}$`)
      expect(fits(form, name)).toBe(like.test(name))
    })
  )
})

describe('the text of a rule', () => {
  /** What the text of a rule can say: taint is opened for tools that are named, and never by default. */
  const writable = rule.map((some): ToolRule => {
    const { tainted = false, ...rest } = some
    const named =
      rest.tool === undefined && rest.effect === undefined ? { ...rest, tool: '*' } : rest
    return tainted && rest.tool !== undefined && rest.action === 'allow'
      ? { ...named, tainted }
      : named
  })

  test('says all that is in it', () => {
    fc.assert(
      fc.property(writable, (some) => {
        expect(parseRule(ruleText(some))).toEqual(some)
      })
    )
  })

  test.each<[string, ToolRule]>([
    ['allow http_fetch', { action: 'allow', tool: 'http_fetch' }],
    ['  ask   write ', { action: 'ask', effect: 'write' }],
    [
      'deny mcp_* network for peers',
      { action: 'deny', tool: 'mcp_*', effect: 'network', caller: 'peer' }
    ],
    ['allow web for self tainted', { action: 'allow', tool: 'web', caller: 'self', tainted: true }]
  ])('%s is read', (text, expected) => {
    expect(parseRule(text)).toEqual(expected)
  })

  test.each([
    '',
    'allow',
    'permit web',
    'allow web for them',
    'allow a b',
    'ask web tainted',
    'allow network tainted',
    'deny a/b'
  ])('"%s" is none', (text) => {
    expect(parseRule(text)).toBeUndefined()
  })
})

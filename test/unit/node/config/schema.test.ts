import { expect, test } from 'vitest'
import { createBuiltinAgents } from '../../../../agents/builtin.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { CONFIG_KEYS } from '../../../../node/config/keys.ts'
import { BUILT_IN_AGENTS } from '../../../../node/config/schema.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

test('every agent that can be enabled exists', () => {
  const components = { clock: new ManualClock(), logger: silentLogger }
  const agents = createBuiltinAgents(components, { enabled: BUILT_IN_AGENTS, files: { roots: [] } })
  expect(agents.map(({ id }) => id)).toEqual([...BUILT_IN_AGENTS])
})

test('every key is described, and has a variable of its own', () => {
  const keys = [...CONFIG_KEYS.values()]
  expect(keys.filter(({ description }) => !description.endsWith('.'))).toEqual([])
  expect(new Set(keys.map(({ variable }) => variable)).size).toBe(keys.length)
  expect(CONFIG_KEYS.get('discovery.sameHost')).toMatchObject({
    kind: 'switch',
    variable: 'LUMOS_DISCOVERY_SAME_HOST',
    fallback: true
  })
})

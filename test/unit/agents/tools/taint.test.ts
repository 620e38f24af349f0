import { expect, test } from 'vitest'
import { couldLeak, createTaints } from '../../../../agents/tools/taint.ts'
import type { TaintLabel } from '../../../../agents/tools/taint.ts'
import { LIMITS } from '../../../../core/limits.ts'

function seen(...labels: TaintLabel[]) {
  return { has: (label: TaintLabel) => labels.includes(label) }
}

const web = { egress: true, effects: ['network'], untrusted: true } as const

test('private data gets out only where strangers have spoken, and what strangers said only where nothing private was seen', () => {
  expect(couldLeak(web, seen())).toBe(false)
  expect(couldLeak(web, seen('private'))).toBe(false)
  expect(couldLeak(web, seen('untrusted'))).toBe(false)
  expect(couldLeak(web, seen('private', 'untrusted'))).toBe(true)
})

test('what lets nothing out is never held back', () => {
  const quiet = { egress: false, effects: ['read-private'], untrusted: true } as const
  expect(couldLeak(quiet, seen('private', 'untrusted'))).toBe(false)
})

test('a tool that reads private data and sends it is held back as soon as strangers have spoken', () => {
  const mail = { egress: true, effects: ['read-private', 'network'], untrusted: false } as const
  expect(couldLeak(mail, seen())).toBe(false)
  expect(couldLeak(mail, seen('untrusted'))).toBe(true)
})

test('a chain that brings in, reads and sends is held back by itself', () => {
  const chain = { egress: true, effects: ['read-private', 'network'], untrusted: true } as const
  expect(couldLeak({ ...chain, parts: [] }, seen())).toBe(true)
  expect(couldLeak(chain, seen())).toBe(false)
})

test('labels belong to the task, whoever runs for it, and the tasks used longest ago are forgotten', () => {
  const taints = createTaints()
  taints.of('first').addAll(['private'])
  expect(taints.of('first').labels()).toEqual(['private'])
  expect(taints.of('second').labels()).toEqual([])
  for (let task = 2; task < LIMITS.toolTasks.value; task++) taints.of(`task ${task}`)
  taints.of('first')
  taints.of('one too many')
  expect(taints.knows('second')).toBe(false)
  expect(taints.of('first').labels()).toEqual(['private'])
})

test('a task that still runs is remembered, however many others come', () => {
  const taints = createTaints()
  const [one, two] = [new AbortController(), new AbortController()]
  taints.of('running').addAll(['untrusted'])
  taints.hold('running', one.signal)
  taints.hold('running', two.signal)
  one.abort()
  for (let task = 0; task <= LIMITS.toolTasks.value; task++) taints.of(`task ${task}`)
  expect(taints.of('running').labels()).toEqual(['untrusted'])
  two.abort()
  for (let task = 0; task <= LIMITS.toolTasks.value; task++) taints.of(`task ${task}`)
  expect(taints.knows('running')).toBe(false)
})

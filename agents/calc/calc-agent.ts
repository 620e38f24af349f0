/** The agent that calculates, with units. */
import type { AgentSkill } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import {
  type Agent,
  type AgentOutput,
  type AgentRequest,
  defineAgent,
  inputError
} from '../agent.ts'
import { JobFailed } from '../confined/confined-worker.ts'
import { type Calculator, createCalculator } from './calculator.ts'
import { toExpression } from './expression.ts'

const SKILLS: readonly AgentSkill[] = [
  {
    id: 'math.evaluate',
    name: 'Calculate',
    description:
      'Evaluates an expression: arithmetic, functions, matrices, complex numbers, fractions, ' +
      'statistics, variables over several lines. One result a line.',
    tags: ['math', 'calculator', 'arithmetic', 'expression', 'matrix', 'statistics'],
    examples: [
      '(2 + 3) * 4^2',
      '20% of 150',
      'sqrt(3^2 + 4^2)',
      'inv([1, 2; 3, 4])',
      'mean(3, 5, 8)'
    ]
  },
  {
    id: 'units.convert',
    name: 'Convert units',
    description:
      'Converts and calculates with units: length, mass, time, temperature, data, energy, speed ' +
      'and their combinations.',
    tags: ['units', 'conversion', 'convert', 'physics'],
    examples: ['5 miles to km', '25 °C in °F', '100 GB / (50 Mb/s) to minutes', '90 km/h to m/s']
  }
]

export interface CalcAgentComponents {
  readonly clock: Clock
  readonly calculator?: Calculator
}

export function createCalcAgent({
  clock,
  calculator = createCalculator({ clock })
}: CalcAgentComponents): Agent {
  async function* run({ text, signal }: AgentRequest): AsyncGenerator<AgentOutput> {
    if (Buffer.byteLength(text) > LIMITS.calcInput.value) {
      throw inputError('calc', `an expression may have ${LIMITS.calcInput.value} bytes`)
    }
    const expression = toExpression(text)
    if (expression === '') throw inputError('calc', 'there is nothing to calculate, try: 2 + 2')
    try {
      yield await calculator.evaluate(expression, signal)
    } catch (error) {
      if (error instanceof JobFailed) throw inputError('calc', error.message)
      throw error
    }
  }

  return defineAgent({
    id: 'calc',
    name: 'Calculator',
    description:
      'Calculates expressions and converts units, in a process of its own with limits on time ' +
      'and memory.',
    skills: SKILLS,
    idempotent: true,
    run,
    stop: () => calculator.stop()
  })
}

/** Nodes whose doctor a test asks, with a fault to be injected, and what it should and should not say. */
import { onTestFinished } from 'vitest'
import type { Check } from '../../client/api.ts'
import { createDoctorNode } from './doctor-subject.ts'
import type { DoctorNode, DoctorNodeInit } from './doctor-subject.ts'

/** Stopped after the test. */
export async function startDoctorNode(init: DoctorNodeInit = {}): Promise<DoctorNode> {
  const node = await createDoctorNode(init)
  onTestFinished(() => node.stop())
  return node
}

/** What cries wolf: all that is not well, but for what is expected, and a machine that is busy indeed. */
export function others(checks: readonly Check[], code: string): readonly Check[] {
  return checks.filter(
    (check) => check.state !== 'ok' && check.code !== code && check.code !== 'slow-loop'
  )
}

/** The findings of a cause, worst first. */
export function findings(checks: readonly Check[], code: string): readonly Check[] {
  return checks.filter((check) => check.state !== 'ok' && check.code === code)
}

/** Nodes whose doctor a test asks, with a fault to be injected, and what it should and should not say. */
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Check } from '../../client/doctor-api.ts'
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

export interface Diagnosis {
  readonly code: string
  readonly area: string | RegExp
  readonly state?: Check['state']
  readonly text: RegExp
  readonly hint: RegExp
}

/** What is wrong with a diagnosis: one cause is to be named, with what to type; nothing else cries wolf. */
export function complaints(checks: readonly Check[], expected: Diagnosis): readonly string[] {
  const { code, area, state = 'critical', text, hint } = expected
  const found = findings(checks, code)
  const wolves = others(checks, code).map((check) => `cries wolf: ${JSON.stringify(check)}`)
  const wrong = found.filter(
    (check) =>
      check.state !== state ||
      !new RegExp(area).test(check.area) ||
      !text.test(check.text) ||
      !hint.test(check.hint ?? '') ||
      /cannot connect|connection failed/.test(check.text)
  )
  return [
    ...(found.length === 0 ? [`nobody says ${code}`] : []),
    ...wolves,
    ...wrong.map((check) => `says it wrongly: ${JSON.stringify(check)}`)
  ]
}

export const NONE: readonly string[] = []

/** Nobody listens there. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

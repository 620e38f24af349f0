/** Mends what can be mended without loss: what has died is started again, what is certainly wrong is forgotten. */
import { API_VERSION } from '../../../client/api.ts'
import type { DoctorFixed } from '../../../client/doctor-api.ts'
import { toLumosError } from '../../../core/errors.ts'
import type { Assembly } from '../../assembly.ts'

type Done = DoctorFixed['done'][number]

/** One after the other; what cannot be mended is said, and does not keep the rest. */
export async function applyFixes(
  assembly: Assembly,
  fixes: readonly string[]
): Promise<DoctorFixed> {
  const done: Done[] = []
  for (const fix of new Set(fixes)) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      done.push({ fix, ok: true, text: await apply(assembly, fix) })
    } catch (error) {
      done.push({ fix, ok: false, text: toLumosError(error).message })
    }
  }
  return { v: API_VERSION, done }
}

async function apply({ mcp, hosting, finding }: Assembly, fix: string): Promise<string> {
  const [kind = '', ...rest] = fix.split(':')
  const name = rest.join(':')
  switch (kind) {
    case 'mcp':
      mcp.get(name).supervised.restart()
      return `the MCP server ${name} is being started again`
    case 'host':
      await hosting.hosts.restart(name)
      return `the hosted project ${name} was started again`
    case 'addresses': {
      const count = finding.finder.forgetDead()
      return `${count} addresses that lead nowhere any more were forgotten`
    }
    default:
      throw new TypeError(`there is no fix "${fix}"`)
  }
}

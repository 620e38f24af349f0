/** The log of a node that lives in a program: whoever wrote that has the lines, and says which. */
import { LumosError } from '../../core/errors.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'

function notOurs(): never {
  const details = { operation: 'logs: the program that this node is part of has its log' }
  throw new LumosError('UNSUPPORTED_OPERATION', { details })
}

export const NO_LOG: Pick<ControlOperations, 'logs' | 'logLevels'> = {
  logs: async function* () {},
  logLevels: { show: notOurs, change: notOurs }
}

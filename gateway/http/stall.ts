/** Ends answers that nobody reads: what they hold is held for nobody. */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

/** Cuts `response` when its reader has taken nothing for LIMITS.gatewayStall, or twice that at most. */
export function cutWhenStalled(response: ServerResponse, clock: Clock): void {
  let waits = false
  let cancel = clock.after(LIMITS.gatewayStall.value, look)
  const onDrain = (): void => {
    waits = false
  }
  function look(): void {
    if (waits) {
      response.destroy()
      return
    }
    waits = response.writableNeedDrain
    cancel = clock.after(LIMITS.gatewayStall.value, look)
  }
  response.on('drain', onDrain)
  response.once('close', () => {
    cancel()
    response.off('drain', onDrain)
  })
}

/** Small tasks that have just ended: whoever asked is about to ask for their story. */
import { LIMITS } from '../core/limits.ts'
import type { Delegation } from './delegation.ts'

export interface RecentDelegations extends Pick<
  Map<string, Delegation>,
  'get' | 'delete' | 'clear'
> {
  /** Unless its story is a long one, which is read from the disk. */
  add(id: string, delegation: Delegation): void
}

export function createRecentDelegations(): RecentDelegations {
  const recent = new Map<string, Delegation>()
  return {
    get: (id) => recent.get(id),
    delete: (id) => recent.delete(id),
    clear: () => recent.clear(),
    add(id, delegation) {
      if (delegation.log.bytes > LIMITS.recentBytes.value) return
      recent.set(id, delegation)
      const [oldest] = recent.keys()
      if (recent.size > LIMITS.recentDelegations.value && oldest !== undefined) {
        recent.delete(oldest)
      }
    }
  }
}

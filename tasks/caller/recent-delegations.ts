/** Small tasks that have just ended: whoever asked is about to ask for their story. */
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { Delegation } from './delegation.ts'

export interface RecentDelegations extends Pick<
  Map<string, Delegation>,
  'get' | 'delete' | 'clear'
> {
  /** Unless its story is a long one, which is read from the disk. */
  add(id: string, delegation: Delegation): void
}

export function createRecentDelegations(): RecentDelegations {
  const recent = new RecentMap<string, Delegation>(LIMITS.recentDelegations.value)
  return {
    get: (id) => recent.get(id),
    delete: (id) => recent.delete(id),
    clear: () => recent.clear(),
    add(id, delegation) {
      if (delegation.log.bytes <= LIMITS.recentBytes.value) recent.set(id, delegation)
    }
  }
}

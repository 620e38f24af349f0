/** The way to every page, with a number where something is to be seen. */
import type { VNode } from 'preact'
import { useDashboard } from '../dashboard.tsx'
import type { Page } from '../dashboard.tsx'
import { hashOf } from '../route.ts'
import { Icon } from './icon.tsx'

export function Navigation({
  pages,
  current
}: {
  readonly pages: readonly Page[]
  readonly current: string
}): VNode {
  const { live } = useDashboard()
  return (
    <nav aria-label="Pages">
      <ul>
        {pages.map(({ id, title, icon, key, badge }) => {
          const number = badge?.(live)
          return (
            <li key={id}>
              <a
                href={hashOf(id)}
                aria-current={id === current ? 'page' : undefined}
                title={`${title} (g ${key})`}
              >
                <Icon path={icon} />
                <span class="label">{title}</span>
                {number !== undefined && number > 0 && <span class="number">{number}</span>}
              </a>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}

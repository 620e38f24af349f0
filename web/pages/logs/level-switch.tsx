/** How much the node logs, changed while it runs. */
import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import type { LogLevelsChange } from '../../../client/log-levels-api.ts'
import { LOG_LEVELS } from '../../../core/log-filter.ts'
import { useAnswer } from '../../asking.tsx'
import { useDashboard } from '../../dashboard.tsx'
import { codeOf } from '../../failure.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { ErrorBox } from '../../parts/error-box.tsx'
import { Facts } from '../../parts/panel.tsx'
import { Picker } from '../../parts/select.tsx'
import { Ago } from '../../parts/time.tsx'

const MINUTE_MS = 60_000
const TIMES = [
  ['10 minutes', 10 * MINUTE_MS],
  ['1 hour', 60 * MINUTE_MS],
  ['until it stops', 0]
] as const

export function LevelSwitch(): VNode | null {
  const isOpen = useSignal(false)
  const { client } = useDashboard()
  const asked = useAnswer('levels', (signal) => client.logLevels.show({ signal }))
  const { value: levels, error } = asked
  // An older node: its levels are those of its configuration.
  if (codeOf(error) === 'ROUTE_UNKNOWN' || levels === undefined) return null
  const words = Object.entries(levels.components).map(([name, level]) => `${name}=${level}`)
  return (
    <>
      <button type="button" onClick={() => (isOpen.value = true)}>
        The node logs {[levels.level, ...words.slice(0, 2)].join(', ')}
        {words.length > 2 && ' …'}
      </button>
      {isOpen.value && (
        <Dialog title="What the node logs" onClose={() => (isOpen.value = false)}>
          <Facts
            facts={[
              ['Now', [levels.level, ...words].join(', ')],
              ['As configured', levels.configured.level],
              ...(levels.until === undefined
                ? []
                : [['Put back', <Ago key="u" iso={levels.until} />] as const])
            ]}
          />
          <Change known={levels.known} onDone={asked.again} />
        </Dialog>
      )}
    </>
  )
}

interface ChangeProps {
  readonly known: readonly string[]
  readonly onDone: () => void
}

function Change({ known, onDone }: ChangeProps): VNode {
  const { client } = useDashboard()
  const component = useSignal('')
  const level = useSignal<string>('debug')
  const forMs = useSignal<number>(TIMES[0][1])
  const failure = useSignal<unknown>(undefined)
  const change = async (wish: LogLevelsChange): Promise<void> => {
    try {
      failure.value = undefined
      await client.logLevels.change(wish)
      onDone()
    } catch (error) {
      failure.value = error
    }
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    const chosen = LOG_LEVELS.find((one) => one === level.value) ?? 'info'
    const which =
      component.value === '' ? { level: chosen } : { components: { [component.value]: chosen } }
    void change({ ...which, ...(forMs.value > 0 && { forMs: forMs.value }) })
  }
  return (
    <form class="stack" onSubmit={submit}>
      <ComponentField component={component} known={known} />
      <div class="row">
        <Picker
          label="Level"
          value={level.value}
          options={LOG_LEVELS.map((one) => [one, one] as const)}
          onChoose={(value) => (level.value = value)}
        />
        <Picker
          label="For how long"
          value={String(forMs.value)}
          options={TIMES.map(([words, ms]) => [String(ms), words] as const)}
          onChoose={(value) => (forMs.value = Number(value))}
        />
        <button type="submit" class="primary">
          Log it so
        </button>
        <button type="button" onClick={() => void change({ reset: true })}>
          As configured
        </button>
      </div>
      {failure.value !== undefined && <ErrorBox error={failure.value} />}
    </form>
  )
}

interface ComponentFieldProps {
  readonly component: Signal<string>
  readonly known: readonly string[]
}

function ComponentField({ component, known }: ComponentFieldProps): VNode {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>Component</label>
      <input
        id={id}
        list={`${id}-known`}
        placeholder="all of them"
        value={component}
        onInput={(event) => (component.value = event.currentTarget.value.trim())}
      />
      <datalist id={`${id}-known`}>
        {known.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  )
}

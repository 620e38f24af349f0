/** A place to ask an agent: text, or a form of its schema; and its answers, as they come. */
import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import { useSignal } from '@preact/signals'
import type { AgentSummary, RunRequest } from '../../../client/api.ts'
import type { AgentCard } from '../../../core/a2a.ts'
import type { Json } from '../../../core/json.ts'
import { skillSchemasOf } from '../../../core/skill-schemas.ts'
import { fieldOf } from '../../model/field.ts'
import type { Field } from '../../model/field.ts'
import { draftOf, readDraft, withDraft } from '../../model/form.ts'
import type { Draft, Problem } from '../../model/form.ts'
import { Choices } from '../../parts/choices.tsx'
import { Panel } from '../../parts/panel.tsx'
import { SchemaForm } from '../../parts/schema-form.tsx'
import { Try } from './try.tsx'

export interface TryItProps {
  readonly card: AgentCard
  readonly agent: AgentSummary
}

/** Answers that stay on the page; all of them are among the tasks. */
const MOST_TRIES = 10

const RAW: Field = {
  kind: 'raw',
  label: 'Data',
  required: true,
  help: 'What the skill takes, as JSON.'
}

export function TryIt({ card, agent }: TryItProps): VNode {
  const skill = useSignal(card.skills[0]?.id ?? '')
  const tries = useSignal<readonly (RunRequest & { readonly taskId: string })[]>([])
  const ask = (said: Pick<RunRequest, 'text' | 'data'>): void => {
    const taskId = crypto.randomUUID()
    const one = { target: `@${agent.id}`, to: agent.node.id, skill: skill.value, taskId, ...said }
    tries.value = [one, ...tries.value].slice(0, MOST_TRIES)
  }
  const chosen = card.skills.find(({ id }) => id === skill.value)
  const schema = skillSchemasOf(card, skill.value)?.input
  return (
    <div class="stack">
      <Panel title="Try it" class="try-it">
        {card.skills.length > 1 && (
          <SkillChoice card={card} value={skill.value} onChoose={(id) => (skill.value = id)} />
        )}
        {schema === undefined ? (
          <TextForm
            key={skill.value}
            examples={chosen?.examples ?? []}
            onAsk={(text) => ask({ text })}
          />
        ) : (
          <DataForm
            key={skill.value}
            field={fieldOf(schema)}
            onAsk={(data) => ask({ text: '', data })}
          />
        )}
      </Panel>
      {tries.value.map((request) => (
        <Try key={request.taskId} request={request} />
      ))}
    </div>
  )
}

function SkillChoice({
  card,
  value,
  onChoose
}: {
  readonly card: AgentCard
  readonly value: string
  readonly onChoose: (id: string) => void
}): VNode {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>Skill</label>
      <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {card.skills.map((skill) => (
          <option key={skill.id} value={skill.id}>
            {skill.id}
          </option>
        ))}
      </select>
    </div>
  )
}

interface TextFormProps {
  readonly examples: readonly string[]
  readonly onAsk: (text: string) => void
}

function TextForm({ examples, onAsk }: TextFormProps): VNode {
  const id = useId()
  const text = useSignal('')
  const submit = (): void => {
    if (text.value.trim() !== '') onAsk(text.value)
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <div class="field">
        <label for={id}>What to say</label>
        <textarea
          id={id}
          rows={3}
          dir="auto"
          value={text}
          placeholder={examples[0] ?? 'Ask for something'}
          onInput={(event) => (text.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
          }}
        />
      </div>
      {examples.length > 0 && (
        <p class="row examples">
          <span class="dim">For example</span>
          {examples.slice(0, 4).map((example) => (
            <button
              key={example}
              type="button"
              class="small"
              onClick={() => (text.value = example)}
            >
              <bdi>{example}</bdi>
            </button>
          ))}
        </p>
      )}
      <div class="row end">
        <span class="dim hint-keys">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
        <button type="submit" class="primary" disabled={text.value.trim() === ''}>
          Ask
        </button>
      </div>
    </form>
  )
}

interface DataFormProps {
  readonly field: Field
  readonly onAsk: (data: Json) => void
}

function DataForm({ field, onAsk }: DataFormProps): VNode {
  const mode = useSignal<'form' | 'json'>(field.kind === 'raw' ? 'json' : 'form')
  const draft = useSignal<Draft>(draftOf(field))
  const raw = useSignal('')
  const problems = useSignal<readonly Problem[]>([])
  const isForm = mode.value === 'form'
  const reading = isForm ? readDraft(field, draft.value) : readDraft(RAW, raw.value)

  const turn = (to: string): void => {
    const { value } = reading
    if (to === 'json' && value !== undefined) raw.value = JSON.stringify(value, undefined, 2)
    if (to === 'form' && value !== undefined) draft.value = draftOf(field, value)
    problems.value = []
    mode.value = to === 'json' ? 'json' : 'form'
  }
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        problems.value = reading.problems
        if (reading.value !== undefined) onAsk(reading.value)
      }}
    >
      {field.kind !== 'raw' && (
        <Choices
          label="How it is said"
          value={mode.value}
          options={[
            ['form', 'Form'],
            ['json', 'JSON']
          ]}
          onChoose={turn}
        />
      )}
      {isForm ? (
        <SchemaForm
          field={field}
          draft={draft.value}
          problems={stillWrong(problems.value, reading.problems)}
          onDraft={(path, value) => (draft.value = withDraft(draft.value, path, value))}
        />
      ) : (
        <SchemaForm
          field={RAW}
          draft={raw.value}
          problems={stillWrong(problems.value, reading.problems)}
          onDraft={(_, value) => (raw.value = typeof value === 'string' ? value : '')}
        />
      )}
      <div class="row end">
        <button type="submit" class="primary">
          Ask
        </button>
      </div>
    </form>
  )
}

/** What was wrong when it was asked goes as it is put right; nobody is told off while typing. */
function stillWrong(shown: readonly Problem[], now: readonly Problem[]): readonly Problem[] {
  const places = new Set(shown.map(({ at }) => at))
  return now.filter(({ at }) => places.has(at))
}

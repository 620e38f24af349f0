/** A form for a skill's data: one field for each member of its schema, what is wrong beside the field that it is in. */
import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import { draftOf, isMembers, join } from '../model/form.ts'
import type { Draft, DraftMembers, Problem } from '../model/form.ts'
import type {
  ChoiceField,
  Field,
  ListField,
  NumberField,
  ObjectField,
  TextField
} from '../model/field.ts'

interface FieldProps<F extends Field> {
  readonly field: F
  readonly draft: Draft
  /** JSON Pointer of the field. */
  readonly at: string
  readonly problems: readonly Problem[]
  readonly onDraft: (path: readonly string[], draft: Draft) => void
  readonly path: readonly string[]
}

export function SchemaForm({
  field,
  draft,
  problems,
  onDraft
}: Pick<FieldProps<Field>, 'field' | 'draft' | 'problems' | 'onDraft'>): VNode {
  return (
    <div class="schema-form">
      <AnyField {...{ field, draft, problems, onDraft }} at="" path={[]} />
    </div>
  )
}

function AnyField(props: FieldProps<Field>): VNode {
  const { field } = props
  if (field.kind === 'object') return <Group {...props} field={field} />
  if (field.kind === 'list') return <List {...props} field={field} />
  return <Single {...props} field={field} />
}

/** One control with its label, what it is for, and what is wrong with it. */
function Single({ field, draft, at, problems, onDraft, path }: FieldProps<Field>): VNode {
  const id = useId()
  const wrong = problems.filter((problem) => problem.at === at)
  const change = (value: Draft): void => onDraft(path, value)
  const control = {
    id,
    'aria-invalid': wrong.length > 0,
    'aria-describedby': `${id}-help`,
    required: field.required
  }
  return (
    <div class={`field ${field.kind}`}>
      <label for={id}>
        <bdi>{field.label === '' ? 'Value' : field.label}</bdi>
        {field.required ? (
          <span class="needed" title="needed">
            {' '}
            *
          </span>
        ) : null}
      </label>
      <Control field={field} draft={draft} control={control} onChange={change} />
      <p id={`${id}-help`} class="help">
        {wrong.map(({ message }) => (
          <strong key={message} class="wrong">
            {message}
          </strong>
        ))}
        <span dir="auto">{[field.help, boundsOf(field)].filter(Boolean).join(' ')}</span>
      </p>
    </div>
  )
}

interface ControlProps {
  readonly field: Field
  readonly draft: Draft
  readonly control: {
    readonly id: string
    readonly 'aria-invalid': boolean
    readonly 'aria-describedby': string
    readonly required: boolean
  }
  readonly onChange: (draft: Draft) => void
}

function Control({ field, draft, control, onChange }: ControlProps): VNode {
  const text = typeof draft === 'string' ? draft : ''
  const onInput = (event: { readonly currentTarget: { readonly value: string } }): void =>
    onChange(event.currentTarget.value)
  switch (field.kind) {
    case 'choice':
      return <Choice {...{ field, draft, control, onChange }} field={field} />
    case 'boolean':
      return <Truth {...{ field, draft, control, onChange }} />
    case 'number':
      return (
        <input
          {...control}
          type="text"
          inputMode={field.integer ? 'numeric' : 'decimal'}
          autocomplete="off"
          value={text}
          onInput={onInput}
        />
      )
    case 'text':
      return isLong(field) ? (
        <textarea {...control} rows={3} value={text} onInput={onInput} dir="auto" />
      ) : (
        <input
          {...control}
          {...INPUT_TYPES[field.format ?? '']}
          autocomplete="off"
          value={text}
          onInput={onInput}
          dir="auto"
        />
      )
    case 'raw':
    case 'object':
    case 'list':
    default:
      return (
        <textarea
          {...control}
          class="mono"
          rows={4}
          spellcheck={false}
          placeholder="JSON"
          value={text}
          onInput={onInput}
        />
      )
  }
}

/** A box to tick, or, where it may be left out, one of three. */
function Truth({ field, draft, control, onChange }: ControlProps): VNode {
  return field.required || typeof field.initial === 'boolean' ? (
    <input
      {...control}
      required={false}
      type="checkbox"
      checked={draft === true}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  ) : (
    <select
      {...control}
      value={typeof draft === 'boolean' ? String(draft) : ''}
      onChange={(event) => onChange(BOOLEANS[event.currentTarget.value] ?? null)}
    >
      <option value="">not said</option>
      <option value="true">yes</option>
      <option value="false">no</option>
    </select>
  )
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false }

/** Of the formats of JSON Schema, those that browsers have a control for; its value is in the form of the schema. */
const INPUT_TYPES: Readonly<Record<string, object>> = {
  date: { type: 'date' },
  email: { type: 'email' },
  uri: { type: 'url' }
}

function isLong({ maxLength, format, label }: TextField): boolean {
  if (format !== undefined) return false
  return (maxLength ?? 0) > 200 || /text|body|content|prompt|message|description/i.test(label)
}

function Choice({
  field,
  draft,
  control,
  onChange
}: ControlProps & { readonly field: ChoiceField }): VNode {
  return (
    <select
      {...control}
      value={typeof draft === 'string' ? draft : ''}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      {(!field.required || draft === '') && <option value="">not said</option>}
      {field.options.map(({ label }, place) => (
        <option key={place} value={String(place)}>
          {label}
        </option>
      ))}
    </select>
  )
}

function Group({ field, draft, at, path, ...rest }: FieldProps<ObjectField>): VNode {
  const drafts = membersOf(draft)
  const fields = field.members.map(({ name, field: member }) => (
    <AnyField
      key={name}
      {...rest}
      field={member}
      draft={drafts[name] ?? null}
      at={join(at, name)}
      path={[...path, name]}
    />
  ))
  if (field.label === '' || path.length === 0) return <>{fields}</>
  return (
    <fieldset>
      <legend>
        <bdi>{field.label}</bdi>
        {field.required ? <span class="needed"> *</span> : null}
      </legend>
      {field.help !== undefined && (
        <p class="help" dir="auto">
          {field.help}
        </p>
      )}
      {fields}
    </fieldset>
  )
}

function List({ field, draft, at, path, problems, onDraft }: FieldProps<ListField>): VNode {
  const drafts: readonly Draft[] = Array.isArray(draft) ? draft : []
  const wrong = problems.filter((problem) => problem.at === at)
  const name = field.label === '' ? 'item' : field.label
  return (
    <fieldset>
      <legend>
        <bdi>{name}</bdi>
        {field.required ? <span class="needed"> *</span> : null}
      </legend>
      <p class="help">
        {wrong.map(({ message }) => (
          <strong key={message} class="wrong">
            {message}
          </strong>
        ))}
        <span dir="auto">{field.help}</span>
      </p>
      {drafts.map((item, place) => (
        <div class="item" key={place}>
          <AnyField
            field={{ ...field.item, label: `${place + 1}` }}
            draft={item}
            at={join(at, String(place))}
            path={[...path, String(place)]}
            problems={problems}
            onDraft={onDraft}
          />
          <button
            type="button"
            class="quiet small"
            aria-label={`Take ${name} ${place + 1} away`}
            onClick={() =>
              onDraft(
                path,
                drafts.filter((_, other) => other !== place)
              )
            }
          >
            ✕
          </button>
        </div>
      ))}
      <button
        type="button"
        class="small"
        disabled={drafts.length >= (field.most ?? Infinity)}
        onClick={() => onDraft(path, [...drafts, draftOf(field.item)])}
      >
        + <bdi>{name}</bdi>
      </button>
    </fieldset>
  )
}

function membersOf(draft: Draft): DraftMembers {
  return isMembers(draft) ? draft : {}
}

/** What the schema allows, in words. */
function boundsOf(field: Field): string {
  if (field.kind === 'number') return numberBounds(field)
  if (field.kind !== 'text') return ''
  const { minLength, maxLength, pattern, format } = field
  return [
    minLength > 1 ? `At least ${minLength} characters.` : '',
    maxLength === undefined ? '' : `At most ${maxLength} characters.`,
    pattern === undefined ? '' : `As ${pattern}`,
    format === undefined ? '' : `(${format})`
  ]
    .filter((words) => words !== '')
    .join(' ')
}

function numberBounds({ integer, least, most, multipleOf }: NumberField): string {
  const kind = integer ? 'Whole number' : 'Number'
  const from = least === undefined ? '' : ` ${least.exclusive ? 'above' : 'from'} ${least.value}`
  const to = most === undefined ? '' : ` ${most.exclusive ? 'below' : 'to'} ${most.value}`
  const steps = multipleOf === undefined ? '' : `, in steps of ${multipleOf}`
  return `${kind}${from}${to}${steps}.`
}

/** How urgent a task is to the one who asks for it: who waits at a terminal comes before what may take all night. */
export const PRIORITIES = ['interactive', 'normal', 'batch'] as const

export type Priority = (typeof PRIORITIES)[number]

/** `undefined` for what is none. */
export function asPriority(value: unknown): Priority | undefined {
  return PRIORITIES.find((priority) => priority === value)
}

/** What every system of the bench is asked to do, in the words of the test's model server. */

export const KINDS = ['plain', 'tool', 'thread', 'sessions', 'short', 'long'] as const
export type Task = (typeof KINDS)[number]

/** One call, by its number. */
export type Call = (at: number) => Promise<unknown>

export const TASKS: Readonly<Record<Task, string>> = {
  plain: '!tokens 20',
  tool: '!call add {"a":1,"b":2}\n!then\n!tokens 20',
  thread: '!tokens 20',
  sessions: '!pause 1000\n!tokens 20',
  short: '!tokens 200',
  long: '!tokens 2000'
}

export const INSTRUCTIONS = 'You are a helpful assistant.'
/** Turns go round over so many threads. */
export const THREADS = 64
export const HISTORY = 20

export const ADD = {
  id: 'add',
  description: 'Adds two numbers.',
  inputSchema: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' } },
    required: ['a', 'b']
  }
} as const

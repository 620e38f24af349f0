/** The parent's end of a bench's processes: starts them, and asks them as if they were here. */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { THRIFTY_GLIBC } from '../../cli/thrifty-glibc.ts'
/** By name, what a child does for its parent. */
export type Operations = object

/** Of an operation: what it is given. */
export type Init<F> = F extends (init: infer I) => unknown ? I : never
/** Of an operation: what it comes to. */
export type Value<F> = F extends (...init: never) => infer V ? Awaited<V> : never

export interface BenchProcess<O extends Operations> {
  ask<N extends keyof O & string>(name: N, init: Init<O[N]>): Promise<Value<O[N]>>
  /** At once, without a word to the nodes in it. */
  kill(): Promise<void>
}

interface Answer {
  readonly value?: unknown
  readonly error?: string
}

/**
 * A process of its own with the operations of `module`, a file beside this one.
 *
 * @param nodeOptions of Node itself, such as `--expose-gc`
 */
export function startProcess<O extends Operations>(
  module: string,
  nodeOptions: readonly string[] = []
): BenchProcess<O> {
  const child = fork(join(import.meta.dirname, 'child.ts'), [join(import.meta.dirname, module)], {
    execArgv: [...nodeOptions],
    // As `lumos up` starts its daemon (cli/thrifty-glibc.ts).
    env: { ...process.env, ...THRIFTY_GLIBC },
    serialization: 'advanced'
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const settle of waiting.values()) settle({ error: 'the process ended' })
      resolve()
    })
  })
  let asked = 0
  child.on('message', ({ id, ...answer }: Answer & { readonly id: number }) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  return {
    ask<T>(name: string, init: unknown) {
      asked += 1
      const id = asked
      return new Promise<T>((resolve, reject) => {
        waiting.set(id, ({ value, error }) => {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are ours
          if (error === undefined) resolve(value as T)
          else reject(new Error(error))
        })
        child.send({ id, name, init })
      })
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    }
  }
}

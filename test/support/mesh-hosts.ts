/** Starts and drives processes of mesh nodes. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MeshHostCommands } from './mesh-host.ts'

export interface MeshHost extends MeshHostCommands {
  /** SIGKILL: the nodes vanish without a word. */
  kill(): Promise<void>
}

interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

const PROGRAM = fileURLToPath(new URL('mesh-host.ts', import.meta.url))

/** A process that has loaded its code and waits for commands, in a network namespace if one is named. */
export async function forkMeshHost(namespace?: string): Promise<MeshHost> {
  // `ip netns exec` becomes node by exec(2): pid and IPC channel stay what they are.
  const inside = ['netns', 'exec', namespace ?? '', process.execPath]
  const child = fork(PROGRAM, namespace === undefined ? {} : { execPath: 'ip', execArgv: inside })
  const gone = once(child, 'exit')
  await once(child, 'message')
  const ask = createCaller(child)
  return {
    start: (count, init = {}) => ask('start', count, init),
    views: () => ask('views'),
    degrees: () => ask('degrees'),
    meshes: () => ask('meshes'),
    publish: (node, text) => ask('publish', node, text),
    received: (text) => ask('received', text),
    cost: () => ask('cost'),
    async kill() {
      child.kill('SIGKILL')
      await gone
    }
  }
}

/** Calls that fail when the process dies. */
function createCaller(child: ChildProcess) {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let calls = 0
  child.on('message', ({ id, result, error }: Reply) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(error))
  })
  child.once('exit', () => {
    for (const call of waiting.values()) call.reject(new Error('the mesh host died'))
  })
  return async <T>(command: keyof MeshHostCommands, ...args: readonly unknown[]): Promise<T> => {
    const call = Promise.withResolvers<unknown>()
    waiting.set(++calls, call)
    child.send({ id: calls, command, args })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are this test's code
    return (await call.promise) as T
  }
}

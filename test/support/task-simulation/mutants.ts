/** Bugs planted around the real parts: the simulation must find each of them. */
import { replaced } from '../../../node/libp2p/replaced.ts'
import type { Mutation } from './mutation.ts'
import type { ScriptName } from './scripts.ts'
import type { StormName } from './storms.ts'

export interface Mutant {
  readonly mutation: Mutation
  /** The weather in which it shows, or the script without any. */
  readonly storm?: StormName
  readonly script?: ScriptName
  /** Where the search begins, for one that shows in few storms. */
  readonly first?: number
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'acknowledging before the fsync': {
    storm: 'crashes',
    mutation: {
      batches: (batches) =>
        replaced(batches, {
          write(operations) {
            batches.write(operations, false).catch(() => {})
            return Promise.resolve()
          }
        })
    }
  },
  'no deduplication: every order is a new one': {
    storm: 'link',
    mutation: { store: (store) => replaced(store, { find: async () => undefined }) }
  },
  'forgetting that the work had begun': {
    storm: 'crashes',
    mutation: {
      store: (store) =>
        replaced(store, {
          async *events(key, from) {
            for await (const event of store.events(key, from)) {
              if (event.update.statusUpdate?.status.state !== 'TASK_STATE_WORKING') yield event
            }
          }
        })
    }
  },
  'replaying one event too few, from disk': {
    storm: 'crashes',
    mutation: {
      store: (store) =>
        replaced(store, { events: (key, from) => withoutFirst(store.events(key, from)) })
    }
  },
  'replaying one event too few, to a subscriber': {
    storm: 'link',
    mutation: { service: shifted(1) }
  },
  'replaying one event too many, to a subscriber': {
    storm: 'link',
    mutation: { service: shifted(-1) }
  },
  'replaying one event too few, to a reader at the caller': {
    storm: 'crashes',
    mutation: {
      outbox: (outbox) =>
        replaced(outbox, { events: (id, from) => outbox.events(id, from === 0 ? 0 : from + 1) })
    }
  },
  'a cancel forgotten by the next process': {
    script: 'a task that is cancelled while its worker is away, by a caller that goes away, too',
    mutation: {
      outbox: (outbox) =>
        replaced(outbox, {
          open: async () => (await outbox.open()).map((order) => ({ ...order, cancelling: false }))
        })
    }
  },
  'a recall forgotten by the next process': {
    storm: 'workers',
    first: 60,
    mutation: { outbox: (outbox) => replaced(outbox, { recalls: async () => [] }) }
  },
  'a caller that comes back and knows its last worker only': {
    storm: 'workers',
    mutation: {
      outbox: (outbox) =>
        replaced(outbox, {
          open: async () =>
            (await outbox.open()).map((order) => ({
              ...order,
              events: order.events.filter(
                ({ event }, index) =>
                  event.type !== 'routed' ||
                  !order.events.slice(index + 1).some((later) => later.event.type === 'routed')
              )
            }))
        })
    }
  },
  'a caller that comes back and does not know whom it asked as well': {
    storm: 'hedges',
    first: 200,
    mutation: {
      outbox: (outbox) =>
        replaced(outbox, {
          open: async () =>
            (await outbox.open()).map((order) => ({
              ...order,
              events: order.events.filter(({ event }) => event.type !== 'hedged')
            }))
        })
    }
  },
  'asking a second worker for what may do harm': {
    storm: 'hedges',
    mutation: { provider: (provider) => ({ ...provider, idempotent: true }) }
  },
  'asking one again that was told to stop': {
    storm: 'hedges',
    mutation: {
      dispatcher: (dispatcher) =>
        replaced(dispatcher, {
          dispatch(order, { except = [], ...options }) {
            const away = options.isMove === true ? except.slice(-1) : []
            return dispatcher.dispatch(order, { ...options, except: away })
          }
        })
    }
  },
  'telling the next worker of a piece twice': {
    storm: 'workers',
    mutation: {
      dispatcher: (dispatcher) =>
        replaced(dispatcher, {
          dispatch(order, { handover, ...options }) {
            const last = handover?.events.slice(-1) ?? []
            const twice = handover && { ...handover, events: [...handover.events, ...last] }
            return dispatcher.dispatch(order, { ...options, ...(twice && { handover: twice }) })
          }
        })
    }
  },
  'a new attempt that keeps the partial output': {
    storm: 'crashes',
    mutation: {
      traits: (traits) => ({ ...traits, resumable: traits.idempotent || traits.resumable })
    }
  },
  'a caller that comes back and does not know that output was dropped': {
    storm: 'crashes',
    first: 960,
    mutation: {
      outbox: (outbox) =>
        replaced(outbox, {
          open: async () =>
            (await outbox.open()).map((order) => ({
              ...order,
              events: order.events.filter(({ event }) => event.type !== 'restarted')
            }))
        })
    }
  },
  'forgetting the ids of forgotten tasks': {
    storm: 'forgetting',
    mutation: {
      store: (store) =>
        replaced(store, {
          async find(key) {
            const found = await store.find(key)
            return found === 'gone' ? undefined : found
          }
        })
    }
  }
}

/** Subscribers go on `by` events behind where they stand. */
function shifted(by: number): NonNullable<Mutation['service']> {
  return (service) =>
    replaced(service, {
      subscribeToTask(request, options) {
        const { after, ...rest } = options
        if (after === undefined) return service.subscribeToTask(request, rest)
        const shiftedAfter = { ...after, seq: Math.max(0, after.seq + by) }
        return service.subscribeToTask(request, { ...rest, after: shiftedAfter })
      }
    })
}

async function* withoutFirst<T>(items: AsyncIterable<T>): AsyncIterable<T> {
  let first = true
  for await (const item of items) {
    if (!first) yield item
    first = false
  }
}

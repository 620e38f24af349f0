/** A queue whose front is cheap to reach and to drop: a Map that loses its oldest keys walks over the holes. */
export interface Fifo<T> {
  readonly size: number
  readonly first: T | undefined
  push(item: T): void
  shift(): T | undefined
}

/** Drops the places of dropped items when they are half of all, so that each costs constant time. */
export function createFifo<T>(): Fifo<T> {
  let items: (T | undefined)[] = []
  let head = 0
  return {
    get size() {
      return items.length - head
    },
    get first() {
      return items[head]
    },
    push(item) {
      items.push(item)
    },
    shift() {
      if (head === items.length) return undefined
      const item = items[head]
      items[head] = undefined
      head += 1
      if (head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    }
  }
}

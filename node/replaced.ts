/** Hands parts of libp2p an object of libp2p's in which some members are ours. */

/** The same object, but for these members; what else it does, it does as itself, private fields and all. */
export function replaced<T extends object>(whole: T, members: Partial<T>): T {
  return new Proxy(whole, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

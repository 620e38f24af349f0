/** Hands on somebody else's object with some members that are ours, as parts of libp2p need it. */

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

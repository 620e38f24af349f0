/** The child's end of a bench's processes: does what the parent asks with the operations of the module it is given. */

interface Ask {
  readonly id: number
  readonly name: string
  readonly init: unknown
}

type Operations = Readonly<Record<string, (init: unknown) => Promise<unknown>>>

const { operations }: { operations: Operations } = await import(process.argv[2] ?? '')

async function answer({ id, name, init }: Ask): Promise<void> {
  try {
    process.send?.({ id, value: await operations[name]?.(init) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
}

process.on('message', (ask: Ask) => void answer(ask))
process.on('disconnect', () => process.exit())

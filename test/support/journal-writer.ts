/** A process that appends to a journal as fast as it can, and tells what was acknowledged, until it is killed. */
import { createGroupCommit } from '../../storage/group-commit.ts'
import { openJournal } from '../../storage/journal.ts'
import { openLevelStore } from '../../storage/level-store.ts'
import { systemClock } from '../../core/clock.ts'

const IN_FLIGHT = 32

const [directory = ''] = process.argv.slice(2)
const store = await openLevelStore(`${directory}/db`, { create: true })
const commit = createGroupCommit({ store })
const journal = await openJournal({ clock: systemClock, store, commit }, { name: 'j', directory })

await Promise.all(
  Array.from({ length: IN_FLIGHT }, async (_, writer) => {
    for (;;) {
      // Every eighth writer does without the disk, as text deltas do.
      const sync = writer % 8 !== 0
      const sequence = await journal.append(Buffer.alloc(200, writer), { sync })
      if (sync) process.stdout.write(`${sequence}\n`)
    }
  })
)

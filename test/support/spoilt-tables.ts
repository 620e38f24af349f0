/** Damages a database of LevelDB in a place that opening it does not look at. */
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Behind the first records of a table, and far from its index at the end. */
const FROM = 2000
const TO = 6000

/** A block of every table: some of them may be obsolete, and only wait for LevelDB to remove them. */
export async function spoilTables(folder: string): Promise<void> {
  const tables = (await readdir(folder)).filter((name) => name.endsWith('.ldb'))
  for (const table of tables) {
    const path = join(folder, table)
    const bytes = await readFile(path)
    if (bytes.length > 2 * TO) await writeFile(path, bytes.fill(0x5a, FROM, TO))
  }
}

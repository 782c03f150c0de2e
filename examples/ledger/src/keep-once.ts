import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Where what the ledger makes for itself is kept, below the directory it is started in. */
export const folder = '.holdfast'

/**
 * Reads a file, and makes it first where there is none. Of several processes that start together one wins, and all
 * read what it wrote: a link, unlike a rename, never replaces a file.
 */
export async function keepOnce(path: string, make: () => Promise<string> | string): Promise<string> {
  const kept = await readIfThere(path)
  if (kept !== undefined) return kept
  const draft = await writeDraft(path, await make())
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft)
  }
  return readFile(path, 'utf8')
}

/** Writes a file in one step: whoever reads it sees all of the old text or all of the new. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await rename(await writeDraft(path, text), path)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function writeDraft(path: string, text: string): Promise<string> {
  const draft = `${path}.${randomUUID()}`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' })
  return draft
}

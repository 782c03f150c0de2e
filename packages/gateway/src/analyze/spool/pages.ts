import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batchBytes, bytesOf, createBatch } from './batch.ts'
import type { Batch } from './batch.ts'

/** Entries of one page: one read from disk. */
export const pageEntries = 8192

/** Pages kept in memory first and in a temporary file later. */
export interface Pages {
  readonly length: number
  write(page: Batch): void
  /** Reads a page into `into`. */
  read(index: number, into: Batch): void
  close(): void
}

/** Holds `memoryPages` pages in memory; the others go to a file in the system's temporary folder, which vanishes with the process. */
export function createPages(memoryPages: number): Pages {
  const kept: Batch[] = []
  let file: number | undefined
  let length = 0

  return {
    get length() {
      return length
    },
    write(page) {
      if (length < memoryPages) {
        const copy = createBatch(pageEntries)
        bytesOf(copy).set(bytesOf(page))
        copy.length = page.length
        kept.push(copy)
      } else {
        file ??= openUnnamed()
        const header = Uint32Array.of(page.length)
        writeAll(file, new Uint8Array(header.buffer), offsetOf(length))
        writeAll(file, bytesOf(page), offsetOf(length) + 4)
      }
      length++
    },
    read(index, into) {
      const page = kept[index]
      if (page !== undefined) {
        bytesOf(into).set(bytesOf(page))
        into.length = page.length
        return
      }
      const header = new Uint32Array(1)
      readAll(file as number, new Uint8Array(header.buffer), offsetOf(index))
      readAll(file as number, bytesOf(into), offsetOf(index) + 4)
      into.length = header[0] as number
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
      kept.length = 0
    },
  }

  function offsetOf(index: number): number {
    return (index - memoryPages) * (batchBytes(pageEntries) + 4)
  }
}

/** Without a name from the start, so that even a killed process leaves nothing behind. */
function openUnnamed(): number {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-analyze-'))
  const file = openSync(join(folder, 'entries'), 'wx+', 0o600)
  rmSync(folder, { recursive: true, force: true })
  return file
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, position + done)
}

function readAll(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const read = readSync(file, bytes, done, bytes.length - done, position + done)
    if (read === 0) throw new Error('the temporary file is shorter than what was written to it')
    done += read
  }
}

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Versions } from 'holdfast/versioning'
import { CommandError, UsageError } from '../cli/io.ts'

/** Loads the versions that a module exports. */
export async function loadVersions(path: string): Promise<Versions> {
  const file = resolve(path)
  if (!existsSync(file)) throw new CommandError(`${path} cannot be read: there is no such file`)
  let module: Readonly<Record<string, unknown>>
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw new CommandError(`${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`)
  }
  const found = Object.values(module).find(isVersions)
  if (found === undefined)
    throw new UsageError(
      `${path}: expected a module that exports what defineVersions made, got ${Object.keys(module).join(', ') || 'nothing'}`,
    )
  return found
}

function isVersions(value: unknown): value is Versions {
  return typeof value === 'object' && value !== null && 'chain' in value && 'list' in value && 'plan' in value
}

/** @throws UsageError for a version that is not declared */
export function assertVersion({ list }: Versions, version: string): void {
  if (!list.some(({ id }) => id === version))
    throw new UsageError(`there is no version ${JSON.stringify(version)}; expected one of ${list.map(({ id }) => id).join(', ')}`)
}

/** A number above zero that was given as text. */
export function parseCount(option: string, text: string | undefined, fallback: number): number {
  const count = text === undefined ? fallback : Number(text)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new UsageError(`${option}: expected a whole number above 0, got ${JSON.stringify(text)}`)
  return count
}

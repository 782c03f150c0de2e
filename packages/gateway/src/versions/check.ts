import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openApi } from 'holdfast/versioning'
import type { OpenApiDocument, Versions } from 'holdfast/versioning'
import { checkVersions } from 'holdfast/versioning/check'
import type { CheckFinding } from 'holdfast/versioning/check'
import { CommandError } from '../cli/io.ts'
import type { Io } from '../cli/io.ts'
import { loadVersions, parseCount } from './load.ts'

/** What `holdfast versions check` may be told. */
export interface CheckFlags {
  readonly published: string
  readonly publish?: boolean
  readonly title?: string
  readonly samples?: string
  readonly seed?: string
  readonly json?: boolean
}

/** `holdfast versions check` */
export async function runCheck(module: string, flags: CheckFlags, io: Io): Promise<void> {
  const runs = parseCount('--samples', flags.samples, 100)
  const seed = parseCount('--seed', flags.seed, 1)
  const versions = await loadVersions(module)
  const info = { title: flags.title ?? 'API' }
  const written = flags.publish === true ? await publish(versions, flags.published, info) : []
  const findings = checkVersions(versions, { published: await readPublished(versions, flags.published), info, runs, seed })
  const errors = findings.filter(({ level }) => level === 'error')
  if (flags.json === true) io.stdout.write(`${JSON.stringify(findings, bigintsAsText, 2)}\n`)
  else {
    for (const path of written) io.stdout.write(`published ${path}\n`)
    for (const finding of findings) io.stdout.write(format(finding))
    if (findings.length === 0)
      io.stdout.write(
        `${versions.list.length} versions keep what was published; ${versions.chain.changes.length} changes bring every sample there and back.\n`,
      )
  }
  if (errors.length > 0) throw new CommandError(`${errors.length} ${errors.length === 1 ? 'thing breaks' : 'things break'} callers`)
}

async function readPublished(versions: Versions, folder: string): Promise<ReadonlyMap<string, OpenApiDocument>> {
  const documents = new Map<string, OpenApiDocument>()
  for (const { id } of versions.list) {
    const path = join(folder, `${id}.json`)
    if (!existsSync(path)) continue
    try {
      const document = JSON.parse(await readFile(path, 'utf8')) as OpenApiDocument | null
      if (typeof document?.paths !== 'object') throw new Error('expected an OpenAPI document, with paths')
      documents.set(id, document)
    } catch (error) {
      throw new CommandError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return documents
}

/** What callers were promised is never written over. */
async function publish(versions: Versions, folder: string, info: { readonly title: string }): Promise<readonly string[]> {
  const written: string[] = []
  const failed = (error: Error): never => {
    throw new CommandError(`documents cannot be written to ${folder}: ${error.message}`)
  }
  await mkdir(folder, { recursive: true }).catch(failed)
  for (const { id, state } of versions.list) {
    const path = join(folder, `${id}.json`)
    if (state === 'preview' || existsSync(path)) continue
    await writeFile(path, `${JSON.stringify(openApi(versions, id, info), undefined, 2)}\n`).catch(failed)
    written.push(path)
  }
  return written
}

function format({ level, message, stub }: CheckFinding): string {
  const missing = stub === undefined || level !== 'error' ? '' : `\n  Add the change that is missing:\n\n${stub.replace(/^/gm, '    ')}\n`
  return `${level}: ${message}\n${missing}${missing === '' ? '' : '\n'}`
}

const bigintsAsText = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

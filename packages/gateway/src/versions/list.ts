import { changelog, changelogText } from 'holdfast/versioning'
import type { Io } from '../cli/io.ts'
import { loadVersions } from './load.ts'

/** `holdfast versions list` */
export async function runList(module: string, { json }: { json?: boolean }, io: Io): Promise<void> {
  const versions = await loadVersions(module)
  io.stdout.write(json === true ? `${JSON.stringify(changelog(versions), undefined, 2)}\n` : changelogText(versions))
}

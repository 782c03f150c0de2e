import { execFile } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const library = join(root, 'packages/holdfast')
const execute = promisify(execFile)

interface Manifest {
  readonly exports: Record<string, string | { readonly '@holdfast/source': string; readonly default: string }>
  readonly dependencies?: Record<string, string>
  readonly scripts?: Record<string, string>
}

const manifest = await readManifest(join(library, 'package.json'))
const subpaths = Object.entries(manifest.exports).flatMap(([name, target]) => (typeof target === 'string' ? [] : [{ name, target }]))
const specifiers = subpaths.map(({ name }) => name.replace('.', 'holdfast'))

describe('the packed library', () => {
  let folder: string
  let packed: string[]

  beforeAll(async () => {
    if (!existsSync(join(library, 'dist'))) await execute(process.execPath, [join(root, 'scripts/build.mjs')])
    folder = await mkdtemp(join(tmpdir(), 'holdfast-package-'))
    // Scripts are ignored because packing builds, and other tests may be reading dist.
    const { stdout } = await execute('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: library })
    const [tarball] = listOfTarballs(JSON.parse(stdout))
    packed = tarball?.files.map((file) => file.path) ?? []
    await mkdir(join(folder, 'node_modules/holdfast'), { recursive: true })
    await execute('tar', ['-xf', join(folder, tarball?.filename ?? ''), '-C', 'node_modules/holdfast', '--strip-components=1'], {
      cwd: folder,
    })
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    }
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function runs(code: string): Promise<void> {
    const { stdout } = await execute(process.execPath, ['-e', code], { cwd: folder })
    expect(stdout).toBe('fine')
  }

  it('holds the output of every source, and nothing else but its manifest, readme and licence', () => {
    const sources = globSync('**/*.ts', { cwd: join(library, 'src'), exclude: ['**/*.test.ts', '**/*.test-d.ts'] })
    const output = sources.flatMap((file) => [file.replace(/\.ts$/, '.js'), file.replace(/\.ts$/, '.d.ts')])
    expect(new Set(packed)).toEqual(new Set(['LICENSE', 'README.md', 'package.json', ...output.map((file) => `dist/${file}`)]))
  })

  it.each(specifiers)('%s can be imported where no driver and no framework is installed', async (specifier) => {
    await runs(`import('${specifier}').then((it) => process.stdout.write(Object.keys(it).length > 0 ? 'fine' : 'empty'))`)
  })

  // require() of a module with a top-level await throws ERR_REQUIRE_ASYNC_MODULE.
  it.each(specifiers)('%s can be required from CommonJS', async (specifier) => {
    await runs(`process.stdout.write(Object.keys(require('${specifier}')).length > 0 ? 'fine' : 'empty')`)
  })
})

describe('the manifest of the library', () => {
  it.each(subpaths)('names one file for $name as source and as output', ({ target }) => {
    expect(target.default).toBe(target['@holdfast/source'].replace('./src/', './dist/').replace(/\.ts$/, '.js'))
    expect(existsSync(join(library, target['@holdfast/source']))).toBe(true)
  })

  it('exports every feature folder', () => {
    const internal = ['core', 'api']
    const folders = globSync(['*/index.ts', '{stores,adapters}/*/index.ts'], { cwd: join(library, 'src') })
    const features = folders.filter((file) => !internal.includes(file.split('/')[0] ?? '')).map((file) => `./src/${file}`)
    expect(subpaths.map(({ target }) => target['@holdfast/source'])).toEqual(expect.arrayContaining(features))
  })

  it('has at most two dependencies, none of which has any of its own', async () => {
    const names = Object.keys(manifest.dependencies ?? {})
    expect(names.length).toBeLessThanOrEqual(2)
    for (const name of names) {
      expect(await readManifest(join(root, 'node_modules', name, 'package.json'))).not.toHaveProperty('dependencies')
    }
  })

  it('runs nothing on the machine of those who install it', () => {
    expect(Object.keys(manifest.scripts ?? {})).not.toEqual(expect.arrayContaining([expect.stringMatching(/install|^prepare$/)]))
  })
})

async function readManifest(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(path, 'utf8')) as Manifest
}

/** npm answers with a list, from version 12 on with an object by package name. */
function listOfTarballs(answer: unknown): { filename: string; files: { path: string }[] }[] {
  return Object.values(answer as Record<string, { filename: string; files: { path: string }[] }>)
}

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const library = 'packages/holdfast/src'
const patterns = ['deadline', 'idempotency', 'rate-limit', 'shedding', 'retry', 'versioning', 'pagination', 'concurrency']

interface Sample {
  readonly file: string
  readonly imports: string
  readonly rule: string | undefined
}

const restricted = 'eslint(no-restricted-imports)'
const allowed = (file: string, imports: string): Sample => ({ file, imports, rule: undefined })
const forbidden = (file: string, imports: string): Sample => ({ file, imports, rule: restricted })

const samples: readonly Sample[] = [
  ...patterns.map((pattern) => forbidden(`${library}/core/imports-${pattern}.ts`, `../${pattern}/decide.ts`)),
  forbidden(`${library}/core/imports-store.ts`, '../stores/memory/index.ts'),
  forbidden(`${library}/core/imports-api.ts`, '../api/index.ts'),

  ...patterns.map((pattern) => allowed(`${library}/${pattern}/imports-core.ts`, '../core/index.ts')),
  ...patterns.map((pattern, at) =>
    forbidden(`${library}/${pattern}/imports-pattern.ts`, `../${patterns[(at + 1) % patterns.length]}/decide.ts`),
  ),
  allowed(`${library}/idempotency/part/imports-parent.ts`, '../decide.ts'),
  forbidden(`${library}/idempotency/part/imports-pattern.ts`, '../../retry/index.ts'),
  forbidden(`${library}/idempotency/imports-store.ts`, '../stores/memory/index.ts'),
  forbidden(`${library}/idempotency/imports-adapter.ts`, '../adapters/node/index.ts'),
  forbidden(`${library}/idempotency/imports-testing.ts`, '../testing/index.ts'),
  allowed(`${library}/idempotency/imports-store.test.ts`, '../stores/memory/index.ts'),

  allowed(`${library}/stores/memory/imports-core.ts`, '../../core/index.ts'),
  allowed(`${library}/stores/memory/imports-port.ts`, '../../idempotency/store.ts'),
  allowed(`${library}/stores/memory/imports-records.ts`, '../../idempotency/record.ts'),
  allowed(`${library}/stores/memory/imports-model.ts`, '../../rate-limit/decide.ts'),
  allowed(`${library}/stores/redis/imports-neighbour.ts`, './idempotency.ts'),
  forbidden(`${library}/stores/memory/imports-policy.ts`, '../../idempotency/policy.ts'),
  forbidden(`${library}/stores/memory/imports-pattern.ts`, '../../rate-limit/index.ts'),
  forbidden(`${library}/stores/memory/imports-adapter.ts`, '../../adapters/node/index.ts'),
  forbidden(`${library}/stores/memory/imports-testing.ts`, '../../testing/index.ts'),
  forbidden(`${library}/stores/postgres/imports-driver.ts`, 'pg'),
  forbidden(`${library}/stores/redis/imports-driver.ts`, 'ioredis'),
  allowed(`${library}/stores/redis/imports-driver.test.ts`, 'ioredis'),

  allowed(`${library}/adapters/node/imports-core.ts`, '../../core/index.ts'),
  allowed(`${library}/adapters/express/imports-node-adapter.ts`, '../node/index.ts'),
  forbidden(`${library}/adapters/node/imports-pattern.ts`, '../../idempotency/index.ts'),
  forbidden(`${library}/adapters/node/imports-store.ts`, '../../stores/memory/index.ts'),
  forbidden(`${library}/telemetry/imports-pattern.ts`, '../idempotency/index.ts'),

  allowed(`${library}/testing/conformance/imports-core.ts`, '../../core/index.ts'),
  allowed(`${library}/testing/conformance/imports-model.ts`, '../../idempotency/decide.ts'),
  forbidden(`${library}/testing/conformance/imports-policy.ts`, '../../idempotency/policy.ts'),
  forbidden(`${library}/testing/imports-store.ts`, '../stores/memory/index.ts'),

  allowed(`${library}/client/imports-pattern.ts`, '../retry/index.ts'),
  forbidden(`${library}/client/imports-store.ts`, '../stores/memory/index.ts'),
  forbidden(`${library}/client/imports-adapter.ts`, '../adapters/fetch/index.ts'),
  forbidden(`${library}/client/imports-api.ts`, '../api/index.ts'),

  allowed(`${library}/api/imports-pattern.ts`, '../idempotency/index.ts'),
  allowed(`${library}/api/imports-store.ts`, '../stores/memory/index.ts'),
  allowed(`${library}/api/imports-adapter.ts`, '../adapters/node/index.ts'),
  forbidden(`${library}/api/imports-itself-by-name.ts`, 'holdfast/idempotency'),

  ...['examples/ledger/src', 'packages/tls/src', 'packages/gateway/src'].flatMap((folder) => [
    allowed(`${folder}/imports-subpath.ts`, 'holdfast/sqlite'),
    allowed(`${folder}/part/imports-parent.ts`, '../server.ts'),
    forbidden(`${folder}/imports-sources.ts`, '../../../packages/holdfast/src/core/index.ts'),
    forbidden(`${folder}/imports-output.ts`, 'holdfast/dist/core/index.js'),
  ]),

  { file: `${library}/core/circle-a.ts`, imports: './circle-b.ts', rule: 'import(no-cycle)' },
  { file: `${library}/core/circle-b.ts`, imports: './circle-a.ts', rule: 'import(no-cycle)' },
]

describe('the import rules', () => {
  let folder: string
  let findings: Map<string, string>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-import-rules-'))
    await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    for (const { file, imports } of samples) await write(file, `import { thing } from '${imports}'\nexport const name: unknown = thing\n`)
    await write(`${library}/core/too-long.ts`, 'export {}\n'.repeat(301))
    findings = await lint(folder)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function write(file: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }

  it.each(samples)('$file importing $imports: $rule', ({ file, rule }) => {
    expect(findings.get(file)).toBe(rule)
  })

  it('forbids files of more than 300 lines', () => {
    expect(findings.get(`${library}/core/too-long.ts`)).toBe('eslint(max-lines)')
  })

  it('know every folder of the library', async () => {
    const known = ['core', ...patterns, 'stores', 'adapters', 'client', 'telemetry', 'testing', 'api']
    const folders = await readdir(join(root, library), { withFileTypes: true })
    expect(known).toEqual(expect.arrayContaining(folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name)))
  })
})

async function lint(folder: string): Promise<Map<string, string>> {
  const stdout = await new Promise<string>((resolve) => {
    // It exits with 1 because it finds something.
    execFile(join(root, 'node_modules/.bin/oxlint'), ['--format=json', '.'], { cwd: folder }, (_error, output) => resolve(output))
  })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] }
  return new Map(diagnostics.map(({ code, filename }) => [filename, code]))
}

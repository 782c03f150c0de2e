import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqlite } from 'holdfast/sqlite'
import { callCli } from '../support/run.ts'

const folder = mkdtempSync(join(import.meta.dirname, 'fixture-'))
const store = `sqlite:${join(folder, 'api.db')}`
const fixture = join(import.meta.dirname, 'fixture.ts.txt')
const day = 86_400_000

/** A module of versions, with its text changed. */
function moduleWith(name: string, edit: (text: string) => string = (text) => text): string {
  const path = join(folder, name)
  writeFileSync(path, edit(readFileSync(fixture, 'utf8')))
  return path
}

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('holdfast versions', () => {
  const published = join(folder, 'openapi')
  let sound: string
  beforeAll(async () => {
    sound = moduleWith('sound.ts')
    const opened = sqlite(join(folder, 'api.db'))
    const row = {
      account: 'ada',
      version: '2025-01-15',
      source: 'pin' as const,
      route: 'GET /things/:id',
      hour: 0,
      calls: 3,
      lastAt: Date.now() - 3 * day,
      fired: {},
    }
    await opened.versions.addUsage([
      row,
      { ...row, account: 'bob', hour: Date.now() - (Date.now() % 3_600_000), fired: { titled: 2 } },
      { ...row, hour: Date.now() - (Date.now() % 3_600_000) },
    ])
    await opened.close()
  })

  it('lists versions and what each changed', async () => {
    const { code, stdout } = await callCli(['versions', 'list', sound])
    expect(code).toBe(0)
    expect(stdout).toContain('## 2026-06-01 (current)\n\n- **titled**: A thing has a title.\n  - /name is /title')
    expect(JSON.parse((await callCli(['versions', 'list', sound, '--json'])).stdout)).toHaveLength(2)
  })

  it('publishes documents once, and finds that nothing has changed since', async () => {
    const first = await callCli(['versions', 'check', sound, '--published', published, '--publish', '--title', 'Things'])
    expect([first.code, first.stdout.match(/published/g)?.length]).toEqual([0, 3])
    const again = await callCli(['versions', 'check', sound, '--published', published, '--publish', '--title', 'Other'])
    expect(again).toMatchObject({ code: 0, stdout: '2 versions keep what was published; 1 changes bring every sample there and back.\n' })
    expect(JSON.parse(readFileSync(join(published, '2025-01-15.json'), 'utf8'))).toMatchObject({ info: { title: 'Things' } })
  })

  it('fails when a member is dropped without a change: operation, field, versions, and the change to write [T26]', async () => {
    const dropped = moduleWith('dropped.ts', (text) => text.replace("note: { type: 'string' },", '').replace("'note', ", ''))
    const { code, stdout, stderr } = await callCli(['versions', 'check', dropped, '--published', published])
    expect([code, stderr]).toEqual([1, 'holdfast: 2 things break callers\n'])
    for (const version of ['2025-01-15', '2026-06-01'])
      expect(stdout).toContain(
        `error: ${version}: GET /things/{}: response 200 application/json: /note was removed (response-property-removed)`,
      )
    expect(stdout).toContain("on: resource('thing'),")
    expect(stdout).toContain('operations: [remove(\'/note\', { value: \'TODO\', schema: {"type":"string"} })],')
  })

  it('passes when a member is added that may be missing [T27]', async () => {
    const wider = moduleWith('wider.ts', (text) =>
      text.replace("note: { type: 'string' },", "note: { type: 'string' }, extra: { type: 'string' },"),
    )
    expect(await callCli(['versions', 'check', wider, '--published', published])).toMatchObject({ code: 0 })
  })

  it('fails when a request is narrowed, and only warns when an answer may be more [T28]', async () => {
    const narrower = moduleWith('narrower.ts', (text) => text.replace("kind: { enum: ['a', 'b'] }", "kind: { enum: ['a'] }"))
    const failed = await callCli(['versions', 'check', narrower, '--published', published])
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining('request-enum-value-removed')])
    const grown = moduleWith('grown.ts', (text) => text.replace("state: { enum: ['on', 'off'] }", "state: { enum: ['on', 'off', 'lost'] }"))
    const warned = await callCli(['versions', 'check', grown, '--published', published])
    expect([warned.code, warned.stdout]).toEqual([
      0,
      expect.stringContaining('warning: 2026-06-01: GET /things/{}: response 200 application/json: /state "lost" may be answered'),
    ])
  })

  it('fails when a change does not bring a sample back as it was [T29]', async () => {
    const wrong = moduleWith('wrong.ts', (text) =>
      text.replace("rename('/name', '/title')", "rename('/name', '/title'), convert('/state', { up: () => 'on', down: () => 'off' })"),
    )
    const { code, stdout } = await callCli(['versions', 'check', wrong, '--published', published])
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/error: titled: thing: brought up and down again, \/state is another: \{.*"on".*\} -> \{.*"off".*\}/),
    ])
    expect(JSON.parse((await callCli(['versions', 'check', wrong, '--published', published, '--json'])).stdout)).not.toEqual([])
  })

  it('tells who could move without noticing [T30]', async () => {
    const { code, stdout } = await callCli(['versions', 'report', sound, '--store', store])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /ada on 2025-01-15: 3 calls.*\n {2}safe to upgrade to 2026-06-01: no change up to it altered a call in 90 days\n {2}changes that altered calls: none/,
    )
    expect(stdout).toMatch(/bob on 2025-01-15: 3 calls.*\n {2}would notice the next version\n {2}changes that altered calls: titled \(2\)/)
    expect((await callCli(['versions', 'report', sound, '--store', store, '--version', '2026-06-01'])).stdout).toBe(
      'Nobody called in 90 days.\n',
    )
  })

  it('does not retire a version in use, unless told to; and takes it back [T31]', async () => {
    const retire = (...more: string[]) =>
      callCli(['versions', 'retire', sound, '2025-01-15', '--after', '2100-01-01', '--store', store, ...more])
    const refused = await retire()
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('2025-01-15 is not retired: 2 accounts called it in 30 days'),
    ])
    expect(refused.stdout).toMatch(
      /bob on 2025-01-15.*last at \d{4}-.*\n.*\n {2}changes that altered calls: titled \(2\)\n {2}routes: GET \/things\/:id/,
    )
    expect(await retire('--exempt', 'ada,bob')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/refused from 2100-01-01T00:00:00.000Z on(.*\n.*switched off){5}/s) as string,
    })
    const opened = sqlite(join(folder, 'api.db'))
    expect(await opened.versions.readRetirements()).toMatchObject([{ version: '2025-01-15', exempt: ['ada', 'bob'] }])
    expect(await retire('--undo')).toMatchObject({ code: 0, stdout: '2025-01-15 stays.\n' })
    expect(await opened.versions.readRetirements()).toEqual([])
    await opened.close()
    expect(await retire('--force')).toMatchObject({ code: 0 })
  })

  it.each([
    [['versions', 'check', 'x.ts'], 2, /required option '--published/],
    [['versions', 'list', '/nowhere.ts'], 1, /there is no such file/],
    [['versions', 'list', import.meta.filename.replace('.test.ts', '.test.ts.none')], 1, /there is no such file/],
    [['versions', 'nothing'], 2, /unknown command/],
  ])('refuses %j', async (args, code, message) => {
    const answer = await callCli(args)
    expect([answer.code, answer.stderr]).toEqual([code, expect.stringMatching(message)])
  })

  it('refuses what is no store, no date and no version', async () => {
    const call = (...args: string[]) => callCli(['versions', 'retire', sound, ...args])
    expect((await call('2025-01-15', '--after', 'soon', '--store', store)).stderr).toContain('--after: expected an ISO date')
    expect((await call('2025-01-15', '--after', '2100-01-01', '--store', 'redis://x')).stderr).toContain(
      '--store: expected sqlite:PATH or postgres://',
    )
    expect((await call('2020-01-01', '--after', '2100-01-01', '--store', store)).stderr).toContain('there is no version "2020-01-01"')
    expect((await callCli(['versions', 'list', moduleWith('none.ts', () => 'export const x = 1\n')])).stderr).toContain(
      'expected a module that exports what defineVersions made',
    )
    expect(cpSync).toBeDefined()
    expect(tmpdir()).toBeDefined()
  })
})

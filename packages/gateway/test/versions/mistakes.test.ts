import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { sqlite } from 'holdfast/sqlite'
import { callCli } from '../support/run.ts'

const folder = mkdtempSync(join(import.meta.dirname, 'mistakes-'))
const module = join(folder, 'versions.ts')
copyFileSync(join(import.meta.dirname, 'fixture.ts.txt'), module)
const database = join(folder, 'api.db')
const store = ['--store', `sqlite:${database}`]
await sqlite(database).close()

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a call said and its exit code. */
async function call(...args: string[]): Promise<readonly [code: number, said: string]> {
  const { code, stdout, stderr } = await callCli(['versions', ...args])
  return [code, stdout + stderr]
}

describe('holdfast versions, called by mistake', () => {
  it.each([
    ['report', '--version'],
    ['retire', '--undo'],
  ])('%s names the versions there are when it is asked for another', async (command, flag) => {
    const [code, said] = await (command === 'report'
      ? call('report', module, ...store, flag, '1999-01-01')
      : call('retire', module, '1999-01-01', ...store, flag))
    expect([code, said]).toEqual([2, 'holdfast: there is no version "1999-01-01"; expected one of 2025-01-15, 2026-06-01\n'])
  })

  it('takes a retirement back without a date, and retires nothing without one', async () => {
    expect(await call('retire', module, '2025-01-15', ...store, '--undo')).toEqual([0, '2025-01-15 stays.\n'])
    expect(await call('retire', module, '2025-01-15', ...store)).toEqual([2, expect.stringContaining('--after: expected from when on')])
  })

  it('does not take a day for another that the calendar does not have', async () => {
    const [code, said] = await call('retire', module, '2025-01-15', ...store, '--after', '2100-02-30')
    expect([code, said]).toEqual([2, expect.stringContaining('"2100-02-30"')])
  })

  it('does not retire one version after the other until none is left', async () => {
    expect((await call('retire', module, '2025-01-15', ...store, '--after', '2100-01-01'))[0]).toBe(0)
    expect(await call('retire', module, '2026-06-01', ...store, '--after', '2100-01-01')).toEqual([
      1,
      expect.stringContaining('it is the only version that answers'),
    ])
  })

  it.each(['[]', 'null', '"x"', '{'])('says which published document is none: %s', async (text) => {
    const published = join(folder, 'published')
    mkdirSync(published, { recursive: true })
    writeFileSync(join(published, '2025-01-15.json'), text)
    const [code, said] = await call('check', module, '--published', published)
    expect([code, said]).toEqual([1, expect.stringContaining('2025-01-15.json cannot be read')])
  })

  it('says where documents cannot be written', async () => {
    expect(await call('check', module, '--published', module, '--publish')).toEqual([
      1,
      expect.stringContaining(`documents cannot be written to ${module}`),
    ])
  })

  it('takes a store that is none for something that cannot be read', async () => {
    const file = join(folder, 'text.db')
    writeFileSync(file, 'this is no database, however long it is read')
    expect(await call('report', module, '--store', `sqlite:${file}`)).toEqual([1, expect.stringContaining('text.db')])
  })
})

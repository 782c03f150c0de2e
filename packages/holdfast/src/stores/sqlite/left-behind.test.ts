import { describe, expect, it } from 'vitest'
import { openNodeSqlite } from './driver.ts'
import type { SqliteDriver } from './driver.ts'
import { add, notebooks, notes, write } from '../../../test/sqlite/notes.ts'
import { recordingOpen, temporaryFolder, turns } from '../../../test/sqlite/support.ts'

const { withNotes } = notebooks(temporaryFolder())

describe('a body that holds the writer for too long', () => {
  it('is rolled back, and the others are served', async () => {
    const database = await withNotes('hung.db', { holdLimitMs: 50 })
    const { promise: hangs, resolve: comeBack } = Promise.withResolvers<void>()
    let late: unknown
    const before = write(database, add('before'))
    const hung = write(database, async (db) => {
      const statement = db.prepare('INSERT INTO notes (text) VALUES (?)')
      statement.run('hung')
      await hangs
      try {
        statement.run('late')
      } catch (error) {
        late = error
      }
    })
    const after = write(database, add('after'))
    await expect(hung).rejects.toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('more than 50 ms') })
    await Promise.all([before, after])
    comeBack()
    await turns(2)
    expect(late).toBeInstanceOf(Error)
    await write(database, add('end'))
    expect(notes(database)).toEqual(['before', 'after', 'end'])
  })

  it('is followed by others on a new connection, also where the first try to open one fails', async () => {
    let isRefused = false
    const open = (path: string): SqliteDriver => {
      if (isRefused) throw new Error('EMFILE: too many open files')
      return openNodeSqlite(path)
    }
    const database = await withNotes('reopened.db', { holdLimitMs: 20, open })
    isRefused = true
    await expect(write(database, () => new Promise(() => {}))).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(write(database, add('a'))).rejects.toMatchObject({
      code: 'store-unavailable',
      cause: { message: expect.stringContaining('EMFILE') },
    })
    isRefused = false
    await write(database, add('b'))
    expect(notes(database)).toEqual(['b'])
  })

  it('is refused when it comes back, also where SQLite had rolled its transaction back', async () => {
    const { connections: writers, open } = recordingOpen()
    const database = await withNotes('left-behind.db', { holdLimitMs: 20, open })
    const { promise: hangs, resolve: comeBack } = Promise.withResolvers<void>()
    let late: unknown
    const hung = write(database, async (db) => {
      writers[0]?.exec('ROLLBACK')
      await hangs
      await write(database, () => {
        try {
          db.exec("INSERT INTO notes VALUES ('late')")
        } catch (error) {
          late = error
        }
      })
    })
    await expect(hung).rejects.toMatchObject({ code: 'store-unavailable' })
    await write(database, add('next'))
    comeBack()
    await turns()
    expect(late).toBeInstanceOf(Error)
    expect(notes(database)).toEqual(['next'])
  })
})

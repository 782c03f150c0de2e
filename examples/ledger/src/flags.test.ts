import { describe, expect, it } from 'vitest'
import { FlagError, parseFlags } from './flags.ts'

describe('parseFlags', () => {
  it('has the defaults of the contract', () => {
    expect(parseFlags([], {})).toEqual({
      host: '127.0.0.1',
      port: 8443,
      store: 'sqlite:./ledger.db',
      adapter: 'node',
      http: false,
      rate: 50,
      burst: 100,
      limitsStore: 'sqlite:./ledger.db',
      nodes: 1,
      testHooks: false,
    })
  })

  it('takes the store from the environment, and prefers the flag', () => {
    const environment = { DATABASE_URL: 'postgres://db/ledger', REDIS_URL: 'redis://cache' }
    expect(parseFlags([], environment)?.store).toBe('postgres://db/ledger')
    expect(parseFlags(['--store', 'memory:'], environment)?.store).toBe('memory:')
    expect(parseFlags([], { DATABASE_URL: '' })?.store).toBe('sqlite:./ledger.db')
  })

  it('leaves everything aside when help is wanted', () => {
    expect(parseFlags(['--help', '--port', 'x'], {})).toBeUndefined()
  })

  it.each([
    [['--port', '-1'], /--port/],
    [['--port', '65536'], /--port: expected a whole number from 0 to 65535, got "65536"/],
    [['--port', '80.5'], /--port/],
    [['--port'], /--port/],
    [['--rate', 'fast'], /--rate/],
    [['--nodes', '0'], /--nodes: expected a whole number from 1/],
    [['--burst', '0'], /--burst: expected a whole number from 1/],
    [['--limits-store', 'memcached://x'], /--limits-store: expected redis/],
    [['--store', 'sqlite:'], /--store/],
    [['--http=yes'], /--http/],
    [['serve'], /serve/],
  ])('refuses %j with what to do instead', (args, message) => {
    expect(() => parseFlags(args, {})).toThrow(FlagError)
    expect(() => parseFlags(args, {})).toThrow(message)
  })

  it('names the variable a wrong value came from, and shows no password', () => {
    expect(() => parseFlags([], { DATABASE_URL: 'mysql://me:hush@db/x' })).toThrow(
      'DATABASE_URL: expected memory:, sqlite:PATH or postgres://..., got "mysql://me:***@db/x"',
    )
    expect(() => parseFlags([], { REDIS_URL: 'x' })).toThrow(/^REDIS_URL/)
  })
})

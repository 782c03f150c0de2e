import { describe, expect, it } from 'vitest'
import { callCli } from '../../test/support/run.ts'

describe('holdfast', () => {
  it('lists its commands with --help, on standard output', async () => {
    const { code, stdout, stderr } = await callCli(['--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/Usage: holdfast.*analyze <?.*derive rate limits/s)
  })

  it('shows its help and fails without a command', async () => {
    const { code, stdout, stderr } = await callCli([])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/Usage: holdfast/)
  })

  it('tells the options of a command', async () => {
    const { code, stdout } = await callCli(['analyze', '--help'])
    expect(code).toBe(0)
    for (const option of ['plan', 'capacity', 'target', 'account', 'policy', 'json', 'html', 'map', 'format', 'baseline', 'shadow-first'])
      expect(stdout).toContain(`--${option}`)
  })

  it.each([
    [['analyse', 'x'], /unknown command 'analyse'/],
    [['analyze'], /missing required argument 'log'/],
    [['analyze', 'x', '--targte', '1'], /unknown option '--targte'/],
    [['analyze', 'x', '--target', '1'], /--target: expected a share from 0.5 to 0.999999.*got "1"/],
    [['analyze', 'x', '--capacity', '-3'], /--capacity: expected requests a second above 0, got "-3"/],
    [['analyze', 'x', '--plan', '(free'], /--plan: expected a regular expression, got "\(free"/],
    [['analyze', 'x', '--plan', 'free'], /--plan: expected a group that captures the plan/],
    [['analyze', 'x', '--map', 'ts=time,colour=x'], /--map: expected pairs.*got "colour=x"/],
    [['analyze', 'x', '--map', 'ts=time', '--format', 'combined'], /--map: ts can be named for JSON logs only/],
    [['analyze', 'x', '--baseline', 'yesterday'], /--baseline: expected two times/],
    [['analyze', 'x', '--retries', '1.5'], /--retries: expected a whole number/],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await callCli(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })

  it.each([
    [['analyze', '/nowhere/access.log'], /\/nowhere\/access\.log cannot be read: there is no such file/],
    [['analyze', import.meta.dirname], /is a folder; name the log files in it/],
    [['analyze', import.meta.filename, '--policy', '/nowhere/p.json'], /p\.json cannot be read: there is no such file/],
  ])('fails with exit code 1 and the reason: %j', async (args, message) => {
    const { code, stderr } = await callCli(args)
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
  })
})

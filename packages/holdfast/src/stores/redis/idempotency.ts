import { storeUnavailable } from '../../core/index.ts'
import type { Clock } from '../../core/index.ts'
import type { Claim, ClaimVerdict, Completion, CompleteVerdict, KeySnapshot, KeyState, Resolution } from '../../idempotency/record.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import { assertBinary, decodeBytes, encodeBytes, encodeMs, toNumber, toText } from './codec.ts'
import type { Encoding } from './codec.ts'
import type { RedisCommand } from './command.ts'
import { examine } from './doctor.ts'
import { createScriptRunner, toStoreError } from './script-runner.ts'
import type { Script } from './scripts.ts'
import { claimScript, completeScript, giveUpScript, heartbeatScript, lookupScript, resolveScript } from './scripts.ts'

/** How many replicas must have a write before it counts, and how long to wait for them. */
export interface WaitReplicas {
  readonly count: number
  readonly timeoutMs: number
}

/** What the idempotency store is made from. */
export interface RedisIdempotencyInit {
  readonly command: RedisCommand
  readonly prefix: string
  readonly encoding: Encoding
  readonly countEveryKey: boolean
  readonly waitReplicas: WaitReplicas | undefined
  readonly clock: Clock
}

/** Makes an idempotency store over a command function. */
export function redisIdempotency({
  command,
  prefix,
  encoding,
  countEveryKey,
  waitReplicas,
  clock,
}: RedisIdempotencyInit): IdempotencyStore {
  const runScript = createScriptRunner(command)
  const recordKey = (id: string) => `${prefix}key:${id}`
  const run = (script: Script, id: string, ...args: (string | Buffer)[]) => runScript(script, [recordKey(id)], args)

  async function claim(claim: Claim): Promise<ClaimVerdict> {
    const { id, scope, fingerprint, owner, leaseMs, retentionMs, onOrphan, unknownRetentionMs, mintedAt, quota } = claim
    const keys = quota === undefined && !countEveryKey ? [recordKey(id)] : [recordKey(id), `${prefix}account:${scope}`]
    const times = [encodeMs(leaseMs), encodeMs(retentionMs), onOrphan, encodeMs(unknownRetentionMs)]
    const reply = (await runScript(claimScript, keys, [
      fingerprint,
      owner,
      ...times,
      String(mintedAt ?? ''),
      String(quota ?? ''),
    ])) as readonly unknown[]
    assertBinary(reply[0], encoding)
    const verdict = toVerdict(reply, encoding)
    if (verdict.kind === 'acquired') await replicated()
    return verdict
  }

  async function complete({ id, owner, answer, retentionMs }: Completion): Promise<CompleteVerdict> {
    const verdict = toText(await run(completeScript, id, owner, encodeBytes(answer, encoding), encodeMs(retentionMs))) as CompleteVerdict
    if (verdict !== 'fenced') await replicated()
    return verdict
  }

  async function giveUp(id: string, owner: string, state: KeyState, keepMs: number): Promise<boolean> {
    return isOne(await run(giveUpScript, id, owner, state, encodeMs(keepMs)))
  }

  async function resolve({ id, owner, answer, retentionMs }: Resolution): Promise<boolean> {
    const settled = answer === undefined ? [] : [encodeBytes(answer, encoding)]
    return isOne(await run(resolveScript, id, owner, encodeMs(retentionMs), ...settled))
  }

  async function lookup(id: string): Promise<KeySnapshot | undefined> {
    const reply = (await run(lookupScript, id)) as readonly unknown[] | null
    return reply === null ? undefined : toSnapshot(reply, encoding)
  }

  /** Rejects unless enough replicas have what this connection wrote: a call must not run under a claim that a failover forgets. */
  async function replicated(): Promise<void> {
    if (waitReplicas === undefined) return
    const { count, timeoutMs } = waitReplicas
    const reply = await command('WAIT', String(count), String(timeoutMs)).catch((error: unknown) => {
      throw toStoreError('WAIT', error)
    })
    const confirmed = toNumber(reply) ?? 0
    if (confirmed < count) throw storeUnavailable(`${confirmed} of ${count} replicas confirmed the write within ${timeoutMs} ms`)
  }

  return {
    name: 'redis',
    guarantees: ['at-most-once', 'at-least-once'],
    durable: true,
    claim,
    complete,
    release: (id, owner, retentionMs) => giveUp(id, owner, 'released', retentionMs),
    abandon: (id, owner, unknownRetentionMs) => giveUp(id, owner, 'unknown', unknownRetentionMs),
    heartbeat: async (id, owner, leaseMs) => isOne(await run(heartbeatScript, id, owner, encodeMs(leaseMs))),
    resolve,
    lookup,
    collect: () => Promise.resolve(0),
    doctor: () => examine(command, waitReplicas?.count ?? 0, clock),
  }
}

function isOne(reply: unknown): boolean {
  return toNumber(reply) === 1
}

function toVerdict([name, count, detail]: readonly unknown[], encoding: Encoding): ClaimVerdict {
  const kind = toText(name) as ClaimVerdict['kind']
  const attempt = toNumber(count) ?? 0
  switch (kind) {
    case 'acquired':
      return { kind, attempt, progress: undefined }
    case 'done':
      return { kind, attempt, answer: decodeBytes(detail, encoding) }
    case 'running':
      return { kind, attempt, leaseLeftMs: toNumber(detail) ?? 0 }
    case 'unknown':
      return { kind, attempt }
    case 'mismatch':
    case 'expired':
    case 'quota':
      return { kind }
  }
}

function toSnapshot([state, attempt, age, expiresIn, leaseLeft, answer]: readonly unknown[], encoding: Encoding): KeySnapshot {
  return {
    state: toText(state) as KeyState,
    attempt: toNumber(attempt) ?? 0,
    ageMs: toNumber(age) ?? 0,
    expiresInMs: toNumber(expiresIn),
    leaseLeftMs: toNumber(leaseLeft),
    answer: answer === null || answer === undefined ? undefined : decodeBytes(answer, encoding),
  }
}

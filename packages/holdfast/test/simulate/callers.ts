import type { Chance } from './chance.ts'
import type { History, Operation } from './history.ts'
import type { Server } from './server.ts'
import type { VirtualTime } from './time.ts'

/** What callers need of the world. */
export interface CallerWorld {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly history: History
  /** The server an attempt reaches; `undefined` when the one chosen is down. */
  route(draw: number): Server | undefined
  onFault(kind: string): void
  onDone(): void
}

const attempts = 12
const timeoutMs = 1_500
const fates = { 'drop request': 0.04, 'drop response': 0.05, 'cut response': 0.02, duplicate: 0.04, reorder: 0.04 } as const
type Fate = keyof typeof fates | 'arrives'

/** Makes the operations of one world: some keys belong to two accounts at once, and some are misused for another payload. */
export function planOperations(count: number, chance: Chance): Operation[] {
  return Array.from({ length: count }, (_, index) => {
    const draw = chance.at('plan', index)
    const account = `account-${index % 3}`
    if (draw < 0.06 && index > 3) return { index, account, key: `key-${index - 3}`, payload: `misuse-${index}` }
    if (draw < 0.12 && index > 0) return { index, account, key: `key-${index - 1}`, payload: `payload-${index - 1}` }
    return { index, account, key: `key-${index}`, payload: `payload-${index}` }
  })
}

/** Runs one caller through one operation: it repeats under the same key until it knows, and sometimes once more to be sure. */
export function startCaller(operation: Operation, { time, chance, history, route, onFault, onDone }: CallerWorld): void {
  let settled = false

  function attempt(index: number): void {
    const name = `${operation.index}.${index}`
    const fate = drawFate(chance.at('fate', name))
    if (fate !== 'arrives') onFault(fate)
    let isOver = false
    const over = (action: () => void): void => {
      if (isOver) return
      isOver = true
      action()
    }
    time.after(timeoutMs, () => over(() => again(index)))
    if (fate === 'drop request') return
    const travelMs = 1 + chance.at('travel', name) * 10 + (fate === 'reorder' ? 200 + chance.at('late', name) * 2_000 : 0)
    const deliver = (copy: string): void => {
      const server = route(chance.at('route', copy))
      if (server === undefined) return over(() => again(index))
      server.receive({ ...operation, name: copy }, (status, body) => {
        history.note(time.now(), `${copy} ${server.process.name} ${status} ${body}`)
        if (fate === 'drop response' || fate === 'cut response') return
        time.after(travelMs, () => {
          if (status < 300) history.answers.push({ operation, status, body })
          over(() => judge(index, status, body))
        })
      })
    }
    time.after(travelMs, () => deliver(name))
    if (fate === 'duplicate') time.after(travelMs + 5 + chance.at('gap', name) * 20, () => deliver(`${name}+`))
  }

  function judge(index: number, status: number, body: string): void {
    const passing =
      status === 503 || status === 429 || (status === 409 && body.includes('in-progress')) || (status === 500 && body.includes('thrown'))
    if (passing) again(index)
    else if (chance.at('again', operation.index, index) < 0.3) again(index)
    else finish()
  }

  function again(index: number): void {
    if (index + 1 >= attempts) return finish()
    time.after(50 + chance.at('backoff', operation.index, index) * 100 * 2 ** Math.min(index, 5), () => attempt(index + 1))
  }

  function finish(): void {
    if (settled) return
    settled = true
    onDone()
  }

  time.after(chance.at('start', operation.index) * 4_000, () => attempt(0))
}

function drawFate(draw: number): Fate {
  let edge = 0
  for (const fate of Object.keys(fates) as (keyof typeof fates)[]) {
    edge += fates[fate]
    if (draw < edge) return fate
  }
  return 'arrives'
}

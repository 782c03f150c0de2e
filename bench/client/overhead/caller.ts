// One client in a process of its own, so that neither its garbage nor what V8 has learnt meets another one
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import { callers } from './callers.ts'

/** How a burst is asked for: `GET 3000`. */
const { origin, caller } = specOf<{ origin: string; caller: keyof typeof callers }>()
const call = callers[caller](origin)
const atOnce = 8

async function burst(method: 'GET' | 'POST', count: number): Promise<{ readonly cpuUs: number }> {
  let left = count
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const found = (await call(method)) as { readonly amount?: unknown }
      if (found.amount !== 1250) throw new Error(`${caller}: expected the transfer, got ${JSON.stringify(found)}`)
    }
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: atOnce }, work))
  const { user, system } = process.cpuUsage(before)
  return { cpuUs: (user + system) / count }
}

answerParent({}, (question) => {
  const [method, count] = question.split(' ')
  return burst(method as 'GET' | 'POST', Number(count))
})

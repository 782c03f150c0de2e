// One account that sends calls and does not care for answers: pipelined, from a process of its own, so that it slows down nobody but the server
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import { callOf } from '../subject.ts'

const { port, account } = specOf<{ readonly port: number; readonly account: string }>()
const call = callOf(account)
const statusLine = 'HTTP/1.1 '
const everyMs = 4
/** Calls that may wait for their answers: beyond it, what is sent only waits in the sockets. */
const mostWaiting = 200
const sockets: Socket[] = await Promise.all(Array.from({ length: 8 }, open))
let waiting = 0
let refused = 0
let perSecond = 0
let owed = 0
let tickedAt = performance.now()

setInterval(() => {
  const now = performance.now()
  owed = Math.min(owed + ((now - tickedAt) * perSecond) / 1_000, mostWaiting)
  tickedAt = now
  const count = Math.min(Math.floor(owed / sockets.length), Math.floor((mostWaiting - waiting) / sockets.length))
  if (count <= 0) return
  for (const socket of sockets) socket.write(call.repeat(count), 'latin1')
  owed -= count * sockets.length
  waiting += count * sockets.length
}, everyMs)

// The question is the rate from now on; the answer, how many were refused so far.
answerParent(null, (rate) => {
  perSecond = Number(rate)
  return refused
})

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.setEncoding('latin1')
    let text = ''
    socket.on('data', (chunk: string) => {
      text += chunk
      let end = 0
      for (let at = text.indexOf(statusLine); at !== -1 && at + statusLine.length + 3 <= text.length; at = text.indexOf(statusLine, end)) {
        end = at + statusLine.length + 3
        waiting -= 1
        if (text.startsWith('429', at + statusLine.length)) refused += 1
      }
      // What is left may be the beginning of the next one.
      text = text.slice(Math.max(end, text.length - statusLine.length - 2))
    })
    socket.once('error', reject)
  })
}

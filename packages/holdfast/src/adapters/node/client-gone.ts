import type { ServerResponse } from 'node:http'
import { isHeld } from './held.ts'

/** A signal that aborts when the connection closes before the response was sent. */
export function clientGone(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  const onClose = (): void => {
    if (!wasSent(res)) controller.abort()
  }
  if (res.closed || res.destroyed) onClose()
  else res.once('close', onClose)
  return controller.signal
}

function wasSent(res: ServerResponse): boolean {
  const { stream } = res as { stream?: { aborted?: boolean } }
  if (stream !== undefined) return stream.aborted === false && res.writableEnded
  return !isHeld(res) && res.writableFinished
}

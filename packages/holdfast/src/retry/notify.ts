/** Tells a hook; whatever it throws or rejects with never changes a call. */
export function notify<Event>(hook: ((event: Event) => unknown) | undefined, event: Event): void {
  if (hook === undefined) return
  try {
    const result = hook(event)
    if (result instanceof Promise) result.catch(() => {})
  } catch {
    // A hook watches; it has no say.
  }
}

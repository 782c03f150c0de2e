import { ObjectEdit } from './object-edit.ts'
import { JsonSyntaxError, deepest, endOfString, endOfValue, failAt, nameOf, skipSpace } from './scanner.ts'

/** One thing that a change does to an object. */
export interface Step {
  /** The place of the change in the chain, for the account of what fired. */
  readonly change: number
  run(object: ObjectEdit): void
}

/** One of several shapes that an object may have. */
export interface Variant {
  matches(object: ObjectEdit): boolean
  readonly node: PlanNode
}

/** Where a plan goes in a document, and what it does there. Nodes may lead back to themselves, as schemas do. */
export interface PlanNode {
  members?: Map<string, PlanNode>
  /** For members that `members` does not name. */
  others?: PlanNode
  items?: PlanNode
  /** An object that may have several shapes is one of each union too: the first that matches. */
  unions?: readonly (readonly Variant[])[] | undefined
  steps?: readonly Step[]
  /** Puts steps of several nodes into one order; there with `unions`. */
  inOrder?: (steps: readonly Step[]) => readonly Step[]
}

/** What is told of a rewriting. */
export interface Trace {
  fired(change: number): void
}

/** A change threw while it was applied. */
export class StepError extends Error {
  readonly change: number

  constructor(change: number, cause: unknown) {
    super('a change threw', { cause })
    this.change = change
  }
}

/**
 * Rewrites the planned parts of a JSON text. Everything else keeps its bytes.
 *
 * @returns the same text when nothing had to be changed
 * @throws JsonSyntaxError when the text is not JSON where the plan goes, or goes deeper than 200
 */
export function rewriteJson(text: string, plan: PlanNode, trace: Trace): string {
  const walker = new Walker(text, trace)
  const start = walker.begin()
  const changed = walker.value(plan, 0)
  const end = walker.end()
  return changed === undefined ? text : text.slice(0, start) + changed + text.slice(end)
}

class Walker {
  readonly #text: string
  readonly #trace: Trace
  #at = 0

  constructor(text: string, trace: Trace) {
    this.#text = text
    this.#trace = trace
  }

  begin(): number {
    // Some servers send a byte order mark, which decoding keeps.
    if (this.#text.charCodeAt(0) === 0xfeff) this.#at = 1
    this.#peek()
    return this.#at
  }

  /** Where the value ended; nothing but white space may follow. */
  end(): number {
    const end = this.#at
    if (!Number.isNaN(this.#peek())) failAt(this.#text, this.#at)
    return end
  }

  /** Passes white space; gives the next character's code, NaN at the end. */
  #peek(): number {
    this.#at = skipSpace(this.#text, this.#at)
    return this.#text.charCodeAt(this.#at)
  }

  /** Passes one character that must be there. */
  #expect(code: number): void {
    if (this.#peek() !== code) failAt(this.#text, this.#at)
    this.#at++
  }

  /** Passes one value; gives what stands in its place, `undefined` when it stays. */
  value(plan: PlanNode, depth: number): string | undefined {
    if (depth > deepest) throw new JsonSyntaxError(`the text is nested deeper than ${deepest}`)
    const kind = this.#peek()
    if (kind === 91 && plan.items !== undefined) return this.#array(plan.items, depth)
    if (kind === 123) {
      if (plan.steps !== undefined || plan.unions?.length) return this.#edited(plan, depth)
      if ((plan.members ?? plan.others) !== undefined) return this.#members(plan, depth)
    }
    this.#at = endOfValue(this.#text, this.#at)
    return undefined
  }

  #array(items: PlanNode, depth: number): string | undefined {
    const patch = new Patch(this.#text, this.#at)
    this.#at++
    if (this.#peek() !== 93) {
      for (;;) {
        this.#peek()
        const from = this.#at
        patch.put(from, this.value(items, depth + 1), this.#at)
        if (this.#peek() === 93) break
        this.#expect(44)
      }
    }
    this.#at++
    return patch.end(this.#at)
  }

  #members(plan: PlanNode, depth: number): string | undefined {
    const patch = new Patch(this.#text, this.#at)
    this.#at++
    if (this.#peek() !== 125) {
      for (;;) {
        if (this.#peek() !== 34) failAt(this.#text, this.#at)
        const start = this.#at
        this.#at = endOfString(this.#text, start)
        const below = plan.members?.get(nameOf(this.#text, start, this.#at)) ?? plan.others
        this.#expect(58)
        this.#peek()
        const from = this.#at
        if (below === undefined) this.#at = endOfValue(this.#text, from)
        else patch.put(from, this.value(below, depth + 1), this.#at)
        if (this.#peek() === 125) break
        this.#expect(44)
      }
    }
    this.#at++
    return patch.end(this.#at)
  }

  #edited(plan: PlanNode, depth: number): string | undefined {
    const { edit, end } = ObjectEdit.parse(this.#text, this.#at)
    const { unions, inOrder } = plan
    if (!unions?.length) {
      this.#below(plan, edit, depth)
      this.#run(plan.steps ?? [], edit)
    } else {
      const nodes = chosen(plan, edit)
      for (const node of nodes) this.#below(node, edit, depth)
      const steps = nodes.flatMap((node) => node.steps ?? [])
      this.#run(inOrder?.(steps) ?? steps, edit)
    }
    this.#at = end
    return edit.print()
  }

  /** What lies inside comes first: the plan's paths are those of the text as it came. */
  #below(plan: PlanNode, edit: ObjectEdit, depth: number): void {
    const names = plan.others === undefined ? (plan.members?.keys() ?? []) : new Set(edit.names())
    for (const name of names) {
      const below = plan.members?.get(name) ?? plan.others
      if (below === undefined) continue
      for (const span of edit.spans(name)) {
        this.#at = span.start
        const changed = this.value(below, depth + 1)
        if (changed !== undefined) span.replace(changed)
      }
    }
  }

  #run(steps: readonly Step[], edit: ObjectEdit): void {
    let before = edit.changes
    for (const step of steps) {
      try {
        step.run(edit)
      } catch (error) {
        throw error instanceof JsonSyntaxError ? error : new StepError(step.change, error)
      }
      const after = edit.changes
      if (after !== before) this.#trace.fired(step.change)
      before = after
    }
  }
}

/** A node, and those of what the object is besides. */
function chosen(plan: PlanNode, edit: ObjectEdit): PlanNode[] {
  const found = (plan.unions ?? []).flatMap((variants) => variants.find((variant) => variant.matches(edit)) ?? [])
  return [plan, ...found.flatMap(({ node }) => chosen(node, edit))]
}

/** Collects what changes in a container; the text between is copied once. */
class Patch {
  readonly #text: string
  readonly #start: number
  #copied: number
  #out = ''

  constructor(text: string, start: number) {
    this.#text = text
    this.#start = start
    this.#copied = start
  }

  /** @param to where the value ended that began at `from` */
  put(from: number, changed: string | undefined, to: number): void {
    if (changed === undefined) return
    this.#out += this.#text.slice(this.#copied, from) + changed
    this.#copied = to
  }

  end(at: number): string | undefined {
    return this.#copied === this.#start ? undefined : this.#out + this.#text.slice(this.#copied, at)
  }
}

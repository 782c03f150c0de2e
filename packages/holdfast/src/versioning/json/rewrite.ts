import { ObjectEdit } from './object-edit.ts'
import { JsonScanner, JsonSyntaxError, deepest, nameOf } from './scanner.ts'

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
  members?: ReadonlyMap<string, PlanNode>
  /** For members that `members` does not name. */
  others?: PlanNode
  items?: PlanNode
  /** The node of an object that may have several shapes is that of the first one that matches. */
  variants?: readonly Variant[]
  steps?: readonly Step[]
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
  readonly #scanner: JsonScanner
  readonly #text: string
  readonly #trace: Trace

  constructor(text: string, trace: Trace) {
    this.#scanner = new JsonScanner(text)
    this.#text = text
    this.#trace = trace
  }

  begin(): number {
    // Some servers send a byte order mark, which decoding keeps.
    if (this.#text.charCodeAt(0) === 0xfeff) this.#scanner.at = 1
    this.#scanner.peek()
    return this.#scanner.at
  }

  /** Where the value ended; nothing but white space may follow. */
  end(): number {
    const end = this.#scanner.at
    if (!Number.isNaN(this.#scanner.peek())) this.#scanner.fail()
    return end
  }

  /** Passes one value; gives what stands in its place, `undefined` when it stays. */
  value(plan: PlanNode, depth: number): string | undefined {
    if (depth > deepest) throw new JsonSyntaxError(`the text is nested deeper than ${deepest}`)
    const kind = this.#scanner.peek()
    if (kind === 91 && plan.items !== undefined) return this.#array(plan.items, depth)
    if (kind === 123) {
      if (plan.steps !== undefined || plan.variants !== undefined) return this.#edited(plan, depth)
      if (plan.members !== undefined || plan.others !== undefined) return this.#members(plan, depth)
    }
    this.#scanner.skipValue()
    return undefined
  }

  #array(items: PlanNode, depth: number): string | undefined {
    const scanner = this.#scanner
    const start = scanner.at
    const patch = new Patch(this.#text, start)
    scanner.at++
    if (scanner.peek() !== 93) {
      for (;;) {
        scanner.peek()
        const from = scanner.at
        patch.put(from, this.value(items, depth + 1), scanner)
        if (scanner.peek() === 93) break
        scanner.expect(44)
      }
    }
    scanner.at++
    return patch.end(scanner.at)
  }

  #members({ members, others }: PlanNode, depth: number): string | undefined {
    const scanner = this.#scanner
    const patch = new Patch(this.#text, scanner.at)
    scanner.at++
    if (scanner.peek() !== 125) {
      for (;;) {
        if (scanner.peek() !== 34) scanner.fail()
        const start = scanner.at
        scanner.at = scanner.endOfString(start)
        const below = members?.get(nameOf(this.#text, start, scanner.at)) ?? others
        scanner.expect(58)
        scanner.peek()
        const from = scanner.at
        if (below === undefined) scanner.skipValue()
        else patch.put(from, this.value(below, depth + 1), scanner)
        if (scanner.peek() === 125) break
        scanner.expect(44)
      }
    }
    scanner.at++
    return patch.end(scanner.at)
  }

  #edited(plan: PlanNode, depth: number): string | undefined {
    const scanner = this.#scanner
    const { edit, end } = ObjectEdit.parse(this.#text, scanner.at)
    const node = chosen(plan, edit)
    if (node !== undefined) {
      this.#below(node, edit, depth)
      this.#run(node.steps ?? [], edit)
    }
    scanner.at = end
    return edit.print()
  }

  /** What lies inside comes first: the plan's paths are those of the text as it came. */
  #below({ members, others }: PlanNode, edit: ObjectEdit, depth: number): void {
    if (members === undefined && others === undefined) return
    const names = others === undefined ? (members as ReadonlyMap<string, PlanNode>).keys() : new Set(edit.names())
    for (const name of names) {
      const below = members?.get(name) ?? others
      if (below === undefined) continue
      for (const span of edit.spans(name)) {
        this.#scanner.at = span.start
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

function chosen(plan: PlanNode, edit: ObjectEdit): PlanNode | undefined {
  let node: PlanNode | undefined = plan
  while (node?.variants !== undefined) node = node.variants.find((variant) => variant.matches(edit))?.node
  return node
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

  put(from: number, changed: string | undefined, { at }: JsonScanner): void {
    if (changed === undefined) return
    this.#out += this.#text.slice(this.#copied, from) + changed
    this.#copied = at
  }

  end(at: number): string | undefined {
    return this.#copied === this.#start ? undefined : this.#out + this.#text.slice(this.#copied, at)
  }
}

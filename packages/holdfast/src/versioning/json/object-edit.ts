import { JsonScanner, decodeName } from './scanner.ts'

/** One member of an object: spans of the text it came from, and what was put over them. */
interface Member {
  name: string
  /** After the brace or comma before it; -1 for a member that was added. */
  start: number
  nameStart: number
  nameEnd: number
  valueStart: number
  valueEnd: number
  /** Before the comma or brace after it. */
  end: number
  isRenamed: boolean
  /** What stands in place of the value. */
  text: string | undefined
  /** The value opened as an object. */
  child: ObjectEdit | undefined
}

/**
 * An object of a JSON text being changed member by member. What is not touched keeps its bytes: spelling, spacing, number literals, order
 * and repeated names. An operation on a name that is repeated applies to each of them.
 */
export class ObjectEdit {
  readonly #text: string
  readonly #start: number
  readonly #members: Member[] = []
  /** Counts changes, those inside opened members included. */
  readonly #counter: { value: number }
  #isTouched = false
  #end = 0

  private constructor(text: string, start: number, counter: { value: number }) {
    this.#text = text
    this.#start = start
    this.#counter = counter
  }

  /**
   * Reads the members of the object that begins at `start`; not what is inside them.
   *
   * @throws JsonSyntaxError
   */
  static parse(text: string, start = 0, counter: { value: number } = { value: 0 }): { readonly edit: ObjectEdit; readonly end: number } {
    const edit = new ObjectEdit(text, start, counter)
    const scanner = new JsonScanner(text, start)
    scanner.expect(123)
    let lead = scanner.at
    if (scanner.peek() !== 125) {
      for (;;) {
        if (scanner.peek() !== 34) scanner.fail()
        const nameStart = scanner.at
        const nameEnd = scanner.endOfString(nameStart)
        scanner.at = nameEnd
        scanner.expect(58)
        scanner.peek()
        const valueStart = scanner.at
        scanner.skipValue()
        const valueEnd = scanner.at
        const after = scanner.peek()
        const name = decodeName(text.slice(nameStart, nameEnd))
        edit.#members.push({
          name,
          start: lead,
          nameStart,
          nameEnd,
          valueStart,
          valueEnd,
          end: scanner.at,
          isRenamed: false,
          text: undefined,
          child: undefined,
        })
        if (after === 125) break
        scanner.expect(44)
        lead = scanner.at
      }
    }
    scanner.at++
    edit.#end = scanner.at
    return { edit, end: scanner.at }
  }

  names(): string[] {
    return this.#members.map(({ name }) => name)
  }

  has(name: string): boolean {
    return this.#members.some((member) => member.name === name)
  }

  /** The text of a member's value; of the last of that name, as parsers read it. */
  text(name: string): string | undefined {
    const member = this.#members.findLast((one) => one.name === name)
    return member && this.#valueOf(member)
  }

  /** Where the untouched values of a name lie in the text. */
  *spans(name: string): IterableIterator<{ readonly start: number; replace(text: string): void }> {
    for (const member of this.#members) {
      if (member.name === name && member.text === undefined && member.start >= 0)
        yield {
          start: member.valueStart,
          replace: (text) => {
            member.text = text
            this.#touch()
          },
        }
    }
  }

  rename(from: string, to: string): void {
    if (from === to) return
    for (const member of this.#members) {
      if (member.name !== from) continue
      member.name = to
      member.isRenamed = true
      this.#touch()
    }
  }

  remove(name: string): void {
    const before = this.#members.length
    for (let index = before - 1; index >= 0; index--) if (this.#members[index]?.name === name) this.#members.splice(index, 1)
    if (this.#members.length !== before) this.#touch()
  }

  /** Gives a member another value; adds it at the end when there is none. */
  set(name: string, text: string): void {
    if (this.replace(name, () => text)) return
    this.#members.push(added(name, text))
    this.#touch()
  }

  /** Puts each value of a name through a function of its text. @returns whether there was one */
  replace(name: string, change: (text: string) => string): boolean {
    let found = false
    for (const member of this.#members) {
      if (member.name !== name) continue
      found = true
      const before = this.#valueOf(member)
      const after = change(before)
      if (after === before) continue
      member.text = after
      member.child = undefined
      this.#touch()
    }
    return found
  }

  /** A member that is an object, opened for changes; `undefined` when it is none. */
  child(name: string): ObjectEdit | undefined {
    const member = this.#members.findLast((one) => one.name === name)
    if (member === undefined) return undefined
    if (member.child === undefined) {
      const text = member.text ?? this.#text
      const start = member.text === undefined ? member.valueStart : 0
      if (text.charCodeAt(start) !== 123) return undefined
      member.child = ObjectEdit.parse(text, start, this.#counter).edit
    }
    return member.child
  }

  /** As `child`; an empty object is added when there is nothing of that name. `undefined` when there is something else. */
  childOrNew(name: string): ObjectEdit | undefined {
    if (!this.has(name)) this.set(name, '{}')
    return this.child(name)
  }

  /** How many changes had an effect, those inside opened members included. */
  get changes(): number {
    return this.#counter.value
  }

  /** The object's text as it was. */
  get source(): string {
    return this.#text.slice(this.#start, this.#end)
  }

  /** The object's text; `undefined` when nothing was changed. */
  print(): string | undefined {
    if (!this.#isChanged()) return undefined
    if (this.#members.length === 0) return '{}'
    const sample = this.#members.find(({ start }) => start >= 0)
    const lead = sample === undefined ? '' : this.#text.slice(sample.start, sample.nameStart)
    const colon = sample === undefined ? ':' : this.#text.slice(sample.nameEnd, sample.valueStart)
    const tail = sample === undefined ? '' : this.#tail()
    const parts = this.#members.map((member, index) => {
      const trail = index === this.#members.length - 1 ? tail : this.#trailOf(member)
      return this.#print(member, lead, colon) + trail
    })
    return `{${parts.join(',')}}`
  }

  #touch(): void {
    this.#isTouched = true
    this.#counter.value++
  }

  #isChanged(): boolean {
    return this.#isTouched || this.#members.some(({ child }) => child !== undefined && child.#isChanged())
  }

  #print(member: Member, lead: string, colon: string): string {
    if (member.start < 0) return `${lead}${JSON.stringify(member.name)}${colon}${this.#valueOf(member)}`
    const head = member.isRenamed
      ? this.#text.slice(member.start, member.nameStart) + JSON.stringify(member.name) + this.#text.slice(member.nameEnd, member.valueStart)
      : this.#text.slice(member.start, member.valueStart)
    return head + this.#valueOf(member)
  }

  /** The white space before the closing brace, which stays there whichever member is last. */
  #tail(): string {
    let from = this.#end - 1
    while (from > this.#start + 1 && this.#text.charCodeAt(from - 1) <= 32) from--
    return this.#text.slice(from, this.#end - 1)
  }

  #trailOf({ start, valueEnd, end }: Member): string {
    return start < 0 || end === this.#end - 1 ? '' : this.#text.slice(valueEnd, end)
  }

  #valueOf(member: Member): string {
    return member.child?.print() ?? member.text ?? this.#text.slice(member.valueStart, member.valueEnd)
  }
}

function added(name: string, text: string): Member {
  return {
    name,
    start: -1,
    nameStart: 0,
    nameEnd: 0,
    valueStart: 0,
    valueEnd: 0,
    end: 0,
    isRenamed: false,
    text,
    child: undefined,
  }
}

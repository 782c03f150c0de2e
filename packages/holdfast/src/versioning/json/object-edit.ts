import { nameOf, endOfString, endOfValue, failAt, skipSpace } from './scanner.ts'

/** One member of an object: spans of the text it came from, and what was put over them. */
interface Member {
  name: string
  /** After the brace or comma before it; -1 for a member that was added. */
  readonly start: number
  readonly nameStart: number
  readonly nameEnd: number
  readonly valueStart: number
  readonly valueEnd: number
  /** Before the comma or brace after it. */
  readonly end: number
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
   * Reads the members of the object that begins at `start`; not what is inside them, unless `pass` does, which finds where a value ends.
   *
   * @throws JsonSyntaxError
   */
  static parse(
    text: string,
    start = 0,
    counter: { value: number } = { value: 0 },
    pass: (name: string, at: number) => number = (_name, at) => endOfValue(text, at),
  ): { readonly edit: ObjectEdit; readonly end: number } {
    const edit = new ObjectEdit(text, start, counter)
    const members = edit.#members
    if (text.charCodeAt(start) !== 123) failAt(text, start)
    let lead = start + 1
    let at = skipSpace(text, lead)
    if (text.charCodeAt(at) !== 125) {
      for (;;) {
        const nameStart = skipSpace(text, at)
        if (text.charCodeAt(nameStart) !== 34) failAt(text, nameStart)
        const nameEnd = endOfString(text, nameStart)
        at = skipSpace(text, nameEnd)
        if (text.charCodeAt(at) !== 58) failAt(text, at)
        const valueStart = skipSpace(text, at + 1)
        const name = nameOf(text, nameStart, nameEnd)
        const valueEnd = pass(name, valueStart)
        at = skipSpace(text, valueEnd)
        members.push(memberAt(name, lead, nameStart, nameEnd, valueStart, valueEnd, at))
        const after = text.charCodeAt(at)
        if (after === 125) break
        if (after !== 44) failAt(text, at)
        at++
        lead = at
      }
    }
    edit.#end = at + 1
    return { edit, end: at + 1 }
  }

  names(): string[] {
    return this.#members.map(({ name }) => name)
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  /** The text of a member's value; of the last of that name, as parsers read it. */
  text(name: string): string | undefined {
    const member = this.#find(name)
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
    this.#members.push(memberAt(name, -1, 0, 0, 0, 0, 0, text))
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
    const member = this.#find(name)
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
    const text = this.#text
    const members = this.#members
    const last = members.length - 1
    if (last < 0) return '{}'
    let out = ''
    // What lies between two changes is copied in one piece: `from` is where the piece begins, `upto` where it ends if it ends here.
    let from = this.#start
    let upto = from + 1
    let next = upto
    for (let index = 0; index <= last; index++) {
      const member = members[index] as Member
      if (member.start !== next) {
        out += text.slice(from, upto)
        if (index > 0) out += ','
        from = member.start
      }
      if (member.start < 0) {
        out += this.#printAdded(member)
        from = upto = next = 0
        continue
      }
      if (member.isRenamed) {
        out += text.slice(from, member.nameStart) + quoted(member.name)
        from = member.nameEnd
      }
      if (member.text !== undefined || member.child !== undefined) {
        out += text.slice(from, member.valueStart) + this.#valueOf(member)
        from = member.valueEnd
      }
      upto = index === last || member.end === this.#end - 1 ? member.valueEnd : member.end
      next = member.end + 1
    }
    return next === this.#end ? out + text.slice(from, next) : `${out}${text.slice(from, upto)}${this.#tail()}}`
  }

  /** The last of a name, as parsers read it. */
  #find(name: string): Member | undefined {
    for (let index = this.#members.length - 1; index >= 0; index--) {
      const member = this.#members[index] as Member
      if (member.name === name) return member
    }
    return undefined
  }

  #touch(): void {
    this.#isTouched = true
    this.#counter.value++
  }

  #isChanged(): boolean {
    if (this.#isTouched) return true
    for (const { child } of this.#members) if (child !== undefined && child.#isChanged()) return true
    return false
  }

  /** In the style of the other members. */
  #printAdded(member: Member): string {
    const sample = this.#sample()
    const lead = sample === undefined ? '' : this.#text.slice(sample.start, sample.nameStart)
    const colon = sample === undefined ? ':' : this.#text.slice(sample.nameEnd, sample.valueStart)
    return `${lead}${quoted(member.name)}${colon}${this.#valueOf(member)}`
  }

  /** A member that came with the text. */
  #sample(): Member | undefined {
    for (const member of this.#members) if (member.start >= 0) return member
    return undefined
  }

  /** The white space before the closing brace, which stays there whichever member is last. */
  #tail(): string {
    if (this.#sample() === undefined) return ''
    let from = this.#end - 1
    while (from > this.#start + 1 && this.#text.charCodeAt(from - 1) <= 32) from--
    return this.#text.slice(from, this.#end - 1)
  }

  #valueOf(member: Member): string {
    return member.child?.print() ?? member.text ?? this.#text.slice(member.valueStart, member.valueEnd)
  }
}

function memberAt(
  name: string,
  start: number,
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
  end: number,
  text?: string,
): Member {
  return { name, start, nameStart, nameEnd, valueStart, valueEnd, end, isRenamed: false, text, child: undefined }
}

/** Names that changes give are few, and written for every object. */
const names = new Map<string, string>()

function quoted(name: string): string {
  const before = names.get(name)
  if (before !== undefined) return before
  const token = JSON.stringify(name)
  if (names.size < 1_000 && name.length < 100) names.set(name, token)
  return token
}

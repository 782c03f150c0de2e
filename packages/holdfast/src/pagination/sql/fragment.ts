/** One piece of a statement: text as it is, a value to bind, or the caller's own query. */
export type Part = string | { readonly value: string | number } | { readonly base: true }

/** A statement in pieces, before it is known how values are bound. */
export type Fragment = readonly Part[]

/** How values stand in a statement: numbered from 1 on, or in the order they come. */
export type Placeholder = '$n' | '?n' | '?'

/** A statement and its values, ready for a driver. */
export interface Statement<Value = unknown> {
  readonly text: string
  readonly values: readonly Value[]
}

/** Puts fragments one after the other with a text between them. */
export function joined(fragments: readonly Fragment[], between: string): Fragment {
  return fragments.flatMap((fragment, index) => (index === 0 ? fragment : [between, ...fragment]))
}

/**
 * Writes a fragment round the caller's query. Numbered values of ours go on where the query's end; with `?` its values are
 * repeated wherever it stands.
 */
export function render<Value>(fragment: Fragment, base: Statement<Value>, placeholder: Placeholder): Statement<Value | string | number> {
  const values: (Value | string | number)[] = placeholder === '?' ? [] : [...base.values]
  let text = ''
  for (const part of fragment) {
    if (typeof part === 'string') text += part
    else if ('base' in part) {
      text += base.text
      if (placeholder === '?') values.push(...base.values)
    } else {
      values.push(part.value)
      text += placeholder === '?' ? '?' : `${placeholder[0]}${values.length}`
    }
  }
  return { text, values }
}

/** A fragment as a tagged template: texts, and between them what is bound. */
export function toTemplate(fragment: Fragment, query: unknown): { strings: TemplateStringsArray; values: unknown[] } {
  const texts = ['']
  const values: unknown[] = []
  for (const part of fragment) {
    if (typeof part === 'string') texts[texts.length - 1] += part
    else {
      values.push('base' in part ? query : part.value)
      texts.push('')
    }
  }
  return { strings: Object.assign(texts, { raw: texts }), values }
}

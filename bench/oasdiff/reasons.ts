/** What a pair of documents came to on both sides. */
interface Outcome {
  readonly name: string
  readonly theirs: string
  readonly ids: readonly string[]
  readonly ours: string
}

/** Why both differ, by what oasdiff's rules are called. The first that fits counts. */
const reasons: readonly (readonly [(outcome: Outcome) => boolean, string])[] = [
  [
    ({ ours }) => ours === 'not readable',
    'the sample is a document of OpenAPI with parts that ours never have (no components, members that are null), and is not read',
  ],
  [({ ids }) => has(ids, /^webhook/), 'webhooks are no part of our documents'],
  [({ ids }) => has(ids, /media-type-schema/), 'an answer or request without a schema is one that may be anything; ours always have one'],
  [
    ({ name }) =>
      /^(request_parameter_(min_increased|became_enum|default_value_changed_base_renamed)|request-parameter-op-no-enum|pattern-parameter-base)/.test(
        name,
      ),
    'a parameter of the path: every one of ours is any text, so there is nothing to compare',
  ],
  [({ ids }) => has(ids, /x-extensible-enum/), 'x-extensible-enum is an extension that ours do not have'],
  [
    ({ ids, ours }) => ours !== 'warning' && has(ids, /^new-(optional|required)-request-default-parameter/),
    'a parameter of all operations of a path: ours stand at each operation',
  ],
  [
    ({ ids, ours }) =>
      ours === 'warning' &&
      has(
        ids,
        /(all-of|contains|content-(encoding|media-type|schema)|dependent|-(if|then|else)-|not-|pattern-propert|prefix-items|property-names|unevaluated|min-length|min-increased|new-required-request-property|property-removed)/,
      ),
    'what the keyword means is not worked out: that it changed is a warning, oasdiff knows what it forbids',
  ],
  [({ name }) => name === 'webhook_operation_base', 'webhooks are no part of our documents'],
  [
    ({ name, theirs }) => name === 'base' && theirs === 'nothing',
    'its tests look at other rules alone: the second document has fewer operations, which is an error for both',
  ],
  [
    ({ name }) => /^(request|response)_property_discriminator_added/.test(name),
    'its test looks at the discriminator alone; members of the answer or request are gone, too',
  ],
  [
    ({ name }) => name === 'request_body_default_value_changed_base',
    'its test looks at one rule alone: a media type is gone, too. Leaving a member out means something else now, which is an error for us',
  ],
  [
    ({ name }) => name === 'response_property_one_of_removed_base',
    'its test looks at one rule alone: an enum was widened by what is left, too',
  ],
  [
    ({ name }) => name.startsWith('request_property_pattern_added_or_changed') || name === 'pattern-base',
    'its tests call an empty pattern, or one that takes more, none; whether a pattern takes more is not worked out, and any change of one is a warning',
  ],
  [
    ({ name }) => /^request_param(eter_property_type_changed_base_num|_multitype_to_array)/.test(name),
    'in a query all is text, so it lets a number become a text or a list; a generated client that sends another type may not',
  ],
  [({ name }) => name.includes('xml_type_compatible'), 'in XML all is text, so it lets an object become one; ours are JSON'],
  [
    ({ name }) => name === 'request_property_any_of_ref_inline_enum_base',
    'the same values, written in place before and by name now: nothing changed for callers',
  ],
  [({ name }) => name === 'response_optional_property_removed_base', 'a caller that shows the member when it is there shows it no more'],
  [({ name }) => name === 'response_property_any_of_added_base', 'callers meet a form they do not know'],
  [
    ({ name }) => name === 'response_property_const_changed_base',
    'a constant is an enum of one value for us: callers meet a value they may not expect',
  ],
]

const has = (ids: readonly string[], pattern: RegExp): boolean => ids.some((id) => pattern.test(id))

/** Why our verdict is another, if that is known. */
export const reasonFor = (outcome: Outcome): string | undefined => reasons.find(([fits]) => fits(outcome))?.[1]

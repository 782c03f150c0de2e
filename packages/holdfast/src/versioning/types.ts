/** A name of a member as a pointer leads to it: `/name`. */
type Name<Pointer> = Pointer extends `/${infer First}/${string}` ? First : Pointer extends `/${infer Only}` ? Only : never

/** Whether a pointer leads to a member of the object itself, which is as far as types are followed. */
type IsFlat<Pointer> = Pointer extends `/${string}/${string}` ? false : true

type Replace<T, Gone extends PropertyKey, Come> = Flat<Omit<T, Gone> & Come>
type Flat<T> = { [Member in keyof T]: T[Member] }

type Get<T, Key> = Key extends keyof T ? T[Key] : unknown
type Part<Container, Key> = Key extends 0 ? (Container extends readonly (infer Item)[] ? Item : unknown) : Get<Container, Key>

/** What an operation makes of a type of its version: the type of the version before. Where types cannot follow, a member is `unknown`. */
type Undo<T, Op> = Op extends { readonly edit?: infer Edit }
  ? NonNullable<Edit> extends { readonly move: readonly [infer From, infer To] }
    ? IsFlat<To> extends true
      ? Replace<T, Name<To>, IsFlat<From> extends true ? { [Key in Name<From>]: Get<T, Name<To>> } : unknown>
      : Flat<T & { [Key in Name<From>]?: unknown }>
    : NonNullable<Edit> extends { readonly wrap: readonly [infer From, infer To, infer Key] }
      ? Replace<T, Name<To>, { [Member in Name<From>]: Part<Get<T, Name<To>>, Key> }>
      : NonNullable<Edit> extends { readonly unwrap: readonly [infer From, infer To, infer Key] }
        ? Replace<
            T,
            Name<To>,
            { [Member in Name<From>]: Key extends string ? { [Inner in Key]: Get<T, Name<To>> } : readonly Get<T, Name<To>>[] }
          >
        : NonNullable<Edit> extends { readonly regroup: readonly [infer From, infer To] }
          ? Replace<T, Names<To> | Names<From>, { [Member in Names<From>]: unknown }>
          : NonNullable<Edit> extends { readonly convert: infer At }
            ? Replace<T, Name<At>, { [Member in Name<At>]: unknown }>
            : NonNullable<Edit> extends { readonly default: infer At }
              ? Replace<T, Name<At>, { [Member in Name<At>]?: Get<T, Name<At>> }>
              : NonNullable<Edit> extends { readonly removed: infer At }
                ? Replace<T, Name<At>, { [Member in Name<At>]: unknown }>
                : NonNullable<Edit> extends { readonly hidden: infer At }
                  ? Flat<Omit<T, Name<At>>>
                  : T
  : T

type Names<Pointers> = Pointers extends readonly string[] ? Name<Pointers[number]> : never

/** The type of a resource in the version before a change, worked out from its operations, the last one first. */
export type Before<T, Operations> = Operations extends readonly [...infer Rest, infer Last] ? Before<Undo<T, Last>, Rest> : T

/** The members that an operation is about in its own version. */
type After<Op> = Op extends { readonly edit?: infer Edit }
  ? NonNullable<Edit> extends { readonly move: readonly [unknown, infer To] }
    ? Name<To>
    : NonNullable<Edit> extends { readonly wrap: readonly [unknown, infer To, unknown] }
      ? Name<To>
      : NonNullable<Edit> extends { readonly unwrap: readonly [unknown, infer To, unknown] }
        ? Name<To>
        : NonNullable<Edit> extends { readonly convert: infer At }
          ? Name<At>
          : NonNullable<Edit> extends { readonly default: infer At }
            ? Name<At>
            : NonNullable<Edit> extends { readonly hidden: infer At }
              ? Name<At>
              : never
  : never

type AnyMember<T> = T extends unknown ? keyof T : never

/**
 * Operations that fit a type: one about a member that the type has not is an error where it is written. Members that an earlier
 * operation of the same change makes are fine, which is why all of the types in between count.
 */
export type Fitting<T, Operations extends readonly unknown[]> = {
  [Index in keyof Operations]: string extends AnyMember<T>
    ? Operations[Index]
    : After<Operations[Index]> extends AnyMember<T> | Made<Operations>
      ? Operations[Index]
      : { readonly error: 'this resource has no such member in this version'; readonly member: After<Operations[Index]> }
}

type Made<Operations extends readonly unknown[]> = Operations[number] extends infer Op
  ? Op extends { readonly edit?: infer Edit }
    ? NonNullable<Edit> extends { readonly move: readonly [infer From, unknown] }
      ? Name<From>
      : NonNullable<Edit> extends { readonly wrap: readonly [infer From, unknown, unknown] }
        ? Name<From>
        : NonNullable<Edit> extends { readonly unwrap: readonly [infer From, unknown, unknown] }
          ? Name<From>
          : NonNullable<Edit> extends { readonly regroup: readonly [infer From, unknown] }
            ? Names<From>
            : never
    : never
  : never

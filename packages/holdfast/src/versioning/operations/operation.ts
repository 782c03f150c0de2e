import type { ObjectEdit } from '../json/object-edit.ts'
import type { Path } from '../schema/path.ts'
import type { Resolve, Schema } from '../schema/schema.ts'

/**
 * One declared difference between a version and the one before it. Everything else follows from it: both directions, the schema of the
 * version before, and where a pointer of one version leads in the other.
 */
export interface Operation {
  /** In words, for the changelog: `/name is /display_name`. */
  readonly describe: string
  /** Brings an object of the version before to this version. */
  up(object: ObjectEdit): void
  /** Brings an object of this version to the version before. */
  down(object: ObjectEdit): void
  /** Whether a shape of this version has what the operation is about. A shape that has not is left alone. */
  appliesTo(after: Schema, resolve: Resolve): boolean
  /** The schema of the version before, from the schema of this version. */
  before(after: Schema, resolve: Resolve): Schema
  /** Where members of the version before are in this version. */
  readonly pointers: readonly (readonly [before: Path, after: Path])[]
  /** How many names of its pointers must be in the shape itself; what is deeper may be in another one. @default all */
  readonly ownDepth?: number
  /** Whether what is below a pointer of one version means nothing in the other. */
  readonly isOpaque?: boolean
  /** Members of the version before that do not come back as they were when they are brought up and down again. */
  readonly unkept?: readonly Path[]
  /** Members of this version that the version before cannot express, or not in full. */
  readonly lossy?: readonly Path[]
  /** Carries what the types of a chain are worked out from; never present at run time. */
  readonly edit?: unknown
}

/** The object that holds the last member of a path, for reading and for removing. */
export function holderOf(object: ObjectEdit, path: Path): ObjectEdit | undefined {
  let holder: ObjectEdit | undefined = object
  for (let index = 0; index < path.length - 1; index++) holder = holder?.child(path[index] as string)
  return holder
}

/** As `holderOf`, for putting something there: objects on the way are made. */
export function holderFor(object: ObjectEdit, path: Path): ObjectEdit | undefined {
  let holder: ObjectEdit | undefined = object
  for (let index = 0; index < path.length - 1; index++) holder = holder?.childOrNew(path[index] as string)
  return holder
}

/** The last name of a path. */
export function lastOf(path: Path): string {
  return path[path.length - 1] as string
}

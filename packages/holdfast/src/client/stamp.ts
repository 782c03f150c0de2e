/** A value that belongs to an object and cannot be seen from outside. */
export interface Stamp<T> {
  read(object: object): T | undefined
  write(object: object, value: T): void
}

/** A constructor that gives back what it was given lets a class below it put its private fields on any object. */
class Given {
  constructor(object: object) {
    return object
  }
}

/**
 * Makes what a `WeakMap` would do, with a private field: every entry of a `WeakMap` costs the garbage collector more than the rest of a call
 * does, as long as both live.
 */
export function createStamp<T>(): Stamp<T> {
  class Stamped extends Given {
    #value: T

    constructor(object: object, value: T) {
      super(object)
      this.#value = value
    }

    static read(object: object): T | undefined {
      return #value in object ? object.#value : undefined
    }

    static write(object: object, value: T): void {
      if (#value in object) object.#value = value
      else if (Object.isExtensible(object)) new Stamped(object, value)
    }
  }
  return Stamped
}

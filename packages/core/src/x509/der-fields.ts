import type { DerElement } from './der.js'
import { hexByte, refuse } from './failure.js'

/** The same element under another name in errors. */
const named = (element: DerElement, path: string): DerElement => ({ ...element, path })

/** Takes the members of a constructed element one after the other; what is not taken is refused by `end`. */
export class DerFields {
  readonly #members: readonly DerElement[]
  readonly #path: string
  #next = 0

  private constructor(members: readonly DerElement[], path: string) {
    this.#members = members
    this.#path = path
  }

  /**
   * The members of an element with this identifier octet.
   * @throws CERTIFICATE_INVALID when it is another one
   */
  static of(element: DerElement, tag: number): DerFields {
    expectTag(element, tag)
    return new DerFields(element.members, element.path)
  }

  /** The next member, whatever it is. */
  any(name: string): DerElement {
    const member = this.#members[this.#next]
    const path = `${this.#path}.${name}`
    if (member === undefined) refuse(path, 'an element', 'none')
    this.#next++
    return named(member, path)
  }

  /** The next member, which must have this identifier octet. */
  take(tag: number, name: string): DerElement {
    return expectTag(this.any(name), tag)
  }

  /** The next member if it has this identifier octet. */
  optional(tag: number, name: string): DerElement | undefined {
    return this.#members[this.#next]?.tag === tag ? this.any(name) : undefined
  }

  /** All members that are left, each of this identifier octet. */
  rest(tag: number): DerElement[] {
    const left: DerElement[] = []
    while (this.#next < this.#members.length) left.push(this.take(tag, `[${left.length}]`))
    return left
  }

  /** Refuses members that were not taken. */
  end(): void {
    const extra = this.#members[this.#next]
    if (extra !== undefined) refuse(this.#path, 'no further elements', `identifier ${hexByte(extra.tag)}`)
  }
}

/** Refuses an element that has another identifier octet. */
export function expectTag(element: DerElement, tag: number): DerElement {
  if (element.tag !== tag) refuse(element.path, `identifier ${hexByte(tag)}`, hexByte(element.tag))
  return element
}

/** The single member of an EXPLICIT tag. */
export function unwrapExplicit(element: DerElement, tag: number): DerElement {
  const [member, ...more] = element.members
  if (member === undefined || more.length > 0) refuse(element.path, 'one element', `${more.length}`)
  return expectTag(named(member, element.path), tag)
}

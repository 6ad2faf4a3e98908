import type { ImageDatabaseLimits } from './image-limits.js'
import { invalidFrom, invalidImage } from './invalid.js'

/** An element of an XML document that was asked for, with those of its children that were. */
export interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** Its own text, without that of its children and without white space around it. */
  readonly text: string
  /** File, line and column, for errors. */
  readonly place: string
}

/** Longest text and attribute that is kept, in characters: names, versions and digests. */
const maxText = 1024

/**
 * Reads the wanted elements of an XML document: UTF-8, well-formed, no document type and so no entities of its own.
 * What is not wanted is passed over, but must be well-formed and within the limits too.
 * @param bytes at most as many as the limits say, which whoever takes them out of an archive has seen to
 * @param file what errors call it
 * @param wanted paths of elements, as in `vib/payloads/payload`; the first is the root's
 * @throws BASE_IMAGE_INVALID with file, line and column
 */
export async function readXml(
  bytes: Uint8Array,
  file: string,
  wanted: readonly string[],
  limits: ImageDatabaseLimits,
): Promise<XmlElement> {
  const { SaxesParser } = await import('saxes')
  const parser = new SaxesParser({ xmlns: false, position: true })
  const place = (): string => `${file}:${parser.line}:${parser.column}`
  const refuse = (expected: string, actual: string): never => {
    throw invalidImage(place(), expected, actual)
  }
  const tree = growTree(wanted, place, refuse)
  let [elements, depth, attributes] = [0, 0, 0]
  parser.on('error', (error) => {
    // The parser puts line and column before what it says.
    throw invalidImage(place(), 'well-formed XML', error.message.replace(/^\d+:\d+: /, ''))
  })
  parser.on('doctype', () => refuse('no document type', 'one'))
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(encoding)) refuse('UTF-8', encoding)
  })
  parser.on('opentagstart', () => {
    elements++
    depth++
    attributes = 0
    if (elements > limits.elements) refuse(`at most ${limits.elements} elements`, 'more')
    if (depth > limits.depth) refuse(`elements in at most ${limits.depth} others`, 'more')
  })
  parser.on('attribute', () => {
    attributes++
    if (attributes > limits.attributes) refuse(`at most ${limits.attributes} attributes`, 'more')
  })
  parser.on('opentag', ({ name, attributes: given }) => tree.open(name, Object.entries(given)))
  parser.on('text', (text) => tree.add(text))
  parser.on('cdata', (text) => tree.add(text))
  parser.on('closetag', () => {
    depth--
    tree.close()
  })
  parser.write(decodeText(bytes, file)).close()
  return tree.root() ?? refuse(`the element ${wanted[0] ?? ''}`, 'another')
}

interface Growing extends XmlElement {
  readonly attributes: ReadonlyMap<string, string>
  readonly children: Growing[]
  text: string
}

/** Keeps the wanted elements, and follows the path through the others. */
function growTree(
  wanted: readonly string[],
  place: () => string,
  refuse: (expected: string, actual: string) => never,
) {
  const open: { path: string; element: Growing | undefined }[] = []
  let root: Growing | undefined
  const keep = (text: string): string =>
    text.length > maxText ? refuse(`at most ${maxText} characters`, text) : text
  return {
    open(name: string, attributes: readonly (readonly [string, string])[]): void {
      const parent = open.at(-1)
      const path = parent === undefined ? name : `${parent.path}/${name}`
      if (parent !== undefined && parent.element === undefined) return void open.push(parent)
      if (!wanted.includes(path)) return void open.push({ path: '', element: undefined })
      const kept = attributes.map(([key, value]) => [key, keep(value)] as const)
      const element: Growing = { name, attributes: new Map(kept), children: [], text: '', place: place() }
      parent?.element?.children.push(element)
      root ??= element
      open.push({ path, element })
    },
    add(text: string): void {
      const element = open.at(-1)?.element
      if (element !== undefined) element.text = keep(element.text + text.trim())
    },
    close(): void {
      open.pop()
    },
    root: (): XmlElement | undefined => root,
  }
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw invalidFrom(file, 'UTF-8', error)
  }
}

import { TrustholdError } from '@trusthold/core/errors'
import type { TtlvItem } from '../item.js'
import { type FormNode, type FormReadOptions, readNodes, resolveFormLimits } from './node.js'

interface Element extends FormNode {
  readonly name: string
  readonly elements: Element[]
}

/** Elements in each other are read further than structures may be, so that the limit is told with its path. */
const deepest = 300

/** The element around several messages. */
const severalMessages = 'KMIP'

/** Attributes that an element can have, besides declarations of name spaces. */
const known: ReadonlySet<string> = new Set(['tag', 'type', 'name', 'value'])

function refuse(offset: number, expected: string, actual: string): never {
  throw new TrustholdError('CODEC_VALUE', { path: 'XML', offset, expected, actual })
}

/** What the attributes of an element say. */
function toElement(
  name: string,
  attributes: Readonly<Record<string, string>>,
  offset: () => number,
): Element {
  const elements: Element[] = []
  const { type, value, redacted } = attributes
  const tag = name === 'TTLV' ? attributes['tag'] : name
  const common = { name, elements, offset, tag, type }
  if (redacted !== undefined) return { ...common, wrong: ['a value', 'one that was redacted'] }
  const other = Object.keys(attributes).some((key) => !known.has(key) && !/^xmlns(?::|$)/.test(key))
  if (other) return { ...common, wrong: ['the attributes tag, type, name and value', 'another'] }
  if (type === undefined || type === 'Structure') {
    return value === undefined
      ? { ...common, children: () => elements }
      : { ...common, wrong: ['a type', 'a value without one'] }
  }
  // Empty texts and bytes are known to come without a value.
  const absent = type === 'TextString' || type === 'ByteString' ? '' : undefined
  return { ...common, scalar: value ?? absent }
}

/** Reads the elements of a document that is well-formed and has no document type. */
async function readElements(text: string, mostElements: number): Promise<Element> {
  const { SaxesParser } = await import('saxes')
  const parser = new SaxesParser({ xmlns: false, position: true })
  const open: Element[] = []
  const roots: Element[] = []
  const offset = (): number => Buffer.byteLength(text.slice(0, parser.position))
  parser.on('error', () => refuse(offset(), 'well-formed XML', 'another text'))
  parser.on('doctype', () => refuse(offset(), 'no document type', 'one'))
  const checkText = (content: string): void => {
    // The standard's test cases tell the time between their messages.
    const isBetweenMessages = open.length === 1 && open[0]?.name === severalMessages
    if (content.trim() !== '' && !isBetweenMessages) refuse(offset(), 'elements', 'text between them')
  }
  parser.on('text', checkText)
  parser.on('cdata', checkText)
  let count = 0
  parser.on('opentagstart', () => {
    if (open.length >= deepest) refuse(offset(), `at most ${deepest} elements in each other`, 'more')
    if (++count > mostElements) refuse(offset(), `at most ${mostElements} elements`, 'more')
  })
  parser.on('opentag', ({ name, attributes: given }) => {
    const at = text.lastIndexOf('<', parser.position - 1)
    const element = toElement(name, given, () => Buffer.byteLength(text.slice(0, at)))
    const parent = open.at(-1)
    if (parent?.scalar !== undefined) refuse(offset(), 'no elements in a value', 'one')
    const siblings = parent?.elements ?? roots
    siblings.push(element)
    open.push(element)
  })
  parser.on('closetag', () => {
    open.pop()
  })
  parser.write(text).close()
  // The parser refuses documents of none and of several.
  return roots[0] as Element
}

/**
 * Reads the standard's XML form: one message, or the messages in an element `KMIP`. Comments are passed over, and so is
 * text between the messages, which the standard's test cases have.
 * @throws CODEC_VALUE, CODEC_LIMIT with the path of tags and the offset in bytes; ARGUMENT_INVALID for bad options
 */
export async function parseXml(text: string, options?: FormReadOptions): Promise<readonly TtlvItem[]> {
  const limits = resolveFormLimits(options)
  limits.checkText(text)
  const root = await readElements(text, limits.maxItems + 1)
  return readNodes(root.name === severalMessages ? root.elements : [root], limits)
}

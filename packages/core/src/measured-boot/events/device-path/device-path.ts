import type { Codec, Reader, Writer } from '../../../codec/index.js'
import { acpiTexts } from './acpi.js'
import { biosBootTexts } from './bios-boot.js'
import { hardwareTexts } from './hardware.js'
import { mediaTexts } from './media.js'
import { messagingTexts } from './messaging.js'
import { type DevicePathNode, devicePathNode, type NodeTexts, optionalHex } from './node.js'

/** A device path: how firmware reaches a device or a file. UEFI 2.10, section 10. */
export interface DevicePath {
  /** The whole path as {@link devicePathText} writes it. It follows from the nodes and is not written. */
  readonly text: string
  /** Its nodes without the one that ends it; one that ends an instance stands between instances. */
  readonly nodes: readonly DevicePathNode[]
}

/** A type of node: its name when its sub-type is not known, and the texts of those that are. */
interface NodeType {
  readonly name: string
  readonly texts: NodeTexts
}

const nodeTypes: Readonly<Record<number, NodeType>> = {
  1: { name: 'HardwarePath', texts: hardwareTexts },
  2: { name: 'AcpiPath', texts: acpiTexts },
  3: { name: 'Msg', texts: messagingTexts },
  4: { name: 'MediaPath', texts: mediaTexts },
  5: { name: 'BbsPath', texts: biosBootTexts },
}

const end = { type: 0x7f, instance: 0x01, entire: 0xff }
/** Paths have a handful of nodes. */
const maxNodes = 1024

/** Codec of {@link DevicePath}: nodes up to the one that ends the entire path. */
export const efiDevicePath: Codec<DevicePath> = {
  name: 'EFI_DEVICE_PATH_PROTOCOL[]',
  read(r: Reader) {
    const nodes: DevicePathNode[] = []
    for (;;) {
      const at = r.offset
      const node = devicePathNode.read(r)
      if (node.type === end.type) checkEnd(node, (expected, actual) => r.reject(expected, actual, at))
      if (node.type === end.type && node.subType === end.entire) break
      if (nodes.length === maxNodes) r.exceed(maxNodes, nodes.length + 1, at)
      nodes.push(node)
    }
    return { text: devicePathText(nodes), nodes }
  },
  write(w: Writer, { nodes }) {
    for (const node of nodes) {
      if (node.type === end.type && node.subType === end.entire)
        w.reject('the end only at the end', 'one before')
      if (node.type === end.type) checkEnd(node, (expected, actual) => w.reject(expected, actual))
      devicePathNode.write(w, node)
    }
    devicePathNode.write(w, { type: end.type, subType: end.entire, data: new Uint8Array(0) })
  },
}

function checkEnd(
  { subType, data }: DevicePathNode,
  reject: (expected: string, actual: string) => never,
): void {
  if (subType !== end.entire && subType !== end.instance) {
    reject('the end of an instance (1) or of the entire path (255)', String(subType))
  }
  if (data.length !== 0) reject('an end without data', `${data.length} bytes`)
}

/**
 * A device path as text, in the longer form: nodes with a `/` between, instances with a `,`. Of a file's name it has every
 * character, also such as write nodes that are not there. UEFI 2.10, section 10.6.
 */
export function devicePathText(nodes: readonly DevicePathNode[]): string {
  let text = ''
  let first = true
  for (const node of nodes) {
    const endsInstance = node.type === end.type
    text += endsInstance ? ',' : `${first ? '' : '/'}${devicePathNodeText(node)}`
    first = endsInstance
  }
  return text
}

/**
 * A node as text. One whose sub-type is not known, or whose data does not have its form, is written as type, sub-type and
 * bytes: `Msg(200,0102)`, and `Path(9,1,0102)` when its type is not known either. UEFI 2.10, section 10.6.1.6.
 */
export function devicePathNodeText({ type, subType, data }: DevicePathNode): string {
  const known = nodeTypes[type]
  if (known === undefined) return `Path(${type},${subType}${optionalHex(data)})`
  return known.texts[subType]?.(data) ?? `${known.name}(${subType}${optionalHex(data)})`
}

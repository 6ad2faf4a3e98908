import { u32le } from '../../../codec/index.js'
import type { Guid } from '../guid.js'
import { vendorNode } from './hardware.js'
import { type NodeText, nodeText, optionalHex } from './node.js'
import { sas } from './sas.js'

const flowControls = ['None', 'Hardware', 'XonXoff']

const withoutData =
  (text: string): NodeText =>
  (data) =>
    data.length === 0 ? text : undefined

/** Messages of vendors that UEFI knows, by their GUID. UEFI 2.10, sections 10.3.4.16 to 10.3.4.18. */
const messages: ReadonlyMap<Guid, NodeText> = new Map<Guid, NodeText>([
  ['e0c14753-f9be-11d2-9a0c-0090273fc14d', withoutData('VenPcAnsi()')],
  ['dfa66065-b419-11d3-9a2d-0090273fc14d', withoutData('VenVt100()')],
  ['7baec70b-57e0-4c76-8e87-2f9e28088343', withoutData('VenVt100Plus()')],
  ['ad15a0d6-8bec-4acf-a073-d01de77e2d88', withoutData('VenUtf8()')],
  ['eba4e8d2-3858-41ec-a281-2647ba9660d0', withoutData('DebugPort()')],
  [
    '37499a9d-542f-4c89-a026-35da142094e4',
    nodeText(u32le, (map) => `UartFlowCtrl(${flowControls[map & 3] ?? map})`),
  ],
  ['d487ddb4-008b-11d9-afdc-001083ffca4d', sas],
])

/** Sub-type 10. */
export const vendorMessage: NodeText = nodeText(vendorNode, ({ guid, data }) => {
  return messages.get(guid)?.(data) ?? `VenMsg(${guid}${optionalHex(data)})`
})

import { struct, u16le } from '../../../codec/index.js'
import { utf8z } from '../text.js'
import { hex, type NodeTexts, nodeText } from './node.js'

const bbs = struct('BBS_BBS_DEVICE_PATH', { deviceType: u16le, status: u16le, description: utf8z })

const deviceTypes: Readonly<Record<number, string>> = {
  1: 'Floppy',
  2: 'HD',
  3: 'CDROM',
  4: 'PCMCIA',
  5: 'USB',
  6: 'Network',
}

/** Nodes of type 5. UEFI 2.10, sections 10.3.6 and 10.6.1.6. */
export const biosBootTexts: NodeTexts = {
  1: nodeText(bbs, ({ deviceType, status, description }) => {
    return `BBS(${deviceTypes[deviceType] ?? hex(deviceType)},${description},${hex(status)})`
  }),
}
